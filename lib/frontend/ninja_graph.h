// The graph of a Ninja build as a part of a larger one.
#pragma once

#include <string>
#include <vector>

#include "base/path_table.h"
#include "base/result.h"
#include "frontend/load.h"
#include "frontend/ninja/regenerate.h"
#include "wire/records.h"

namespace bxl::frontend {

struct NinjaGraph {
  PathTable paths;
  wire::GraphRecord record;
  bool runs_always = false;  // a generator has to run before each build: never reuse the graph
  std::uint32_t generator_runs = 0;
};

// Reads the build that `request.workspace` names, after its generator if that is out of date by
// what the manifest declares; nothing is stored. `known`: what an earlier graph rested on. Errors
// as load_graph().
Result<NinjaGraph> read_ninja(const LoadRequest& request, const ninja::KnownContent& known);

// Appends pips that speak of `from_paths` to a list that speaks of `paths`; their dependencies are
// among themselves.
void append_pips(std::vector<wire::Pip>& to, PathTable& paths, std::vector<wire::Pip> from,
                 const PathTable& from_paths);

}  // namespace bxl::frontend
