// A whole plan as it comes from a stream, with the graph that it was made from.
#pragma once

#include <utility>
#include <vector>

#include "base/path_table.h"
#include "base/result.h"
#include "wire/graph_stream.h"
#include "wire/records.h"

namespace bxl::plan {

struct PlanInput {
  wire::Header header;
  wire::PlanHeader plan;
  std::vector<wire::Basis> basis;
  std::vector<wire::Scrub> scrubs;
  std::vector<wire::PlanPip> pips;
};

// `paths` must be empty. Errors: EPROTO when the graph is gone, EBADMSG for a stream that is
// damaged or whose writer failed, those of reading.
Result<std::pair<wire::GraphReader, PlanInput>> read_plan(int fd, PathTable& paths);

}  // namespace bxl::plan
