// Which processes belong to a run, and how to be rid of all of them.
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace bxl::sandbox {

// Membership is by session: a session is inherited by every fork and left only by setsid(), which
// is trapped. So the set of sessions is exact without following each fork, whoever the orphans were
// handed to. A command that shares our terminal shares our session too; there membership is
// "descendant of this process, under one more seccomp filter".
class ProcessTree {
 public:
  // `main` is the command's first process; `own_session`: it called setsid() before executing.
  ProcessTree(pid_t main, bool own_session);
  ~ProcessTree();
  ProcessTree(const ProcessTree&) = delete;
  ProcessTree& operator=(const ProcessTree&) = delete;

  void add_session(pid_t sid);
  bool contains(pid_t pid) const;
  // Living members (zombies left out), in no order. O(processes of the machine).
  std::vector<pid_t> members() const;
  // Sends SIGKILL to every living member and returns how many there were.
  std::size_t kill_all() const;
  // Collects members that were re-parented to this process and have exited; adds what they used.
  void reap_orphans(rusage& used) const;

 private:
  pid_t main_;
  bool own_session_;
  int own_filters_;
  std::set<pid_t> sessions_;
};

struct ProcessStatus {
  char state = '?';  // as ps(1) shows it
  pid_t parent = 0, session = 0;
  unsigned long long start = 0;  // in ticks since boot
};
// From /proc. nullopt: it is gone.
std::optional<ProcessStatus> process_status(pid_t pid);

// Orphans of all runs come to this process instead of init. Idempotent, any thread.
void become_subreaper();

}  // namespace bxl::sandbox
