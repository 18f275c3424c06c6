// bxl-cache verify, fsck: is the cache what it says?
#pragma once

#include "cli/options.h"

namespace bxl::cache_tool {

// Return the exit code: 0 nothing wrong, 1 something was. Errors were printed.
int run_verify(const cli::Options& options);
int run_fsck(const cli::Options& options);

}  // namespace bxl::cache_tool
