#include "exec/lost.h"

#include <algorithm>
#include <unordered_map>

#include "os/file.h"

namespace bxl::exec {
namespace {

using wire::Action;

bool in_place(const wire::Output& output, const graph::OutputRecords& records,
              const PathTable& paths) {
  auto record = records.find(output.path);
  if (record == records.end() || record->second.digest != output.digest) return false;
  auto disk = lstat_identity(paths.str(output.path));
  return disk && disk->exists() && graph::still_recorded(record->second, *disk);
}

bool is_lost(const wire::Entry& entry, const graph::OutputRecords& records, const PathTable& paths,
             cas::BlobStore& store) {
  for (const wire::Output& output : entry.outputs)
    if (output.kind == wire::OutputKind::File && !store.rely_on(output.digest, output.size) &&
        !in_place(output, records, paths))
      return true;
  // What it printed is read whole: nobody copies it out later, where damage would show.
  if (entry.console_bytes == 0) return false;
  auto text = store.read(entry.console);
  return text && !*text;
}

}  // namespace

std::vector<PipId> defer_lost(std::vector<wire::PlanPip>& plan, const graph::PipGraph& graph,
                              const graph::OutputRecords& records, const PathTable& paths,
                              cas::BlobStore& store) {
  std::vector<PipId> lost;
  for (const wire::PlanPip& pip : plan)
    if (pip.action == Action::Hit && is_lost(pip.entry, records, paths, store))
      lost.push_back(pip.pip);
  if (lost.empty()) return lost;

  std::vector<bool> open(graph.size(), false);  // waits, or leads to what waits
  for (PipId id : lost) open[index(id)] = true;
  std::unordered_map<PipId, wire::PlanPip*> planned;
  for (wire::PlanPip& pip : plan) planned.emplace(pip.pip, &pip);
  for (PipId id : graph.topological_order()) {
    const auto& dependencies = graph.pip(id).dependencies;
    if (std::any_of(dependencies.begin(), dependencies.end(),
                    [&](PipId dep) { return open[index(dep)]; }))
      open[index(id)] = true;
    auto found = planned.find(id);
    if (!open[index(id)] || found == planned.end()) continue;
    wire::PlanPip& pip = *found->second;
    if (pip.action == Action::Clean || pip.action == Action::Hit) pip.action = Action::Deferred;
  }
  return lost;
}

}  // namespace bxl::exec
