// Yarn's Plug'n'Play: packages without node_modules, which only Yarn can give to a script.
#pragma once

#include <string>

#include "base/result.h"
#include "frontend/environment.h"
#include "frontend/javascript/graph.h"
#include "frontend/javascript/tools.h"
#include "frontend/reads.h"

namespace bxl::frontend::javascript {

// Where the repository is installed so (`.pnp.cjs` in its root), scripts of packages become
// `yarn run SCRIPT`: their programs and modules lie in archives that Yarn's loader opens. Yarn is
// what yarnPath of .yarnrc.yml names, else `yarn` in PATH. Nothing happens elsewhere. Errors: Yarn
// is in neither place.
Result<void> run_by_yarn(const std::string& root, const Environment& environment, Reads& reads,
                         Tools& tools, TaskGraph& graph);

}  // namespace bxl::frontend::javascript
