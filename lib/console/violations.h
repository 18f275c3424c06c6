// What is said about a pip that broke a rule on file accesses.
#pragma once

#include <string>

#include "base/path_table.h"
#include "graph/mounts.h"
#include "graph/pip_graph.h"
#include "wire/records.h"

namespace bxl::console {

// One message per pip, in the shape of BuildXL's DX0500: the worst letter of each path, then the
// legend, then what would fix it. At most ten paths and ten related pips, unless `all`.
std::string violations_text(const wire::PipResult& result, const graph::PipGraph& graph,
                            const graph::Mounts& mounts, const PathTable& paths, bool all);

}  // namespace bxl::console
