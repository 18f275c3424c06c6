// Mounts: tokens for real paths, so that records and fingerprints name places and not machines.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/path_table.h"
#include "base/result.h"
#include "wire/records.h"

namespace bxl::graph {

// Longest prefix wins; a path under no mount has no token and stays literal. Paths are real paths
// (no symlink component), distinct. Immutable after construction; const methods may run
// concurrently except tokenise(PathId), which reads the PathTable.
class Mounts {
 public:
  Mounts() = default;
  explicit Mounts(std::vector<wire::Mount> mounts);
  const std::vector<wire::Mount>& all() const { return mounts_; }
  const wire::Mount* of(std::string_view path) const;  // null: under no mount
  const wire::Mount* find(std::string_view token) const;
  // "/w/build/a.o" -> "%build%/a.o"; a mount's own path gives "%build%"; no mount: unchanged.
  std::string tokenise(std::string_view path) const;
  // Inverse. Error EINVAL for an unknown token, a relative or non-canonical path (untrusted input).
  Result<std::string> expand(std::string_view text) const;
  // One line per mount, "token flags path", as hashed into every weak fingerprint.
  std::string text() const;

 private:
  std::vector<wire::Mount> mounts_;  // sorted by length of path, longest first
};

}  // namespace bxl::graph
