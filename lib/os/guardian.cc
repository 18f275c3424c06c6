#include "os/guardian.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace bxl {
namespace {

// The parent of `pid`, 0 when it is gone. /proc/PID/stat: "pid (comm) state ppid …", comm may hold
// anything.
pid_t parent_of(pid_t pid) {
  char path[32], text[512];
  std::snprintf(path, sizeof path, "/proc/%d/stat", pid);
  int fd = ::open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  ssize_t n = ::read(fd, text, sizeof text - 1);
  ::close(fd);
  if (n <= 0) return 0;
  text[n] = 0;
  const char* end = std::strrchr(text, ')');
  char state;
  int ppid = 0;
  return end && std::sscanf(end + 1, " %c %d", &state, &ppid) == 2 ? ppid : 0;
}

std::vector<pid_t> processes() {
  std::vector<pid_t> pids;
  DIR* proc = ::opendir("/proc");
  if (!proc) return pids;
  while (dirent* e = ::readdir(proc))
    if (e->d_name[0] >= '1' && e->d_name[0] <= '9') pids.push_back(std::atoi(e->d_name));
  ::closedir(proc);
  return pids;
}

// Kills children until there are none. What a killed child leaves behind becomes our child in turn;
// a rescan follows each round, so that a process that forks meanwhile is met in the next.
void kill_descendants() {
  for (;;) {
    for (pid_t pid : processes())
      if (parent_of(pid) == ::getpid()) ::kill(pid, SIGKILL);
    int status;
    pid_t gone = ::waitpid(-1, &status, 0);
    if (gone < 0 && errno == ECHILD) return;
    if (gone < 0 && errno != EINTR) return;
  }
}

[[noreturn]] void guard(pid_t child) {
  sigset_t signals;
  sigemptyset(&signals);
  for (int s : {SIGINT, SIGTERM, SIGHUP, SIGCHLD}) sigaddset(&signals, s);
  ::sigprocmask(SIG_BLOCK, &signals, nullptr);
  int status = 0;
  for (;;) {
    pid_t gone = ::waitpid(-1, &status, WNOHANG);
    if (gone == child) break;
    if (gone > 0) continue;  // an orphan that became ours
    siginfo_t info;
    int signal = ::sigwaitinfo(&signals, &info);
    // Ctrl-C reaches the child as well, from the kernel. What a process sent may have gone to us
    // alone or to the whole group: it is passed on marked (SI_QUEUE), so that the child can tell an
    // echo from a second request.
    if (signal > 0 && signal != SIGCHLD && info.si_code != SI_KERNEL)
      ::sigqueue(child, signal, sigval{});
  }
  kill_descendants();
  if (WIFEXITED(status)) std::_Exit(WEXITSTATUS(status));
  std::_Exit(128 + WTERMSIG(status));
}

}  // namespace

Result<void> fork_under_guardian() {
  if (::prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) return errno_error("prctl(PR_SET_CHILD_SUBREAPER)");
  // SIGCHLD must be pending-able from the first moment, or the death of a quick child would be
  // missed.
  sigset_t chld, before;
  sigemptyset(&chld);
  sigaddset(&chld, SIGCHLD);
  ::sigprocmask(SIG_BLOCK, &chld, &before);
  pid_t guardian = ::getpid();
  pid_t child = ::fork();
  if (child < 0) {
    ::sigprocmask(SIG_SETMASK, &before, nullptr);
    return errno_error("fork");
  }
  if (child > 0) guard(child);
  ::sigprocmask(SIG_SETMASK, &before, nullptr);
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != guardian) ::raise(SIGTERM);
  return {};
}

}  // namespace bxl
