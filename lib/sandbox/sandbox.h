// Runs one command and reports every file access of its process tree. The mechanism (seccomp user
// notification) is hidden behind this interface; policy is data.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "os/file.h"

namespace bxl::sandbox {

// What was done to one path, as bits.
enum Op : std::uint32_t {
  // Opened for reading, executed, read as a link, mapped. An open that found nothing has it too
  // (see Access::first): what appears in between would have been read.
  kRead = 1,
  // Attributes looked at: the stat family, statfs, xattr reads, O_PATH on a file (its descriptor
  // can be fstat'ed).
  kStat = 2,
  // Existence only: access(), a directory opened but not listed, entered, or mkdir's EEXIST; and
  // every call that fails on what it found, such as rmdir of a directory that is not empty.
  kAccess = 4,
  kEnumerate = 8,  // listed by getdents
  kExec = 16,      // executed, or the interpreter of something executed (#!, PT_INTERP)
  // Opened for writing, truncated; with kRead unless truncated: old content may survive.
  kWrite = 32,
  // Brought into being: O_CREAT on an absent path, mknod, bind, link or rename target.
  kCreate = 64,
  kUnlink = 128,  // unlinked, rmdir'ed, or renamed away
  kMkdir = 256,
  kSymlink = 512,    // a symlink was made here
  kMetadata = 1024,  // chmod, chown, utimes, xattr writes
  kLock = 2048,      // locked as a whole or in part: flock(2), fcntl(2), lockf(3)
};
inline constexpr std::uint32_t kMutations =
    kWrite | kCreate | kUnlink | kMkdir | kSymlink | kMetadata;

// One distinct physical path: symlinks on the way are resolved (and reported as accesses of their
// own, kRead on the link), the last component is followed exactly where the system call would
// follow it. A rename of a directory is reported for each of its members, under both names.
//
// Sequence numbers count up over the whole run; an access that both reads and writes has read
// first.
struct Access {
  std::string path;             // absolute, no symlink component
  std::uint32_t ops = 0;        // union of Op
  std::uint32_t first_ops = 0;  // Op bits of the first access
  // lstat identity just before the first access; kind Absent: it did not exist.
  FileIdentity first;
  // Other than ENOENT and ENOTDIR: EACCES, ELOOP, ENAMETOOLONG, EIO … `first` is Absent then and
  // means nothing.
  int first_errno = 0;
  std::uint64_t first_seq = 0;           // order of first access
  std::uint64_t first_mutation_seq = 0;  // 0: never mutated
  std::uint64_t first_content_seq = 0;   // first kRead, kExec, kStat or kEnumerate; 0: never
  FileIdentity before_mutation;          // lstat identity just before the first mutation
  // What lies here at the end existed before the run under this name, and was renamed. Empty: no
  // such thing.
  std::string moved_from;
  bool listed = false;               // kEnumerate: `members` was taken at the first listing
  std::vector<std::string> members;  // sorted, without "." and ".."
};

// Something that broke observation: the result must not be cached.
struct Reason {
  // "bpf", "console", "credentials", "daemon", "denied", "file handle", "ipc", "keyring",
  // "mount", "namespace", "network", "observation", "ptrace", "setuid", "survivor": NOTES.md says
  // when.
  std::string what;
  std::string process;  // "cc1 (1234)", empty when none is meant
  std::string detail;   // one sentence for the user
};

struct Command {
  std::vector<std::string> argv;
  std::string working_directory;
  std::vector<std::pair<std::string, std::string>> environment;  // the whole of it
  int stdin_fd = -1;                                             // -1: /dev/null
  int stdout_fd = -1;  // -1: captured into Outcome::console (with stderr, interleaved as written)
  int stderr_fd = -1;  // -1: the same pipe as the captured stdout
  // Captured stderr comes through a pipe of its own: Outcome::stderr_bytes counts it, and the order
  // of what is written to the two streams at nearly the same time is that in which it is read.
  bool own_stderr = false;
  bool inherit_terminal = false;  // standalone tool: keep the process group, pass signals on
  std::optional<mode_t> umask;    // not given: 022, or with inherit_terminal that of this process
};

enum class Enforcement : std::uint8_t {
  Report,  // what is out of scope happens, and is a Violation
  // Changes out of scope fail with EACCES (a hard link from outside with EXDEV), network sockets
  // too, and are Violations. Reading is never denied.
  Deny,
};

enum class Network : std::uint8_t {
  Allow,    // talking to others is a Reason
  Deny,     // sockets of all families but AF_UNIX, AF_NETLINK and AF_ALG fail with EACCES
  Trusted,  // talking to others over the internet is no Reason
};

struct Policy {
  // Where the command may read and write: absolute, each a directory with all below it, or a single
  // file (which need not exist, but its directory must; a trailing slash says that it is a
  // directory). None: everywhere. Reading a file is to use its content or attributes; looking for a
  // name is always allowed. What may be written may be read.
  std::optional<std::vector<std::string>> read, write;
  // May be written and read too, whatever the lists above; recorded like the rest.
  std::vector<std::string> temp;
  Enforcement enforcement = Enforcement::Report;
  Network network = Network::Allow;  // Deny whatever `enforcement` is
  // Each path that the run brings into being is appended here, NUL-terminated, before the system
  // call goes on: what a killed run made can be recovered. What existed before is not named, nor is
  // its new name when it is renamed: it is somebody else's. A tail without its NUL is torn: drop
  // it. Empty: no journal.
  std::string journal_path;
  // Members are not listed and accesses not recorded under these directories (resolved): /proc,
  // /sys, /dev are always classified after resolving. May be written and read.
  std::vector<std::string> untracked;
  std::size_t max_console_bytes = 64u
                                  << 20;  // captured output beyond this is dropped, with a Reason
  // Wait this long for processes that outlive the command, then kill them (a Reason): milliseconds.
  std::uint32_t survivor_grace_ms = 2000;
  // Programs (as the kernel names processes: 15 bytes of the last component) that may outlive the
  // command. When no others are left they are killed at once, which is no Reason.
  std::vector<std::string> surviving;
  // Programs (last components of what is executed) at which, and at whose descendants, nobody
  // looks: their accesses are not recorded, and they may outlive the command as `surviving` ones
  // do. Scopes that are denied stay denied for them. With any such, the shim is not used.
  std::vector<std::string> breakaway;
  // The same, of calls of a program whose arguments, joined with spaces, hold a text.
  struct BreakawayCall {
    std::string program, arguments;
    bool ignore_case = false;  // of ASCII, in the arguments
  };
  std::vector<BreakawayCall> breakaway_calls;
  std::uint64_t timeout_ms = 0;  // 0: none
  // libbxlshim.so, absolute: preloaded, it makes observation of most programs nearly free. Empty,
  // or where the kernel or a program does not play along: every call is notified.
  std::string shim;
};

// Something that the Policy does not allow.
struct Violation {
  enum class Kind : std::uint8_t { Read, Write, Network };
  Kind kind{};
  std::string path;     // Network: a socket family or an address
  std::string process;  // the first that did it; empty when it is not known (reads)
  bool denied = false;  // the call failed: nothing has happened
};

struct Outcome {
  int exit_code = 0;  // of the command; 128+signal when killed
  int term_signal = 0;
  bool timed_out = false;
  bool cancelled = false;             // cancel() was called
  int spawn_errno = 0;                // the command could not be executed (exit_code 126 or 127)
  std::vector<Access> accesses;       // sorted by path
  std::vector<Reason> reasons;        // empty: fully observed
  std::vector<Violation> violations;  // by kind and path, each once
  std::string console;
  std::uint64_t stderr_bytes = 0;  // of it, with Command::own_stderr
  std::uint64_t wall_ns = 0, user_ns = 0, system_ns = 0, peak_kib = 0;
  std::uint64_t notifications = 0;
  std::uint64_t shim_calls = 0, shim_uses = 0;  // calls that passed by the shim; first uses in them
};

// libbxlshim.so beside the running program, or in ../lib/bxl of it; empty when there is none or
// BXL_SHIM=0 says that it is not wanted.
std::string installed_shim();

// One reusable runner. run() blocks its thread, which is the supervisor; several Sandboxes may run
// at once in one process. A run that has ended has no process left. The first run() makes this
// process a child subreaper. Death of the calling thread kills the command.
class Sandbox {
 public:
  // Errors: ENOSYS/EPERM/EBUSY when the kernel refuses a listener (EBUSY: nested under another
  // listener); 0 when /proc is not mounted.
  static Result<void> available();
  Sandbox();
  ~Sandbox();
  // Errors: those of spawning (EAGAIN, ENOMEM, EMFILE), of the working directory, of the journal,
  // of the listener (as available()), of the Policy's scopes (EINVAL, ENOENT …); EOPNOTSUPP when
  // writes are to be denied and the kernel has no Landlock of Linux 6.2 or later. A command that
  // cannot be executed is an Outcome, not an Error.
  Result<Outcome> run(const Command& command, const Policy& policy);
  // Kills the whole tree of the current run, or of the next one when none is running. Any thread,
  // also a signal handler.
  void cancel();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace bxl::sandbox
