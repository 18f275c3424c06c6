// Walks /proc to find, kill and reap the processes of one run.
#include "sandbox/process_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <optional>

#include "os/unique_fd.h"

namespace bxl::sandbox {

namespace {

std::string slurp(pid_t pid, const char* name) {
  char path[64];
  std::snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
  UniqueFd fd(open(path, O_RDONLY | O_CLOEXEC));
  if (!fd) return {};
  char text[4096];
  const ssize_t n = read(fd.get(), text, sizeof text);
  return n <= 0 ? std::string() : std::string(text, static_cast<std::size_t>(n));
}

int filters_of(pid_t pid) {
  const std::string text = slurp(pid, "status");
  const std::size_t at = text.find("\nSeccomp_filters:");
  return at == std::string::npos ? 0 : std::atoi(text.c_str() + at + 17);
}

template <typename F>
void each_process(F f) {
  DIR* dir = opendir("/proc");
  if (dir == nullptr) return;
  while (const dirent* entry = readdir(dir)) {
    const pid_t pid = std::atoi(entry->d_name);
    if (pid > 0) f(pid);
  }
  closedir(dir);
}

bool descends_from(pid_t pid, pid_t ancestor) {
  for (int depth = 0; depth < 1000 && pid > 1; ++depth) {
    const auto st = process_status(pid);
    if (!st) return false;
    if (st->parent == ancestor) return true;
    pid = st->parent;
  }
  return false;
}

// Sessions of all runs of this process: a run that shares our session must not take those of its
// siblings for its own. A number reused by a later run belongs to that run.
std::mutex registry_mutex;
std::map<pid_t, const ProcessTree*>& registry() {
  static auto* sessions = new std::map<pid_t, const ProcessTree*>;
  return *sessions;
}

}  // namespace

std::optional<ProcessStatus> process_status(pid_t pid) {
  const std::string text = slurp(pid, "stat");
  // The name is in parentheses and may itself hold any byte: start after the last one.
  const std::size_t close = text.rfind(')');
  if (close == std::string::npos) return std::nullopt;
  ProcessStatus out;
  int group = 0;
  // Fields 3 to 6, and 22: proc(5).
  if (std::sscanf(text.c_str() + close + 1,
                  " %c %d %d %d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
                  &out.state, &out.parent, &group, &out.session, &out.start) != 5)
    return std::nullopt;
  return out;
}

void become_subreaper() {
  static std::once_flag once;
  std::call_once(once, [] { prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); });
}

ProcessTree::ProcessTree(pid_t main, bool own_session)
    : main_(main), own_session_(own_session), own_filters_(filters_of(getpid())) {
  if (own_session) add_session(main);
}

ProcessTree::~ProcessTree() {
  const std::lock_guard lock(registry_mutex);
  std::erase_if(registry(), [this](const auto& entry) { return entry.second == this; });
}

void ProcessTree::add_session(pid_t sid) {
  sessions_.insert(sid);
  const std::lock_guard lock(registry_mutex);
  registry()[sid] = this;
}

bool ProcessTree::contains(pid_t pid) const {
  if (pid == main_) return true;
  const auto st = process_status(pid);
  if (!st || pid == getpid()) return false;
  {
    const std::lock_guard lock(registry_mutex);
    const auto owner = registry().find(st->session);
    if (owner != registry().end() && owner->second != this) return false;
  }
  if (sessions_.count(st->session) != 0) return st->session == pid || descends_from(pid, getpid());
  return !own_session_ && descends_from(pid, getpid()) && filters_of(pid) > own_filters_;
}

std::vector<pid_t> ProcessTree::members() const {
  std::vector<pid_t> out;
  each_process([&](pid_t pid) {
    const auto st = process_status(pid);
    if (!st || st->state == 'Z' || st->state == 'X') return;
    if (own_session_ && sessions_.count(st->session) == 0) return;
    if (contains(pid)) out.push_back(pid);
  });
  return out;
}

std::size_t ProcessTree::kill_all() const {
  const std::vector<pid_t> all = members();
  for (pid_t pid : all) kill(pid, SIGKILL);
  return all.size();
}

void ProcessTree::reap_orphans(rusage& used) const {
  const auto reap = [&](pid_t pid) {
    const auto st = process_status(pid);
    if (!st || st->state != 'Z' || st->parent != getpid() || pid == main_) return;
    if (sessions_.count(st->session) == 0 && !(!own_session_ && contains(pid))) return;
    rusage one{};
    if (wait4(pid, nullptr, WNOHANG, &one) != pid) return;
    timeradd(&used.ru_utime, &one.ru_utime, &used.ru_utime);
    timeradd(&used.ru_stime, &one.ru_stime, &used.ru_stime);
    used.ru_maxrss = std::max(used.ru_maxrss, one.ru_maxrss);
  };
  // Orphans go to the first living thread, which is the leader. One small file instead of all of
  // /proc: this is called at the end of every run.
  char name[64];
  std::snprintf(name, sizeof name, "/proc/self/task/%d/children", getpid());
  UniqueFd fd(open(name, O_RDONLY | O_CLOEXEC));
  if (!fd) {
    each_process(reap);
    return;
  }
  std::string text;
  char chunk[4096];
  for (ssize_t n; (n = read(fd.get(), chunk, sizeof chunk)) > 0;)
    text.append(chunk, static_cast<std::size_t>(n));
  for (const char* at = text.c_str(); *at != '\0';) {
    char* end = nullptr;
    const long pid = std::strtol(at, &end, 10);
    if (end == at) break;
    reap(static_cast<pid_t>(pid));
    at = end;
  }
}

}  // namespace bxl::sandbox
