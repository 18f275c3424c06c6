// Asks /proc for parents and sessions.
#include "sandbox/breakaway.h"

#include <algorithm>

#include "sandbox/process_tree.h"
#include "sandbox/tracee.h"

namespace bxl::sandbox {

static std::string lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

bool Breakaway::covers_call(std::string_view program,
                            const std::function<std::optional<std::string>()>& arguments) const {
  if (std::find(names_.begin(), names_.end(), program) != names_.end()) return true;
  std::optional<std::string> given;
  for (const Policy::BreakawayCall& call : calls_) {
    if (call.program != program) continue;
    if (!given) given = arguments();
    if (!given) return false;
    if (call.ignore_case ? lower(*given).find(lower(call.arguments)) != std::string::npos
                         : given->find(call.arguments) != std::string::npos)
      return true;
  }
  return false;
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
