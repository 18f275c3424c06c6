// bxl-materialize clean: graph in, everything bxl made out of the tree.
#pragma once

#include "cli/options.h"

namespace bxl::materialize_tool {

// Returns the exit code. Errors were printed.
int run_clean(const cli::Options& options);

}  // namespace bxl::materialize_tool
