// The operations of a Rush command, as our plugin writes them: bulk commands and phases alike.
#pragma once

#include <string>

#include "base/result.h"
#include "frontend/javascript/graph.h"
#include "frontend/javascript/lage.h"
#include "frontend/reads.h"

namespace bxl::frontend::javascript {

// Writes the plugin and the program that starts Rush with it into `directory`, which is none of
// the repository's: nothing there has to be changed. Returns the program's path; it is run by
// node, with the words of a Rush command behind it, and with BXL_RUSH_LIB (the folder of
// @microsoft/rush-lib) and BXL_RUSH_ANSWER (the file to write) in its environment. Rush then runs
// nothing at all.
Result<std::string> write_rush_plugin(const std::string& directory);

// {"operations": [{"id", "package", "task", "folder", "command", "noop", "dependencies"}]}. An
// operation without command that is not said to be none is an error: an unknown version of Rush
// keeps it elsewhere. Otherwise errors as read_lage_graph().
Result<TaskGraph> read_rush_graph(const std::string& text, const std::string& root,
                                  const ReadPackage& read_package);

// Does common/config/rush/command-line.json of the repository define phases?
bool has_phases(const std::string& root, Reads& reads);

}  // namespace bxl::frontend::javascript
