// The database side of a collection: entries by age, their removal, and the space they leave.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/digest.h"
#include "base/result.h"

namespace bxl::cache {

// What a collection needs to know of one entry.
struct Aged {
  std::int64_t id = 0;
  std::int64_t used_unix_s = 0;
  std::vector<Digest> blobs;
};

// A connection of its own, beside those of builds; for one collection. Requires a database that
// MetadataStore has opened. Errors: EBADMSG (damage: the next MetadataStore sets it aside), EBUSY
// after 5 s, ENOSPC…
class Eviction {
 public:
  static Result<std::unique_ptr<Eviction>> open(const std::string& directory);
  virtual ~Eviction() = default;

  // All entries, least recently used first; of equal age the first published first.
  virtual Result<std::vector<Aged>> entries() = 0;
  // Deletes those of `entries` that were not used since they were listed, and the path sets that no
  // entry names any more: one transaction, so keep it to a few hundred. The answer says of each
  // whether it is gone.
  virtual Result<std::vector<bool>> evict(const std::vector<const Aged*>& entries) = 0;
  // Entries that turned out to have been used later than the database knows, with that time (UNIX
  // seconds). Those that were used in the meantime, or are gone, stay as they are.
  virtual Result<void> set_used(
      const std::vector<std::pair<const Aged*, std::int64_t>>& entries) = 0;
  // Path sets that no entry names: of a torn publish, or of entries that were forgotten. How many
  // went.
  virtual Result<std::uint64_t> drop_orphan_path_sets() = 0;
  // Bytes in use: without pages that are free to be filled again.
  virtual Result<std::uint64_t> bytes() = 0;
  // Gives up to `pages` free pages back to the file system; false when there are none left.
  virtual Result<bool> shrink(unsigned pages) = 0;
};

}  // namespace bxl::cache
