// Runs a generator (CMake's re-run of build.ninja) under observation.
#pragma once

#include <string>

#include "frontend/generator.h"

namespace bxl {

// Under the workspace's lock, with the whole environment of the caller, stdin from /dev/null and
// both outputs on stderr. Where the kernel refuses to observe, it runs unobserved, as it does when
// part of it could not be followed. `workspace`: a real path. Errors: those of the lock and of
// starting the shell.
Result<frontend::GeneratorRun> run_observed(const std::string& workspace, bool no_wait,
                                            const std::string& command,
                                            const std::string& directory);

}  // namespace bxl
