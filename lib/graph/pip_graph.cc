// Validates a set of pips and answers who produces, who consumes, and in which order.
#include "graph/pip_graph.h"

#include <algorithm>
#include <functional>
#include <queue>

#include "base/assert.h"

namespace bxl::graph {
namespace {

std::string where(const wire::Pip& pip) {
  return pip.spec.empty() ? pip.stable_id : pip.stable_id + " (" + pip.spec + ")";
}

// Everything a stream could get wrong about one pip, so that nothing below needs to check an index
// again.
Result<void> check_ranges(const wire::Pip& pip, std::size_t pips, std::size_t paths) {
  auto bad = [&](const char* what) {
    return make_error(EINVAL, "pip '" + where(pip) + "': " + what);
  };
  if (pip.stable_id.empty()) return make_error(EINVAL, "a pip has no stable id");
  auto in_range = [&](PathId id) { return index(id) < paths; };
  for (const auto* list : {&pip.inputs, &pip.order_only, &pip.outputs, &pip.optional_outputs})
    if (!std::all_of(list->begin(), list->end(), in_range)) return bad("unknown path");
  for (PathId id : {pip.depfile, pip.rspfile})
    if (id != kNoPath && !in_range(id)) return bad("unknown path");
  if (!in_range(pip.working_directory)) return bad("unknown working directory");
  if (pip.explicit_outputs > pip.outputs.size()) return bad("more explicit outputs than outputs");
  for (PipId dependency : pip.dependencies)
    if (index(dependency) >= pips) return bad("unknown dependency");
  for (PipId validation : pip.validations)
    if (index(validation) >= pips) return bad("unknown validation");
  const wire::PipOptions& more = pip.more();
  for (PathId id : {more.stdin_file, more.stdout_file, more.stderr_file})
    if (id != kNoPath && !in_range(id)) return bad("unknown path");
  for (const auto* list : {&more.untracked, &more.temporary_directories})
    if (!std::all_of(list->begin(), list->end(), in_range)) return bad("unknown path");
  for (const wire::DirectoryOutput& directory : more.directory_outputs)
    if (!in_range(directory.path)) return bad("unknown path");
  for (const wire::ReadScope& scope : more.read_scopes)
    if (!in_range(scope.path)) return bad("unknown path");
  if (pip.kind == wire::PipKind::WriteFile && pip.outputs.size() != 1)
    return bad("it writes a file, and declares another number of outputs");
  const bool of_file = pip.inputs.size() == 1 && pip.outputs.size() == 1;
  const bool of_tree = more.read_scopes.size() == 1 && more.directory_outputs.size() == 1;
  if (pip.kind == wire::PipKind::CopyFile && !of_file && !of_tree)
    return bad("it copies, and says not what to where");
  return {};
}

// The members of one cycle among the pips that could not be ordered, as "a -> b -> a" (a needs b).
std::string describe_cycle(const std::vector<wire::Pip>& pips, const std::vector<bool>& ordered) {
  std::size_t at = 0;
  while (ordered[at]) ++at;
  // Each unordered pip has an unordered dependency: following it must come round.
  std::vector<std::size_t> trail;
  std::vector<std::size_t> position(pips.size(), SIZE_MAX);
  while (position[at] == SIZE_MAX) {
    position[at] = trail.size();
    trail.push_back(at);
    for (PipId dependency : pips[at].dependencies)
      if (!ordered[index(dependency)]) {
        at = index(dependency);
        break;
      }
  }
  trail.erase(trail.begin(), trail.begin() + static_cast<std::ptrdiff_t>(position[at]));
  // Start at the smallest id: the same graph gives the same message. Long cycles are cut in the
  // middle.
  std::rotate(trail.begin(), std::min_element(trail.begin(), trail.end()), trail.end());
  constexpr std::size_t kShown = 20;
  std::string out;
  for (std::size_t i = 0; i < trail.size(); ++i) {
    if (trail.size() > kShown && i == kShown / 2) {
      out += "… (" + std::to_string(trail.size() - kShown) + " more) -> ";
      i = trail.size() - kShown / 2;
    }
    out += where(pips[trail[i]]) + " -> ";
  }
  return out + pips[trail.front()].stable_id;
}

}  // namespace

Result<void> PipGraph::index_outputs(const PathTable& paths) {
  producers_.assign(paths.size(), kNoPip);
  by_stable_id_.reserve(pips_.size());
  for (std::size_t i = 0; i < pips_.size(); ++i) {
    const wire::Pip& pip = pips_[i];
    BXL_TRY(check_ranges(pip, pips_.size(), paths.size()));
    for (PathId path : pip.outputs) {
      PipId& producer = producers_[index(path)];
      if (producer == PipId(i))
        return make_error(EINVAL, where(pip) + " declares " + paths.str(path) + " twice");
      if (producer != kNoPip)
        return make_error(EINVAL, "two pips declare " + paths.str(path) + ": " +
                                      where(pips_[index(producer)]) + ", " + where(pip));
      producer = PipId(i);
    }
    auto [other, added] = by_stable_id_.emplace(pip.stable_id, PipId(i));
    if (!added)
      return make_error(EINVAL, "two pips have the stable id " + pip.stable_id + ": " +
                                    where(pips_[index(other->second)]) + ", " + where(pip));
  }
  for (std::size_t i = 0; i < pips_.size(); ++i)
    for (PathId path : pips_[i].optional_outputs)
      if (producers_[index(path)] == kNoPip) producers_[index(path)] = PipId(i);
  return {};
}

Result<void> PipGraph::sort() {
  consumers_.resize(pips_.size());
  std::vector<std::uint32_t> waiting(pips_.size(), 0);
  for (std::size_t i = 0; i < pips_.size(); ++i) {
    auto& dependencies = pips_[i].dependencies;
    if (!std::is_sorted(dependencies.begin(), dependencies.end()))
      std::sort(dependencies.begin(), dependencies.end());
    dependencies.erase(std::unique(dependencies.begin(), dependencies.end()), dependencies.end());
    waiting[i] = static_cast<std::uint32_t>(dependencies.size());
    for (PipId dependency : dependencies) consumers_[index(dependency)].push_back(PipId(i));
  }
  std::priority_queue<PipId, std::vector<PipId>, std::greater<>> ready;
  for (std::size_t i = 0; i < pips_.size(); ++i)
    if (waiting[i] == 0) ready.push(PipId(i));
  order_.reserve(pips_.size());
  while (!ready.empty()) {
    PipId id = ready.top();
    ready.pop();
    order_.push_back(id);
    for (PipId consumer : consumers_[index(id)])
      if (--waiting[index(consumer)] == 0) ready.push(consumer);
  }
  rank_.resize(pips_.size());
  for (std::size_t i = 0; i < order_.size(); ++i)
    rank_[index(order_[i])] = static_cast<std::uint32_t>(i);
  if (order_.size() == pips_.size()) return {};
  std::vector<bool> ordered(pips_.size(), false);
  for (PipId id : order_) ordered[index(id)] = true;
  return make_error(EINVAL, "dependency cycle: " + describe_cycle(pips_, ordered));
}

Result<PipGraph> PipGraph::create(std::vector<wire::Pip> pips, const PathTable& paths) {
  PipGraph graph;
  graph.pips_ = std::move(pips);
  BXL_TRY(graph.index_outputs(paths));
  BXL_TRY(graph.sort());
  return graph;
}

Result<PipGraph> PipGraph::load(const wire::GraphReader& reader, const PathTable& paths) {
  std::vector<wire::Pip> pips;
  pips.reserve(reader.pip_count());
  for (std::uint32_t i = 0; i < reader.pip_count(); ++i) pips.push_back(reader.pip(PipId(i)));
  return create(std::move(pips), paths);
}

PipId PipGraph::producer(PathId path) const {
  // The table may have grown since: paths interned later are nobody's output.
  return index(path) < producers_.size() ? producers_[index(path)] : kNoPip;
}

PipId PipGraph::find(std::string_view stable_id) const {
  auto it = by_stable_id_.find(stable_id);
  return it == by_stable_id_.end() ? kNoPip : it->second;
}

std::vector<bool> PipGraph::closure(const std::vector<PipId>& targets) const {
  std::vector<bool> in(pips_.size(), false);
  std::vector<PipId> todo;
  auto add = [&](PipId id) {
    if (in[index(id)]) return;
    in[index(id)] = true;
    todo.push_back(id);
  };
  for (PipId id : targets) add(id);
  while (!todo.empty()) {
    PipId id = todo.back();
    todo.pop_back();
    for (PipId dependency : pips_[index(id)].dependencies) add(dependency);
    for (PipId validation : pips_[index(id)].validations) add(validation);
  }
  return in;
}

std::vector<PipId> PipGraph::roots() const {
  std::vector<PipId> out;
  for (std::size_t i = 0; i < pips_.size(); ++i)
    if (consumers_[i].empty()) out.push_back(PipId(i));
  return out;
}

Reachability::Reachability(const PipGraph& graph) : graph_(graph), seen_(graph.size(), 0) {}

bool Reachability::visit(PipId id) {
  if (seen_[index(id)] == search_) return false;
  seen_[index(id)] = search_;
  return true;
}

const std::vector<PipId>& Reachability::upstream(PipId of) {
  auto [it, added] = memo_.try_emplace(of);
  std::vector<PipId>& found = it->second;
  if (!added) return found;
  ++search_;
  auto add = [&](PipId id) {
    for (PipId dependency : graph_.pip(id).dependencies)
      if (visit(dependency)) found.push_back(dependency);
  };
  add(of);
  for (std::size_t next = 0; next < found.size(); ++next) add(found[next]);
  std::sort(found.begin(), found.end());
  return found;
}

bool Reachability::is_upstream(PipId candidate, PipId of) {
  if (auto it = memo_.find(of); it != memo_.end())
    return std::binary_search(it->second.begin(), it->second.end(), candidate);
  const std::uint32_t lowest = graph_.rank(candidate);
  ++search_;
  todo_.assign(1, of);
  while (!todo_.empty()) {
    PipId id = todo_.back();
    todo_.pop_back();
    for (PipId dependency : graph_.pip(id).dependencies) {
      if (dependency == candidate) return true;
      // Whatever ranks below the candidate cannot lead to it.
      if (graph_.rank(dependency) > lowest && visit(dependency)) todo_.push_back(dependency);
    }
  }
  return false;
}

}  // namespace bxl::graph
