#include "materialize/placer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <utility>

namespace bxl::materialize {
namespace {

FileKind kind_of(wire::OutputKind kind) {
  switch (kind) {
    case wire::OutputKind::File:
      return FileKind::File;
    case wire::OutputKind::Symlink:
      return FileKind::Symlink;
    case wire::OutputKind::Directory:
      return FileKind::Directory;
  }
  return FileKind::Other;
}

}  // namespace

std::string Placer::temp_name() {
  return workspace_.tmp_dir() + "/" + std::to_string(::getpid()) + "-" + std::to_string(counter_++);
}

// Renames `temp` over `path`, refusing symlinks on the way. Another file system than .bxl: a
// temporary beside the target under a name that View hides.
Result<void> Placer::rename_into(const std::string& temp, PathId path) {
  BXL_TRY_ASSIGN(auto place, remover_.locate(path));
  BXL_TRY_ASSIGN(auto parent, open_parent_beneath(place.root_fd, place.relative));
  if (!parent) {
    BXL_TRY(make_directory(paths_.parent(path)));
    BXL_TRY_ASSIGN(parent, open_parent_beneath(place.root_fd, place.relative));
    if (!parent) return make_error(ENOENT, "make the directory of " + paths_.str(path));
  }
  std::string name(base_name(place.relative));
  if (::renameat(AT_FDCWD, temp.c_str(), parent.get(), name.c_str()) == 0) return {};
  if (errno != EXDEV) return errno_error("rename to " + paths_.str(path));
  std::string beside = ".bxl-tmp-" + std::to_string(::getpid()) + "-" + std::to_string(counter_++);
  BXL_TRY_ASSIGN(auto from, open_file(temp, O_RDONLY));
  BXL_TRY_ASSIGN(auto id, fstat_identity(from.get()));
  UniqueFd to(::openat(parent.get(), beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
                       id.mode & 0777));
  if (!to) return errno_error("create beside " + paths_.str(path));
  auto copied = copy_bytes(from.get(), to.get(), WantDigest::No);
  if (!copied || ::renameat(parent.get(), beside.c_str(), parent.get(), name.c_str()) != 0) {
    Error error = copied ? errno_error("rename to " + paths_.str(path)) : std::move(copied.error());
    ::unlinkat(parent.get(), beside.c_str(), 0);
    return error;
  }
  ::unlink(temp.c_str());
  return {};
}

// The temporary is removed unless it was renamed.
struct Placer::Staged {
  Placed placed = Placed::Written;
  bool set_aside = false;  // a file of the user is in the way
  bool remove = false;     // something of ours of another kind is
  bool adopt = false;      // in place, but on nobody's record or on another's
  FileIdentity identity;   // AlreadyThere
  std::string temp;        // Written, unless a directory

  Staged() = default;
  Staged(Staged&& other) noexcept
      : placed(other.placed),
        set_aside(other.set_aside),
        remove(other.remove),
        adopt(other.adopt),
        identity(other.identity),
        temp(std::exchange(other.temp, {})) {}
  Staged& operator=(Staged&&) = delete;
  ~Staged() {
    if (!temp.empty()) ::unlink(temp.c_str());
  }
};

// Looks at what is there, and copies the content out where it is not: nothing in the tree changes.
Result<Placer::Staged> Placer::stage(const std::string& owner, const wire::Output& output,
                                     Declared declared) {
  const std::string text = paths_.str(output.path);
  BXL_TRY_ASSIGN(auto disk, lstat_identity(text));
  const auto& records = log_.records();
  auto record = records.find(output.path);
  const bool ours = record != records.end() && graph::still_recorded(record->second, disk);
  Staged staged;
  if (output.kind == wire::OutputKind::Directory && disk.kind == FileKind::Directory) {
    staged.placed = Placed::AlreadyThere;
    staged.identity = disk;
    return staged;
  }
  if (output.kind != wire::OutputKind::Directory && disk.kind == kind_of(output.kind)) {
    bool same = ours && record->second.digest == output.digest;
    if (!same && output.kind == wire::OutputKind::Symlink) {
      auto target = bxl::read_link(text);
      same = target && *target == output.link_target;
    } else if (!same && disk.size == output.size) {
      // Byte-equal content that nobody recorded (the state was lost, or the user restored it) is
      // adopted as it is.
      BXL_TRY_ASSIGN(auto fd, open_file(text, O_RDONLY));
      BXL_TRY_ASSIGN(auto digest, hash_fd(fd.get()));
      BXL_TRY_ASSIGN(auto after, lstat_identity(text));
      same = digest == output.digest && after == disk;
    }
    if (same && disk.executable == output.executable) {
      staged.placed = Placed::AlreadyThere;
      staged.identity = disk;
      staged.adopt = !ours || record->second.owner != owner;
      return staged;
    }
  }
  // A recorded file that lost or gained an x bit, or other content: not as recorded, hence the
  // user's.
  if (disk.exists() && !ours) {
    if (declared == Declared::No) {
      staged.placed = Placed::UsersFile;
      return staged;
    }
    if (disk.kind == FileKind::Directory)
      return make_error(EISDIR, text + " is a directory, and an output of this build");
    staged.set_aside = true;
  }
  if (output.kind == wire::OutputKind::Directory) {
    staged.remove = disk.exists() && ours;
    return staged;
  }

  std::string temp = temp_name();
  if (output.kind == wire::OutputKind::Symlink) {
    if (::symlink(output.link_target.c_str(), temp.c_str()) != 0)
      return errno_error("symlink " + temp);
    staged.temp = std::move(temp);
    return staged;
  }
  BXL_TRY_ASSIGN(auto fd,
                 open_file(temp, O_RDWR | O_CREAT | O_TRUNC, output.executable ? 0777 : 0666));
  staged.temp = std::move(temp);
  auto copied = store_.copy_out(output.digest, fd.get());
  if (!copied) return std::move(copied.error()).in(text);
  if (!*copied) staged.placed = Placed::LostBlob;
  return staged;
}

Result<PlacedAll> Placer::place_all(const std::string& owner, std::vector<wire::Output>& outputs,
                                    const std::function<Declared(const wire::Output&)>& declared) {
  PlacedAll result;
  for (const wire::Output& output : outputs)
    if (declared(output) == Declared::Forbidden)
      return make_error(EPERM, "a result of " + owner + " names " + paths_.str(output.path) +
                                   ", where it may not write; nothing of it is used");
  std::vector<Staged> staged;
  staged.reserve(outputs.size());
  for (const wire::Output& output : outputs) {
    BXL_TRY_ASSIGN(auto one, stage(owner, output, declared(output)));
    // To the end also after a loss: what else is damaged is to be found out now, not by one more
    // run for each.
    if (one.placed == Placed::LostBlob || one.placed == Placed::UsersFile)
      result.placed = one.placed;
    staged.push_back(std::move(one));
  }
  if (result.placed != Placed::AlreadyThere) return result;

  // Announced before the first rename, so that a crash in between never turns an output into a
  // user's file. rename(2) changes ctime, hence ctime 0 = unknown until the second record.
  std::vector<wire::Output> announced, known;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    wire::Output& output = outputs[i];
    output.identity = staged[i].identity;
    if (staged[i].adopt) known.push_back(output);
    if (staged[i].temp.empty()) continue;
    wire::Output made = output;
    BXL_TRY_ASSIGN(made.identity, lstat_identity(staged[i].temp));
    made.identity.ctime_ns = 0;
    announced.push_back(std::move(made));
  }
  for (std::size_t i = 0; i < outputs.size(); ++i)
    if (staged[i].set_aside) BXL_TRY(save_aside(owner, outputs[i].path));
  if (!announced.empty()) BXL_TRY(log_.add(owner, announced));

  std::optional<Error> failed;
  for (std::size_t i = 0; i < outputs.size() && !failed; ++i) {
    if (staged[i].placed != Placed::Written) continue;
    if (auto put = put_in_place(staged[i], outputs[i]); !put) {
      failed = std::move(put.error());
      break;
    }
    known.push_back(outputs[i]);
    result.placed = Placed::Written;
    if (outputs[i].kind == wire::OutputKind::Directory) continue;
    ++result.files;
    result.bytes += outputs[i].size;
  }
  if (!known.empty()) BXL_TRY(log_.add(owner, known));
  if (failed) return std::move(*failed);
  return result;
}

Result<void> Placer::put_in_place(Staged& staged, wire::Output& output) {
  const std::string text = paths_.str(output.path);
  if (staged.remove) {
    BXL_TRY_ASSIGN(auto place, remover_.locate(output.path));
    BXL_TRY(unlink_beneath(place.root_fd, place.relative));
  }
  if (output.kind == wire::OutputKind::Directory) {
    BXL_TRY(make_directories_to(output.path, {}));
  } else {
    BXL_TRY(rename_into(staged.temp, output.path));
    staged.temp.clear();
  }
  BXL_TRY_ASSIGN(output.identity, lstat_identity(text));
  return {};
}

Result<PlaceResult> Placer::place(const std::string& owner, const wire::Output& output,
                                  Declared declared) {
  std::vector<wire::Output> one{output};
  BXL_TRY_ASSIGN(auto all,
                 place_all(owner, one, [declared](const wire::Output&) { return declared; }));
  PlaceResult result;
  result.placed = all.placed;
  if (all.placed == Placed::AlreadyThere || all.placed == Placed::Written)
    result.identity = one.front().identity;
  result.bytes = all.bytes;
  return result;
}

Result<void> Placer::save_aside(const std::string& owner, PathId path) {
  if (saved_dir_.empty()) {
    char stamp[32];
    std::time_t now = std::time(nullptr);
    std::tm tm{};
    ::gmtime_r(&now, &tm);
    std::strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%SZ", &tm);
    saved_dir_ = workspace_.saved_dir() + "/" + stamp + "-" + std::to_string(::getpid());
    BXL_TRY(make_directories(saved_dir_));
  }
  std::string text = paths_.str(path);
  std::string name = mounts_.tokenise(text);
  std::replace(name.begin(), name.end(), '/', '_');
  std::string where = saved_dir_ + "/" + std::to_string(counter_++) + name;
  if (::rename(text.c_str(), where.c_str()) != 0) {
    if (errno != EXDEV) return errno_error("set aside " + text);
    BXL_TRY_ASSIGN(auto from, open_file(text, O_RDONLY | O_NOFOLLOW));
    BXL_TRY_ASSIGN(auto id, fstat_identity(from.get()));
    BXL_TRY_ASSIGN(auto to, open_file(where, O_WRONLY | O_CREAT | O_EXCL, id.mode & 0777));
    BXL_TRY(copy_bytes(from.get(), to.get(), WantDigest::No));
    if (::fsync(to.get()) != 0) return errno_error("fsync " + where);
    if (::unlink(text.c_str()) != 0) return errno_error("set aside " + text);
  }
  saved_.push_back({owner, path, where});
  tell_({Note::Kind::SetAside, text, where});
  return {};
}

Result<void> Placer::clear(const std::string& owner, const std::vector<PathId>& paths) {
  std::vector<PathId> removed, directories;
  for (PathId path : paths) {
    std::string text = paths_.str(path);
    BXL_TRY_ASSIGN(auto disk, lstat_identity(text));
    const auto& records = log_.records();
    auto record = records.find(path);
    if (!disk.exists()) {
      if (record != records.end() && record->second.owner == owner) removed.push_back(path);
      continue;
    }
    if (disk.kind == FileKind::Directory) {
      // Only a recorded, empty directory goes, its own or one that was made for outputs of old; a
      // declared directory that the user has stays.
      if (record != records.end() &&
          (record->second.owner == owner || record->second.owner == graph::kDirectoryOwner))
        directories.push_back(path);
      continue;
    }
    BXL_TRY_ASSIGN(auto place, remover_.locate(path));
    BXL_TRY_ASSIGN(const bool behind_link, remover_.is_behind_link(place));
    if (behind_link) {
      removed.push_back(path);  // from the record
      continue;
    }
    if (record != records.end() && remover_.is_recorded(path, record->second.identity, disk)) {
      BXL_TRY(remover_.unlink(path, place));
      removed.push_back(path);
    } else {
      BXL_TRY_ASSIGN(auto parent, open_parent_beneath(place.root_fd, place.relative));
      if (!parent) continue;
      BXL_TRY(save_aside(owner, path));
      removed.push_back(path);
    }
  }
  std::sort(directories.begin(), directories.end(),
            [](PathId a, PathId b) { return index(a) > index(b); });
  for (PathId path : directories)
    if (::rmdir(paths_.str(path).c_str()) == 0) removed.push_back(path);
  return log_.remove(removed);
}

Result<void> Placer::restore_saved(const std::string& owner) {
  std::optional<Error> first;
  for (const Saved& s : saved_) {
    if (s.owner != owner) continue;
    std::string text = paths_.str(s.path);
    auto disk = lstat_identity(text);
    if (!disk) {
      if (!first) first = std::move(disk.error());
      continue;
    }
    // What the failed run left in its place is junk of bxl's making; the user's file wins.
    if (disk->kind == FileKind::Directory) continue;
    if (::rename(s.where.c_str(), text.c_str()) != 0) {
      if (!first) first = errno_error("restore " + text + " from " + s.where);
      continue;
    }
    if (auto r = log_.remove({s.path}); !r && !first) first = std::move(r.error());
    tell_({Note::Kind::Restored, text, s.where});
  }
  forget_saved(owner);
  if (first) return std::move(*first);
  return {};
}

void Placer::forget_saved(const std::string& owner) {
  std::erase_if(saved_, [&](const Saved& s) { return s.owner == owner; });
}

// The root of a mount may be absent, and its own way may lead through links.
Result<void> Placer::make_directories_to(PathId dir,
                                         const std::function<void(const std::string&)>& made) {
  const std::string text = paths_.str(dir);
  const wire::Mount* mount = mounts_.of(text);
  if (mount && mount->path == text) return make_directories(text, made);
  BXL_TRY_ASSIGN(auto place, remover_.locate(dir));
  const std::string above = text.substr(0, text.size() - place.relative.size());
  auto done = make_directories_beneath(place.root_fd, place.relative, [&](std::string_view part) {
    if (made) made(above + std::string(part));
  });
  if (!done) return std::move(done.error()).in(text);
  return {};
}

Result<void> Placer::make_directory(PathId dir) {
  std::vector<std::string> made;
  BXL_TRY(make_directories_to(dir, [&](const std::string& d) { made.push_back(d); }));
  std::vector<wire::Output> outputs;
  for (const std::string& d : made) {
    wire::Output out;
    out.path = paths_.intern(d);
    out.kind = wire::OutputKind::Directory;
    BXL_TRY_ASSIGN(out.identity, lstat_identity(d));
    outputs.push_back(std::move(out));
  }
  return log_.add(graph::kDirectoryOwner, outputs);
}

}  // namespace bxl::materialize
