// Outputs that another tool made, found by the graph.
#pragma once

#include <string>
#include <vector>

#include "base/path_table.h"
#include "graph/mounts.h"
#include "graph/output_record.h"
#include "graph/pip_graph.h"
#include "wire/records.h"

namespace bxl::materialize_tool {

struct Adoptable {
  std::string owner;  // stable id
  wire::Output output;
};

// Files and symlinks that are on disk, not on record as they are, and declared outputs of a pip in
// a place where the graph's pips may write (kMountOutput). `refused` gets a sentence for each that
// is somebody else's after all: a file in the index of a git repository, or in a repository that
// cannot be asked.
std::vector<Adoptable> find_adoptable(const graph::PipGraph& graph, const graph::Mounts& mounts,
                                      PathTable& paths, const graph::OutputRecords& records,
                                      std::vector<std::string>* refused);

}  // namespace bxl::materialize_tool
