// The seccomp notification descriptor: receive, answer.
#pragma once

#include <linux/seccomp.h>

#include <cstdint>
#include <vector>

namespace bxl::sandbox {

// Does not own the descriptor. Asks for synchronous wake-ups where the kernel has them (6.6): a
// notification then costs 8 us instead of 12 to 50, since both sides stay on one CPU.
class Listener {
 public:
  explicit Listener(int fd);

  // The next notification, null when it vanished (the process died, a signal came). Valid until the
  // next call.
  const seccomp_notif* receive();
  // Lets the call go on (`errnum` 0) or fail. False when the process was gone already.
  bool answer(const seccomp_notif& notification, int errnum);
  // Makes the call return a copy of this descriptor (close-on-exec). False where the kernel cannot
  // (before Linux 5.14), or the process is gone: it is still to be answered then.
  bool answer_descriptor(const seccomp_notif& notification, int fd);

 private:
  int fd_;
  std::vector<std::uint64_t> request_, response_;  // sized as the running kernel asks
};

}  // namespace bxl::sandbox
