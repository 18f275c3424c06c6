// The checksums of rows (schema.sql, FORMAT.md): what SQLite does not notice, they do. Private to
// this module.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/digest.h"
#include "cache/metadata_store.h"

namespace bxl::cache {

// A chain, so that bytes cannot move from one column to the next unnoticed.
inline std::uint64_t chain(std::uint64_t sum, std::string_view bytes) {
  return checksum64(bytes, sum + bytes.size());
}
inline std::int64_t path_set_sum(const Digest& digest, std::string_view bytes) {
  return static_cast<std::int64_t>(chain(chain(1, digest.view()), bytes));
}
inline std::int64_t entry_sum(const Digest& weak, const Selector& selector, std::int64_t created,
                              std::string_view stable_id, std::string_view blobs,
                              std::string_view entry) {
  std::uint64_t sum =
      chain(chain(chain(2, weak.view()), selector.path_set.view()), selector.strong.view());
  sum = chain(sum, {reinterpret_cast<const char*>(&created), sizeof created});
  return static_cast<std::int64_t>(chain(chain(chain(sum, stable_id), blobs), entry));
}

}  // namespace bxl::cache
