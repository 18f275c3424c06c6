// posix_spawn and wait.
#include "nested.h"

#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <atomic>
#include <cerrno>
#include <string>
#include <vector>

namespace bxl::sandbox_tool {

namespace {

std::atomic<pid_t> nested_pid{0};

std::uint64_t nanoseconds(const timeval& t) {
  return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000u +
         static_cast<std::uint64_t>(t.tv_usec) * 1000u;
}

}  // namespace

void signal_nested(int number) {
  if (const pid_t pid = nested_pid; pid > 0) kill(pid, number);
}

Result<sandbox::Outcome> run_nested(const sandbox::Command& command,
                                    const sandbox::Policy& policy) {
  if (policy.enforcement == sandbox::Enforcement::Deny || policy.network == sandbox::Network::Deny)
    return make_error(
        EBUSY,
        "enforce a policy: this process is itself observed by a seccomp listener, and "
        "the kernel has room for one");
  std::vector<std::string> variables;
  for (const auto& [key, value] : command.environment) variables.push_back(key + "=" + value);
  std::vector<char*> argv, envp;
  for (const std::string& word : command.argv) argv.push_back(const_cast<char*>(word.c_str()));
  for (const std::string& text : variables) envp.push_back(const_cast<char*>(text.c_str()));
  argv.push_back(nullptr);
  envp.push_back(nullptr);

  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t defaults;
  sigemptyset(&defaults);
  for (int number : {SIGINT, SIGQUIT, SIGTERM, SIGHUP}) sigaddset(&defaults, number);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  pid_t pid = -1;
  const int error = posix_spawnp(&pid, argv[0], nullptr, &attributes, argv.data(), envp.data());
  posix_spawnattr_destroy(&attributes);

  sandbox::Outcome out;
  out.reasons.push_back({"nested", "",
                         "this process is itself observed by a seccomp listener: only the outer "
                         "observer saw what the command did"});
  if (error != 0) {
    out.spawn_errno = error;
    out.exit_code = error == ENOENT ? 127 : 126;
    return out;
  }
  nested_pid = pid;
  int status = 0;
  rusage used{};
  while (wait4(pid, &status, 0, &used) < 0) {
    if (errno != EINTR) return errno_error("wait for the command");
  }
  nested_pid = 0;
  if (WIFSIGNALED(status)) {
    out.term_signal = WTERMSIG(status);
    out.exit_code = 128 + out.term_signal;
  } else {
    out.exit_code = WEXITSTATUS(status);
  }
  out.user_ns = nanoseconds(used.ru_utime);
  out.system_ns = nanoseconds(used.ru_stime);
  out.peak_kib = static_cast<std::uint64_t>(used.ru_maxrss);
  return out;
}

}  // namespace bxl::sandbox_tool
