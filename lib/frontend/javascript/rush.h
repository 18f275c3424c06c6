// The projects of a Rush repository, and of a graph in BuildXL's own form: both name folders, the
// rest stands in package.json.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "frontend/javascript/graph.h"
#include "frontend/reads.h"
#include "json/reader.h"

namespace bxl::frontend::javascript {

// `projects` of ROOT/rush.json (with comments). Dependencies by name and range, but for
// decoupledLocalDependencies. Errors: no such file, wrong types, folders outside the root or
// without package.json, names that differ, names twice.
Result<std::vector<Package>> read_rush(const std::string& root, Reads& reads);

// {"NAME": {"location": FOLDER, "workspaceDependencies": [NAME…]}, …}, as `yarn workspaces info`
// prints it; also below "projects". Scripts are read from each package.json; there must be one
// with `needs_manifests`. `file`: for messages. Errors as above, and unknown dependencies.
Result<std::vector<Package>> read_custom_graph(const json::Value& value, const std::string& file,
                                               const std::string& root, bool needs_manifests,
                                               Reads& reads);

}  // namespace bxl::frontend::javascript
