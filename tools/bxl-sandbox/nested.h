// A command whose process tree somebody else observes already.
#pragma once

#include "base/result.h"
#include "sandbox/sandbox.h"

namespace bxl::sandbox_tool {

// The kernel gives a process tree one listener. Runs the command without one: the outer observer
// sees all of it, and the Outcome holds no accesses but a Reason that says so. Errors: EBUSY when
// the policy denies anything, since nobody would.
Result<sandbox::Outcome> run_nested(const sandbox::Command& command, const sandbox::Policy& policy);

// Forwarded to the command while run_nested() waits. Async-signal-safe.
void signal_nested(int number);

}  // namespace bxl::sandbox_tool
