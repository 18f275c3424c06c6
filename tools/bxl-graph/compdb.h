// `bxl-graph compdb`: the commands of a graph in the form of compile_commands.json.
#pragma once

#include <ostream>

#include "base/path_table.h"
#include "base/result.h"
#include "wire/graph_stream.h"

namespace bxl {

// One object {directory, command, file, output} per process pip, in the order of the graph. `file`
// is the first input, "" when there is none. Names below the working directory are relative to it.
void print_compdb(const wire::GraphReader& graph, const PathTable& paths, std::ostream& out);

}  // namespace bxl
