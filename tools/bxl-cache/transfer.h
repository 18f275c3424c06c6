// bxl-cache export, import: a cache in one file, for continuous integration.
#pragma once

#include "cli/options.h"

namespace bxl::cache_tool {

// Return the exit code. Errors were printed.
int run_export(const cli::Options& options);
int run_import(const cli::Options& options);

}  // namespace bxl::cache_tool
