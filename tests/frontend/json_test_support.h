// JSON graphs as text, and what becomes of them.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "frontend/json/pips.h"
#include "graph/pip_graph.h"

namespace bxl::frontend::json_graph::test {

// A graph with these pips.
inline std::string with_pips(const std::string& pips, const std::string& more = "") {
  return "{\"version\": 1, " + more + "\n\"pips\": [\n" + pips + "\n]}";
}

struct Made {
  std::string error;
  PathTable paths;
  PipSet set;

  const wire::Pip* find(const std::string& id) const {
    for (const wire::Pip& pip : set.pips)
      if (pip.stable_id == id) return &pip;
    return nullptr;
  }
  // Stable ids of the dependencies, in the order of the graph.
  std::vector<std::string> dependencies(const std::string& id) const {
    std::vector<std::string> out;
    for (PipId dep : find(id)->dependencies) out.push_back(set.pips[index(dep)].stable_id);
    return out;
  }
  std::vector<std::string> names(const std::vector<PathId>& list) const {
    std::vector<std::string> out;
    for (PathId path : list) out.push_back(paths.str(path));
    return out;
  }
};

// In the workspace /w, with WHO=me and EMPTY= in the environment of the caller.
inline std::unique_ptr<Made> make(const std::string& text) {
  auto out = std::make_unique<Made>();
  Problems problems("graph.bxl.json", text);
  auto declaration = read_declaration(text, problems);
  if (!declaration) {
    out->error = declaration.error().to_string();
    return out;
  }
  PipSettings settings;
  settings.directory = "/w";
  settings.graph_file = "/w/graph.bxl.json";
  settings.variables = {"WHO=me", "EMPTY=", "WHOLE=no"};
  settings.environment = {{"LANG", "C"}, {"PATH", "/usr/bin"}};
  if (problems.empty()) out->set = make_pips(*declaration, settings, out->paths, problems);
  if (!problems.empty()) {
    out->error = problems.error().to_string();
    return out;
  }
  auto graph = graph::PipGraph::create(out->set.pips, out->paths);
  if (!graph) out->error = graph.error().to_string();
  return out;
}

}  // namespace bxl::frontend::json_graph::test
