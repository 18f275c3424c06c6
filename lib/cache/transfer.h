// Entries with their content in one file, from one cache into another: what CI services keep.
// Format: FORMAT.md, "Exports".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace bxl::cache {

struct ExportRequest {
  std::string file;                            // replaced when the export is complete
  std::vector<std::string> since;              // earlier exports: what is in them is left out
  std::optional<std::uint64_t> at_most_bytes;  // entries used longest ago are left out
};

struct Exported {
  std::uint64_t entries = 0, blobs = 0, bytes = 0;  // bytes: of the file
  std::uint64_t already = 0;                        // entries that an earlier export has
  std::uint64_t over = 0;                           // for which there is no room
  std::uint64_t left_out = 0;                       // content lost, row damaged, or not portable
};

// The cache may be in use. Errors: those of writing (ENOSPC: the old file stays), EBADMSG or EPROTO
// for a file in `since` that is no export, ENOENT: no cache.
Result<Exported> export_cache(const std::string& directory, const ExportRequest& request);

struct Imported {
  std::uint64_t entries = 0, blobs = 0, bytes = 0;  // new in this cache
  std::uint64_t already = 0;                        // entries that it has
  std::uint64_t refused = 0;                        // damaged, incomplete or not portable
  std::string first_refusal;                        // why, of one of them
  bool complete = false;  // false: the file ends early; what came before counts
};

// The file is not trusted: each blob is stored under the digest of its own bytes, each entry must
// decode and find all it needs. Entries that are there stay. Errors: EPROTO for another version or
// salt (machine_salt.h; nothing was imported, and the message says what differs), EBADMSG for a
// file that is no export, ENOSPC and the like (what was imported until then counts).
Result<Imported> import_cache(const std::string& directory, const std::string& file);

}  // namespace bxl::cache
