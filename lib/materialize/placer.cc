#include "materialize/placer.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
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

Result<UniqueFd> Placer::parent_of(PathId path) {
  BXL_TRY_ASSIGN(auto place, remover_.locate(path));
  auto parent = open_parent_beneath(place.root_fd, place.relative);
  if (!parent) return std::move(parent.error()).in(paths_.str(path));
  return parent;
}

Result<void> Placer::check_parent(PathId path, std::unordered_set<PathId>& checked) {
  if (!checked.insert(paths_.parent(path)).second) return {};
  PathId at = path;
  BXL_TRY_ASSIGN(auto parent, parent_of(at));
  while (!parent) {
    at = paths_.parent(at);
    const wire::Mount* mount = mounts_.of(paths_.str(at));
    if (at == kRootPath || (mount && mount->path == paths_.str(at))) return {};
    BXL_TRY_ASSIGN(parent, parent_of(at));
  }
  if (::faccessat(parent.get(), ".", W_OK | X_OK, AT_EACCESS) != 0)
    return errno_error(paths_.str(path) + " cannot be written: " + paths_.str(paths_.parent(at)));
  return {};
}

// The temporary is removed unless it was renamed.
struct Placer::Staged {
  Placed placed = Placed::Written;
  bool set_aside = false;  // a file of the user is in the way
  bool remove = false;     // something of ours of another kind is
  bool adopt = false;      // in place, but on nobody's record or on another's
  bool declared = false;   // else what is the user's stays
  FileIdentity disk;       // what was there
  std::string temp;        // Written, unless a directory

  Staged() = default;
  Staged(Staged&& other) noexcept
      : placed(other.placed),
        set_aside(other.set_aside),
        remove(other.remove),
        adopt(other.adopt),
        declared(other.declared),
        disk(other.disk),
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
  staged.disk = disk;
  staged.declared = declared == Declared::Yes;
  if (output.kind == wire::OutputKind::Directory && disk.kind == FileKind::Directory) {
    staged.placed = Placed::AlreadyThere;
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

  std::unordered_set<PathId> checked;
  for (std::size_t i = 0; i < outputs.size(); ++i)
    if (staged[i].placed == Placed::Written) BXL_TRY(check_parent(outputs[i].path, checked));

  // Announced before the first rename, so that a crash in between never turns an output into a
  // user's file. rename(2) changes ctime, hence ctime 0 = unknown until the second record.
  std::vector<wire::Output> announced, known;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    wire::Output& output = outputs[i];
    output.identity = staged[i].placed == Placed::AlreadyThere ? staged[i].disk : FileIdentity{};
    if (staged[i].adopt) known.push_back(output);
    if (staged[i].temp.empty()) continue;
    wire::Output made = output;
    BXL_TRY_ASSIGN(made.identity, lstat_identity(staged[i].temp));
    made.identity.ctime_ns = 0;
    announced.push_back(std::move(made));
  }
  if (!announced.empty()) BXL_TRY(log_.add(owner, announced));

  std::optional<Error> failed;
  std::vector<PathId> refused;
  for (std::size_t i = 0; i < outputs.size() && !failed; ++i) {
    if (staged[i].placed != Placed::Written) continue;
    auto put = put_in_place(owner, staged[i], outputs[i]);
    if (!put) {
      failed = std::move(put.error());
    } else if (!*put) {
      refused.push_back(outputs[i].path);
    } else {
      known.push_back(outputs[i]);
      result.placed = Placed::Written;
      if (outputs[i].kind == wire::OutputKind::Directory) continue;
      ++result.files;
      result.bytes += outputs[i].size;
    }
  }
  if (!known.empty()) BXL_TRY(log_.add(owner, known));
  if (!refused.empty()) {
    result.placed = Placed::UsersFile;
    BXL_TRY(log_.remove(refused));
  }
  if (failed) return std::move(*failed);
  return result;
}

// What is in the way of a directory, or by its kind: ours is removed, a user's set aside.
Result<void> Placer::make_room(const std::string& owner, Staged& staged, PathId path) {
  if (staged.remove) {
    BXL_TRY_ASSIGN(bool removed, remover_.unlink(path, staged.disk));
    if (removed || !staged.declared) return {};
  }
  if (staged.set_aside || staged.remove) BXL_TRY(save_aside(owner, path));
  return {};
}

// False: a file that the user saved meanwhile is in the way of an undeclared output, and stays.
Result<bool> Placer::put_in_place(const std::string& owner, Staged& staged, wire::Output& output) {
  const std::string text = paths_.str(output.path);
  if (output.kind != wire::OutputKind::Directory) return land(owner, staged, output);
  BXL_TRY(make_room(owner, staged, output.path));
  BXL_TRY(make_directories_to(output.path, {}));
  BXL_TRY_ASSIGN(output.identity, lstat_identity(text));
  return true;
}

// A file or a link. Refuses symlinks on the way.
Result<bool> Placer::land(const std::string& owner, Staged& staged, wire::Output& output) {
  BXL_TRY_ASSIGN(auto parent, parent_of(output.path));
  if (!parent) {
    BXL_TRY(make_directory(paths_.parent(output.path)));
    BXL_TRY_ASSIGN(parent, parent_of(output.path));
    if (!parent) return make_error(ENOENT, "make the directory of " + paths_.str(output.path));
  }
  const Spot where = spot(parent, output.path);
  const bool expected = staged.disk.exists() && !staged.set_aside;
  auto landed = custody_.land(staged.temp, where, [&](const Taken& taken) {
    if (expected && Remover::is_undisturbed(taken, staged.disk)) return Custody::Verdict::Drop;
    return staged.declared ? Custody::Verdict::Save : Custody::Verdict::Refuse;
  });
  if (!landed) return std::move(landed.error());
  staged.temp.clear();
  if (!*landed) return false;
  output.identity = (*landed)->identity;
  for (std::string& aside : (*landed)->aside)
    saved_.push_back({owner, output.path, std::move(aside)});
  return true;
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
  BXL_TRY_ASSIGN(auto parent, parent_of(path));
  if (!parent) return {};
  const Spot where = spot(parent, path);
  BXL_TRY_ASSIGN(auto taken, custody_.take(where));
  if (!taken) return {};
  if (taken->identity.kind == FileKind::Directory) {
    BXL_TRY(custody_.put_back(*taken, where));
    return make_error(EISDIR, where.path + " is a directory, and an output of this build");
  }
  BXL_TRY_ASSIGN(auto aside, custody_.save(*taken, where));
  saved_.push_back({owner, path, std::move(aside)});
  return {};
}

Result<void> Placer::clear(const std::string& owner, const std::vector<PathId>& paths) {
  std::vector<PathId> removed, directories;
  const auto& records = log_.records();
  // All of it can be done, or nothing is.
  std::vector<std::pair<PathId, FileIdentity>> there;
  std::unordered_set<PathId> checked;
  for (PathId path : paths) {
    BXL_TRY_ASSIGN(auto disk, lstat_identity(paths_.str(path)));
    auto record = records.find(path);
    const bool own = record != records.end() && record->second.owner == owner;
    if (!disk.exists()) {
      if (own) removed.push_back(path);
    } else if (disk.kind == FileKind::Directory) {
      // Only a recorded, empty directory goes, its own or one that was made for outputs of old; a
      // declared directory that the user has stays.
      if (own || (record != records.end() && record->second.owner == graph::kDirectoryOwner))
        directories.push_back(path);
    } else if (auto place = remover_.locate(path); !place) {
      return std::move(place.error());
    } else if (auto behind_link = remover_.is_behind_link(*place); !behind_link) {
      return std::move(behind_link.error());
    } else if (*behind_link) {
      removed.push_back(path);  // from the record
    } else {
      BXL_TRY(check_parent(path, checked));
      there.emplace_back(path, disk);
    }
  }
  for (const auto& [path, disk] : there) {
    auto record = records.find(path);
    bool gone = false;
    if (record != records.end() && remover_.is_recorded(path, record->second.identity, disk)) {
      BXL_TRY_ASSIGN(gone, remover_.unlink(path, disk));
    }
    if (!gone) BXL_TRY(save_aside(owner, path));
    removed.push_back(path);
  }
  std::sort(directories.begin(), directories.end(),
            [](PathId a, PathId b) { return index(a) > index(b); });
  for (PathId path : directories)
    if (::rmdir(paths_.str(path).c_str()) == 0) removed.push_back(path);
  return log_.remove(removed);
}

Result<void> Placer::restore(const Saved& saved) {
  BXL_TRY(make_directory(paths_.parent(saved.path)));
  BXL_TRY_ASSIGN(auto parent, parent_of(saved.path));
  if (!parent)
    return make_error(ENOENT, "restore " + paths_.str(saved.path) + " from " + saved.where);
  const Spot where = spot(parent, saved.path);
  BXL_TRY_ASSIGN(auto disk, identity_at(where.at.dir, where.at.name));
  auto record = log_.records().find(saved.path);
  if (disk.exists() && disk.kind != FileKind::Directory && record != log_.records().end() &&
      graph::still_recorded(record->second, disk))
    BXL_TRY(remover_.unlink(saved.path, disk));
  BXL_TRY_ASSIGN(bool back, custody_.put_back({{AT_FDCWD, saved.where}, FileIdentity{}}, where));
  if (!back) return {};
  tell_({Note::Kind::Restored, where.path, saved.where});
  return log_.remove({saved.path});
}

Result<void> Placer::restore_saved(const std::string& owner) {
  std::optional<Error> first;
  // The newest is what lay there last.
  for (auto saved = saved_.rbegin(); saved != saved_.rend(); ++saved) {
    if (saved->owner != owner) continue;
    if (auto restored = restore(*saved); !restored && !first) first = std::move(restored.error());
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
