// Programs that a Policy lets go their own way: which processes are theirs.
#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sandbox/sandbox.h"

namespace bxl::sandbox {

// Starts with the execution of a program of the given name, and holds for what that process starts.
// Descent is told from /proc at each question, about 10 us. A process whose parent is gone before
// it was ever asked about, and that made no session of its own, counts as anybody's: it is
// observed. Used by one thread.
class Breakaway {
 public:
  explicit Breakaway(const Policy& policy)
      : names_(policy.breakaway), calls_(policy.breakaway_calls) {}

  bool any() const { return !names_.empty() || !calls_.empty(); }
  // Does it break away, called so? `program`: the last component of a path. `arguments`, joined
  // with spaces, is asked when they matter; empty: they cannot be read.
  bool covers_call(std::string_view program,
                   const std::function<std::optional<std::string>()>& arguments) const;
  // `tid` is about to execute such a program.
  void begins(pid_t tid);
  // Is it such a process, or one that such a process started? One that it makes the leader of a
  // session stands for all who are in it.
  bool covers(pid_t tid);
  // `leader`, the id of a thread group, calls setsid(); `covered`: it is such a process.
  void session(pid_t leader, bool covered);

 private:
  // By the id of the thread group. Numbers are used again; together with the time of the start they
  // are not.
  using Process = std::pair<pid_t, unsigned long long>;

  std::vector<std::string> names_;
  std::vector<Policy::BreakawayCall> calls_;
  std::set<Process> processes_;
  std::set<pid_t> sessions_;
};

}  // namespace bxl::sandbox
