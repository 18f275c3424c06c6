// Reading the logs of builds.
#include "report/build_log.h"

#include <fcntl.h>

#include <algorithm>

#include "json/reader.h"
#include "os/file.h"
#include "wire/graph_stream.h"
#include "wire/stream.h"

namespace bxl::report {
namespace {

std::optional<BuildLine> from_json(std::string_view text) {
  auto value = json::parse(text);
  if (!value) return {};
  auto integer = [&](const char* key) -> std::int64_t {
    const json::Value* found = value->find(key);
    return found && found->integer() ? *found->integer() : 0;
  };
  auto natural = [&](const char* key) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(0, integer(key)));
  };
  const json::Value* id = value->find("id");
  if (!id || !id->string() || integer("schema") != 1) return {};
  BuildLine line;
  line.id = *id->string();
  line.started_unix_ms = integer("startedUnixMs");
  line.wall_ms = natural("wallMs");
  line.exit_code = static_cast<int>(integer("exitCode"));
  line.total = natural("total");
  line.clean = natural("clean");
  line.hit = natural("hit");
  line.ran = natural("ran");
  line.failed = natural("failed");
  line.skipped = natural("skipped");
  line.uncacheable = natural("uncacheable");
  line.violations = natural("violations");
  line.saved_ms = natural("savedMs");
  return line;
}

// A record that only withdraws an earlier one (the other party of a violation) does not know when
// it ran.
void supersede(wire::PipResult& old, wire::PipResult&& next) {
  if (next.lane == 0 && next.outcome == wire::Outcome::Ran) {
    next.lane = old.lane;
    next.started_unix_us = old.started_unix_us;
    next.ended_unix_us = old.ended_unix_us;
    if (next.reason.empty()) next.reason = std::move(old.reason);
    if (next.console.empty()) next.console = std::move(old.console);
    if (next.path_set_blob.empty()) next.path_set_blob = std::move(old.path_set_blob);
  }
  old = std::move(next);
}

}  // namespace

std::vector<BuildLine> read_index(const std::string& log_dir) {
  std::vector<BuildLine> lines;
  auto bytes = read_file(index_file(log_dir));
  if (!bytes) return lines;
  std::string_view rest = *bytes;
  while (!rest.empty()) {
    std::size_t end = std::min(rest.find('\n'), rest.size());
    if (auto line = from_json(rest.substr(0, end))) lines.push_back(std::move(*line));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return lines;
}

std::vector<std::string> logged_builds(const std::string& log_dir) {
  auto names = list_directory(log_dir);
  if (!names) return {};
  std::erase_if(*names, [&](const std::string& name) {
    if (!is_build_id(name)) return true;
    auto results = lstat_identity(log_dir + "/" + name + "/results");
    return !results || !results->exists();
  });
  std::reverse(names->begin(), names->end());
  return std::move(*names);
}

const wire::PipResult* Build::find(const std::string& stable_id) const {
  auto found = results.find(stable_id);
  return found == results.end() ? nullptr : &found->second;
}

void Build::index_outputs() {
  makers_.clear();
  for (const auto& [pip, result] : results)
    for (const wire::Output& output : result.entry.outputs) makers_[output.path] = pip;
}

const std::string* Build::maker(PathId path) const {
  if (path == kNoPath) return nullptr;
  if (auto found = makers_.find(path); found != makers_.end()) return &found->second;
  if (!graph) return nullptr;
  PipId producer = graph->producer(path);
  return producer == kNoPip ? nullptr : &graph->pip(producer).stable_id;
}

Result<Build> load_build(const std::string& log_dir, const std::string& id) {
  std::string directory = log_dir + "/" + id;
  Build build;
  build.id = id;
  build.paths = std::make_unique<PathTable>();
  BXL_TRY_ASSIGN(auto results, open_file(directory + "/results", O_RDONLY));
  BXL_TRY_ASSIGN(auto reader,
                 wire::StreamReader::open(results.get(), wire::StreamKind::Results, *build.paths));
  build.header = reader.header();
  build.mounts = graph::Mounts(build.header.mounts);
  // The graph's paths come first in the table, so it is opened before the first record is read.
  BXL_TRY_ASSIGN(auto graph_fd, open_file(directory + "/graph", O_RDONLY));
  BXL_TRY_ASSIGN(auto graph_reader, wire::GraphReader::open(graph_fd.get(), *build.paths));
  if (graph_reader.digest() != build.header.graph)
    return make_error(EBADMSG, directory + ": the graph is of another build");
  BXL_TRY_ASSIGN(auto graph, graph::PipGraph::load(graph_reader, *build.paths));
  build.graph.emplace(std::move(graph));
  reader.expect_pips(static_cast<std::uint32_t>(build.graph->size()));
  for (;;) {
    auto record = reader.next();
    if (!record) break;  // killed in the middle: what came before is good
    if (!*record) {
      build.complete = true;
      build.end = reader.end();
      break;
    }
    if (auto* stats = std::get_if<wire::Stats>(&**record)) build.stats = std::move(*stats);
    if (auto* result = std::get_if<wire::PipResult>(&**record)) {
      const std::string& name = build.graph->pip(result->pip).stable_id;
      auto [at, added] = build.results.try_emplace(name);
      if (added)
        at->second = std::move(*result);
      else
        supersede(at->second, std::move(*result));
    }
  }
  build.index_outputs();
  return build;
}

}  // namespace bxl::report
