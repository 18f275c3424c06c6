// Runs commands once more in a private copy of the tree, and compares what they make.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/path_table.h"
#include "base/result.h"
#include "finding.h"
#include "graph/output_record.h"
#include "plan/plan_input.h"
#include "wire/graph_stream.h"

namespace bxl::verify {

// Where the private layers and the store of the runs lie.
struct Scratch {
  std::string directory;   // exists, empty, in none of the roots
  bool in_memory = false;  // the layers: where the file system of `directory` cannot hold them
};

struct Job {
  wire::GraphReader& reader;
  std::unique_ptr<PathTable>& paths;
  const plan::PlanInput& input;
  // By pip: to be run; and what these depend on, which must be up to date or a hit. None of the
  // first depends on another.
  const std::vector<bool>& chosen;
  const std::vector<bool>& upstream;
  // What bxl put into the tree and is still as it was.
  const std::vector<std::pair<PathId, graph::OutputRecord>>& records;
  const std::vector<std::string>& roots;  // the trees
  std::string cache;                      // content of lazy outputs comes from there
  std::size_t jobs = 1;
  std::uint64_t pip_timeout_ms = 0;
};

// Each chosen command sees what it would in a build from scratch: the outputs of what it depends
// on, and nothing that other commands made. The tree, the workspace state and the cache stay as
// they are; content of the runs is in the store `store_of(scratch)`. Calls `found` for each chosen
// pip. `cancel_fd`: of stop_signals(); one ends it, and is returned (0: all was run). Errors: EPERM
// and others of os/private_tree.h (EINVAL: another scratch may do), EIO when the helper died.
Result<int> run_beside(const Job& job, const Scratch& scratch, int cancel_fd,
                       const std::function<void(Finding)>& found);
std::string store_of(const Scratch& scratch);

}  // namespace bxl::verify
