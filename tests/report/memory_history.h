// Builds on record that were never on disk.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "report/why.h"
#include "support/graph_text.h"

namespace bxl::report {

// Builds are added oldest first; index 0 is the newest, as History wants it.
class MemoryHistory : public History {
 public:
  std::size_t size() const override { return builds_.size(); }
  const Build* build(std::size_t index) override {
    return builds_.size() > index ? &builds_[index] : nullptr;
  }
  Result<Facts> facts(const Build& build, const wire::PipResult& result) override {
    auto found = facts_.find({&build, index(result.pip)});
    if (found == facts_.end()) return make_error(ENOENT, "evicted");
    return found->second;
  }

  // A build of `lines` (support/graph_text.h) in which every pip was up to date.
  void add(const std::vector<std::string>& lines) {
    Build& b = builds_.emplace_front();
    b.paths = std::make_unique<PathTable>();
    b.id = "20261123T0924" + std::to_string(10 + builds_.size()) + ".000Z-1";
    b.stats.started_unix_ms = 1'000'000 * static_cast<std::int64_t>(builds_.size());
    b.header.workspace = "/w/b";
    b.mounts = test::make_mounts();
    b.graph.emplace(test::make_graph(lines, *b.paths));
    b.complete = true;
    for (std::size_t i = 0; i < b.graph->size(); ++i) {
      PipId id{static_cast<std::uint32_t>(i)};
      wire::PipResult r;
      r.pip = id;
      r.outcome = wire::Outcome::Clean;
      for (PathId output : b.graph->pip(id).outputs)
        r.entry.outputs.push_back(test::file_output(output, ""));
      b.results[b.graph->pip(id).stable_id] = r;
    }
    b.index_outputs();
  }
  wire::PipResult& result(const std::string& pip) { return builds_.front().results.at(pip); }
  // In the newest build `pip` ran and rested on `facts`.
  wire::PipResult& ran(const std::string& pip, Facts facts,
                       wire::Outcome outcome = wire::Outcome::Ran) {
    wire::PipResult& r = result(pip);
    r.outcome = outcome;
    r.publishable = outcome == wire::Outcome::Ran;
    r.lane = outcome == wire::Outcome::Hit ? 0 : 1;
    std::string identity;
    for (const auto& [name, value] : facts.fields) identity += name + value + "\n";
    for (const auto* values : {&facts.inputs, &facts.observed})
      for (const auto& [path, seen] : *values) identity += path + seen.value + "\n";
    r.entry.evidence = Digest::of(identity);
    facts_[{&builds_.front(), index(r.pip)}] = std::move(facts);
    return r;
  }
  void evict_facts() { facts_.clear(); }

 private:
  std::deque<Build> builds_;  // elements stay where they are
  std::map<std::pair<const Build*, std::uint32_t>, Facts> facts_;
};

// What rests on these inputs (path below /w/b to content) and nothing else.
inline Facts rests_on(const std::map<std::string, std::string>& inputs,
                      const std::string& command = "cc") {
  Facts f;
  f.fields = {{"command", command}};
  for (const auto& [path, content] : inputs)
    f.inputs["/w/b/" + path].value = "R " + Digest::of(content).hex().substr(0, 12);
  f.observed_known = true;
  return f;
}

}  // namespace bxl::report
