// Path ids of a stream against path ids of this process.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/path_table.h"

namespace bxl::wire {

inline constexpr std::uint32_t kNoStreamPath = 0xffffffffu;
// Longer paths are refused on both sides: sixteen times PATH_MAX, and it bounds the work of
// printing any path.
inline constexpr std::size_t kMaxPathBytes = 65536;

// Numbers paths in the order of first use; "/" is 0. New definitions pile up until taken.
class PathsOut {
 public:
  explicit PathsOut(const PathTable& table) : table_(table), ids_{0} {}
  // Throws BadRecord when the path is too long. `id` must be in the table.
  std::uint32_t id(PathId id);
  std::uint32_t id_or_none(PathId id);  // kNoPath becomes kNoStreamPath

  // Definitions not yet written: parents, and names each followed by a zero byte.
  const std::vector<std::uint32_t>& parents() const { return parents_; }
  const std::string& names() const { return names_; }
  void clear_pending();

 private:
  const PathTable& table_;
  std::vector<std::uint32_t> ids_;  // by PathId; kNoStreamPath: not defined yet
  std::uint32_t next_ = 1;
  std::vector<std::uint32_t> parents_;
  std::string names_;
};

// The reading side. Every id is checked; damage throws BadRecord.
class PathsIn {
 public:
  explicit PathsIn(PathTable& table) : table_(&table), ids_{kRootPath}, lengths_{0} {}
  // Defines the next id.
  void define(std::uint32_t parent, std::string_view name);
  PathId at(std::uint32_t id) const;
  PathId at_or_none(std::uint32_t id) const;
  std::size_t size() const { return ids_.size(); }

 private:
  PathTable* table_;
  std::vector<PathId> ids_;
  std::vector<std::uint32_t> lengths_;  // of the path text, bytes
};

}  // namespace bxl::wire
