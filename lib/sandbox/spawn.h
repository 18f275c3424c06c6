// Starts a command under the seccomp filter and hands its listener to the caller.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "os/unique_fd.h"
#include "sandbox/sandbox.h"

namespace bxl::sandbox {

struct SpawnRequest {
  const Command* command = nullptr;
  int stdin_fd = -1, stdout_fd = -1, stderr_fd = -1;  // all open
  std::uint64_t key = 0;                              // of the filter; 0: none
  bool notify_sockets = false;                        // of the filter
  std::string preload;                                // added to LD_PRELOAD; empty: none
  int landlock = -1;                                  // a ruleset to live under; -1: none
};

// A started child. The child shares this process's memory until it executes (as with vfork, but
// nobody is stopped), so the object must live until the child has executed or died.
class Child {
 public:
  // Returns when the child has its filter and its own descriptors, just before it executes: its
  // execve is the first notification. The child dies with the calling thread (PR_SET_PDEATHSIG).
  // Errors: those of clone; seccomp's EBUSY (nested listener), EINVAL, EACCES; chdir's.
  static Result<std::unique_ptr<Child>> start(const SpawnRequest& request);
  ~Child();

  pid_t pid() const { return pid_; }
  int pidfd() const { return pidfd_.get(); }
  int listener() const { return listener_.get(); }
  // The caller has waited for the child: its number may belong to someone else from now on.
  void reaped() { pid_ = -1; }
  // After the child has died: the errno of its failed execve, 0 when it executed.
  int exec_errno() const;

 private:
  struct Shared;
  Child() = default;
  pid_t pid_ = -1;
  UniqueFd pidfd_, listener_;
  std::unique_ptr<Shared> shared_;
};

}  // namespace bxl::sandbox
