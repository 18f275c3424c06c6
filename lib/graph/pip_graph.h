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

// Invariants: dependencies are in range, sorted and acyclic; each path has at most one declared
// producer; stable ids are unique and not empty. Immutable after construction; const methods may
// run concurrently.
//
// The outputs of an Alias are names that requests and other pips use, not files: nothing is ever
// written there, and a file or directory that happens to have the name belongs to no pip. Whoever
// asks who owns a file must skip producers of kind Alias.
class PipGraph {
 public:
  PipGraph(PipGraph&&) noexcept = default;
  PipGraph& operator=(PipGraph&&) noexcept = default;

  // Validates. Errors (EINVAL) name the pips and paths: "cycle: a -> b -> a", "two pips declare
  // out: x (file:1), y (file:2)".
  static Result<PipGraph> create(std::vector<wire::Pip> pips, const PathTable& paths);
  // Decodes every pip of the stream, whose content is not trusted, and validates as create().
  static Result<PipGraph> load(const wire::GraphReader& reader, const PathTable& paths);

  std::size_t size() const { return pips_.size(); }
  const wire::Pip& pip(PipId id) const { return pips_[index(id)]; }
  // The pip that declares `path` among outputs or optional_outputs; kNoPip for sources. Several
  // pips may name one optional output (a shared depfile): a declared output wins, then the lowest
  // id.
  PipId producer(PathId path) const;
  // Pips that name `id` in their dependencies, ascending.
  const std::vector<PipId>& consumers(PipId id) const { return consumers_[index(id)]; }
  // Dependencies before dependents; ties by id.
  const std::vector<PipId>& topological_order() const { return order_; }
  // The position of `id` in topological_order().
  std::uint32_t rank(PipId id) const { return rank_[index(id)]; }
  // kNoPip when unknown.
  PipId find(std::string_view stable_id) const;
  // `targets`, everything they depend on, and what validates any of these, as a flag per pip.
  std::vector<bool> closure(const std::vector<PipId>& targets) const;
  // Gives the pips back; the graph is empty then.
  std::vector<wire::Pip> take_pips() && { return std::move(pips_); }
  // Pips no other pip depends on.
  std::vector<PipId> roots() const;

 private:
  PipGraph() = default;
  Result<void> index_outputs(const PathTable& paths);
  Result<void> sort();

  std::vector<wire::Pip> pips_;
  std::vector<std::vector<PipId>> consumers_;
  std::vector<PipId> order_;
  std::vector<std::uint32_t> rank_;
  std::vector<PipId> producers_;                              // by PathId, kNoPip for sources
  std::unordered_map<std::string_view, PipId> by_stable_id_;  // keys point into pips_
};

// Is one pip a transitive dependency of another? Not thread-safe. `graph` must outlive it.
class Reachability {
 public:
  explicit Reachability(const PipGraph& graph);
  // A search among the pips ranked between the two: nothing is remembered, so asking for every pair
  // of a large graph needs no quadratic memory. False for a pip and itself.
  bool is_upstream(PipId candidate, PipId of);
  // All transitive dependencies of `of`, ascending; remembered. The reference stays valid.
  const std::vector<PipId>& upstream(PipId of);

 private:
  // Marks `id` as seen in the current search; false when it was.
  bool visit(PipId id);

  const PipGraph& graph_;
  std::unordered_map<PipId, std::vector<PipId>> memo_;  // sorted
  std::vector<std::uint32_t> seen_;                     // by pip: the last search that met it
  std::uint32_t search_ = 0;
  std::vector<PipId> todo_;
};

}  // namespace bxl::graph
