#include "base/path_table.h"

#include <algorithm>

#include "base/assert.h"
#include "base/digest.h"

namespace bxl {

std::size_t PathTable::KeyHash::operator()(const Key& k) const {
  return static_cast<std::size_t>(checksum64(k.name, index(k.parent)));
}

PathTable::PathTable() { entries_.push_back({kRootPath, {}}); }

PathId PathTable::child(PathId parent, std::string_view name) {
  auto it = ids_.find(Key{parent, name});
  if (it != ids_.end()) return it->second;
  names_.emplace_back(name);
  PathId id{static_cast<std::uint32_t>(entries_.size())};
  entries_.push_back({parent, names_.back()});
  ids_.emplace(Key{parent, names_.back()}, id);
  return id;
}

PathId PathTable::find_child(PathId parent, std::string_view name) const {
  auto it = ids_.find(Key{parent, name});
  return it == ids_.end() ? kNoPath : it->second;
}

namespace {
// Calls step(component) for each component; "." and empty ones are skipped.
template <typename Step>
void each_component(std::string_view path, Step step) {
  std::size_t pos = 0;
  while (pos < path.size()) {
    std::size_t end = path.find('/', pos);
    if (end == std::string_view::npos) end = path.size();
    std::string_view part = path.substr(pos, end - pos);
    if (!part.empty() && part != ".") step(part);
    pos = end + 1;
  }
}
}  // namespace

PathId PathTable::intern_at(PathId base, std::string_view path) {
  PathId at = !path.empty() && path.front() == '/' ? kRootPath : base;
  each_component(path,
                 [&](std::string_view part) { at = part == ".." ? parent(at) : child(at, part); });
  return at;
}

PathId PathTable::intern(std::string_view absolute) {
  BXL_ASSERT(!absolute.empty() && absolute.front() == '/');
  return intern_at(kRootPath, absolute);
}

PathId PathTable::find(std::string_view absolute) const {
  PathId at = kRootPath;
  each_component(absolute, [&](std::string_view part) {
    if (at == kNoPath) return;
    at = part == ".." ? parent(at) : find_child(at, part);
  });
  return at;
}

std::string PathTable::str(PathId id) const {
  if (id == kRootPath) return "/";
  std::size_t length = 0;
  for (PathId p = id; p != kRootPath; p = parent(p)) length += name(p).size() + 1;
  std::string out(length, '/');
  for (PathId p = id; p != kRootPath; p = parent(p)) {
    std::string_view n = name(p);
    length -= n.size();
    std::copy(n.begin(), n.end(), out.begin() + static_cast<std::ptrdiff_t>(length));
    --length;
  }
  return out;
}

bool PathTable::is_within(PathId id, PathId ancestor) const {
  // A parent's id is smaller than its child's, so the walk may stop early.
  while (index(id) > index(ancestor)) id = parent(id);
  return id == ancestor;
}

std::string normalize_path(std::string_view absolute) {
  std::string out;
  each_component(absolute, [&](std::string_view part) {
    if (part == "..") {
      std::size_t slash = out.rfind('/');
      out.resize(slash == std::string::npos ? 0 : slash);
    } else {
      out += '/';
      out += part;
    }
  });
  return out.empty() ? "/" : out;
}

std::string_view parent_path(std::string_view absolute) {
  std::size_t slash = absolute.rfind('/');
  return slash == 0 || slash == std::string_view::npos ? "/" : absolute.substr(0, slash);
}

std::string_view base_name(std::string_view path) {
  std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

bool path_within(std::string_view path, std::string_view dir) {
  if (dir == "/") return true;
  return path.substr(0, dir.size()) == dir &&
         (path.size() == dir.size() || path[dir.size()] == '/');
}

}  // namespace bxl
