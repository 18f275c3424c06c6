// Calls that change the tree: rename, unlink, mkdir, link.
#include <dirent.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/stat.h>

#include <cerrno>
#include <memory>

#include "sandbox/decoder.h"

namespace bxl::sandbox {

namespace {

constexpr std::size_t kMaxExpanded =
    1'000'000;  // members of renamed directories; some 200 MB of records
constexpr int kMaxDepth = 200;

struct CloseDir {
  void operator()(DIR* dir) const { closedir(dir); }
};
using Directory = std::unique_ptr<DIR, CloseDir>;

bool is_dot(const char* name) {
  return name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'));
}

bool is_empty_directory(const std::string& path) {
  const Directory dir(opendir(path.c_str()));
  if (!dir) return true;
  while (const dirent* entry = readdir(dir.get())) {
    if (!is_dot(entry->d_name)) return false;
  }
  return true;
}

std::uint32_t creation_of(mode_t mode) {
  if (S_ISDIR(mode)) return kMkdir;
  if (S_ISLNK(mode)) return kSymlink | kCreate;
  return kCreate;
}

std::uint32_t creation_of(FileKind kind) {
  if (kind == FileKind::Directory) return kMkdir;
  if (kind == FileKind::Symlink) return kSymlink | kCreate;
  return kCreate;
}

}  // namespace

// Every member moves: its old name goes away, and below `mirrored` its new one appears. Before the
// call, since afterwards the old names are gone.
void Decoder::expand(const Call& call, PathId directory, std::uint32_t file_ops,
                     std::uint32_t extra, PathId mirrored, int depth) {
  const std::string path = paths_.str(directory);
  const Directory dir(opendir(path.c_str()));
  if (!dir || depth > kMaxDepth)
    return unobserved(call, "the members of " + path + " cannot be listed");
  while (const dirent* entry = readdir(dir.get())) {
    if (is_dot(entry->d_name)) continue;
    if (++expanded_ > kMaxExpanded) return unobserved(call, "too many members below " + path);
    struct stat st;
    if (fstatat(dirfd(dir.get()), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0) continue;
    const PathId from = paths_.child(directory, entry->d_name);
    const PathId to = paths_.child(mirrored, entry->d_name);
    recorder_.moving(from, to);
    recorder_.note(from, S_ISDIR(st.st_mode) ? extra : extra | file_ops);
    recorder_.note(to, creation_of(st.st_mode));
    if (S_ISDIR(st.st_mode)) expand(call, from, file_ops, extra, to, depth + 1);
  }
}

void Decoder::rename_one(const Call& call, const Place& from, const Place& to) {
  const bool is_directory = from.kind == FileKind::Directory;
  if (!mutate(call, from, is_directory ? kUnlink : kUnlink | kRead)) {
    if (from.tracked) return;  // denied
  }
  mutate(call, to, creation_of(from.kind));
  if (!is_directory) return;
  if (shim_ != nullptr) shim_->paths_change(call.who.tid(), call.number);
  expand(call, from.id, kRead, kUnlink, to.id, 0);
  resolver_.will_change(from.id, true);
  resolver_.will_change(to.id, true);
}

void Decoder::rename_call(const Call& call) {
  const Args& at = call.row->args;
  const auto from = locate(call, at.dir, at.path, Follow::No);
  const auto to = locate(call, at.dir2, at.path2, Follow::No);
  if (!from || !to) return;
  const auto probe = [&](const Place& place) { recorder_.note(place, kAccess); };
  if (from->kind == FileKind::Absent) return probe(*from);
  if (to->kind == FileKind::Absent && !to->parent_exists)
    return recorder_.attempt(*to, kCreate | kWrite);
  const std::uint64_t flags = call.flags();
  // Both, before anything is said to have moved.
  const auto allowed = [&] {
    const bool leaves = in_scope(call, *from, kUnlink);
    if (leaves && in_scope(call, *to, kCreate)) return true;
    probe(*from);
    probe(*to);
    return false;
  };
  if ((flags & RENAME_EXCHANGE) != 0) {
    if (to->kind == FileKind::Absent) return probe(*to);
    if (!allowed()) return;
    recorder_.exchanging(from->id, to->id);
    rename_one(call, *from, *to);
    return rename_one(call, *to, *from);
  }
  if ((flags & RENAME_NOREPLACE) != 0 && to->kind != FileKind::Absent) {
    probe(*from);
    return probe(*to);
  }
  // The same name, or a directory into itself (EINVAL): nothing moves.
  if (paths_.is_within(to->id, from->id)) {
    probe(*from);
    return probe(*to);
  }
  // Fails with EISDIR, ENOTDIR or ENOTEMPTY: nothing moves either.
  const bool from_dir = from->kind == FileKind::Directory;
  const bool to_dir = to->kind == FileKind::Directory;
  if (to->kind != FileKind::Absent &&
      (from_dir != to_dir || (to_dir && !is_empty_directory(paths_.str(to->id))))) {
    probe(*from);
    return probe(*to);
  }
  if (!allowed()) return;
  recorder_.moving(from->id, to->id);
  rename_one(call, *from, *to);
}

void Decoder::unlink_call(const Call& call, bool directory) {
  const auto place = locate(call, call.row->args.dir, call.row->args.path, Follow::No);
  if (!place) return;
  const bool is_directory = place->kind == FileKind::Directory;
  // ENOENT, ENOTDIR, EISDIR, ENOTEMPTY: the call fails, only existence was learned.
  const bool fails = place->kind == FileKind::Absent || is_directory != directory ||
                     (directory && !is_empty_directory(paths_.str(place->id)));
  if (fails) return recorder_.note(*place, kAccess);
  recorder_.removing(place->id);
  mutate(call, *place, kUnlink);
}

// Something new under a free name; a taken one makes the call fail with EEXIST.
void Decoder::make(const Call& call, const Place& place, std::uint32_t ops) {
  if (place.kind == FileKind::Absent && place.error == 0 && place.parent_exists) {
    mutate(call, place, ops);
  } else if (place.kind == FileKind::Absent && place.error == 0) {
    recorder_.attempt(place, ops);
  } else {
    recorder_.note(place, kAccess);
  }
}

void Decoder::mkdir_call(const Call& call) {
  if (auto place = locate(call, call.row->args.dir, call.row->args.path, Follow::No))
    make(call, *place, kMkdir);
}

void Decoder::link_call(const Call& call) {
  const Args& at = call.row->args;
  const Follow follow = (call.flags() & AT_SYMLINK_FOLLOW) != 0 ? Follow::Yes : Follow::No;
  const auto text = path_argument(call, at.path);
  const auto to = locate(call, at.dir2, at.path2, Follow::No);
  if (!text || !to) return;
  const int dir = at.dir < 0 ? AT_FDCWD : call.int_arg(at.dir);
  std::optional<Place> from;
  if (!text->empty()) {
    from = locate_text(call, dir, *text, follow);
    if (!from) return;
  } else if ((call.flags() & AT_EMPTY_PATH) != 0) {
    // A nameless file (O_TMPFILE) gets its first name; what it holds was written by the tree.
    if (const auto id = descriptor_path(call, dir))
      from = Place{*id, FileKind::File, 0, true, resolver_.is_tracked(*id)};
  } else {
    return;
  }
  if (from && from->kind == FileKind::Absent) return recorder_.note(*from, kAccess);
  if (from && from->kind == FileKind::Directory) return recorder_.note(*from, kAccess);  // EPERM
  if (from) recorder_.note(*from, kRead);
  // Under the new name it could be written. Landlock would say the same.
  if (scopes_.denies() && from && from->tracked && !scopes_.may_write(from->id, kWrite)) {
    recorder_.violation(Violation::Kind::Write, paths_.str(from->id), call.who.command_name(),
                        true);
    recorder_.note(*to, kAccess);
    refusal_ = EXDEV;
    return;
  }
  const bool symlink = from && from->kind == FileKind::Symlink;
  make(call, *to, symlink ? kSymlink | kCreate : kCreate);
}

}  // namespace bxl::sandbox
