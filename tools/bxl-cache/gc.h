// bxl-cache gc, and the collection that publish makes when the cache is over its limit.
#pragma once

#include <cstdint>
#include <string>

#include "cli/options.h"

namespace bxl::cache_tool {

// Returns the exit code. Errors were printed.
int run_gc(const cli::Options& options);

// For at most 2 s, and only when it is due; a collection that fails is a warning.
void collect_if_due(const cli::Options& options);

// What the cache of these options may hold, in bytes; 0: no limit.
std::uint64_t limit_of(const cli::Options& options);

// "17.9 GB"; below 1 kB "17 bytes".
std::string size_text(std::uint64_t bytes);

}  // namespace bxl::cache_tool
