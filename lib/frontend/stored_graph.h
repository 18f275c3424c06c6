// The graph of the last build, kept in the workspace for the next one.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/path_table.h"
#include "base/result.h"
#include "frontend/load.h"
#include "graph/pip_graph.h"
#include "os/unique_fd.h"
#include "wire/graph_stream.h"

namespace bxl::frontend {

struct StoredGraph {
  UniqueFd fd;
  PathTable paths;
  std::optional<wire::GraphReader> reader;
  wire::GraphRecord frame;
};

// Empty when there is none that this version and front end could have written; damage is no error
// here, the graph is made again.
std::optional<StoredGraph> open_stored(const LoadRequest& request);
// Stores the graph and returns it as a stream, at offset 0. Where it cannot be stored a warning
// says so and it lives in memory.
Result<UniqueFd> store_graph(const LoadRequest& request, const std::vector<wire::Mount>& mounts,
                             const PathTable& paths, const wire::GraphRecord& record);
// What the user passes on, one line each, sorted: a part of GraphRecord::options for all front
// ends.
std::string pass_env_lines(const LoadRequest& request);
// Inputs that no pip makes, one for each directory: what find_mounts asks for.
std::vector<std::string> leaf_inputs(const graph::PipGraph& graph, const PathTable& paths);

}  // namespace bxl::frontend
