#include "materialize/remover.h"

#include <fcntl.h>
#include <unistd.h>

namespace bxl::materialize {

Result<Place> Remover::locate(PathId path) {
  std::string text = paths_.str(path);
  const wire::Mount* mount = mounts_.of(text);
  std::string root = mount ? mount->path : "/";
  if (text == root) return make_error(EINVAL, text + " is the root of a mount, no output");
  for (auto& [known, fd] : roots_)
    if (known == root) return Place{fd.get(), text.substr(root == "/" ? 1 : root.size() + 1)};
  BXL_TRY_ASSIGN(auto fd, open_directory(root));
  roots_.emplace_back(root, std::move(fd));
  return Place{roots_.back().second.get(), text.substr(root == "/" ? 1 : root.size() + 1)};
}

bool Remover::is_recorded(const FileIdentity& recorded, const FileIdentity& disk) const {
  graph::OutputRecord record;
  record.identity = recorded;
  if (disk.kind == FileKind::File && unlinked_.contains({disk.dev, disk.ino}))
    record.identity.ctime_ns = 0;
  return graph::still_recorded(record, disk);
}

Result<bool> Remover::is_behind_link(const Place& place) const {
  auto parent = open_parent_beneath(place.root_fd, place.relative);
  if (parent) return false;
  if (parent.error().errnum == ELOOP) return true;
  return std::move(parent.error());
}

Result<bool> Remover::unlink(const Place& place, const FileIdentity& disk) {
  BXL_TRY_ASSIGN(bool removed, unlink_beneath(place.root_fd, place.relative));
  if (removed && disk.kind == FileKind::File) unlinked_.emplace(disk.dev, disk.ino);
  return removed;
}

Result<bool> Remover::scrub(PathId path, const FileIdentity& recorded) {
  std::string text = paths_.str(path);
  BXL_TRY_ASSIGN(auto disk, lstat_identity(text));
  // A directory's times change with its members; another inode is one that somebody else made.
  const bool another_directory =
      disk.kind == FileKind::Directory && (disk.dev != recorded.dev || disk.ino != recorded.ino);
  if (disk.exists() && (another_directory || !is_recorded(recorded, disk))) {
    if (disk.kind != FileKind::Directory) tell_({Note::Kind::LeftAlone, text, {}});
    BXL_TRY(log_.remove({path}));
    return false;
  }
  bool removed = false;
  if (disk.exists()) {
    BXL_TRY_ASSIGN(auto place, locate(path));
    BXL_TRY_ASSIGN(const bool behind_link, is_behind_link(place));
    if (behind_link) {
      if (disk.kind != FileKind::Directory) tell_({Note::Kind::LeftAlone, text, {}});
      BXL_TRY(log_.remove({path}));
      return false;
    }
    if (disk.kind == FileKind::Directory) {
      auto parent = open_parent_beneath(place.root_fd, place.relative);
      const std::string name(base_name(place.relative));
      // Not empty, or not ours to remove: it costs nothing where it is.
      if (!parent || !*parent || ::unlinkat(parent->get(), name.c_str(), AT_REMOVEDIR) != 0)
        return false;
      removed = true;
    } else {
      BXL_TRY_ASSIGN(removed, unlink(place, disk));
    }
  }
  BXL_TRY(log_.remove({path}));
  return removed;
}

}  // namespace bxl::materialize
