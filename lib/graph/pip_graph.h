// The pip graph in memory: validated, with producers, consumers and a topological order.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/ids.h"
#include "base/path_table.h"
#include "base/result.h"
#include "wire/graph_stream.h"
#include "wire/records.h"

namespace bxl::graph {

// Invariants: dependencies are in range and acyclic; each path has at most one declared producer; stable ids
// are unique. Immutable after construction; const methods may run concurrently.
class PipGraph {
 public:
  // Validates. Errors (EINVAL) name the pips and paths: "cycle: a -> b -> a", "two pips declare out: x (file:1), y (file:2)".
  static Result<PipGraph> create(std::vector<wire::Pip> pips, const PathTable& paths);
  static Result<PipGraph> load(const wire::GraphReader& reader, const PathTable& paths);

  std::size_t size() const { return pips_.size(); }
  const wire::Pip& pip(PipId id) const { return pips_[index(id)]; }
  // The pip that declares `path` among outputs or optional_outputs; kNoPip for sources.
  PipId producer(PathId path) const;
  // Pips that name `id` in their dependencies, ascending.
  const std::vector<PipId>& consumers(PipId id) const { return consumers_[index(id)]; }
  // Dependencies before dependents; ties by id.
  const std::vector<PipId>& topological_order() const { return order_; }
  // kNoPip when unknown.
  PipId find(std::string_view stable_id) const;
  // `targets` and everything they depend on, as a flag per pip.
  std::vector<bool> closure(const std::vector<PipId>& targets) const;
  // Pips no other pip depends on.
  std::vector<PipId> roots() const;

 private:
  std::vector<wire::Pip> pips_;
  std::vector<std::vector<PipId>> consumers_;
  std::vector<PipId> order_;
  std::unordered_map<PathId, PipId> producers_;
  std::unordered_map<std::string, PipId> by_stable_id_;
};

// Is one pip a transitive dependency of another? Answers are memoised per asking pip; not thread-safe.
class Reachability {
 public:
  explicit Reachability(const PipGraph& graph) : graph_(graph) {}
  bool is_upstream(PipId candidate, PipId of);
  // All transitive dependencies of `of`, ascending.
  const std::vector<PipId>& upstream(PipId of);

 private:
  const PipGraph& graph_;
  std::unordered_map<PipId, std::vector<PipId>> memo_;  // sorted
};

}  // namespace bxl::graph
