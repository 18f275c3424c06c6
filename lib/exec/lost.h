// Hits whose content left the store between bxl-plan and now.
#pragma once

#include <vector>

#include "cas/blob_store.h"
#include "graph/output_record.h"
#include "graph/pip_graph.h"
#include "wire/records.h"

namespace bxl::exec {

// A hit of which a blob is gone, or has another size, becomes Deferred, and with it every hit and
// every clean pip downstream: the late lookup finds another result, or has it run. Content that is
// in place on disk need not be in the store. Returns the hits that lost content. `plan` in
// topological order. Costs one stat for each blob of a hit; damage inside a blob shows only when it
// is copied out.
std::vector<PipId> defer_lost(std::vector<wire::PlanPip>& plan, const graph::PipGraph& graph,
                              const graph::OutputRecords& records, const PathTable& paths,
                              cas::BlobStore& store);

}  // namespace bxl::exec
