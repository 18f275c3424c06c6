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

bool Remover::is_undisturbed(const Taken& taken, const FileIdentity& disk) {
  // In this order: who had it open may have written and closed it since it was taken out.
  if (disk.kind == FileKind::File && is_open_for_writing(taken.at)) return false;
  auto now = identity_at(taken.at.dir, taken.at.name);
  return now && is_same_file(disk, *now);
}

// What its other names lead to, if it has any: read before this one goes.
std::optional<Remover::Relinked> Remover::other_name(PathId path) {
  auto file = open_file(paths_.str(path), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  struct stat st;
  if (!file || ::fstat(file->get(), &st) != 0 || !S_ISREG(st.st_mode) || st.st_nlink < 2)
    return std::nullopt;
  auto content = hash_fd(file->get());
  if (!content) return std::nullopt;
  return Relinked{identity_of(st), {}, *content, std::move(*file)};
}

Result<bool> Remover::unlink(PathId path, const FileIdentity& disk) {
  BXL_TRY_ASSIGN(auto place, locate(path));
  BXL_TRY_ASSIGN(auto parent, open_parent_beneath(place.root_fd, place.relative));
  if (!parent) return false;
  auto other = other_name(path);
  const Spot spot{{parent.get(), std::string(base_name(place.relative))}, paths_.str(path)};
  BXL_TRY_ASSIGN(auto taken, custody_.take(spot));
  if (!taken) return false;
  if (is_undisturbed(*taken, disk)) {
    BXL_TRY(custody_.drop(*taken));
    if (other)
      if (auto after = fstat_identity(other->file.get())) {
        other->after = *after;
        relinked_.push_back(std::move(*other));
      }
    return true;
  }
  BXL_TRY_ASSIGN(bool back, custody_.put_back(*taken, spot));
  if (!back) BXL_TRY(custody_.save(*taken, spot));
  return false;
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
      BXL_TRY_ASSIGN(removed, unlink(path, disk));
    }
  }
  BXL_TRY(log_.remove({path}));
  return removed;
}

}  // namespace bxl::materialize
