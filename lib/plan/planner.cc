#include "plan/planner.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "base/nearest.h"
#include "os/file.h"

namespace bxl::plan {
namespace {

using wire::Action;

// `name`: the target without "^". `command`: of bxl, if the target is near one.
Error unknown_target(const graph::PipGraph& graph, const std::string& target,
                     const std::string& name, const std::string& command) {
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < graph.size(); ++i)
    names.push_back(graph.pip(PipId{static_cast<std::uint32_t>(i)}).stable_id);
  const std::string near(nearest(name, names));
  std::string guess;
  if (!command.empty()) guess = "the command 'bxl " + command + "'";
  if (!near.empty()) guess += (guess.empty() ? "'" : ", or the target '") + near + "'";
  return make_error(0, "DX0295: unknown target '" + target + "'" +
                           (guess.empty() ? "" : ", did you mean " + guess + "?"));
}

bool is_source(const graph::PipGraph& graph, PathId path) {
  for (std::size_t i = 0; i < graph.size(); ++i) {
    const wire::Pip& pip = graph.pip(PipId{static_cast<std::uint32_t>(i)});
    for (const auto* list : {&pip.inputs, &pip.order_only})
      if (std::find(list->begin(), list->end(), path) != list->end()) return true;
  }
  return false;
}

// The process pips an alias stands for.
void expand_alias(const graph::PipGraph& graph, PipId id, std::vector<bool>& seen,
                  std::vector<bool>& out) {
  if (seen[index(id)]) return;
  seen[index(id)] = true;
  if (graph.pip(id).kind != wire::PipKind::Alias) {
    out[index(id)] = true;
    return;
  }
  for (PipId dep : graph.pip(id).dependencies) expand_alias(graph, dep, seen, out);
}

// Which pips cannot be planned yet since a dyndep file may say something else than the graph knows.
class DyndepGate {
 public:
  DyndepGate(const graph::PipGraph& graph, const std::vector<wire::Dyndep>& dyndeps)
      : graph_(graph), blocked_(dyndeps.empty() ? 0 : graph.size(), false) {
    for (const wire::Dyndep& dyndep : dyndeps) {
      PipId producer = graph.producer(dyndep.path);
      // An alias or a generator makes nothing that a plan decides: the file is as it is.
      if (producer != kNoPip && graph.pip(producer).kind != wire::PipKind::Alias &&
          !(graph.pip(producer).flags & wire::kPipGenerator))
        files_.emplace(dyndep.path, File{&dyndep, producer});
    }
    for (const auto& [path, file] : files_) producers_.insert(file.producer);
  }

  bool produces(PipId id) const { return producers_.count(id) != 0; }

  // In topological order, before the pip is decided.
  bool blocks(PipId id) {
    if (blocked_.empty()) return false;
    const wire::Pip& pip = graph_.pip(id);
    bool blocked = std::any_of(pip.dependencies.begin(), pip.dependencies.end(),
                               [&](PipId dep) { return blocked_[index(dep)]; });
    if (!blocked && pip.dyndep != kNoPath) {
      auto file = files_.find(pip.dyndep);
      blocked = file != files_.end() && !file->second.current;
      if (blocked && !problem_ && file->second.final && !file->second.dyndep->problem.empty())
        problem_ = file->second.dyndep;
    }
    blocked_[index(id)] = blocked;
    return blocked;
  }

  // After the pip was decided.
  void decided(fingerprint::View& view, PipId id, const wire::PlanPip& plan) {
    if (!produces(id)) return;
    const bool clean = plan.action == Action::Clean;
    for (auto& [path, file] : files_) {
      if (file.producer != id) continue;
      const PathId physical = view.physical(path);
      for (const wire::Output& out : plan.entry.outputs) {
        if ((out.path != path && out.path != physical) || out.kind != wire::OutputKind::File)
          continue;
        file.current = file.dyndep->problem.empty() && out.digest == file.dyndep->digest &&
                       (clean || plan.action == Action::Hit);
        file.final = clean && out.digest == file.dyndep->digest;
      }
      if (!file.current && !file.final) progress_ = true;
    }
  }

  // The first file that is what it will stay and yet cannot be used; null while others may change.
  const wire::Dyndep* problem() const { return progress_ ? nullptr : problem_; }

 private:
  struct File {
    const wire::Dyndep* dyndep;
    PipId producer;
    bool current = false;  // the graph was made with it
    bool final = false;    // on disk as the graph saw it
  };
  const graph::PipGraph& graph_;
  std::vector<bool> blocked_;  // empty: there are no dyndep files
  std::unordered_map<PathId, File> files_;
  std::unordered_set<PipId> producers_;
  const wire::Dyndep* problem_ = nullptr;
  bool progress_ = false;  // some file will be made, replayed or read anew
};

}  // namespace

Result<std::vector<PipId>> resolve_targets(const FilterWorld& world, const Request& request) {
  const graph::PipGraph& graph = world.graph;
  const PathTable& paths = world.paths;
  if (!request.filter.empty()) {
    if (!request.targets.empty())
      return make_error(0, "a filter and targets together say two different things: put '" +
                               request.targets.front() + "' into the filter");
    BXL_TRY_ASSIGN(Filter filter, Filter::parse(request.filter));
    const std::vector<PipId> asked = request.defaults.empty() ? graph.roots() : request.defaults;
    FilterWorld among = world;
    among.asked = &asked;
    BXL_TRY_ASSIGN(auto found, filter.evaluate(among));
    if (found.empty()) return make_error(0, "DX0295: no pip matches the filter " + request.filter);
    return found;
  }
  std::vector<PipId> found;
  if (request.targets.empty()) return request.defaults.empty() ? graph.roots() : request.defaults;
  for (const std::string& target : request.targets) {
    bool of_source = target.size() > 1 && target.back() == '^';
    std::string name = of_source ? target.substr(0, target.size() - 1) : target;
    std::string absolute = name.starts_with('/') ? name : paths.str(request.directory) + "/" + name;
    // Lexically, as the manifest's own paths: x need not exist in "x/../out".
    PathId path = paths.find(normalize_path(absolute));
    PipId pip = kNoPip;
    if (of_source && path != kNoPath) {
      for (std::size_t i = 0; i < graph.size() && pip == kNoPip; ++i) {
        PipId id{static_cast<std::uint32_t>(i)};
        const auto& inputs = graph.pip(id).inputs;
        if (std::find(inputs.begin(), inputs.end(), path) != inputs.end()) pip = id;
      }
    } else if (!of_source) {
      pip = path == kNoPath ? kNoPip : graph.producer(path);
      if (pip == kNoPip) pip = graph.find(name);
      if (pip == kNoPip && path != kNoPath && is_source(graph, path)) {
        auto identity = stat_identity(paths.str(path));
        if (identity && !identity->exists())
          return make_error(ENOENT, "'" + target + "' is missing and nothing makes it");
        continue;  // it is there: as with ninja, nothing has to be done
      }
    }
    // An output that nobody declares is known by who made it last.
    if (pip == kNoPip && !of_source && path != kNoPath && world.records)
      if (auto record = world.records->find(path); record != world.records->end())
        pip = graph.find(record->second.owner);
    if (pip == kNoPip && !of_source) {
      const std::string shown = target.starts_with("./") ? target.substr(2) : target;
      if (auto filter = Filter::of_arguments({shown})) {
        BXL_TRY_ASSIGN(auto matched, filter->evaluate(world));
        found.insert(found.end(), matched.begin(), matched.end());
        if (!matched.empty()) continue;
      }
    }
    if (pip == kNoPip) {
      std::string command = request.near_command ? request.near_command(target) : "";
      // Behind a target a command is one only if it is spelled out: it was put in the wrong place.
      if (&target != &request.targets.front() && command != target) command.clear();
      return unknown_target(graph, target, name, command);
    }
    found.push_back(pip);
  }
  return found;
}

Result<Plan> make_plan(fingerprint::View& view, Lookup& lookup, const graph::OutputRecords& records,
                       const Request& request, const std::vector<PipId>& targets,
                       const std::vector<wire::Dyndep>& dyndeps) {
  const graph::PipGraph& graph = view.graph();
  PathTable& paths = view.paths();
  Plan plan;
  std::vector<bool> wanted = graph.closure(targets);
  std::vector<bool> requested(graph.size(), false), seen(graph.size(), false);
  bool everything =
      request.lazy == Lazy::All ||
      (request.lazy == Lazy::Requested && request.targets.empty() && request.filter.empty());
  if (request.lazy == Lazy::Requested && !everything)
    for (PipId id : targets) expand_alias(graph, id, seen, requested);
  plan.header.requested_all = everything;
  std::unordered_map<std::string_view, std::vector<PathId>> recorded_by;
  for (const auto& [path, record] : records) recorded_by[record.owner].push_back(path);

  DyndepGate gate(graph, dyndeps);
  for (PipId id : graph.topological_order()) {
    if (!wanted[index(id)]) continue;
    const wire::Pip& pip = graph.pip(id);
    if (pip.flags & wire::kPipGenerator) continue;
    if (gate.blocks(id)) {
      if (pip.kind == wire::PipKind::Alias) continue;
      ++plan.header.total;
      ++plan.header.waiting;
      continue;
    }
    for (const auto* list : {&pip.inputs, &pip.order_only})
      for (PathId input : *list)
        if (graph.producer(input) == kNoPip &&
            view.follow(id, input).seen.kind == FileKind::Absent &&
            view.follow(id, input).seen.certainty == fingerprint::Seen::Certainty::Known &&
            !view.output_directory_of(view.physical(input)))
          return make_error(ENOENT, pip.spec + ": '" + paths.str(input) + "', needed by '" +
                                        pip.stable_id + "', is missing and nothing makes it");
    if (pip.kind == wire::PipKind::Alias) {
      if (view.dependencies_final(id)) view.finalize(id, {});
      continue;
    }
    ++plan.header.total;
    Decision decision = lookup.decide(id);
    wire::PlanPip out;
    out.pip = id;
    out.action = decision.action;
    out.requested = everything || requested[index(id)] || gate.produces(id);
    out.reason = std::move(decision.reason);
    out.weak = decision.weak;
    out.strong = decision.strong;
    out.path_set = decision.path_set;
    out.entry = std::move(decision.entry);
    if (out.action == Action::Clean || out.action == Action::Hit) {
      view.finalize(id, out.entry.outputs);
      // A hit with fewer outputs than last time leaves some behind.
      std::unordered_set<PathId> kept;
      for (const wire::Output& o : out.entry.outputs) kept.insert(o.path);
      for (PathId path : recorded_by[pip.stable_id])
        if (!kept.count(path))
          plan.scrubs.push_back({path, records.at(path).identity, pip.stable_id});
    }
    gate.decided(view, id, out);
    plan.pips.push_back(std::move(out));
  }
  if (const wire::Dyndep* dyndep = gate.problem()) return make_error(0, dyndep->problem);
  for (const auto& [path, record] : records) {
    if (record.owner.empty() || graph.find(record.owner) != kNoPip) continue;
    plan.scrubs.push_back({path, record.identity, record.owner});
  }
  // Members before their directories.
  std::sort(plan.scrubs.begin(), plan.scrubs.end(),
            [&](const wire::Scrub& a, const wire::Scrub& b) {
              return paths.str(a.path) > paths.str(b.path);
            });
  plan.header.visits = lookup.visits();
  for (PathId path : view.consulted()) {
    wire::Basis basis;
    basis.path = path;
    basis.identity = view.disk(path);
    if (basis.identity.kind == FileKind::Directory && !view.was_listed(path)) {
      basis.whole = false;
      basis.identity = FileIdentity{};
      basis.identity.kind = FileKind::Directory;
    }
    plan.basis.push_back(basis);
  }
  return plan;
}

}  // namespace bxl::plan
