// A parent that outlives kill -9: it takes the rest of our process tree along.
#pragma once

#include "base/result.h"

namespace bxl {

// Forks. The child returns and goes on as the program; the parent stays behind as its guardian and
// never returns: it passes signals on (with si_code SI_QUEUE: an echo when the whole group was
// signalled), waits, kills every process the child left behind (it is their subreaper, so that not
// even setsid(2) hides one), and exits as the child did. Killed the other way round, the child gets
// SIGTERM.
//
// Why: a command that outlives a killed bxl-exec would go on writing into the tree under the next
// build. Call before any thread exists. Descriptors stay open in the guardian until the end, the
// workspace lock among them.
Result<void> fork_under_guardian();

}  // namespace bxl
