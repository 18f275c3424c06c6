// Loads the graph of a workspace: reuses the stored one, or runs the front end and stores the
// result.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "frontend/environment.h"
#include "frontend/generator.h"
#include "frontend/workspace.h"
#include "os/unique_fd.h"

namespace bxl::frontend {

struct LoadRequest {
  Workspace workspace;
  std::vector<std::string> pass_env;
  std::vector<std::string> variables;            // "NAME=value" of the caller
  std::vector<std::string> targets;              // as the user names them; for front ends that
                                                 // otherwise leave out what nobody asked for
  std::function<void(const std::string&)> warn;  // one sentence; must be set
  std::function<void(const std::string&)> note;  // progress for -v; must be set
  // Runs the generator observed. Not set: it runs unobserved, by the inputs that the manifest
  // declares for it.
  RunGenerator run_generator;
};

struct LoadedGraph {
  UniqueFd stream;      // a whole graph stream, at offset 0
  bool reused = false;  // the front end did not run
  std::uint32_t generator_runs = 0;
};

// The graph is stored as <workspace>/.bxl/graph and reused while the tool version, the options, the
// environment and everything the front end read are unchanged. Where it cannot be stored a warning
// says so and the graph lives in memory. Errors: everything that stops the front end, as a message
// for the user ("build.ninja:3:1: …").
Result<LoadedGraph> load_graph(const LoadRequest& request);

inline constexpr const char* kStoredGraph = ".bxl/graph";

}  // namespace bxl::frontend
