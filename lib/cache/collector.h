// The collection that keeps a cache below its limit: least recently used entries first, then the
// content that no entry needs. Which locks and in which order: FORMAT.md.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"

namespace bxl::cache {

// 20 GB, or a tenth of what the file system of `directory` has free and the cache holds itself,
// whichever is smaller; 20 GB when that cannot be asked.
std::uint64_t default_limit(const std::string& directory);

// Bytes of content and metadata by the running sums, in constant time. Without a full count so far
// `complete` is false, and the truth is larger.
struct Size {
  std::uint64_t bytes = 0;
  bool complete = false;
};
Size estimated_size(const std::string& directory);

// Is it over the limit, or has part of it not been counted for a week (or ever)? In constant time;
// what `bxl-cache publish` asks at the end of every build.
bool is_collection_due(const std::string& directory, std::uint64_t limit_bytes);

struct CollectRequest {
  std::uint64_t limit_bytes = 0;                 // 0: none, only what nobody needs is removed
  std::optional<std::chrono::milliseconds> box;  // stop after this; none: go through everything
};

struct Collected {
  bool busy = false;  // another collection is at work: nothing was done
  std::uint64_t entries = 0, blobs = 0, path_sets = 0;
  std::uint64_t freed_bytes = 0;
  // Of `entries`, those used within the last day: the limit is too small for what is being built.
  std::uint64_t recent_entries = 0;
  // Content that would have gone but was touched within the grace or since the oldest lease began.
  std::uint64_t held_bytes = 0;
  std::uint64_t size_bytes = 0;  // afterwards
  bool complete = true;          // false: the time was over first
};

// Any number of processes may call it at once: one works, the others leave (`busy`). Builds go on
// meanwhile; what they rely on stays (cas/sweep.h). Killed at any point it leaves content without
// entries, never the reverse, and a later one goes on. Errors: a database that cannot be read or
// written; what was done until then counts.
Result<Collected> collect(const std::string& directory, const CollectRequest& request);

}  // namespace bxl::cache
