// Caches that tools keep inside a repository: several tasks read and write the same files there, at
// the same time, and none of them is a result (rule 35).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/path_table.h"
#include "graph/pip_graph.h"

namespace bxl::exec {

// Is `path`, absolute and below `root`, such a cache or in one? By names alone:
//   node_modules/.cache  node_modules/.vite  .nx/cache  .nx/workspace-data  .turbo/cache
//   .angular/cache  .next/cache  .parcel-cache  .eslintcache  .stylelintcache
bool is_tool_cache(std::string_view path, std::string_view root);

// The caches of one build. Main thread only.
//
// A file that a task makes there is scratch: no output, and gone when the task ends, so that every
// task starts as in a fresh clone. What it finds there is none of its inputs, and a matter of luck:
// a result that saw some is not cached, nor is one that may have seen what another task wrote there
// at the same time.
class ToolCaches {
 public:
  // A directory that a task names as its own is a place of outputs, whatever its name.
  ToolCaches(const graph::PipGraph& graph, const PathTable& paths, std::string root);

  // Is `path`, absolute, in a cache, for a task of a JavaScript repository?
  bool holds(std::string_view path) const;

  // `pip` looked at `path`, or wrote it, some time between these times of the wall clock. Returns
  // the others at work meanwhile that wrote it, and if this one did, those that looked, too.
  enum class Use { Looked, Wrote };
  struct User {
    PipId pip;
    Use use;
    std::int64_t start_ns, end_ns;
  };
  std::vector<User> used(PathId path, const User& user);

 private:
  std::string root_;
  std::vector<std::string> outputs_;  // directories of outputs in caches; nearly always none
  std::unordered_map<PathId, std::vector<User>> users_;
};

}  // namespace bxl::exec
