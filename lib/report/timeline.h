// Where the time of one build went: when each pip ran, in which job slot, and the critical path.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "report/build_log.h"

namespace bxl::report {

struct Slice {
  std::string pip;
  const wire::PipResult* result = nullptr;  // of the build
  std::uint32_t lane = 0;                   // job slot, from 1
  std::int64_t start_us = 0, end_us = 0;    // since the first slice began; outputs stored
  bool critical = false;
};

struct Timeline {
  std::int64_t began_unix_us = 0;  // of the first slice
  std::int64_t length_us = 0;      // to the end of the last one
  std::int64_t busy_us = 0;        // sum of all slices
  std::uint32_t lanes = 0;
  std::vector<Slice> slices;          // by start
  std::vector<std::size_t> critical;  // the longest chain of dependent slices, first to last
  std::int64_t critical_us = 0;
  std::uint64_t saved_ms = 0;  // what the hits took when they ran
};

// `build` must outlive the result. Only runs whose times are known have a slice.
Timeline timeline(const Build& build);

// Chrome's trace event format, which Perfetto, speedscope and chrome://tracing read: one thread per
// job slot, the critical path as a flow.
std::string trace_json(const Build& build, const Timeline& timeline);

}  // namespace bxl::report
