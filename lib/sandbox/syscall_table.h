// The reviewed tables of system calls: for each x86-64 and each i386 number a verdict, and where
// its paths are.
//
// The seccomp filter (filter.h) is generated from these tables and from nothing else; a test walks
// it against the kernel's own list. A number a table does not know is refused with ENOSYS, so that
// a newer kernel's call cannot slip past unseen.
#pragma once

#include <cstdint>
#include <span>

namespace bxl::sandbox {

enum class Verdict : std::uint8_t {
  Harmless,  // let through unseen; `why` says why nothing can be missed
  Trap,      // the supervisor looks at it first
  Refuse,    // fails with `errnum`; `why` says why programs live with that
};

// What the supervisor does with a trapped call (decoder.cc has one function per kind).
enum class Kind : std::uint8_t {
  None,
  Open,   // open flags in `flags`
  Open2,  // struct open_how in argument 2
  Creat,
  Stat,          // follows the last link unless `flags` holds AT_SYMLINK_NOFOLLOW
  StatLink,      // never follows the last link
  NameToHandle,  // follows only with AT_SYMLINK_FOLLOW
  Watch,         // inotify, fanotify
  Access,
  Readlink,
  Exec,
  Rename,
  Unlink,
  Rmdir,
  Mkdir,
  Link,
  Symlink,
  Mknod,
  Truncate,
  Metadata,  // as Stat, but changes attributes
  MetadataLink,
  Lock,        // takes or gives back a lock on a descriptor
  MetadataFd,  // changes attributes through a descriptor that may be read-only
  Chdir,
  Enumerate,
  Socket,  // harmless, but notified where the network is denied
  Connect,
  Bind,
  Listen,
  Sendto,
  Sendmsg,
  Sendmmsg,
  Clone,   // flags in argument 0
  Clone3,  // struct clone_args in argument 0
  SysvIpc,
  Debug,  // target process in an argument
  Credentials,
  Setsid,
  Socketcall,  // i386: the calls about sockets in one
  Ipc,         // i386: the System V calls in one
  Mark,        // let through, with the Reason `reason`
};

// Argument positions, -1 for "none"; `dir` -1 means relative to the working directory.
struct Args {
  std::int8_t dir = -1, path = -1, flags = -1, dir2 = -1, path2 = -1;
  const char* reason = "";        // Kind::Mark
  std::uint32_t gate_mask = 0;    // notify only when argument 0 has one of these bits
  std::int8_t gate_pointer = -1;  // notify only when this argument is not null
  bool gate_locks = false;        // notify only when argument 1 is a command of fcntl(2) that locks
};

struct SyscallRow {
  std::uint16_t number = 0;
  const char* name = "";
  Verdict verdict = Verdict::Refuse;
  Kind kind = Kind::None;
  Args args;
  int errnum = 0;
  const char* why = "";
  // The x86-64 call that means the same: `number` itself but for i386 rows.
  std::uint16_t like = 0;
};

// Sorted by number. Gaps are unassigned numbers.
std::span<const SyscallRow> syscall_rows();

inline constexpr std::uint32_t kLastSyscall = 469;  // file_setattr, Linux 6.17; 6.18 added none

// Null for an unassigned number. O(1).
const SyscallRow* syscall_row(std::uint32_t number);
// Of an i386 number; the same last number counts. Any thread.
const SyscallRow* syscall32_row(std::uint32_t number);

}  // namespace bxl::sandbox
