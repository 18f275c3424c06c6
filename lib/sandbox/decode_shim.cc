// What programs with the shim recorded themselves.
#include <fcntl.h>
#include <linux/audit.h>
#include <sys/syscall.h>

#include <cerrno>

#include "sandbox/decoder.h"

namespace bxl::sandbox {

namespace {

using ShimKind = shim::Kind;

// Links of /proc that lead to an object of the process that reads them.
bool is_of_a_process(std::string_view path) {
  for (std::string_view name : {"/cwd", "/root", "/exe", "/fd", "/task", "/map_files"})
    if (path.find(name) != std::string_view::npos) return true;
  return false;
}

}  // namespace

bool Decoder::asks_for_table(const seccomp_notif& notification, const Tracee& who) {
  // Flags that no loader uses: reading memory costs as much as the rest of a notification.
  if (notification.data.arch != AUDIT_ARCH_X86_64 || notification.data.nr != SYS_openat ||
      notification.data.args[2] != (O_RDWR | O_CLOEXEC) || shim_->overflowed())
    return false;
  char text[sizeof shim::kSentinel];
  return who.read_bytes(notification.data.args[1], text, sizeof text) == Peek::Ok &&
         std::string_view(text, sizeof text) ==
             std::string_view(shim::kSentinel, sizeof shim::kSentinel);
}

void Decoder::drain_shim(bool all) {
  if (shim_ == nullptr) return;
  resolver_.look_again(false);
  if (!shim_->drain(all, [this](const ShimTable::Use& use) { shim_use(use); }))
    recorder_.reason("observation", "", "a process wrote into the memory of the observation");
}

void Decoder::shim_use(const ShimTable::Use& use) {
  const bool stays = use.kind == ShimKind::OpenReadStay || use.kind == ShimKind::OpenPathStay ||
                     use.kind == ShimKind::StatStay || use.kind == ShimKind::AccessStay ||
                     use.kind == ShimKind::Readlink;
  const auto on_link = [](void* recorder, PathId link) {
    static_cast<Recorder*>(recorder)->note(link, kRead);
  };
  // Thread 0: whose /proc/self it was is not known.
  Place place = resolver_.resolve(kRootPath, use.path, stays ? Follow::No : Follow::Yes, 0, on_link,
                                  &recorder_);
  if (!place.tracked) {
    const std::string path = paths_.str(place.id);
    if (path.rfind("/proc/", 0) == 0 && is_of_a_process(path))
      recorder_.reason("observation", "", std::string(use.path) + " leads into /proc");
    return;
  }
  // What the call itself met decides; where that is not known, or not plain, what is there now.
  FileIdentity seen;
  bool known = false;
  if (use.judged && use.error == 0) {
    seen = use.seen;
    known = true;
    place.error = 0;
    place.kind = seen.kind;
  } else if (use.judged && use.error == ENOENT && place.kind != FileKind::Absent) {
    known = true;  // it has appeared since
    place.kind = FileKind::Absent;
  }
  std::uint32_t ops = kAccess;
  switch (use.kind) {
    case ShimKind::Stat:
    case ShimKind::StatStay:
      ops = kStat;
      break;
    case ShimKind::Access:
    case ShimKind::AccessStay:
      ops = kAccess;
      break;
    case ShimKind::Readlink:
      ops = place.kind == FileKind::Symlink ? kRead : kStat;
      break;
    case ShimKind::OpenPath:
    case ShimKind::OpenPathStay:
      if (place.error == 0 && (place.kind == FileKind::File || place.kind == FileKind::Symlink))
        ops = kAccess | kStat;
      break;
    case ShimKind::OpenRead:
    case ShimKind::OpenReadStay:
    case ShimKind::OpenDirectory:
      if (place.error != 0 || place.kind == FileKind::Directory)
        ops = kAccess;
      else if (place.kind == FileKind::Absent)
        ops = kRead;
      else if (place.kind == FileKind::Symlink || use.kind == ShimKind::OpenDirectory ||
               !(known || place.parent_exists))
        ops = kStat;
      else
        ops = kRead;
      break;
  }
  if (known)
    recorder_.note_seen(place, ops, seen);
  else
    recorder_.note(place, ops);
}

}  // namespace bxl::sandbox
