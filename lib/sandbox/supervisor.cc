// poll, answer, drain, wait.
#include "sandbox/supervisor.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <utility>

namespace bxl::sandbox {

namespace {

using namespace std::chrono_literals;

enum Rare : std::uint32_t { kConsole, kErrors, kCancel, kMain };

constexpr auto kKillInterval = 5ms;
// What programs record themselves is looked at so often at least: links may be replaced by others.
constexpr int kShimIntervalMs = 25;
constexpr auto kReapInterval =
    10ms;                      // before Linux 6.11 a zombie keeps the listener from hanging up
constexpr auto kGiveUp = 10s;  // a process in uninterruptible sleep cannot be killed

std::uint64_t nanoseconds(const timeval& t) {
  return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000u +
         static_cast<std::uint64_t>(t.tv_usec) * 1000u;
}

}  // namespace

Supervisor::Supervisor(const Parts& parts, Outcome& outcome)
    : parts_(parts), outcome_(outcome), listener_(parts.child.listener()) {
  if (parts_.policy.timeout_ms != 0)
    timeout_ = Clock::now() + std::chrono::milliseconds(parts_.policy.timeout_ms);
}

void Supervisor::notification() {
  const seccomp_notif* request = listener_.receive();
  if (request == nullptr) return;
  ++outcome_.notifications;
  const int errnum = parts_.decoder.handle(*request);
  if (errnum == Decoder::kHandOut) {
    if (listener_.answer_descriptor(*request, parts_.shim->fd()))
      parts_.shim->handed_out();
    else
      listener_.answer(*request, ENOENT);
    return;
  }
  listener_.answer(*request, errnum);
}

bool Supervisor::drain(int pipe) {
  char chunk[16 << 10];
  const ssize_t n = read(pipe, chunk, sizeof chunk);
  if (n == 0) return false;
  if (n < 0) return errno == EAGAIN || errno == EINTR;
  const auto size = static_cast<std::size_t>(n);
  if (pipe == parts_.errors) outcome_.stderr_bytes += size;
  const std::size_t room = parts_.policy.max_console_bytes - outcome_.console.size();
  outcome_.console.append(chunk, std::min(size, room));
  if (size > room)
    parts_.recorder.reason("console", "",
                           "printed more than " + std::to_string(parts_.policy.max_console_bytes) +
                               " bytes; the rest is lost");
  return true;
}

// Whoever still holds the other end is not of the tree: what is in the pipe and no more.
void Supervisor::drain_to_the_end() {
  for (const int pipe : {parts_.console, parts_.errors}) {
    pollfd rest{pipe, POLLIN, 0};
    while (pipe >= 0 && poll(&rest, 1, 0) == 1 && (rest.revents & POLLIN) != 0 && drain(pipe)) {
    }
  }
}

void Supervisor::reap_main() {
  if (main_gone_) return;
  int status = 0;
  if (wait4(parts_.child.pid(), &status, WNOHANG, &used_) != parts_.child.pid()) return;
  parts_.child.reaped();
  main_gone_ = true;
  if (WIFSIGNALED(status)) {
    outcome_.term_signal = WTERMSIG(status);
    outcome_.exit_code = 128 + outcome_.term_signal;
  } else {
    outcome_.exit_code = WEXITSTATUS(status);
  }
  outcome_.spawn_errno = parts_.child.exec_errno();
  survivors_until_ = Clock::now() + std::chrono::milliseconds(parts_.policy.survivor_grace_ms);
}

void Supervisor::begin_kill() {
  if (killing_) return;
  killing_ = true;
  give_up_ = Clock::now() + kGiveUp;
  keep_killing();
}

// Again and again: a process may fork between the look and the kill.
void Supervisor::keep_killing() {
  parts_.tree.kill_all();
  kill_again_ = Clock::now() + kKillInterval;
}

bool Supervisor::may_survive(pid_t pid) {
  const std::string name = Tracee(pid).command_name();  // "name (pid)"
  const std::string_view program = std::string_view(name).substr(0, name.rfind(" ("));
  const auto& allowed = parts_.policy.surviving;
  // The kernel keeps 15 bytes of a name.
  return std::any_of(allowed.begin(), allowed.end(),
                     [&](const std::string& one) { return program == one.substr(0, 15); }) ||
         (parts_.breakaway.any() && parts_.breakaway.covers(pid));
}

void Supervisor::survivors() {
  const bool late = Clock::now() >= survivors_until_;
  const bool some_may = !parts_.policy.surviving.empty() || parts_.breakaway.any();
  if (!late && !some_may) return;
  const auto members = parts_.tree.members();
  std::string names;
  for (pid_t pid : members)
    if (!may_survive(pid)) names += (names.empty() ? "" : ", ") + Tracee(pid).command_name();
  if (!late && !names.empty()) return;
  // No members: only zombies are left, and reaping them ends the run.
  if (!names.empty())
    parts_.recorder.reason("survivor", names, "outlived the command and was killed");
  begin_kill();
}

void Supervisor::deadlines() {
  const auto now = Clock::now();
  if (now >= timeout_ && !killing_) {
    outcome_.timed_out = true;
    begin_kill();
  }
  if (main_gone_ && !killing_) survivors();
  if (killing_ && now >= kill_again_) keep_killing();
  if (killing_) reap_main();  // where nothing could be watched, nobody else tells that it is dead
  if (killing_ && now >= give_up_) {
    parts_.recorder.reason("survivor", "", "a process could not be killed");
    gave_up_ = true;
  }
  if (main_gone_) parts_.tree.reap_orphans(used_);
}

int Supervisor::wait_ms() const {
  auto next = std::min({timeout_, give_up_, kill_again_, survivors_until_});
  if (main_gone_) next = std::min(next, Clock::now() + kReapInterval);
  if (next == Clock::time_point::max()) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - Clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000));
}

// What is rarely ready stands behind one descriptor: each one that poll(2) has to queue on costs
// every notification about as much as reading its path.
bool Supervisor::watch_rare() {
  rare_ = UniqueFd(epoll_create1(EPOLL_CLOEXEC));
  if (!rare_) return false;
  for (const auto& [fd, tag] : {std::pair{parts_.console, kConsole},
                                {parts_.errors, kErrors},
                                {parts_.cancel, kCancel},
                                {parts_.child.pidfd(), kMain}}) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u32 = tag;
    if (fd >= 0 && epoll_ctl(rare_.get(), EPOLL_CTL_ADD, fd, &event) != 0) return false;
  }
  return true;
}

void Supervisor::rare() {
  epoll_event events[4];
  const int count = epoll_wait(rare_.get(), events, 4, 0);
  const auto forget = [&](int fd) { epoll_ctl(rare_.get(), EPOLL_CTL_DEL, fd, nullptr); };
  for (int i = 0; i < count; ++i) {
    switch (events[i].data.u32) {
      case kConsole:
        if (!drain(parts_.console)) forget(parts_.console);
        break;
      case kErrors:
        if (!drain(parts_.errors)) forget(parts_.errors);
        break;
      case kCancel:
        forget(parts_.cancel);
        outcome_.cancelled = true;
        begin_kill();
        break;
      default:
        reap_main();
        if (main_gone_) forget(parts_.child.pidfd());
    }
  }
}

void Supervisor::run() {
  if (!watch_rare()) {
    parts_.recorder.reason("observation", "", "epoll failed");
    begin_kill();
  }
  pollfd fds[2] = {{parts_.child.listener(), POLLIN, 0}, {rare_.get(), POLLIN, 0}};
  while (!(main_gone_ && tree_gone_) && !gave_up_) {
    // The clock is asked only when something depends on it: it costs as much as a memoised path.
    const bool timed = timeout_ != Clock::time_point::max() || main_gone_ || killing_;
    int wait = timed ? wait_ms() : -1;
    const bool shim = parts_.shim != nullptr && parts_.shim->in_use();
    if (shim && (wait < 0 || wait > kShimIntervalMs)) wait = kShimIntervalMs;
    const int ready = poll(fds, 2, wait);
    if (ready < 0) {
      if (errno == EINTR) continue;
      parts_.recorder.reason("observation", "", "poll failed");
      begin_kill();
      continue;
    }
    if ((fds[0].revents & POLLIN) != 0) {
      notification();
    } else if ((fds[0].revents & (POLLHUP | POLLERR | POLLNVAL)) != 0) {
      tree_gone_ = true;
      fds[0].fd = -1;
    }
    if (fds[1].revents != 0) rare();
    if (ready == 0 && shim) {
      parts_.decoder.drain_shim(false);
      parts_.shim->settle(0);
    }
    if (timed) deadlines();
  }
  parts_.tree.reap_orphans(used_);
  parts_.decoder.drain_shim(true);
  drain_to_the_end();
  outcome_.user_ns = nanoseconds(used_.ru_utime);
  outcome_.system_ns = nanoseconds(used_.ru_stime);
  outcome_.peak_kib = static_cast<std::uint64_t>(used_.ru_maxrss);
}

}  // namespace bxl::sandbox
