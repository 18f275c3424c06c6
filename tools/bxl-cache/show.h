// bxl-cache show, diff: single entries, and what tells two apart.
#pragma once

#include "cli/options.h"

namespace bxl::cache_tool {

// Return the exit code. Errors were printed.
int run_show(const cli::Options& options);
int run_diff(const cli::Options& options);

}  // namespace bxl::cache_tool
