// The child half shares memory and, until it has its listener, descriptors with the parent.
//
// Why so: the listener's descriptor is made by the child's own seccomp() call. Sharing the table
// makes it appear in the parent by number, with no descriptor passing (sendmsg is trapped,
// pidfd_getfd needs ptrace rights). Sharing memory makes the start independent of the parent's
// size, and lets the child report through plain memory. It must not be vfork: a vfork parent sleeps
// until execve, and the child's execve waits for the parent to answer its notification.
#include "sandbox/spawn.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <ctime>

#include "sandbox/exec_image.h"
#include "sandbox/filter.h"

namespace bxl::sandbox {

namespace {

constexpr std::size_t kStackBytes = 64 << 10;

// Everything that runs in the child: sanitizers would use the parent thread's state.
#define BXL_CHILD __attribute__((no_sanitize("address", "thread", "undefined")))

// Straight into the kernel: errno is the parent's, and nothing here may take a lock or allocate.
BXL_CHILD __attribute__((always_inline)) inline long raw(long nr, long a = 0, long b = 0,
                                                         long c = 0, long d = 0, long e = 0,
                                                         long f = 0) {
  long result;
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = f;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
}

template <typename T>
BXL_CHILD __attribute__((always_inline)) inline long word(T* pointer) {
  return reinterpret_cast<long>(pointer);
}

// clone() onto another stack, by hand: the thread sanitizer intercepts libc's and takes it for a
// fork. `entry` never returns. Gives the child's pid or -errno.
long clone_onto(unsigned long flags, void* stack_top, int* pidfd, int (*entry)(void*),
                void* argument) {
  auto** top = static_cast<void**>(stack_top);  // 16-byte aligned, and again so after both pops
  *--top = argument;
  *--top = reinterpret_cast<void*>(entry);
  long result;
  register long r10 __asm__("r10") = 0;
  register long r8 __asm__("r8") = 0;
  __asm__ volatile(
      "syscall\n\t"
      "test %%rax, %%rax\n\t"
      "jnz 1f\n\t"
      "xor %%ebp, %%ebp\n\t"
      "pop %%rax\n\t"
      "pop %%rdi\n\t"
      "call *%%rax\n\t"
      "hlt\n"
      "1:"
      : "=a"(result)
      : "a"(SYS_clone), "D"(flags), "S"(top), "d"(pidfd), "r"(r10), "r"(r8)
      : "rcx", "r11", "memory");
  return result;
}

enum State : int { kStarting = 0, kReady = 1, kFailed = 2 };

}  // namespace

// Written by the child, read by the parent.
struct Child::Shared {
  int state = kStarting;  // atomic, futex
  int listener = -1;      // atomic
  int setup_errno = 0;
  const char* setup_step = "";
  int exec_errno = 0;  // atomic

  // Prepared by the parent.
  const char* directory = nullptr;
  std::vector<std::string> candidates;  // paths to execute, in order
  std::vector<const char*> path_list, argument_list, environment_list;
  const char* const* paths = nullptr;  // of the lists above: the child calls no library code
  const char* const* argv = nullptr;
  const char* const* envp = nullptr;
  std::vector<std::string> environment;
  int stdio[3] = {-1, -1, -1};
  bool inherit_terminal = false;
  int umask = -1;  // -1: as it is
  int landlock = -1;
  pid_t parent = 0;
  std::vector<sock_filter> filter;
  sock_fprog program{};
  void* stack = nullptr;

  ~Shared() {
    if (stack != nullptr) munmap(stack, kStackBytes);
  }
};

namespace {

struct KernelSigaction {
  void (*handler)(int);
  unsigned long flags;
  void (*restorer)();
  unsigned long mask;
};

}  // namespace

namespace {

template <typename Shared>
BXL_CHILD __attribute__((noinline)) void report(Shared* s, int state, const char* step,
                                                long error) {
  s->setup_step = step;
  s->setup_errno = static_cast<int>(-error);
  __atomic_store_n(&s->state, state, __ATOMIC_RELEASE);
  raw(SYS_futex, word(&s->state), FUTEX_WAKE_PRIVATE, 1);
}

template <typename Shared>
BXL_CHILD __attribute__((noinline)) int fail(Shared* s, const char* step, long error) {
  report(s, kFailed, step, error);
  raw(SYS_exit_group, 127);
  return 0;
}

template <typename Shared>
BXL_CHILD __attribute__((noinline)) int child_main(void* argument) {
  auto* s = static_cast<Shared*>(argument);
  raw(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  if (raw(SYS_getppid) != s->parent) raw(SYS_exit_group, 127);
  if (!s->inherit_terminal) raw(SYS_setsid);
  if (s->umask >= 0) raw(SYS_umask, s->umask);
  if (s->directory != nullptr) {
    if (long r = raw(SYS_chdir, word(s->directory)); r < 0) return fail(s, "chdir", r);
  }
  if (long r = raw(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); r < 0)
    return fail(s, "set no_new_privs", r);
  if (s->landlock >= 0) {
    if (long r = raw(SYS_landlock_restrict_self, s->landlock, 0); r < 0)
      return fail(s, "restrict writes", r);
  }
  unsigned long flags = SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_SPEC_ALLOW |
                        SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
  long listener =
      raw(SYS_seccomp, SECCOMP_SET_MODE_FILTER, static_cast<long>(flags), word(&s->program));
  if (listener == -EINVAL) {  // before Linux 5.19
    flags &= ~SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
    listener =
        raw(SYS_seccomp, SECCOMP_SET_MODE_FILTER, static_cast<long>(flags), word(&s->program));
  }
  if (listener < 0) return fail(s, "install the seccomp filter", listener);
  __atomic_store_n(&s->listener, static_cast<int>(listener), __ATOMIC_RELEASE);

  // A table of our own. Not by unshare(2): containers without CAP_SYS_ADMIN refuse it whatever its
  // flags. With nothing in the range the call only unshares.
  long r = raw(SYS_close_range, ~0u, ~0u, CLOSE_RANGE_UNSHARE);
  if (r < 0) r = raw(SYS_unshare, CLONE_FILES);  // before Linux 5.9, or refused by a profile
  if (r < 0) return fail(s, "get a table of descriptors of its own (close_range, unshare)", r);
  // First out of the way of 0, 1 and 2, in case they are given crosswise.
  int moved[3];
  for (int i = 0; i < 3; ++i) {
    const long fd = raw(SYS_fcntl, s->stdio[i], F_DUPFD_CLOEXEC, 3);
    if (fd < 0) return fail(s, "duplicate a standard stream", fd);
    moved[i] = static_cast<int>(fd);
  }
  for (int i = 0; i < 3; ++i) {
    if (long r = raw(SYS_dup2, moved[i], i); r < 0) return fail(s, "set a standard stream", r);
  }
  raw(SYS_close_range, 3, ~0u, 0);  // before Linux 5.9 close-on-exec does it

  for (int sig = 1; sig <= 64; ++sig) {
    KernelSigaction action{};  // SIG_DFL
    raw(SYS_rt_sigaction, sig, word(&action), 0, sizeof action.mask);
  }
  const unsigned long no_signals = 0;
  raw(SYS_rt_sigprocmask, SIG_SETMASK, word(&no_signals), 0, sizeof no_signals);
  report(s, kReady, "", 0);

  // As execvp: go on past what is missing, and say EACCES when something was there but could not
  // run.
  long error = -ENOENT;
  for (std::size_t i = 0; s->paths[i] != nullptr; ++i) {
    const long r = raw(SYS_execve, word(s->paths[i]), word(s->argv), word(s->envp));
    if (r == -ENOENT || r == -ENOTDIR) continue;
    error = r;
    if (r != -EACCES) break;
  }
  __atomic_store_n(&s->exec_errno, static_cast<int>(-error), __ATOMIC_RELEASE);
  raw(SYS_exit_group, error == -ENOENT ? 127 : 126);
  return 0;
}

std::vector<std::string> executable_candidates(const Command& command) {
  const std::string& name = command.argv[0];
  if (name.find('/') != std::string::npos || name.empty()) return {name};
  std::string path = "/usr/local/bin:/usr/bin:/bin";
  for (const auto& [key, value] : command.environment) {
    if (key == "PATH") path = value;
  }
  std::vector<std::string> out;
  std::size_t at = 0;
  for (;;) {
    const std::size_t end = std::min(path.find(':', at), path.size());
    const std::string dir = path.substr(at, end - at);
    out.push_back(dir.empty() ? name : dir + "/" + name);
    if (end == path.size()) return out;
    at = end + 1;
  }
}

// The program that will run is, most likely, the first candidate that is there.
bool first_refuses_preload(const std::vector<std::string>& candidates, const std::string& dir) {
  for (const std::string& name : candidates) {
    const std::string path = name.empty() || name[0] == '/' ? name : dir + "/" + name;
    if (access(path.c_str(), X_OK) == 0) return refuses_preload(path);
  }
  return false;
}

void wait_on(int* word_, int value) {
  const timespec tenth{0, 100'000'000};
  syscall(SYS_futex, word_, FUTEX_WAIT_PRIVATE, value, &tenth, nullptr, 0);
}

}  // namespace

Result<std::unique_ptr<Child>> Child::start(const SpawnRequest& request) {
  const Command& command = *request.command;
  if (command.argv.empty()) return make_error(EINVAL, "run an empty command");
  auto child = std::unique_ptr<Child>(new Child);
  child->shared_ = std::make_unique<Shared>();
  Shared& s = *child->shared_;
  s.directory = command.working_directory.empty() ? nullptr : command.working_directory.c_str();
  s.candidates = executable_candidates(command);
  for (const std::string& path : s.candidates) s.path_list.push_back(path.c_str());
  s.path_list.push_back(nullptr);
  for (const std::string& arg : command.argv) s.argument_list.push_back(arg.c_str());
  s.argument_list.push_back(nullptr);
  s.environment.reserve(command.environment.size() + 1);
  bool preloads =
      request.preload.empty() ||
      first_refuses_preload(s.candidates,
                            command.working_directory.empty() ? "." : command.working_directory);
  for (const auto& [key, value] : command.environment) {
    s.environment.push_back(key + "=" + value);
    if (key != "LD_PRELOAD" || preloads) continue;
    // fakeroot and its like come first, as they expect.
    s.environment.back() += (value.empty() ? "" : ":") + request.preload;
    preloads = true;
  }
  if (!preloads) s.environment.push_back("LD_PRELOAD=" + request.preload);
  for (const std::string& variable : s.environment) s.environment_list.push_back(variable.c_str());
  s.environment_list.push_back(nullptr);
  s.paths = s.path_list.data();
  s.argv = s.argument_list.data();
  s.envp = s.environment_list.data();
  s.stdio[0] = request.stdin_fd;
  s.stdio[1] = request.stdout_fd;
  s.stdio[2] = request.stderr_fd;
  s.inherit_terminal = command.inherit_terminal;
  if (command.umask)
    s.umask = static_cast<int>(*command.umask);
  else if (!command.inherit_terminal)
    s.umask = 022;
  s.landlock = request.landlock;
  s.parent = getpid();
  s.filter = make_filter(request.key, request.notify_sockets);
  s.program = {static_cast<unsigned short>(s.filter.size()), s.filter.data()};
  s.stack = mmap(nullptr, kStackBytes, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  if (s.stack == MAP_FAILED) {
    s.stack = nullptr;
    return errno_error("allocate a stack");
  }

  // With all signals blocked no handler of ours can run in the child, on memory both share.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int pidfd = -1;
  const long cloned =
      clone_onto(CLONE_VM | CLONE_FILES | CLONE_PIDFD | SIGCHLD,
                 static_cast<char*>(s.stack) + kStackBytes, &pidfd, child_main<Shared>, &s);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (cloned < 0) return make_error(static_cast<int>(-cloned), "clone");
  const auto pid = static_cast<pid_t>(cloned);
  child->pid_ = pid;
  child->pidfd_.reset(pidfd);

  for (;;) {
    const int state = __atomic_load_n(&s.state, __ATOMIC_ACQUIRE);
    if (state != kStarting) break;
    wait_on(&s.state, kStarting);
    siginfo_t info{};
    if (waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
        info.si_pid == pid) {
      break;  // killed before it could say anything
    }
  }
  child->listener_.reset(__atomic_load_n(&s.listener, __ATOMIC_ACQUIRE));
  if (__atomic_load_n(&s.state, __ATOMIC_ACQUIRE) == kReady) return child;
  waitpid(pid, nullptr, 0);
  child->pid_ = -1;
  if (s.setup_errno == 0) return make_error(ECHILD, "the command was killed while starting");
  return make_error(
      s.setup_errno,
      std::string(s.setup_step) + (s.directory != nullptr && std::strcmp(s.setup_step, "chdir") == 0
                                       ? " " + command.working_directory
                                       : std::string()));
}

Child::~Child() {
  // The child may still be using our memory: it must be gone first. Callers end the run before
  // this.
  if (pid_ > 0) {
    listener_.reset();
    siginfo_t info{};
    if (waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
        info.si_pid == 0) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
  }
}

int Child::exec_errno() const { return __atomic_load_n(&shared_->exec_errno, __ATOMIC_ACQUIRE); }

}  // namespace bxl::sandbox
