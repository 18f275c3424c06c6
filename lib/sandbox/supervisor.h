// The loop of one run: answers notifications, drains the console, watches for the end, for
// cancellation and for time.
#pragma once

#include <sys/resource.h>

#include <chrono>
#include <string>

#include "os/unique_fd.h"
#include "sandbox/breakaway.h"
#include "sandbox/decoder.h"
#include "sandbox/listener.h"
#include "sandbox/process_tree.h"
#include "sandbox/recorder.h"
#include "sandbox/sandbox.h"
#include "sandbox/spawn.h"

namespace bxl::sandbox {

// Runs on the thread that started the child. Fills `outcome` but for what the Recorder holds.
class Supervisor {
 public:
  struct Parts {
    Child& child;
    Decoder& decoder;
    Recorder& recorder;
    ProcessTree& tree;
    Breakaway& breakaway;
    const Policy& policy;
    ShimTable* shim = nullptr;  // null: none
    int console = -1;           // read end, non-blocking; -1: not captured
    int errors = -1;            // the same of a stderr that has a pipe of its own
    int cancel = -1;            // eventfd
  };
  Supervisor(const Parts& parts, Outcome& outcome);

  // Returns when no process of the tree is left, or when the rest cannot be killed.
  void run();

 private:
  using Clock = std::chrono::steady_clock;

  void notification();
  bool watch_rare();
  // Console, cancellation, end of the main process: whatever of these is ready.
  void rare();
  // Reads some of what is there; false at the end of the pipe.
  bool drain(int pipe);
  void drain_to_the_end();
  void reap_main();
  void begin_kill();
  void survivors();
  bool may_survive(pid_t pid);
  void keep_killing();
  int wait_ms() const;
  void deadlines();

  Parts parts_;
  Outcome& outcome_;
  Listener listener_;
  UniqueFd rare_;  // epoll
  rusage used_{};
  bool main_gone_ = false, tree_gone_ = false, killing_ = false, gave_up_ = false;
  Clock::time_point timeout_ = Clock::time_point::max();
  Clock::time_point survivors_until_ = Clock::time_point::max();
  Clock::time_point kill_again_ = Clock::time_point::max();
  Clock::time_point give_up_ = Clock::time_point::max();
};

}  // namespace bxl::sandbox
