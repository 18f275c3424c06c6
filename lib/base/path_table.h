// Absolute paths interned as (parent, name), so that a path is one integer and a parent is one
// lookup.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/ids.h"

namespace bxl {

// Paths are bytes. Invariants of every entry: absolute, no empty, "." or ".." component, no
// trailing slash; id 0 is "/"; a parent's id is smaller than its child's. Ids and names stay valid
// for the life of the table. Not thread-safe: the owner serialises access.
class PathTable {
 public:
  PathTable();
  PathTable(const PathTable&) = delete;
  PathTable& operator=(const PathTable&) = delete;
  PathTable(PathTable&&) noexcept = default;
  PathTable& operator=(PathTable&&) noexcept = default;

  // Interns `absolute`, which must start with '/'; "//", "." and ".." are folded lexically.
  PathId intern(std::string_view absolute);
  // Interns `path` relative to `base` unless it is absolute. Folds as intern().
  PathId intern_at(PathId base, std::string_view path);
  PathId child(PathId parent, std::string_view name);
  // kNoPath when not interned yet; never adds.
  PathId find(std::string_view absolute) const;
  PathId find_child(PathId parent, std::string_view name) const;

  PathId parent(PathId id) const { return entries_[index(id)].parent; }
  std::string_view name(PathId id) const { return entries_[index(id)].name; }  // "" for "/"
  std::string str(PathId id) const;
  // Is `id` equal to `ancestor` or below it?
  bool is_within(PathId id, PathId ancestor) const;
  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    PathId parent;
    std::string_view name;  // points into names_
  };
  struct Key {
    PathId parent;
    std::string_view name;
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& k) const;
  };
  std::vector<Entry> entries_;
  std::deque<std::string> names_;
  std::unordered_map<Key, PathId, KeyHash> ids_;
};

// Folds "//", "." and ".." lexically; `path` must be absolute.
std::string normalize_path(std::string_view absolute);
// The parent of "/a/b" is "/a", of "/a" is "/".
std::string_view parent_path(std::string_view absolute);
std::string_view base_name(std::string_view path);
// Is `path` equal to `dir` or below it? Both normalised.
bool path_within(std::string_view path, std::string_view dir);

}  // namespace bxl
