// bxl-cache gc, and the collection that publish makes when the cache is over its limit.
#pragma once

#include <cstdint>

#include "cli/options.h"

namespace bxl::cache_tool {

// Returns the exit code. Errors were printed.
int run_gc(const cli::Options& options);

// For at most 2 s, and only when it is due; a collection that fails is a warning.
void collect_if_due(const cli::Options& options);

// What the cache of these options may hold, in bytes; 0: no limit.
std::uint64_t limit_of(const cli::Options& options);

}  // namespace bxl::cache_tool
