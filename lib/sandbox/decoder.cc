// Dispatch by kind, and finding the path an argument means.
#include "sandbox/decoder.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace bxl::sandbox {

namespace {

constexpr std::string_view kDeleted = " (deleted)";

}  // namespace

namespace {

// May the call change names or contents? openat2 tells by a struct; it is rare.
bool changes(const Call& call) {
  switch (call.row->kind) {
    case Kind::Open:
      return (call.flags() & (O_CREAT | O_TRUNC)) != 0 || (call.flags() & O_ACCMODE) != O_RDONLY;
    case Kind::Open2:
    case Kind::Creat:
    case Kind::Rename:
    case Kind::Unlink:
    case Kind::Rmdir:
    case Kind::Mkdir:
    case Kind::Link:
    case Kind::Symlink:
    case Kind::Mknod:
    case Kind::Truncate:
    case Kind::Metadata:
    case Kind::MetadataLink:
    case Kind::MetadataFd:
      return true;
    default:
      return false;
  }
}

}  // namespace

int Decoder::handle(const seccomp_notif& notification) {
  const Tracee who(static_cast<pid_t>(notification.pid));
  const bool narrow = notification.data.arch == AUDIT_ARCH_I386;
  const auto number = static_cast<std::uint32_t>(notification.data.nr);
  const SyscallRow* row = narrow ? syscall32_row(number) : syscall_row(number);
  if (row == nullptr || (row->verdict != Verdict::Trap && row->kind != Kind::Socket)) return ENOSYS;
  if (shim_ != nullptr) {
    if (asks_for_table(notification, who)) return kHandOut;
    // What programs have looked at so far they saw before whatever this call does.
    shim_->settle(who.tid());
    drain_shim(true);
  }
  const Call call{who, row, notification.data.args, number, narrow};
  refusal_ = 0;
  if (breakaway_.any() && breakaway_.covers(who.tid()) && row->kind != Kind::Setsid &&
      row->kind != Kind::Socket)
    return 0;
  if (narrow)
    dispatch_32bit(call);
  else
    dispatch(call);
  return refusal_;
}

void Decoder::dispatch(const Call& call) {
  const Args& at = call.row->args;
  resolver_.look_again(changes(call));
  switch (call.row->kind) {
    case Kind::Open:
    case Kind::Creat: {
      const std::uint64_t flags = call.row->kind == Kind::Creat
                                      ? std::uint64_t{O_CREAT | O_WRONLY | O_TRUNC}
                                      : call.flags();
      const bool stay =
          (flags & O_NOFOLLOW) != 0 || (flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL);
      if (auto place = locate(call, at.dir, at.path, stay ? Follow::No : Follow::Yes))
        open_file_call(call, *place, flags);
      return;
    }
    case Kind::Open2:
      return open2(call);
    case Kind::Stat:
      return stat_call(call, follow_at(call));
    case Kind::StatLink:
      return stat_call(call, Follow::No);
    case Kind::NameToHandle:
      return stat_call(call, (call.flags() & AT_SYMLINK_FOLLOW) != 0 ? Follow::Yes : Follow::No);
    case Kind::Watch:
      return stat_call(call, Follow::Yes);
    case Kind::Access:
      return access_call(call);
    case Kind::Readlink:
      return readlink_call(call);
    case Kind::Exec:
      return exec(call);
    case Kind::Rename:
      return rename_call(call);
    case Kind::Unlink:
      return unlink_call(call, (call.flags() & AT_REMOVEDIR) != 0);
    case Kind::Rmdir:
      return unlink_call(call, true);
    case Kind::Mkdir:
      return mkdir_call(call);
    case Kind::Link:
      return link_call(call);
    case Kind::Symlink:
      if (auto place = locate(call, at.dir, at.path, Follow::No))
        make(call, *place, kSymlink | kCreate);
      return;
    case Kind::Mknod:
      if (auto place = locate(call, at.dir, at.path, Follow::No)) make(call, *place, kCreate);
      return;
    case Kind::Truncate:
      return truncate_call(call);
    case Kind::Metadata:
      return metadata(call, follow_at(call));
    case Kind::MetadataLink:
      return metadata(call, Follow::No);
    case Kind::MetadataFd:
      return metadata_fd(call, call.int_arg(at.dir));
    case Kind::Lock:
      if (const auto id = descriptor_path(call, call.int_arg(at.dir)))
        recorder_.note(Place{*id, FileKind::File, 0, true, resolver_.is_tracked(*id)}, kLock);
      return;
    case Kind::Chdir:
      if (auto place = locate(call, at.dir, at.path, Follow::Yes)) recorder_.note(*place, kAccess);
      return;
    case Kind::Enumerate:
      return enumerate(call);
    case Kind::Socket:
      return socket_call(call);
    case Kind::Connect:
      return connect_call(call);
    case Kind::Bind:
      return bind_call(call);
    case Kind::Listen:
      return listen_call(call);
    case Kind::Sendto:
      return send_to(call, call.int_arg(0), call.arg(4), call.arg(5));
    case Kind::Sendmsg:
      return sendmsg_call(call, false);
    case Kind::Sendmmsg:
      return sendmsg_call(call, true);
    case Kind::Clone:
      return clone_call(call, call.arg(0));
    case Kind::Clone3:
      return clone3(call);
    case Kind::SysvIpc:
      return sysv_ipc(call);
    case Kind::Debug:
      return debug(call);
    case Kind::Credentials:
      return credentials(call);
    case Kind::Setsid:
      return setsid_call(call);
    case Kind::Mark:
      recorder_.reason(at.reason, call.who.command_name(),
                       std::string("uses ") + call.row->name + ", which observation cannot follow");
      return;
    case Kind::Socketcall:  // dispatch_32bit() took them apart
    case Kind::Ipc:
    case Kind::None:
      return;
  }
}

void Decoder::unobserved(const Call& call, const std::string& detail) {
  recorder_.reason("observation", call.who.command_name(),
                   std::string(call.row->name) + ": " + detail);
}

Follow Decoder::follow_at(const Call& call) const {
  return (call.flags() & AT_SYMLINK_NOFOLLOW) != 0 ? Follow::No : Follow::Yes;
}

std::optional<std::string> Decoder::path_at(const Call& call, std::uint64_t address) {
  std::string text;
  switch (call.who.read_path(address, text)) {
    case Peek::Ok:
      return text;
    case Peek::Fault:  // the call fails the same way, whatever the disk holds
    case Peek::TooLong:
    case Peek::Gone:
      return std::nullopt;
    case Peek::Denied:
      unobserved(call, "the memory of the process cannot be read");
      return std::nullopt;
  }
  return std::nullopt;
}

std::optional<std::string> Decoder::path_argument(const Call& call, int arg) {
  return path_at(call, call.arg(arg));
}

std::optional<PathId> Decoder::directory(const Call& call, int fd) {
  errno = 0;
  std::string text = fd == AT_FDCWD ? call.who.working_directory() : call.who.descriptor(fd);
  if (text.empty()) {
    if (errno == EACCES || errno == EPERM) unobserved(call, "its directory cannot be looked up");
    return std::nullopt;  // a closed descriptor: the call fails with EBADF
  }
  if (text.rfind("(unreachable)", 0) == 0) {
    recorder_.reason("mount", call.who.command_name(), "works in a directory outside its root");
    return std::nullopt;
  }
  if (text.front() != '/') return std::nullopt;  // a socket, a pipe: ENOTDIR
  if (text.size() > kDeleted.size() &&
      text.compare(text.size() - kDeleted.size(), kDeleted.size(), kDeleted) == 0) {
    struct stat st;
    // Removed under its user. What is below is gone, but ".." still leads out of it.
    if (lstat(text.c_str(), &st) != 0) text.resize(text.size() - kDeleted.size());
  }
  return paths_.intern(text);
}

// As directory(), for a descriptor that is the object itself; empty when it has no name any more.
std::optional<PathId> Decoder::descriptor_path(const Call& call, int fd) {
  errno = 0;
  const std::string text = call.who.descriptor(fd);
  if (text.empty() && (errno == EACCES || errno == EPERM))
    unobserved(call, "its descriptor cannot be looked up");
  if (text.empty() || text.front() != '/') return std::nullopt;
  if (text.size() > kDeleted.size() &&
      text.compare(text.size() - kDeleted.size(), kDeleted.size(), kDeleted) == 0) {
    struct stat st;
    if (lstat(text.c_str(), &st) != 0) return std::nullopt;
  }
  return paths_.intern(text);
}

std::optional<Place> Decoder::locate_text(const Call& call, int dir_fd, std::string_view text,
                                          Follow follow) {
  if (text.empty()) return std::nullopt;
  PathId base = kRootPath;
  if (text.front() != '/') {
    const auto found = directory(call, dir_fd);
    if (!found) return std::nullopt;
    base = *found;
  }
  const auto on_link = [](void* recorder, PathId link) {
    static_cast<Recorder*>(recorder)->note(link, kRead);
  };
  return resolver_.resolve(base, text, follow, call.who.tid(), on_link, &recorder_);
}

std::optional<Place> Decoder::locate(const Call& call, int dir_arg, int path_arg, Follow follow) {
  const auto text = path_argument(call, path_arg);
  if (!text) return std::nullopt;
  return locate_text(call, dir_arg < 0 ? AT_FDCWD : call.int_arg(dir_arg), *text, follow);
}

bool Decoder::in_scope(const Call& call, const Place& place, std::uint32_t ops) {
  const bool allowed = place.tracked ? scopes_.may_write(place.id, ops)
                                     : !scopes_.denies() || scopes_.may_write_untracked(place.id);
  if (allowed) return true;
  recorder_.violation(Violation::Kind::Write, paths_.str(place.id), call.who.command_name(),
                      scopes_.denies());
  if (!scopes_.denies()) return true;
  refusal_ = EACCES;
  return false;
}

bool Decoder::mutate(const Call& call, const Place& place, std::uint32_t ops) {
  if (!in_scope(call, place, ops)) {
    recorder_.note(place, kAccess);
    return false;
  }
  if (!place.tracked) return false;
  if (!recorder_.mutated(place.id)) {
    // The supervisor has the rights of the command. A refused write is no write, but what was
    // observed is a permission, which no fingerprint holds.
    const bool itself = (ops & (kCreate | kUnlink | kMkdir | kSymlink)) == 0;
    const std::string path = paths_.str(itself ? place.id : paths_.parent(place.id));
    const bool attributes_only = (ops & ~std::uint32_t{kMetadata | kRead}) == 0;
    if (!attributes_only && access(path.c_str(), itself ? W_OK : W_OK | X_OK) != 0 &&
        (errno == EACCES || errno == EROFS)) {
      const int denied = errno;
      recorder_.note(place, kAccess);
      recorder_.reason("denied", call.who.command_name(),
                       "may not write " + paths_.str(place.id) + ": " + strerror(denied));
      return false;
    }
  }
  if ((ops & (kCreate | kUnlink | kMkdir | kSymlink)) != 0) {
    recorder_.note(place, ops);
    resolver_.will_change(place.id, false);
    const bool link =
        (ops & kSymlink) != 0 || ((ops & kUnlink) != 0 && place.kind == FileKind::Symlink);
    if (link && shim_ != nullptr) shim_->paths_change(call.who.tid(), call.number);
  } else {
    recorder_.note(place, ops);
  }
  return true;
}

}  // namespace bxl::sandbox
