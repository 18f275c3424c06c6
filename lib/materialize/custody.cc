#include "materialize/custody.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <ctime>

#include "base/path_table.h"

namespace bxl::materialize {
namespace {

constexpr std::string_view kHeld = "held-";
// A name has 255 bytes at most; what is in front of the path has some 30.
constexpr std::size_t kMostOfPath = 200;
// Somebody who saves more often than this within as many renames is no editor.
constexpr int kTries = 16;

Result<void> copy_to(const NameAt& from, const NameAt& to) {
  BXL_TRY_ASSIGN(auto id, identity_at(from.dir, from.name));
  if (id.kind == FileKind::Symlink) {
    std::string target(id.size + 1, '\0');
    const ssize_t n = ::readlinkat(from.dir, from.name.c_str(), target.data(), target.size());
    if (n < 0) return errno_error("readlink " + from.name);
    target.resize(static_cast<std::size_t>(n));
    if (::symlinkat(target.c_str(), to.dir, to.name.c_str()) != 0)
      return errno_error("symlink " + to.name);
    return {};
  }
  UniqueFd in(::openat(from.dir, from.name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!in) return errno_error("open " + from.name);
  UniqueFd out(::openat(to.dir, to.name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!out) return errno_error("create " + to.name);
  auto copied = copy_bytes(in.get(), out.get(), WantDigest::No);
  if (copied && ::fchmod(out.get(), id.mode & 07777) != 0) copied = errno_error("chmod " + to.name);
  if (copied && ::fsync(out.get()) != 0) copied = errno_error("fsync " + to.name);
  struct timespec times[2] = {{0, UTIME_OMIT}, {0, 0}};
  times[1].tv_sec = id.mtime_ns / 1'000'000'000;
  times[1].tv_nsec = id.mtime_ns % 1'000'000'000;
  if (copied) (void)!::futimens(out.get(), times);  // a nicety
  if (!copied) {
    ::unlinkat(to.dir, to.name.c_str(), 0);
    return std::move(copied.error());
  }
  return {};
}

}  // namespace

bool is_same_file(const FileIdentity& before, const FileIdentity& moved) {
  FileIdentity same = moved;
  same.ctime_ns = before.ctime_ns;
  return same == before;
}

std::string Custody::private_name(const std::string& stem) {
  return stem + std::to_string(::getpid()) + "-" + std::to_string(counter_++);
}

Result<std::string> Custody::saved_name(const std::string& path) {
  if (saved_dir_.empty()) {
    char stamp[32];
    std::time_t now = std::time(nullptr);
    std::tm tm{};
    ::gmtime_r(&now, &tm);
    std::strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%SZ", &tm);
    saved_dir_ = workspace_.saved_dir() + "/" + stamp + "-" + std::to_string(::getpid());
  }
  BXL_TRY(make_directories(saved_dir_));
  std::string name = mounts_.tokenise(path);
  std::replace(name.begin(), name.end(), '/', '_');
  if (name.size() > kMostOfPath) name.erase(0, name.size() - kMostOfPath);
  return saved_dir_ + "/" + std::to_string(counter_++) + name;
}

Result<std::optional<Taken>> Custody::take(const Spot& spot) {
  NameAt held{AT_FDCWD, workspace_.tmp_dir() + "/" + private_name(std::string(kHeld))};
  for (int tries = 0; tries < kTries; ++tries) {
    // Replaces nothing: nobody else has that name.
    if (::renameat(spot.at.dir, spot.at.name.c_str(), held.dir, held.name.c_str()) == 0) {
      BXL_TRY_ASSIGN(auto identity, identity_at(held.dir, held.name));
      return std::optional(Taken{held, identity});
    }
    Error error = errno_error("take out " + spot.path);
    if (error.errnum == EXDEV && held.dir == AT_FDCWD) {
      held = {spot.at.dir, private_name(".bxl-tmp-")};
      continue;
    }
    if (error.errnum != ENOENT) return error;
    // Nothing to take, unless it came just now; or nowhere to take it.
    BXL_TRY_ASSIGN(auto there, identity_at(spot.at.dir, spot.at.name));
    if (!there.exists()) return std::optional<Taken>();
    if (::access(workspace_.tmp_dir().c_str(), F_OK) != 0) return error;
  }
  return make_error(EBUSY, spot.path + " is written again and again by somebody else");
}

Result<void> Custody::drop(const Taken& taken) {
  if (::unlinkat(taken.at.dir, taken.at.name.c_str(), 0) != 0)
    return errno_error("unlink " + taken.at.name);
  return {};
}

Result<bool> Custody::put_back(const Taken& taken, const Spot& spot) {
  auto moved = rename_without_replacing(taken.at, spot.at);
  if (!moved) return std::move(moved.error()).in("put back " + spot.path);
  return *moved;
}

Result<std::string> Custody::save(const Taken& taken, const Spot& spot) {
  BXL_TRY_ASSIGN(auto where, saved_name(spot.path));
  const NameAt to{AT_FDCWD, where};
  auto moved = rename_without_replacing(taken.at, to);
  if (!moved && moved.error().errnum == EXDEV) {
    BXL_TRY(copy_to(taken.at, to));
    BXL_TRY(drop(taken));
  } else if (!moved) {
    return std::move(moved.error()).in("set aside " + spot.path);
  } else if (!*moved) {
    return make_error(EEXIST, "set aside " + spot.path + " as " + where);
  }
  tell_({Note::Kind::SetAside, spot.path, where});
  return where;
}

Result<std::string> Custody::save_copy(const Spot& spot) {
  BXL_TRY_ASSIGN(auto where, saved_name(spot.path));
  auto copied = copy_to(spot.at, {AT_FDCWD, where});
  if (!copied) return std::move(copied.error()).in("keep a copy of " + spot.path);
  return where;
}

// `.bxl` lies on another file system than the spot: a copy beside it, under a name that View hides.
Result<NameAt> Custody::bring_near(const std::string& temp, const Spot& spot) {
  NameAt near{spot.at.dir, private_name(".bxl-tmp-")};
  BXL_TRY(copy_to({AT_FDCWD, temp}, near));
  ::unlink(temp.c_str());
  return near;
}

// What lies at the spot comes out, `temp` goes in; `*landed`: it did, or something new was there by
// then. Empty: nothing was there.
Result<std::optional<Taken>> Custody::swap(const NameAt& temp, const Spot& spot, bool* landed) {
  *landed = false;
  // First to a name that rescue() knows: from the exchange on a user's file may lie there.
  NameAt held{temp.dir, temp.dir == AT_FDCWD
                            ? workspace_.tmp_dir() + "/" + private_name(std::string(kHeld))
                            : temp.name};
  if (held.name != temp.name) {
    BXL_TRY_ASSIGN(bool renamed, rename_without_replacing(temp, held));
    if (!renamed) return make_error(EEXIST, "rename to " + held.name);
  }
  auto exchanged = exchange_names(held, spot.at);
  if (exchanged && *exchanged) {
    *landed = true;
    BXL_TRY_ASSIGN(auto identity, identity_at(held.dir, held.name));
    return std::optional(Taken{held, identity});
  }
  if (held.name != temp.name) BXL_TRY(rename_without_replacing(held, temp));
  if (!exchanged && exchanged.error().errnum != ENOENT)
    return std::move(exchanged.error()).in(spot.path);
  if (!exchanged) return std::optional<Taken>();  // gone again
  BXL_TRY_ASSIGN(auto taken, take(spot));
  BXL_TRY_ASSIGN(*landed, rename_without_replacing(temp, spot.at));
  return taken;
}

// `out` stays where it was, and `ours` goes, which is there by now or still on its way. What came
// in between is the newest, and has the place.
Result<void> Custody::give_way(const NameAt& temp, const FileIdentity& ours, const Spot& spot,
                               const Taken& out, bool landed) {
  if (!landed) {
    ::unlinkat(temp.dir, temp.name.c_str(), 0);
  } else {
    BXL_TRY_ASSIGN(auto there, take(spot));
    if (there && is_same_file(ours, there->identity)) {
      BXL_TRY(drop(*there));
    } else if (there) {
      BXL_TRY_ASSIGN(bool back, put_back(*there, spot));
      if (!back) BXL_TRY(save(*there, spot));
    }
  }
  BXL_TRY_ASSIGN(bool back, put_back(out, spot));
  if (!back) BXL_TRY(save(out, spot));
  return {};
}

Result<std::optional<Custody::Landed>> Custody::land(const std::string& temp, const Spot& spot,
                                                     const Judge& judge) {
  NameAt from{AT_FDCWD, temp};
  Landed done;
  BXL_TRY_ASSIGN(done.identity, lstat_identity(temp));
  bool landed = false;
  for (int tries = 0; tries < kTries && !landed; ++tries) {
    auto put = rename_without_replacing(from, spot.at);
    if (!put && put.error().errnum == EXDEV && from.dir == AT_FDCWD) {
      BXL_TRY_ASSIGN(from, bring_near(temp, spot));
      BXL_TRY_ASSIGN(done.identity, identity_at(from.dir, from.name));
      continue;
    }
    if (!put) return std::move(put.error()).in(spot.path);
    landed = *put;
    if (landed) break;
    BXL_TRY_ASSIGN(auto out, swap(from, spot, &landed));
    if (!out) continue;
    const bool directory = out->identity.kind == FileKind::Directory;
    const Verdict verdict = directory ? Verdict::Refuse : judge(*out);
    if (verdict == Verdict::Drop) {
      BXL_TRY(drop(*out));
    } else if (verdict == Verdict::Save) {
      BXL_TRY_ASSIGN(auto where, save(*out, spot));
      done.aside.push_back(std::move(where));
    } else {
      BXL_TRY(give_way(from, done.identity, spot, *out, landed));
      if (directory)
        return make_error(EISDIR, spot.path + " is a directory, and an output of this build");
      return std::optional<Landed>();
    }
  }
  if (!landed) return make_error(EBUSY, spot.path + " is written again and again by somebody else");
  // What somebody saved there since is not what was put there.
  BXL_TRY_ASSIGN(auto there, identity_at(spot.at.dir, spot.at.name));
  done.identity.ctime_ns = is_same_file(done.identity, there) ? there.ctime_ns : 0;
  return std::optional(std::move(done));
}

Result<void> Custody::rescue() {
  auto names = list_directory(workspace_.tmp_dir());
  if (!names) return names.error().errnum == ENOENT ? Result<void>() : std::move(names.error());
  for (const std::string& name : *names) {
    if (!name.starts_with(kHeld)) continue;
    const Spot spot{{AT_FDCWD, workspace_.tmp_dir() + "/" + name},
                    workspace_.tmp_dir() + "/" + name};
    BXL_TRY_ASSIGN(auto identity, lstat_identity(spot.path));
    BXL_TRY(save({spot.at, identity}, spot));
  }
  return {};
}

}  // namespace bxl::materialize
