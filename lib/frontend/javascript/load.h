// Loads the graph of a JavaScript repository: reuses the stored one, or makes and stores it.
#pragma once

#include "base/result.h"
#include "frontend/load.h"

namespace bxl::frontend::javascript {

// As load_graph(), for a workspace whose front end is JavaScript. Errors: one sentence, or several
// lines for a place in config.dsc.
Result<LoadedGraph> load(const LoadRequest& request);

}  // namespace bxl::frontend::javascript
