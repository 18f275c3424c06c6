// bxl-cache publish: results in, entries into the cache, the same results out.
#pragma once

#include "cli/options.h"

namespace bxl::cache_tool {

// Returns the exit code. Errors were printed.
int run_publish(const cli::Options& options);
// The same between two descriptors, which it does not own.
int publish_stream(const cli::Options& options, int in, int out);

// bxl-cache stats, bxl-cache ls, bxl-cache compress.
int run_stats(const cli::Options& options);
int run_compress(const cli::Options& options);
int run_list(const cli::Options& options);

inline constexpr const char* kTool = "bxl-cache";

}  // namespace bxl::cache_tool
