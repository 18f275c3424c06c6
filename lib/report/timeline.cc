// Slices, lanes and the critical path of a build.
#include "report/timeline.h"

#include <algorithm>

#include "base/json_writer.h"

namespace bxl::report {
namespace {

// Two runs in one slot cannot overlap; where records say so (a clock that was set back), the later
// one gets a lane of its own, for viewers would nest it.
void separate_lanes(Timeline& t) {
  std::vector<std::int64_t> free_from;  // by lane - 1
  for (Slice& slice : t.slices) {
    std::size_t lane = slice.lane - 1;
    if (lane >= free_from.size()) free_from.resize(lane + 1, 0);
    if (free_from[lane] > slice.start_us) {
      auto free = std::find_if(free_from.begin(), free_from.end(),
                               [&](std::int64_t from) { return from <= slice.start_us; });
      lane = static_cast<std::size_t>(free - free_from.begin());
      if (free == free_from.end()) free_from.push_back(0);
      slice.lane = static_cast<std::uint32_t>(lane + 1);
    }
    free_from[lane] = slice.end_us;
  }
  t.lanes = static_cast<std::uint32_t>(free_from.size());
}

void find_critical_path(const graph::PipGraph& graph, Timeline& t) {
  constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  std::vector<std::size_t> slice_of(graph.size(), kNone);
  for (std::size_t i = 0; i < t.slices.size(); ++i)
    if (PipId id = graph.find(t.slices[i].pip); id != kNoPip) slice_of[index(id)] = i;
  struct Chain {
    std::int64_t length_us = 0;
    std::size_t last = kNone;  // its last slice
  };
  std::vector<Chain> chains(graph.size());
  std::vector<std::size_t> before(t.slices.size(), kNone);
  Chain longest;
  for (PipId id : graph.topological_order()) {
    Chain& chain = chains[index(id)];
    for (PipId dependency : graph.pip(id).dependencies)
      if (chains[index(dependency)].length_us > chain.length_us) chain = chains[index(dependency)];
    std::size_t own = slice_of[index(id)];
    if (own == kNone) continue;
    before[own] = chain.last;
    chain = {chain.length_us + t.slices[own].end_us - t.slices[own].start_us, own};
    if (chain.length_us > longest.length_us) longest = chain;
  }
  t.critical_us = longest.length_us;
  for (std::size_t at = longest.last; at != kNone; at = before[at]) {
    t.critical.push_back(at);
    t.slices[at].critical = true;
  }
  std::reverse(t.critical.begin(), t.critical.end());
}

const char* colour(wire::Outcome outcome) {
  switch (outcome) {
    case wire::Outcome::Failed:
    case wire::Outcome::Violated:
      return "terrible";
    case wire::Outcome::Cancelled:
      return "grey";
    default:
      return nullptr;
  }
}

void flow_event(JsonWriter& json, const char* phase, const Slice& slice, std::int64_t at_us,
                std::size_t number) {
  json.begin_object();
  json.key("name").string("critical path").key("cat").string("critical").key("ph").string(phase);
  json.key("id")
      .natural(number)
      .key("pid")
      .natural(1)
      .key("tid")
      .natural(slice.lane)
      .key("ts")
      .integer(at_us);
  if (phase[0] == 'f') json.key("bp").string("e");
  json.end_object();
}

}  // namespace

Timeline timeline(const Build& build) {
  Timeline t;
  for (const auto& [pip, result] : build.results) {
    if (result.outcome == wire::Outcome::Hit) t.saved_ms += result.entry.wall_ms;
    if (result.lane == 0 || result.started_unix_us <= 0 ||
        result.ended_unix_us < result.started_unix_us)
      continue;
    t.slices.push_back({pip, &result, result.lane, result.started_unix_us, result.ended_unix_us});
  }
  if (t.slices.empty()) return t;
  std::sort(t.slices.begin(), t.slices.end(), [](const Slice& a, const Slice& b) {
    return a.start_us != b.start_us ? a.start_us < b.start_us : a.pip < b.pip;
  });
  t.began_unix_us = t.slices.front().start_us;
  for (Slice& slice : t.slices) {
    slice.start_us -= t.began_unix_us;
    slice.end_us -= t.began_unix_us;
    // A slot number beyond the number of runs is damage; lanes are an array.
    slice.lane = std::min(slice.lane, static_cast<std::uint32_t>(t.slices.size()));
    t.length_us = std::max(t.length_us, slice.end_us);
    t.busy_us += slice.end_us - slice.start_us;
  }
  separate_lanes(t);
  if (build.graph) find_critical_path(*build.graph, t);
  return t;
}

std::string trace_json(const Build& build, const Timeline& t) {
  std::string out;
  JsonWriter json(&out);
  auto name = [&](const char* what, std::uint32_t tid, const std::string& text) {
    json.begin_object()
        .key("ph")
        .string("M")
        .key("name")
        .string(what)
        .key("pid")
        .natural(1)
        .key("tid")
        .natural(tid);
    json.key("args").begin_object().key("name").string(text).end_object().end_object();
  };
  json.begin_object().key("displayTimeUnit").string("ms").key("traceEvents").begin_array();
  name("process_name", 0, "bxl " + build.header.workspace);
  for (std::uint32_t lane = 1; lane <= t.lanes; ++lane)
    name("thread_name", lane, "job " + std::to_string(lane));
  for (const Slice& slice : t.slices) {
    const wire::PipResult& r = *slice.result;
    json.begin_object()
        .key("name")
        .string(slice.pip)
        .key("cat")
        .string(wire::name(r.outcome))
        .key("ph")
        .string("X");
    json.key("pid").natural(1).key("tid").natural(slice.lane);
    json.key("ts").integer(slice.start_us).key("dur").integer(slice.end_us - slice.start_us);
    if (const char* cname = colour(r.outcome)) json.key("cname").string(cname);
    json.key("args").begin_object();
    PipId id = build.graph ? build.graph->find(slice.pip) : kNoPip;
    if (id != kNoPip) json.key("command").string(build.graph->pip(id).command);
    if (!r.reason.empty()) json.key("lookup").string(r.reason);
    if (!r.why_not.empty()) json.key("notCachedBecause").string(r.why_not);
    json.key("wallMs").natural(r.entry.wall_ms).key("cpuMs").natural(r.entry.cpu_ms);
    json.key("peakKiB").natural(r.entry.peak_kib).key("criticalPath").boolean(slice.critical);
    json.end_object().end_object();
  }
  for (std::size_t i = 0; i + 1 < t.critical.size(); ++i) {
    const Slice &from = t.slices[t.critical[i]], &to = t.slices[t.critical[i + 1]];
    // Inside the slices: a viewer binds a flow to the slice around its time.
    flow_event(json, "s", from, std::max(from.start_us, from.end_us - 1), i + 1);
    flow_event(json, "f", to, to.start_us, i + 1);
  }
  json.end_array().end_object();
  return out + '\n';
}

}  // namespace bxl::report
