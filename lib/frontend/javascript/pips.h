// Turns tasks into pips.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/path_table.h"
#include "frontend/environment.h"
#include "frontend/javascript/graph.h"
#include "wire/records.h"

namespace bxl::frontend::javascript {

struct PipSettings {
  std::string root;         // of the repository: absolute, real
  std::string workspace;    // holds it: places of package.json are told from there
  std::string module_name;  // of all pips
  Environment environment;  // of all pips, for PATH
  std::string node;         // that scripts are told of; may be empty
  std::string more_bin;     // a directory of programs behind those of the packages; may be empty
  // Is there such a directory? What it says shapes the graph, so it should be recorded.
  std::function<bool(const std::string&)> is_directory;
};

// One pip per task, in the order of the tasks, which finish() has made a sound graph.
//
// Scripts run in the folder of their package as a package manager runs them: by /bin/sh, with
// node_modules/.bin of the folder and of all folders up to the root in front of PATH, and with the
// variables that scripts are told (npm_lifecycle_event, npm_package_name, INIT_CWD, …). No package
// manager runs in between. The folder and the declared output directories are shared opaque
// outputs. Whatever is read is an input because it is seen to be read.
std::vector<wire::Pip> make_pips(const TaskGraph& graph, const PipSettings& settings,
                                 PathTable& paths);

}  // namespace bxl::frontend::javascript
