// Small graphs in one line each: "out1 out2 : in1 in2 || order1 = command".
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "graph/mounts.h"
#include "graph/pip_graph.h"

namespace bxl::test {

// Relative names lie in /w/b. A line starting with "alias " is an alias.
inline graph::PipGraph make_graph(const std::vector<std::string>& lines, PathTable& paths) {
  std::vector<wire::Pip> pips;
  std::map<PathId, PipId> producers;
  PathId base = paths.intern("/w/b");
  for (const std::string& line : lines) {
    wire::Pip pip;
    std::istringstream in(line);
    std::string word;
    int part = 0;
    bool first = true;
    while (in >> word) {
      if (first && word == "alias") {
        pip.kind = wire::PipKind::Alias;
        first = false;
        continue;
      }
      first = false;
      if (word == ":")
        part = 1;
      else if (word == "||")
        part = 2;
      else if (word == "=") {
        std::getline(in, pip.command);
        break;
      } else if (part == 0) {
        if (pip.outputs.empty()) pip.stable_id = word;
        pip.outputs.push_back(paths.intern_at(base, word));
      } else {
        (part == 1 ? pip.inputs : pip.order_only).push_back(paths.intern_at(base, word));
      }
    }
    pip.explicit_outputs = static_cast<std::uint32_t>(pip.outputs.size());
    pip.working_directory = base;
    pip.spec = "build.ninja:" + std::to_string(pips.size() + 1);
    for (PathId out : pip.outputs) producers[out] = PipId{static_cast<std::uint32_t>(pips.size())};
    pips.push_back(std::move(pip));
  }
  for (wire::Pip& pip : pips) {
    std::vector<PipId> deps;
    for (const auto* list : {&pip.inputs, &pip.order_only})
      for (PathId path : *list)
        if (auto it = producers.find(path); it != producers.end()) deps.push_back(it->second);
    std::sort(deps.begin(), deps.end());
    deps.erase(std::unique(deps.begin(), deps.end()), deps.end());
    pip.dependencies = std::move(deps);
  }
  auto graph = graph::PipGraph::create(std::move(pips), paths);
  EXPECT_TRUE(graph) << (graph ? "" : graph.error().to_string());
  return std::move(*graph);
}

inline graph::Mounts make_mounts() {
  return graph::Mounts(
      {{"%build%", "/w/b", wire::kMountReadable | wire::kMountHashable | wire::kMountOutput},
       {"%src%", "/w/s", wire::kMountReadable | wire::kMountHashable},
       {"%usr%", "/usr", wire::kMountReadable | wire::kMountHashable | wire::kMountSystem}});
}

inline wire::Output file_output(PathId path, const std::string& content) {
  wire::Output out;
  out.path = path;
  out.size = content.size();
  out.digest = Digest::of(content);
  return out;
}

}  // namespace bxl::test
