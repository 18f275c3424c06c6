// What places and operations mean, to those who read the accesses of a run.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "graph/mounts.h"
#include "sandbox/sandbox.h"

namespace bxl::exec {

inline bool within_any(std::string_view path, const std::vector<std::string>& dirs) {
  return std::any_of(dirs.begin(), dirs.end(),
                     [&](const std::string& d) { return path_within(path, d); });
}

// Places where what a pip itself makes is scratch; a workspace may lie in one of
// them.
inline bool is_temp_place(std::string_view path, const graph::Mounts& mounts) {
  if (!within_any(path, {"/tmp", "/var/tmp", "/dev/shm", "/run/user"})) return false;
  const wire::Mount* mount = mounts.of(path);
  return !mount || mount->token == "%tmp%" || mount->token == "%home%" ||
         (mount->flags & wire::kMountSystem);
}

inline bool content_mutation(std::uint32_t ops) {
  return (ops & (sandbox::kMutations & ~sandbox::kMetadata)) != 0;
}

}  // namespace bxl::exec
