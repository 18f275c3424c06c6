#include "summary.h"

#include <algorithm>

#include "base/json_writer.h"
#include "report/words.h"
#include "violation/message.h"

namespace bxl::materialize_tool {

using wire::Outcome;

Summary summarise(const graph::PipGraph* graph,
                  const std::unordered_map<PipId, wire::PipResult>& results,
                  const wire::Stats& upstream) {
  Summary summary;
  wire::Stats& stats = summary.stats;
  stats = upstream;
  stats.clean = stats.hit = stats.ran = stats.failed = stats.skipped = stats.uncacheable = 0;
  if (graph) stats.ran_ids.clear();
  std::vector<PipId> order;
  for (const auto& [pip, result] : results) order.push_back(pip);
  std::sort(order.begin(), order.end());
  for (PipId pip : order) {
    const wire::PipResult& result = results.at(pip);
    switch (result.outcome) {
      case Outcome::Clean:
        ++stats.clean;
        break;
      case Outcome::Hit:
        ++stats.hit;
        break;
      case Outcome::Ran:
        ++stats.ran;
        if (graph && index(pip) < graph->size()) stats.ran_ids.push_back(graph->pip(pip).stable_id);
        // Nobody expects to find an action in the cache.
        if (!result.publishable &&
            !(graph && index(pip) < graph->size() && (graph->pip(pip).flags & wire::kPipAction)))
          ++stats.uncacheable;
        break;
      case Outcome::Failed:
      case Outcome::Violated:
        ++stats.failed;
        break;
      case Outcome::Skipped:
      case Outcome::Cancelled:
        ++stats.skipped;
        break;
    }
    summary.violations.insert(summary.violations.end(), result.violations.begin(),
                              result.violations.end());
  }
  stats.skipped += stats.waiting;
  std::sort(stats.ran_ids.begin(), stats.ran_ids.end());
  return summary;
}

std::string to_json(const Summary& summary, const PathTable& paths, const graph::PipGraph* graph) {
  const wire::Stats& s = summary.stats;
  std::string out;
  JsonWriter json(&out);
  json.begin_object();
  json.key("schema").natural(1);
  json.key("result").string(s.exit_code == 0 ? "succeeded" : "failed");
  json.key("exitCode").integer(s.exit_code);
  json.key("pips").begin_object();
  json.key("total").natural(s.total);
  json.key("clean").natural(s.clean);
  json.key("hit").natural(s.hit);
  json.key("ran").natural(s.ran);
  json.key("failed").natural(s.failed);
  json.key("skipped").natural(s.skipped);
  json.end_object();
  json.key("uncacheable").natural(s.uncacheable);
  json.key("published").natural(s.published);
  json.key("violations").begin_array();
  for (const wire::Violation& v : summary.violations) {
    json.begin_object();
    json.key("code").string(v.code);
    json.key("letter").string(v.letter);
    json.key("role").string(v.role);
    json.key("pip").string(v.pip);
    json.key("related").string(v.related);
    json.key("path").string(v.path == kNoPath ? std::string() : paths.str(v.path));
    json.key("message").string(v.message);
    json.key("fix").string(graph ? violation::advice(*graph, paths, v) : std::string());
    json.end_object();
  }
  json.end_array();
  json.key("ran").begin_array();
  for (const std::string& id : s.ran_ids) json.string(id);
  json.end_array();
  json.key("pathSetsVisited").natural(s.visits.path_sets);
  json.key("mostPathSetsVisited").natural(s.visits.most);
  json.key("filesMaterialized").natural(s.files_materialized);
  json.key("bytesMaterialized").natural(s.bytes_materialized);
  json.key("wallMs").natural(s.wall_ms);
  json.key("cpuMs").natural(s.cpu_ms);
  json.end_object();
  out += '\n';
  return out;
}

std::string to_sentence(const Summary& summary) {
  const wire::Stats& s = summary.stats;
  auto count = [](std::uint64_t n, const char* what) { return std::to_string(n) + " " + what; };
  std::string out = s.exit_code == 130                         ? "interrupted; "
                    : s.exit_code == 143 || s.exit_code == 129 ? "terminated; "
                                                               : "";
  out += count(s.total, s.total == 1 ? "pip: " : "pips: ") + count(s.ran, "ran, ") +
         count(s.hit, "from the cache, ") + count(s.clean, "up to date");
  if (s.failed != 0) out += ", " + count(s.failed, "failed");
  if (s.skipped != 0) out += ", " + count(s.skipped, "not run");
  if (s.uncacheable != 0) out += ", " + count(s.uncacheable, "of them not cached");
  if (s.files_materialized != 0)
    out += "; " + count(s.files_materialized,
                        s.files_materialized == 1 ? "file written" : "files written");
  return out + " (" + report::duration(s.wall_ms) + ")";
}

}  // namespace bxl::materialize_tool
