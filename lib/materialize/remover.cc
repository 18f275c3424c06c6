#include "materialize/remover.h"

#include <fcntl.h>
#include <sys/stat.h>
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

bool Remover::is_recorded(PathId path, const FileIdentity& recorded,
                          const FileIdentity& disk) const {
  graph::OutputRecord record;
  record.identity = recorded;
  if (graph::still_recorded(record, disk)) return true;
  const bool same_file = disk.kind == FileKind::File && recorded.kind == FileKind::File &&
                         disk.dev == recorded.dev && disk.ino == recorded.ino;
  if (!same_file) return false;
  const std::string text = paths_.str(path);
  if (struct stat st; ::lstat(text.c_str(), &st) == 0 && st.st_nlink > 1) return true;
  const auto known = log_.records().find(path);
  if (!differ_in_ctime_only(recorded, disk) || known == log_.records().end()) return false;
  auto fd = open_file(text, O_RDONLY | O_NOFOLLOW);
  auto digest = fd ? hash_fd(fd->get()) : Result<Digest>(Digest());
  return digest && !digest->is_zero() && *digest == known->second.digest;
}

Result<bool> Remover::is_behind_link(const Place& place) const {
  auto parent = open_parent_beneath(place.root_fd, place.relative);
  if (parent) return false;
  if (parent.error().errnum == ELOOP) return true;
  return std::move(parent.error());
}

Result<bool> Remover::unlink(PathId path, const Place& place) {
  auto file = open_file(paths_.str(path), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  struct stat before, after;
  const bool has_other_name =
      file && ::fstat(file->get(), &before) == 0 && S_ISREG(before.st_mode) && before.st_nlink > 1;
  auto content = has_other_name ? hash_fd(file->get()) : Result<Digest>(Digest());
  BXL_TRY_ASSIGN(const bool removed, unlink_beneath(place.root_fd, place.relative));
  if (removed && has_other_name && content && ::fstat(file->get(), &after) == 0)
    relinked_.push_back({identity_of(before), identity_of(after), *content});
  return removed;
}

Result<bool> Remover::scrub(PathId path, const FileIdentity& recorded) {
  std::string text = paths_.str(path);
  BXL_TRY_ASSIGN(auto disk, lstat_identity(text));
  // A directory's times change with its members; another inode is one that somebody else made.
  const bool another_directory =
      disk.kind == FileKind::Directory && (disk.dev != recorded.dev || disk.ino != recorded.ino);
  if (disk.exists() && (another_directory || !is_recorded(path, recorded, disk))) {
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
      BXL_TRY_ASSIGN(removed, unlink(path, place));
    }
  }
  BXL_TRY(log_.remove({path}));
  return removed;
}

}  // namespace bxl::materialize
