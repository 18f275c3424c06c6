// Writing `.bxl/log`: what a build did, kept for `bxl why` and `bxl log`. Layout:
// lib/report/FORMAT.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace bxl::report {

inline constexpr std::size_t kKeptBuilds = 10;

// One line of the index of builds: also those that found nothing to do.
struct BuildLine {
  std::string id;  // sorts by time
  std::int64_t started_unix_ms = 0;
  std::uint64_t wall_ms = 0;
  int exit_code = 0;
  std::uint64_t total = 0, clean = 0, hit = 0, ran = 0, failed = 0, skipped = 0, uncacheable = 0;
  std::uint64_t violations = 0;
  std::uint64_t saved_ms = 0;  // what the hits took when they ran
  bool operator==(const BuildLine&) const = default;
};

// As the index holds it: one JSON object and a line end.
std::string to_json(const BuildLine& line);

// "20261123T092419.123Z-4711".
std::string build_id(std::int64_t started_unix_ms, long pid);

// Adds `line` to the index and, when `results_file` exists, makes it the log of that build:
// renamed, with a hard link to (or copy of) `graph_file` and `summary` beside it. Of older logs the
// last ten stay. One append for a build that did nothing. Only under the workspace lock. Errors:
// ENOSPC, EACCES and others; `results_file` is then left where it is.
Result<void> keep_build(const std::string& log_dir, const BuildLine& line,
                        const std::string& results_file, const std::string& graph_file,
                        std::string_view summary);

// The index of builds in `log_dir`.
std::string index_file(const std::string& log_dir);
// Is it a name that build_id gives? Only such directories are ever removed.
bool is_build_id(std::string_view name);

}  // namespace bxl::report
