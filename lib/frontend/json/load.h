// Loads a JSON graph: reuses the stored one, or reads the file and stores the result.
#pragma once

#include "base/result.h"
#include "frontend/load.h"

namespace bxl::frontend::json_graph {

// As load_graph(), for a workspace whose front end is Json. Errors: every sentence begins with
// "FILE:LINE:COLUMN: POINTER:", and there may be several, a line each.
Result<LoadedGraph> load(const LoadRequest& request);

}  // namespace bxl::frontend::json_graph
