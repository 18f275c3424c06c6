// Which commands are run again, in which order, and what becomes of the results that differ.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/path_table.h"
#include "base/result.h"
#include "finding.h"
#include "plan/plan_input.h"
#include "wire/graph_stream.h"

namespace bxl::verify {

struct Request {
  std::string cache;
  double sample_percent = 100;
  bool look_only = false;  // nothing is forgotten, no version kept
  std::size_t jobs = 1;
  std::uint64_t pip_timeout_ms = 0;
};

// Of one command.
struct Verdict {
  std::string pip;                // stable id
  Finding finding;                // the texts of differences complete, see kept
  std::vector<std::string> kept;  // by difference: where this run's version lies; empty: nowhere
};

struct Report {
  std::uint64_t run = 0, same = 0;
  std::uint64_t not_sampled = 0, not_current = 0;  // not current: misses, to be built first
  std::uint64_t forgotten = 0;                     // entries of the cache
  int signal = 0;                                  // that ended it early
  std::vector<std::string> console_differs;        // stable ids
  std::vector<Verdict> verdicts;                   // of those that are not the same, in the end
};

// The caller holds the workspace's lock. Calls `tell` for each verdict as it comes. Errors: as
// run_beside().
Result<Report> verify(const Request& request, wire::GraphReader reader,
                      std::unique_ptr<PathTable> paths, const plan::PlanInput& input, int cancel_fd,
                      const std::function<void(const Verdict&)>& tell);

}  // namespace bxl::verify
