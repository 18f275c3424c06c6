// Requests to stop, from the terminal or by kill(1), as a descriptor.
#pragma once

#include <optional>

#include "os/unique_fd.h"

namespace bxl {

// Blocks SIGINT, SIGTERM and SIGHUP in this thread, and in those and the programs that it starts
// from now on; they can be read from the signalfd(2) that this returns (empty: no descriptor was
// left), which does not block.
UniqueFd stop_signals();

struct StopSignal {
  int number = 0;
  enum class From {
    Terminal,  // which told the whole foreground process group
    Process,   // kill(2)
    Guardian,  // its echo of what a process sent to the whole group (os/guardian.h)
  } from = From::Process;
};
// The next one; empty: none is there. `fd`: of stop_signals().
std::optional<StopSignal> take_stop_signal(int fd);

}  // namespace bxl
