// What to change in a JavaScript repository when a rule is broken.
#pragma once

#include <string>

#include "base/path_table.h"
#include "graph/pip_graph.h"
#include "wire/records.h"

namespace bxl::violation {

// As advice(), for a pip with kPipJavaScript: a sentence in terms of package.json, bxlconfig.json
// and config.dsc, or nothing.
std::string javascript_advice(const graph::PipGraph& graph, const PathTable& paths,
                              const wire::Violation& v);

// What lets a task wait for a pip of another front end, which no package.json can name. Named from
// config.dsc, as the ids of Ninja's pips are.
std::string foreign_dependency(const wire::Pip& reader, const wire::Pip& writer);

// What to do about outputs of a tool that built here before bxl: nothing tells them from sources.
// Installed packages are no obstacle, though git ignores them as well.
inline constexpr const char* kCleanFirst =
    "remove what that one left first (git clean -xdf -e node_modules)";

}  // namespace bxl::violation
