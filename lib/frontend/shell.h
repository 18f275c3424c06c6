// Runs a generator's command line.
#pragma once

#include <string>

#include "base/result.h"

namespace bxl::frontend {

// Runs `/bin/sh -c COMMAND` in `directory` with the inherited environment, stdin from /dev/null and
// both outputs on `output` (our stdout carries the graph), and waits. Returns the exit status, 128
// + signal when it was killed. Errors: those of posix_spawn.
Result<int> run_shell(const std::string& command, const std::string& directory, int output = 2);

}  // namespace bxl::frontend
