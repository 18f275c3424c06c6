#include "materialize/cleaning.h"

#include <algorithm>
#include <unordered_set>

#include "os/file.h"

namespace bxl::materialize {
namespace {

// Members before their directories.
std::vector<PathId> in_order(const graph::OutputRecords& records, const PathTable& paths) {
  std::vector<std::pair<std::string, PathId>> named;
  named.reserve(records.size());
  for (const auto& [path, record] : records) named.emplace_back(paths.str(path), path);
  std::sort(named.begin(), named.end(), [](const auto& a, const auto& b) { return a > b; });
  std::vector<PathId> order;
  order.reserve(named.size());
  for (const auto& [text, path] : named) order.push_back(path);
  return order;
}

void count(const FileIdentity& identity, Cleaned* sum) {
  if (identity.kind == FileKind::Directory)
    ++sum->directories;
  else
    ++sum->files;
  if (identity.kind == FileKind::File) sum->bytes += identity.size;
}

}  // namespace

std::vector<PathId> removable(const graph::OutputRecords& records, const PathTable& paths,
                              Cleaned* sum) {
  std::vector<PathId> found;
  std::unordered_set<PathId> going;
  for (PathId path : in_order(records, paths)) {
    const graph::OutputRecord& record = records.at(path);
    const std::string text = paths.str(path);
    auto disk = lstat_identity(text);
    if (!disk || !graph::still_recorded(record, *disk)) continue;
    if (disk->kind == FileKind::Directory) {
      if (disk->ino != record.identity.ino || disk->dev != record.identity.dev) continue;
      auto names = list_directory(text);
      const bool emptied = names && std::all_of(names->begin(), names->end(), [&](const auto& n) {
                             PathId member = paths.find_child(path, n);
                             return member != kNoPath && going.count(member) != 0;
                           });
      if (!emptied) continue;
    }
    going.insert(path);
    found.push_back(path);
    count(*disk, sum);
  }
  return found;
}

Cleaned remove_recorded(Remover& remover, const graph::OutputRecords& records,
                        const PathTable& paths) {
  Cleaned done;
  for (PathId path : in_order(records, paths)) {
    const FileIdentity identity = records.at(path).identity;
    auto removed = remover.scrub(path, identity);
    if (!removed)
      done.problems.push_back(removed.error().to_string());
    else if (*removed)
      count(identity, &done);
  }
  return done;
}

}  // namespace bxl::materialize
