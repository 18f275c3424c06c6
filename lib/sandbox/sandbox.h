// Runs one command and reports every file access of its process tree. The mechanism (seccomp user
// notification) is hidden behind this interface; policy is data.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "os/file.h"

namespace bxl::sandbox {

// What was done to one path, as bits.
enum Op : std::uint32_t {
  kRead = 1,  // opened for reading, executed, read as a link, mapped
  kStat = 2,  // attributes looked at (stat family, statfs, xattr reads)
  kAccess =
      4,  // existence only: access(), O_PATH, a component passed through by chdir or mkdir's EEXIST
  kEnumerate = 8,  // listed by getdents
  kExec = 16,      // executed, or the interpreter of something executed (#!, PT_INTERP)
  kWrite = 32,     // opened for writing, truncated
  kCreate = 64,    // brought into being: O_CREAT on an absent path, mknod, link or rename target
  kUnlink = 128,   // unlinked, rmdir'ed, or renamed away
  kMkdir = 256,
  kSymlink = 512,    // a symlink was made here
  kMetadata = 1024,  // chmod, chown, utimes, xattr writes
};
inline constexpr std::uint32_t kMutations =
    kWrite | kCreate | kUnlink | kMkdir | kSymlink | kMetadata;

// One distinct physical path: symlinks on the way are resolved (and reported as accesses of their
// own, kRead on the link), the last component is followed exactly where the system call would
// follow it.
struct Access {
  std::string path;             // absolute, no symlink component
  std::uint32_t ops = 0;        // union of Op
  std::uint32_t first_ops = 0;  // Op bits of the first access
  FileIdentity
      first;  // lstat identity just before the first access (kind Absent: it did not exist)
  int first_errno = 0;                   // lstat failed with something other than ENOENT/ENOTDIR
  std::uint64_t first_seq = 0;           // order of first access
  std::uint64_t first_mutation_seq = 0;  // 0: never mutated
  std::uint64_t first_content_seq =
      0;  // first kRead/kExec/kStat/kEnumerate before which nothing was known; 0: never
  FileIdentity before_mutation;  // lstat identity just before the first mutation
  bool listed = false;  // kEnumerate: `members` is what the supervisor saw at the first listing
  std::vector<std::string> members;
};

// Something that broke observation: the result must not be cached.
struct Reason {
  std::string
      what;  // "io_uring", "network", "setuid", "mount", "survivor", "fork of a 32-bit program", …
  std::string process;  // comm and pid when known
  std::string detail;   // one sentence for the user
};

struct Command {
  std::vector<std::string> argv;
  std::string working_directory;
  std::vector<std::pair<std::string, std::string>> environment;  // the whole of it
  int stdin_fd = -1;                                             // -1: /dev/null
  int stdout_fd = -1;  // -1: captured into Outcome::console (with stderr, interleaved as written)
  int stderr_fd = -1;  // -1: the same pipe as the captured stdout
  bool inherit_terminal = false;  // standalone tool: keep the process group, pass signals on
};

struct Policy {
  // Each first mutation of a path is appended here, NUL-terminated, before the system call goes on:
  // what a killed run wrote can be recovered. Empty: no journal.
  std::string journal_path;
  // Members are not listed and accesses not recorded under these directories (resolved): /proc,
  // /sys, /dev are always classified after resolving.
  std::vector<std::string> untracked;
  std::size_t max_console_bytes = 64u
                                  << 20;  // captured output beyond this is dropped, with a Reason
  // Wait this long for processes that outlive the command, then kill them (a Reason): milliseconds.
  std::uint32_t survivor_grace_ms = 2000;
  std::uint64_t timeout_ms = 0;  // 0: none
};

struct Outcome {
  int exit_code = 0;  // of the command; 128+signal when killed
  int term_signal = 0;
  bool timed_out = false;
  bool cancelled = false;        // cancel() was called
  int spawn_errno = 0;           // the command could not be executed (exit_code 126 or 127)
  std::vector<Access> accesses;  // sorted by path
  std::vector<Reason> reasons;   // empty: fully observed
  std::string console;
  std::uint64_t wall_ns = 0, user_ns = 0, system_ns = 0, peak_kib = 0;
  std::uint64_t notifications = 0;
};

// One reusable runner. run() blocks its thread, which is the supervisor; several Sandboxes may run
// at once in one process. cancel() may be called from any thread: it kills the whole tree.
class Sandbox {
 public:
  // Errors: ENOSYS/EPERM/EBUSY when the kernel refuses a listener (EBUSY: nested under another
  // listener).
  static Result<void> available();
  Sandbox();
  ~Sandbox();
  Result<Outcome> run(const Command& command, const Policy& policy);
  void cancel();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace bxl::sandbox
