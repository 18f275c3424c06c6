// The task graph that `lage info` prints.
#pragma once

#include <functional>
#include <string>

#include "base/result.h"
#include "frontend/javascript/graph.h"
#include "frontend/javascript/tasks.h"

namespace bxl::frontend::javascript {

// The package in a folder, for the text of its scripts; an error when its files are wrong, an empty
// optional when there is no package.json.
using ReadPackage = std::function<Result<std::optional<Package>>(const std::string& folder)>;

// Reads what lage 2 prints, as an envelope with `data` or as the inner object alone, with any noise
// before it. `npm run SCRIPT` becomes the script itself; other commands stay as they are, but for
// workers: those run in this process (`lage exec PACKAGE TASK`, in the root) instead of a server
// that nobody observes. Errors: no graph in the text, a graph without tasks, a field of the wrong type, a
// folder outside `root`, an id twice, a cycle.
Result<TaskGraph> read_lage_graph(const std::string& text, const std::string& root,
                                  const ReadPackage& read_package);

}  // namespace bxl::frontend::javascript
