// Path sets: which paths a pip observed, and how; no contents and no existence (those are evaluated
// at lookup). Byte format: lib/fingerprint/FORMAT.md.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/path_table.h"
#include "base/result.h"
#include "graph/mounts.h"

namespace bxl::fingerprint {

enum ObservationFlag : std::uint8_t {
  kContent = 1,    // its bytes (or, for a symlink, its target) matter
  kProbe = 2,      // only its existence and kind matter
  kEnumerate = 4,  // its member names matter
};

struct Observation {
  PathId path = kRootPath;
  std::uint8_t flags = kProbe;
};

struct PathSet {
  std::vector<Observation> observations;  // in the order of the encoding; no path twice
  Digest digest;                          // of the encoding
};

// Sorts, merges flags of equal paths, and encodes relative to the mounts' tokens: same
// observations, same bytes, whatever the order of `observations` and the ids of the table.
std::string encode_path_set(const std::vector<Observation>& observations, const PathTable& paths,
                            const graph::Mounts& mounts);
// What at least `at_least` of the sets observed, each path once, with the flags of all of them
// together.
std::vector<Observation> common_observations(const std::vector<const PathSet*>& sets,
                                             std::size_t at_least);
// Untrusted bytes. Errors: EBADMSG (damaged), EINVAL (a token this workspace does not have).
Result<PathSet> decode_path_set(std::string_view bytes, PathTable& paths,
                                const graph::Mounts& mounts);

}  // namespace bxl::fingerprint
