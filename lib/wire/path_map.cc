// Path ids of a stream against path ids of this process.
#include "wire/path_map.h"

#include "base/assert.h"
#include "wire/codec.h"

namespace bxl::wire {

std::uint32_t PathsOut::id(PathId id) {
  BXL_ASSERT(index(id) < table_.size());
  if (ids_.size() < table_.size()) ids_.resize(table_.size(), kNoStreamPath);
  if (ids_[index(id)] != kNoStreamPath) return ids_[index(id)];
  // From the first unknown ancestor down: a parent is numbered before its children.
  std::vector<PathId> unknown;
  for (PathId p = id; ids_[index(p)] == kNoStreamPath; p = table_.parent(p)) unknown.push_back(p);
  std::size_t length = 0;
  for (PathId p = id; p != kRootPath; p = table_.parent(p)) length += table_.name(p).size() + 1;
  if (length > kMaxPathBytes) throw BadRecord{"a path is longer than 65536 bytes"};
  for (auto it = unknown.rbegin(); it != unknown.rend(); ++it) {
    parents_.push_back(ids_[index(table_.parent(*it))]);
    names_ += table_.name(*it);
    names_ += '\0';
    ids_[index(*it)] = next_++;
  }
  return ids_[index(id)];
}

std::uint32_t PathsOut::id_or_none(PathId path) {
  return path == kNoPath ? kNoStreamPath : id(path);
}

void PathsOut::clear_pending() {
  parents_.clear();
  names_.clear();
}

void PathsIn::define(std::uint32_t parent, std::string_view name) {
  if (parent >= ids_.size()) throw BadRecord{"a path names a parent that comes later"};
  if (name.empty() || name == "." || name == ".." ||
      name.find_first_of(std::string_view("/\0", 2)) != name.npos)
    throw BadRecord{"a path component is not a file name"};
  std::size_t length = lengths_[parent] + name.size() + 1;
  if (length > kMaxPathBytes) throw BadRecord{"a path is longer than 65536 bytes"};
  // Half of the id space: the process's own table must still have room.
  if (ids_.size() >= 0x80000000u) throw BadRecord{"too many paths"};
  ids_.push_back(table_->child(ids_[parent], name));
  lengths_.push_back(static_cast<std::uint32_t>(length));
}

PathId PathsIn::at(std::uint32_t id) const {
  if (id >= ids_.size()) throw BadRecord{"a path id is out of range"};
  return ids_[id];
}

PathId PathsIn::at_or_none(std::uint32_t id) const {
  return id == kNoStreamPath ? kNoPath : at(id);
}

}  // namespace bxl::wire
