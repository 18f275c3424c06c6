// The counts of one build, from its result records: for the last line people read and for
// --summary.
#pragma once

#include <string>
#include <unordered_map>

#include "graph/pip_graph.h"
#include "wire/records.h"

namespace bxl::materialize_tool {

struct Summary {
  wire::Stats stats;
  std::vector<wire::Violation> violations;
};

// `results`: the last record of each pip. `upstream`: what the stages before us counted. Pips that
// wait for a dyndep file count as not run. Without a graph
// the names of pips that ran are those in `upstream`.
Summary summarise(const graph::PipGraph* graph,
                  const std::unordered_map<PipId, wire::PipResult>& results,
                  const wire::Stats& upstream);
// The JSON object of design "--summary", one line. With a graph each violation says what would fix
// it (`fix`, a sentence and perhaps a build statement).
std::string to_json(const Summary& summary, const PathTable& paths,
                    const graph::PipGraph* graph = nullptr);
// "41 pips: 3 ran, 38 from the cache, 0 up to date; 38 files written (0.3 s)", with "interrupted; "
// or "terminated; " in front by the exit code.
std::string to_sentence(const Summary& summary);

}  // namespace bxl::materialize_tool
