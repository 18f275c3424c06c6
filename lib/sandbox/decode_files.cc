// Calls about one path: open, stat, access, readlink, exec, getdents, attributes.
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>

#include <cerrno>
#include <climits>
#include <cstring>

#include "sandbox/decoder.h"
#include "sandbox/exec_image.h"

namespace bxl::sandbox {

namespace {

constexpr int kMaxInterpreters = 5;  // the kernel gives up with ELOOP after this many scripts

}  // namespace

void Decoder::open_file_call(const Call& call, const Place& place, std::uint64_t flags) {
  const int mode = static_cast<int>(flags & O_ACCMODE);
  const bool truncates = (flags & O_TRUNC) != 0;
  const bool creates = (flags & O_CREAT) != 0;
  if (place.error != 0) return recorder_.note(place, kAccess);
  if ((flags & O_PATH) != 0) {
    // fstat() on the descriptor is not seen, so what it could learn counts now.
    const bool attributes = place.kind == FileKind::File || place.kind == FileKind::Symlink;
    return recorder_.note(place, attributes ? kAccess | kStat : kAccess);
  }
  // O_TMPFILE makes a nameless file; linkat() shows its name, if it gets one.
  if ((flags & O_TMPFILE) == O_TMPFILE) return recorder_.note(place, kAccess);
  switch (place.kind) {
    case FileKind::Absent:
      if (creates && place.parent_exists) {
        mutate(call, place, kCreate | kWrite);
      } else if (creates) {
        recorder_.attempt(place, kCreate | kWrite);
      } else {
        // Opening for writing without O_CREAT fails; for reading, whatever appears in between was
        // read.
        recorder_.note(place, mode == O_RDONLY ? kRead : kAccess);
      }
      return;
    case FileKind::Directory:
      return recorder_.note(place, kAccess);
    case FileKind::Symlink:  // O_NOFOLLOW or O_EXCL: the call fails, having learned what kind it is
      return recorder_.note(place, kStat);
    case FileKind::File:
    case FileKind::Other:
      break;
  }
  if (creates && (flags & O_EXCL) != 0) return recorder_.note(place, kAccess);  // EEXIST
  if (!place.parent_exists || (flags & O_DIRECTORY) != 0)
    return recorder_.note(place, kStat);  // ENOTDIR
  if (mode == O_RDONLY && !truncates) return recorder_.note(place, kRead);
  mutate(call, place, truncates ? kWrite : kRead | kWrite);
}

void Decoder::open2(const Call& call) {
  open_how how{};
  const std::uint64_t size = std::min<std::uint64_t>(call.arg(3), sizeof how);
  switch (call.who.read_bytes(call.arg(2), &how, size)) {
    case Peek::Ok:
      break;
    case Peek::Denied:
      return unobserved(call, "the memory of the process cannot be read");
    default:
      return;
  }
  const auto text = path_argument(call, 1);
  if (!text || text->empty()) return;
  const bool stay = (how.flags & O_NOFOLLOW) != 0 || (how.resolve & RESOLVE_NO_SYMLINKS) != 0 ||
                    (how.flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL);
  const Follow follow = stay ? Follow::No : Follow::Yes;
  if ((how.resolve & RESOLVE_IN_ROOT) != 0) {
    const auto root = directory(call, call.int_arg(0));
    if (!root) return;
    const auto on_link = [](void* recorder, PathId link) {
      static_cast<Recorder*>(recorder)->note(link, kRead);
    };
    open_file_call(
        call, resolver_.resolve(*root, *text, follow, call.who.tid(), on_link, &recorder_, *root),
        how.flags);
    return;
  }
  if (auto place = locate_text(call, call.int_arg(0), *text, follow))
    open_file_call(call, *place, how.flags);
}

void Decoder::stat_call(const Call& call, Follow follow) {
  if (auto place = locate(call, call.row->args.dir, call.row->args.path, follow))
    recorder_.note(*place, kStat);
}

void Decoder::access_call(const Call& call) {
  if (auto place = locate(call, call.row->args.dir, call.row->args.path, follow_at(call)))
    recorder_.note(*place, kAccess);
}

void Decoder::readlink_call(const Call& call) {
  if (auto place = locate(call, call.row->args.dir, call.row->args.path, Follow::No))
    recorder_.note(*place, place->kind == FileKind::Symlink ? kRead : kStat);
}

// What is behind the first word, joined with spaces. Of very long lists the beginning.
std::optional<std::string> Decoder::exec_arguments(const Call& call) {
  constexpr std::size_t kMost = 128 << 10;
  const std::size_t width = call.narrow ? 4 : 8;
  std::uint64_t at = call.arg(call.row->args.path + 1) + width;
  std::string joined;
  for (; joined.size() < kMost; at += width) {
    std::uint64_t word = 0;  // little-endian, as all machines with this table
    if (call.who.read_bytes(at, &word, width) != Peek::Ok) return std::nullopt;
    if (word == 0) break;
    std::string text;
    const Peek peeked = call.who.read_path(word, text);
    if (peeked == Peek::TooLong) {
      text.resize(PATH_MAX);
      if (call.who.read_bytes(word, text.data(), text.size()) != Peek::Ok) return std::nullopt;
    } else if (peeked != Peek::Ok) {
      return std::nullopt;
    }
    joined += (joined.empty() ? "" : " ") + text;
  }
  return joined;
}

void Decoder::exec(const Call& call) {
  const Args& at = call.row->args;
  const auto text = path_argument(call, at.path);
  if (!text) return;
  if (text->empty()) {  // fexecve
    if ((call.flags() & AT_EMPTY_PATH) == 0) return;
    const auto id = descriptor_path(call, call.int_arg(at.dir));
    if (!id) return;  // a memfd: what it was filled with was read before
    return exec_place(call, Place{*id, FileKind::File, 0, true, resolver_.is_tracked(*id)}, 0);
  }
  if (auto place =
          locate_text(call, at.dir < 0 ? AT_FDCWD : call.int_arg(at.dir), *text, follow_at(call))) {
    exec_place(call, *place, 0);
    if (!breakaway_.any() || place->kind != FileKind::File) return;
    const std::string path = paths_.str(place->id);
    // One that cannot be executed changes nothing: the same process goes on.
    const auto arguments = [&] { return exec_arguments(call); };
    if ((breakaway_.covers_call(base_name(*text), arguments) ||
         breakaway_.covers_call(base_name(path), arguments)) &&
        access(path.c_str(), X_OK) == 0)
      breakaway_.begins(call.who.tid());
  }
}

void Decoder::exec_place(const Call& call, const Place& place, int depth) {
  if (place.kind != FileKind::File) {
    const bool absent = place.kind == FileKind::Absent && place.error == 0;
    return recorder_.note(place, absent ? kRead : kAccess);  // the call fails
  }
  recorder_.note(place, kRead | kExec);
  const std::string path = paths_.str(place.id);
  const ExecImage image =
      recorder_.mutated(place.id) ? read_exec_image(path) : images_.of(place.id, path);
  if (image.error != 0) return unobserved(call, "read " + path + ": " + strerror(image.error));
  const auto who = image.may_gain_rights() ? call.who.ids() : std::nullopt;
  if (image.may_gain_rights() && (!who || image.gains_rights(who->euid, who->egid)))
    recorder_.reason("setuid", call.who.command_name(),
                     path + " would run with other rights, which no build step gets");
  if (image.interpreter.empty() || depth >= kMaxInterpreters) return;
  if (auto next = locate_text(call, AT_FDCWD, image.interpreter, Follow::Yes)) {
    if (image.is_script) return exec_place(call, *next, depth + 1);
    recorder_.note(*next, kRead | kExec);
  }
}

void Decoder::enumerate(const Call& call) {
  if (const auto id = descriptor_path(call, call.int_arg(0)))
    recorder_.note_listing(*id, call.who.command_name());
}

void Decoder::metadata(const Call& call, Follow follow) {
  const Args& at = call.row->args;
  if (call.arg(at.path) == 0) {  // utimensat(fd, NULL): futimens
    if (at.dir >= 0 && call.int_arg(at.dir) != AT_FDCWD) metadata_fd(call, call.int_arg(at.dir));
    return;
  }
  const auto text = path_argument(call, at.path);
  if (!text) return;
  const int dir = at.dir < 0 ? AT_FDCWD : call.int_arg(at.dir);
  if (text->empty()) {
    if ((call.flags() & AT_EMPTY_PATH) != 0 && dir != AT_FDCWD) metadata_fd(call, dir);
    return;
  }
  const auto place = locate_text(call, dir, *text, follow);
  if (!place) return;
  if (place->kind == FileKind::Absent) return recorder_.note(*place, kAccess);
  mutate(call, *place, kMetadata);
}

void Decoder::metadata_fd(const Call& call, int fd) {
  if (const auto id = descriptor_path(call, fd))
    mutate(call, Place{*id, FileKind::File, 0, true, resolver_.is_tracked(*id)}, kMetadata);
}

void Decoder::truncate_call(const Call& call) {
  const auto place = locate(call, -1, call.row->args.path, Follow::Yes);
  if (!place) return;
  if (place->kind != FileKind::File) return recorder_.note(*place, kAccess);
  mutate(call, *place, call.flags() == 0 ? kWrite : kRead | kWrite);
}

}  // namespace bxl::sandbox
