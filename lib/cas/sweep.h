// Removing blobs that nobody relies on; what a collection (cache/collector.h) does to the store.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/result.h"
#include "cas/blob_store.h"

namespace bxl::cas {

// Content touched within this time stays. Who relies on a blob touches it at least every
// kTouchEvery_s, so eight minutes are left to take a lease, or to commit an entry without one.
inline constexpr std::int64_t kGrace_s = 600;

// Blobs with an older mtime (UNIX seconds) may go: `now`, or the begin of the oldest lease that is
// held, whichever is earlier, less the grace. Errors: leases that cannot be listed.
Result<std::int64_t> removable_before(const std::string& root, std::int64_t now_unix_s);

struct BlobStat {
  std::int64_t touched_unix_s = 0;
  std::uint64_t bytes = 0;
};
// Empty: absent.
std::optional<BlobStat> stat_blob(const BlobStore& store, const Digest& digest);

struct Removed {
  std::uint64_t blobs = 0, bytes = 0;
};
// Unlinks those of `digests` that were not touched since `before_unix_s`, looking again under the
// lock under which they are touched; the lock is held for at most 64 of them at a time (1 ms).
Result<Removed> remove_blobs(const BlobStore& store, const std::vector<Digest>& digests,
                             std::int64_t before_unix_s);

// Lists one slice of the store, removes what is unreferenced and was not touched since
// `before_unix_s`, and writes what is left to the usage file.
Result<Removed> sweep_slice(const BlobStore& store, std::size_t slice, std::int64_t before_unix_s,
                            const std::function<bool(const Digest&)>& is_referenced);

// Removes the files directly in `directory` whose name starts with `prefix` and whose mtime is
// older than `before_unix_s`.
Removed remove_old_files(const std::string& directory, std::string_view prefix,
                         std::int64_t before_unix_s);

}  // namespace bxl::cas
