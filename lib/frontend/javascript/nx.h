// The task graph that `nx run-many --graph=FILE` writes.
#pragma once

#include <string>

#include "base/result.h"
#include "frontend/javascript/graph.h"
#include "frontend/javascript/lage.h"

namespace bxl::frontend::javascript {

// Reads what Nx 17 and newer writes. Scripts of package.json run as such, `nx:run-commands` with a
// plain command as that command, `nx:noop` is contracted; any other executor runs through `nx`,
// the absolute path of its program, one task at a time and without Nx's cache. Errors: no graph in
// the text, a field of the wrong type, a folder outside `root`, an id twice, a cycle, no task.
Result<TaskGraph> read_nx_graph(const std::string& text, const std::string& root,
                                const std::string& nx, const ReadPackage& read_package);

}  // namespace bxl::frontend::javascript
