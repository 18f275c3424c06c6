// Every row of the database, good or bad: what an audit reads. Builds never do.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/digest.h"
#include "base/result.h"
#include "cache/metadata_store.h"

namespace bxl::cache {

struct EntryRow {
  std::int64_t id = 0;
  bool intact = false;  // the checksum holds; else the rest means little
  Digest weak;
  Selector selector;  // strong may be kAugmentingMarker
  std::string stable_id;
  std::int64_t created_unix_s = 0, used_unix_s = 0;
  std::vector<Digest> blobs;
  std::string entry_bytes;
  std::int64_t sum = 0;  // as stored
};

struct PathSetRow {
  std::int64_t id = 0;
  bool intact = false;
  Digest digest;
  std::string bytes;
};

// A connection of its own, beside those of builds. Requires a database that MetadataStore has
// opened. Errors: EBADMSG (damage), EBUSY after 5 s, others.
class Inspection {
 public:
  static Result<std::unique_ptr<Inspection>> open(const std::string& directory);
  virtual ~Inspection() = default;

  // What SQLite itself finds wrong with its file, one sentence; empty: nothing. O(size).
  virtual Result<std::string> damage() = 0;
  // In the order of publication, a few hundred rows per read: others go on publishing and
  // collecting, and `each` may remove rows.
  virtual Result<void> entries(const std::function<Result<void>(const EntryRow&)>& each) = 0;
  virtual Result<void> path_sets(const std::function<Result<void>(const PathSetRow&)>& each) = 0;
  virtual Result<bool> has_path_set(const Digest& digest) = 0;
  // That very row: SQLite gives the number of a removed one to the next.
  virtual Result<bool> has_entry(const EntryRow& row) = 0;
  virtual Result<void> remove_entry(const EntryRow& row) = 0;
  virtual Result<void> remove_path_set(std::int64_t id) = 0;
};

}  // namespace bxl::cache
