// Asks /proc for parents and sessions.
#include "sandbox/breakaway.h"

#include <algorithm>
#include <optional>

#include "sandbox/process_tree.h"
#include "sandbox/tracee.h"

namespace bxl::sandbox {

bool Breakaway::names(std::string_view program) const {
  return std::find(names_.begin(), names_.end(), program) != names_.end();
}

void Breakaway::begins(pid_t tid) {
  const auto ids = Tracee(tid).ids();
  if (!ids) return;
  if (const auto status = process_status(ids->tgid)) processes_.insert({ids->tgid, status->start});
}

bool Breakaway::covers(pid_t tid) {
  constexpr int kDeepest = 1000;
  const auto ids = Tracee(tid).ids();
  if (!ids) return false;
  pid_t pid = ids->tgid;
  std::optional<Process> asked;
  for (int depth = 0; pid > 1 && depth < kDeepest; ++depth) {
    const auto status = process_status(pid);
    if (!status) return false;
    const Process process{pid, status->start};
    if (!asked) asked = process;
    if (processes_.count(process) != 0 || sessions_.count(status->session) != 0) {
      processes_.insert(*asked);
      return true;
    }
    pid = status->parent;
  }
  return false;
}

void Breakaway::session(pid_t leader, bool covered) {
  if (covered)
    sessions_.insert(leader);
  else
    sessions_.erase(leader);
}

}  // namespace bxl::sandbox
