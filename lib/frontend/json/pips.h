// Turns the declarations of a JSON graph into pips: paths made absolute, dependencies found, what
// contradicts itself refused.
#pragma once

#include <string>
#include <vector>

#include "base/path_table.h"
#include "frontend/environment.h"
#include "frontend/json/declaration.h"
#include "wire/records.h"

namespace bxl::frontend::json_graph {

struct PipSettings {
  std::string directory;               // the workspace's real path; relative paths start there
  std::string graph_file;              // absolute
  std::vector<std::string> variables;  // "NAME=value" of the caller, for passEnv
  Environment environment;             // of every pip, without what the graph says
};

struct PipSet {
  std::vector<wire::Pip> pips;
  std::vector<PipId> default_targets;
  Environment environment;  // of every pip
};

// A pip depends on
//   - the pips it names, and those that declare one of its inputs, or of the files of its seals
//   - for an input that is or lies below an output directory: all pips that declare this directory
//   - for the directory it copies: all pips that declare outputs there
// Tells all problems; the result is good when there are none. Cycles are left to graph::PipGraph.
PipSet make_pips(const GraphDeclaration& graph, const PipSettings& settings, PathTable& paths,
                 Problems& problems);

// The names in passEnv of the graph and of all pips, sorted, each once.
std::vector<std::string> passed_names(const GraphDeclaration& graph);

}  // namespace bxl::frontend::json_graph
