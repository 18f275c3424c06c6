// `bxl log last` and `bxl log trace`: the last build that did something.
#include <algorithm>
#include <cstdio>
#include <iostream>

#include "cli/main.h"
#include "commands.h"
#include "os/named_output.h"
#include "report/timeline.h"
#include "report/words.h"

namespace bxl::log_tool {
namespace {

using report::Build;
using report::BuildLine;
using report::Slice;
using report::Timeline;

constexpr std::size_t kSlowest = 10;

struct Last {
  Build build;
  BuildLine line;     // of the index; only id and times when it is not there
  bool idle = false;  // a later build did less
};

// Something: it did more than find all up to date. Commands: it ran some, and has a timeline.
enum class Want { Something, Commands };

Result<Last> load_last(const state::Workspace& workspace, Want want) {
  const std::vector<std::string> ids = report::logged_builds(workspace.log_dir());
  if (ids.empty())
    return make_error(ENOENT, "no build that did something is on record in " + workspace.log_dir());
  std::string id = ids.front();
  BXL_TRY_ASSIGN(Build build, report::load_build(workspace.log_dir(), id));
  // Without any that ran a command the last one has to do.
  for (std::size_t i = 1; i < ids.size() && want == Want::Commands; ++i) {
    if (!report::timeline(build).slices.empty()) break;
    auto earlier = report::load_build(workspace.log_dir(), ids[i]);
    if (!earlier || report::timeline(*earlier).slices.empty()) continue;
    id = ids[i];
    build = std::move(*earlier);
  }
  Last last{std::move(build), {}, false};
  last.line.id = id;
  last.line.started_unix_ms = last.build.stats.started_unix_ms;
  last.line.wall_ms = last.build.stats.wall_ms;
  last.line.exit_code = last.build.end.exit_code;
  // The directory of a second round of one build has a number behind the build's id.
  for (const BuildLine& line : report::read_index(workspace.log_dir())) {
    bool same = id.starts_with(line.id);
    if (same) last.line = line;
    last.idle = !same && line.id > id;
  }
  return last;
}

std::string time_column(std::int64_t us) {
  char text[32];
  std::snprintf(text, sizeof text, "%10s  ",
                report::duration(static_cast<std::uint64_t>(us / 1000)).c_str());
  return text;
}

std::string line_of(const Slice& slice) {
  const wire::PipResult& r = *slice.result;
  std::string out = time_column(slice.end_us - slice.start_us) + printable(slice.pip);
  if (r.outcome != wire::Outcome::Ran)
    out += std::string(" (") + wire::name(r.outcome) + ")";
  else if (!r.publishable)
    out += " (not cached: " + printable(r.why_not) + ")";
  return out + "\n";
}

void print_text(const Last& last, const Timeline& t) {
  const BuildLine& l = last.line;
  if (last.idle)
    std::cout << "The last build found nothing to do. The one before it that did something:\n";
  std::cout << report::local_time(l.started_unix_ms) << ", " << report::duration(l.wall_ms)
            << ", exit code " << l.exit_code << ": " << l.ran << " ran, " << l.hit
            << " from the cache, " << l.clean << " up to date";
  if (l.failed != 0) std::cout << ", " << l.failed << " failed";
  if (l.skipped != 0) std::cout << ", " << l.skipped << " not run";
  std::cout << "\n";
  if (!last.build.complete) std::cout << "it was stopped: what it did last may be missing here\n";
  if (l.hit != 0)
    std::cout << "the cache saved " << report::duration(t.saved_ms) << " of commands\n";
  if (t.slices.empty()) return;
  std::cout << "commands took " << report::duration(static_cast<std::uint64_t>(t.busy_us / 1000))
            << " in " << report::duration(static_cast<std::uint64_t>(t.length_us / 1000)) << " on "
            << t.lanes << (t.lanes == 1 ? " job\n" : " jobs\n");
  std::vector<const Slice*> slowest;
  for (const Slice& slice : t.slices) slowest.push_back(&slice);
  std::stable_sort(slowest.begin(), slowest.end(), [](const Slice* a, const Slice* b) {
    return a->end_us - a->start_us > b->end_us - b->start_us;
  });
  std::cout << "\nslowest:\n";
  for (std::size_t i = 0; i < slowest.size() && i < kSlowest; ++i)
    std::cout << line_of(*slowest[i]);
  std::cout << "\ncritical path, "
            << report::duration(static_cast<std::uint64_t>(t.critical_us / 1000)) << ":\n";
  for (std::size_t i : t.critical) std::cout << line_of(t.slices[i]);
}

void print_json(const Last& last, const Timeline& t) {
  std::string text;
  JsonWriter json(&text);
  const BuildLine& l = last.line;
  json.begin_object().key("schema").natural(1).key("id").string(l.id);
  json.key("startedUnixMs").integer(l.started_unix_ms).key("wallMs").natural(l.wall_ms);
  json.key("exitCode").integer(l.exit_code).key("complete").boolean(last.build.complete);
  json.key("nothingToDoSince").boolean(last.idle);
  json.key("savedMs")
      .natural(t.saved_ms)
      .key("commandsUs")
      .integer(t.busy_us)
      .key("spanUs")
      .integer(t.length_us);
  json.key("criticalPathUs").integer(t.critical_us).key("criticalPath").begin_array();
  for (std::size_t i : t.critical) json.string(t.slices[i].pip);
  json.end_array();
  json.key("pips").begin_array();
  std::vector<const std::string*> names;
  for (const auto& [name, result] : last.build.results) names.push_back(&name);
  std::sort(names.begin(), names.end(),
            [](const std::string* a, const std::string* b) { return *a < *b; });
  for (const std::string* name : names) {
    const wire::PipResult& r = last.build.results.at(*name);
    json.begin_object().key("pip").string(*name).key("outcome").string(wire::name(r.outcome));
    json.key("wallMs").natural(r.entry.wall_ms).key("cpuMs").natural(r.entry.cpu_ms);
    json.key("peakKiB").natural(r.entry.peak_kib);
    if (r.lane != 0) {
      json.key("startedUnixUs")
          .integer(r.started_unix_us)
          .key("endedUnixUs")
          .integer(r.ended_unix_us);
      json.key("lane").natural(r.lane).key("cached").boolean(r.publishable);
      json.key("lookup").string(r.reason).key("notCachedBecause").string(r.why_not);
    }
    json.end_object();
  }
  json.end_array().end_object();
  std::cout << text << '\n';
}

int fail(const Error& error) {
  cli::print_error(kTool, error.errnum == ENOENT ? error.message : error.to_string());
  return error.errnum == ENOENT ? cli::kUsage : cli::exit_code_for(error, cli::kLocalResource);
}

}  // namespace

int show_last(const cli::Options& options, const state::Workspace& workspace) {
  auto last = load_last(workspace, Want::Something);
  if (!last) return fail(last.error());
  Timeline t = report::timeline(last->build);
  options.json ? print_json(*last, t) : print_text(*last, t);
  return cli::kOk;
}

int write_trace(const cli::Options& options, const state::Workspace& workspace) {
  auto last = load_last(workspace, Want::Commands);
  if (!last) return fail(last.error());
  if (last->idle)
    cli::print_note(kTool, "the last build ran no command: this is the timeline of that of " +
                               report::local_time(last->line.started_unix_ms));
  std::string json = report::trace_json(last->build, report::timeline(last->build));
  if (options.out.empty()) {
    std::cout << json;
    return cli::kOk;
  }
  if (auto written = write_named(options.out, json); !written) return fail(written.error());
  return cli::kOk;
}

}  // namespace bxl::log_tool
