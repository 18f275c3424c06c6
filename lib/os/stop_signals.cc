// signalfd(2) over the three signals that ask a program to stop.
#include "os/stop_signals.h"

#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>

namespace bxl {

UniqueFd stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&signals, signal);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return UniqueFd(::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
}

std::optional<StopSignal> take_stop_signal(int fd) {
  signalfd_siginfo info{};
  if (::read(fd, &info, sizeof info) != sizeof info) return {};
  using From = StopSignal::From;
  const From from = info.ssi_code == SI_KERNEL  ? From::Terminal
                    : info.ssi_code == SI_QUEUE ? From::Guardian
                                                : From::Process;
  return StopSignal{static_cast<int>(info.ssi_signo), from};
}

}  // namespace bxl
