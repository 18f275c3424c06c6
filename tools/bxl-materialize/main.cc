// bxl-materialize: results in, the requested outputs on disk, the workspace state committed.
#include "cli/main.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <unordered_map>
#include <unordered_set>

#include "cache/metadata_store.h"
#include "cas/lease.h"
#include "clean.h"
#include "cli/options.h"
#include "materialize/placer.h"
#include "plan/session.h"
#include "report/keep_build.h"
#include "state/known_environment.h"
#include "state/rounds.h"
#include "state/state_table.h"
#include "summary.h"
#include "wire/stream.h"

namespace {

using namespace bxl;
using wire::Outcome;

constexpr const char* kTool = "bxl-materialize";
// "Try again" (EX_TEMPFAIL): only the wrapper sees these, and runs the stages once more. The second
// is no failure: dyndep files were made, and the pips that name them can be planned now.
constexpr int kContentLost = 75, kAnotherRound = 76;

int fail(const Error& error, int code) {
  cli::print_error(kTool, error.to_string());
  return code;
}

std::int64_t unix_ms() {
  timespec now;
  ::clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec * 1000LL + now.tv_nsec / 1'000'000;
}

struct Input {
  std::unordered_map<PipId, wire::PipResult> results;  // the last record of each pip
  wire::Stats stats;
  wire::End end;
};

// Everything is read before anything is done: until exec's end record the tree is exec's.
Result<void> read_results(wire::StreamReader& reader, const wire::GraphReader& graph,
                          wire::StreamWriter* pass_on, Input& input) {
  reader.expect_pips(graph.pip_count());
  for (;;) {
    BXL_TRY_ASSIGN(auto record, reader.next());
    if (!record) break;
    if (pass_on) BXL_TRY(pass_on->write(*record));
    if (auto* stats = std::get_if<wire::Stats>(&*record))
      input.stats = std::move(*stats);
    else if (auto* result = std::get_if<wire::PipResult>(&*record))
      input.results[result->pip] = std::move(*result);
  }
  input.end = reader.end();
  if (pass_on) BXL_TRY(pass_on->end(input.end));
  return {};
}

class Commit {
 public:
  Commit(const state::Workspace& workspace, const graph::Mounts& mounts,
         const graph::PipGraph& graph, PathTable& paths, cas::BlobStore& blobs,
         cache::MetadataStore* metadata, state::OutputLog& log, state::StateTable& state,
         bool verbose)
      : graph_(graph),
        mounts_(mounts),
        paths_(paths),
        metadata_(metadata),
        log_(log),
        state_(state),
        notes_(verbose, [](const std::string& note) { cli::print_note(kTool, note); }),
        placer_(workspace, mounts, paths, blobs, log,
                [this](const materialize::Note& note) { notes_.add(note); }) {}

  // Content of some hit was gone: the damaged blob is in quarantine, so that the next plan sees a
  // miss.
  bool lost() const { return lost_; }

  // All is placed: what is left to say of it.
  void close() { notes_.finish(); }

  // Rule 10: both parties of a violation stay out of the state, so that a no-op never forgets it.
  void distrust_violated(const std::unordered_map<PipId, wire::PipResult>& results) {
    for (const auto& [pip, result] : results)
      for (const wire::Violation& v : result.violations) {
        state_.erase(v.pip);
        state_.erase(v.related);
      }
  }

  // Brings one result to disk when requested and puts its row into the state. Errors stop the
  // build's success.
  Result<void> one(wire::PipResult& result, wire::Stats& stats) {
    const std::string& id = graph_.pip(result.pip).stable_id;
    switch (result.outcome) {
      case Outcome::Clean:
      case Outcome::Skipped:
        return {};
      case Outcome::Failed:
      case Outcome::Cancelled:
      case Outcome::Violated:
        state_.erase(id);
        return {};
      case Outcome::Ran:
        if (result.publishable)
          put_row(result, result.path_set_blob);
        else
          state_.erase(id);
        return {};
      case Outcome::Hit:
        break;
    }
    if (!result.requested) {
      // bxl-exec may have brought it to disk for a pip that ran.
      for (wire::Output& out : result.entry.outputs) {
        auto record = log_.records().find(out.path);
        out.identity = record != log_.records().end() && record->second.digest == out.digest
                           ? record->second.identity
                           : FileIdentity{};
      }
    } else if (auto placed = place(result, stats); !placed || !*placed) {
      state_.erase(id);
      if (!placed) return std::move(placed.error());
      return {};
    }
    std::string bytes;
    if (!state_.path_set(result.path_set) && metadata_)
      if (auto found = metadata_->path_set(result.path_set); found && *found)
        bytes = std::move(**found);
    put_row(result, bytes);
    return {};
  }

 private:
  // False: content was lost, and nothing was changed.
  Result<bool> place(wire::PipResult& result, wire::Stats& stats) {
    const std::string& id = graph_.pip(result.pip).stable_id;
    BXL_TRY_ASSIGN(auto all,
                   placer_.place_all(id, result.entry.outputs, [&](const wire::Output& output) {
                     return standing(result.pip, output);
                   }));
    if (all.placed == materialize::Placed::UsersFile)
      return make_error(EEXIST,
                        "an output of " + id + " would replace a file that bxl did not make");
    if (all.placed == materialize::Placed::LostBlob) {
      cli::print_note(kTool,
                      "content of an output of " + id + " was lost from the cache: it has to run");
      lost_ = true;
      return false;
    }
    stats.files_materialized += all.files;
    stats.bytes_materialized += all.bytes;
    return true;
  }

  // Once more what the lookup has judged (View::may_output): the stream may be anybody's.
  materialize::Declared standing(PipId pip, const wire::Output& output) {
    using enum materialize::Declared;
    const PathId path = output.path;
    if (declares(pip, path)) return Yes;
    const std::string text = paths_.str(path);
    if (fingerprint::is_own_place(mounts_, text)) return Forbidden;
    const wire::Mount* mount = mounts_.of(text);
    if (mount && (mount->flags & wire::kMountOutput)) return No;
    for (const wire::DirectoryOutput& directory : graph_.pip(pip).more().directory_outputs) {
      auto real = real_path(paths_.str(directory.path));
      if (path_within(text, real ? *real : paths_.str(directory.path))) return No;
    }
    return output.kind == wire::OutputKind::Directory && leads_to_an_output(path) ? No : Forbidden;
  }

  bool leads_to_an_output(PathId directory) {
    if (ways_.empty())
      for (PipId pip : graph_.topological_order())
        for (PathId output : graph_.pip(pip).outputs)
          for (PathId at = output; at != kRootPath && ways_.insert(at).second;)
            at = paths_.parent(at);
    return ways_.contains(directory);
  }

  // By its text, or where symlinks in its directories lead: outputs are recorded by their physical
  // paths.
  bool declares(PipId pip, PathId path) {
    if (graph_.producer(path) == pip) return true;
    const wire::Pip& declaration = graph_.pip(pip);
    for (const auto* list : {&declaration.outputs, &declaration.optional_outputs})
      for (PathId declared : *list) {
        if (paths_.name(declared) != paths_.name(path)) continue;
        auto parent = real_path(paths_.str(paths_.parent(declared)));
        if (parent && *parent == paths_.str(paths_.parent(path))) return true;
      }
    return false;
  }

  void put_row(const wire::PipResult& result, const std::string& path_set_bytes) {
    wire::StateRow row;
    row.stable_id = graph_.pip(result.pip).stable_id;
    row.static_hash = result.static_hash;
    row.weak = result.weak;
    row.strong = result.strong;
    row.path_set = result.path_set;
    row.entry = result.entry;
    state_.put(std::move(row), path_set_bytes);
  }

  const graph::PipGraph& graph_;
  const graph::Mounts& mounts_;
  PathTable& paths_;
  std::unordered_set<PathId> ways_;  // declared outputs and the directories above them
  cache::MetadataStore* metadata_;
  state::OutputLog& log_;
  state::StateTable& state_;
  materialize::NoteLimit notes_;
  materialize::Placer placer_;
  bool lost_ = false;
};

// Below the wrapper the summary is also owed when an earlier stage failed before any result
// existed.
int summary_only(const cli::Options& options) {
  if (options.summary.empty()) return cli::kOk;
  materialize_tool::Summary summary;
  PathTable paths;
  if (const char* root = std::getenv("BXL_LOCK_ROOT")) {
    state::Rounds rounds = state::Rounds::load({root}, paths);
    if (!rounds.results.empty())
      summary = materialize_tool::summarise(nullptr, rounds.results, rounds.stats);
  }
  if (const char* code = std::getenv("BXL_EXIT_CODE")) summary.stats.exit_code = std::atoi(code);
  auto written = replace_file(options.summary, materialize_tool::to_json(summary, paths));
  return written ? static_cast<int>(cli::kOk) : fail(written.error(), cli::kLocalResource);
}

// What committing adds to what happened upstream.
struct Committed {
  int code = cli::kOk;
  bool saved = false;  // nothing is left to recover from the journal of results
  FileLock lock;       // held until the build's log is written
};

// Brings everything to disk and commits the state.
Committed commit_results(const cli::Options& options, const wire::Header& header,
                         const graph::PipGraph& graph, PathTable& paths, Input& results,
                         const state::KnownEnvironment::Variables& environment) {
  Committed done;
  auto failed = [&](const Error& error, int code) {
    done.code = fail(error, code);
    return std::move(done);
  };
  state::Workspace workspace{header.workspace};
  graph::Mounts mounts(header.mounts);
  auto lock = state::lock_workspace(workspace, kTool, options.no_wait);
  if (!lock)
    return failed(lock.error(), lock.error().errnum == EDEADLK ? cli::kUsage : cli::kLocalResource);
  auto log =
      state::OutputLog::open(workspace, plan::outputs_log_copy(options.cache, workspace.root),
                             mounts, paths, state::OutputLog::Mode::Write);
  if (!log) return failed(log.error(), cli::kLocalResource);
  state::StateTable state = state::StateTable::load(workspace, paths);
  auto blobs = cas::BlobStore::open(options.cache);
  if (!blobs) blobs = cas::BlobStore::open(workspace.dir() + "/store");
  if (!blobs) return failed(blobs.error(), cli::kLocalResource);
  auto lease = cas::Lease::take(options.cache, kTool);  // without one a collection costs a round
  auto metadata = cache::MetadataStore::open(options.cache);

  Commit commit(workspace, mounts, graph, paths, *blobs, metadata ? metadata->get() : nullptr,
                **log, state, options.verbosity > 0);
  for (PipId pip : graph.topological_order()) {
    auto found = results.results.find(pip);
    if (found == results.results.end()) continue;
    if (auto placed = commit.one(found->second, results.stats); !placed) {
      cli::print_error(kTool, placed.error().to_string());
      // After a failed build it is a consequence (a violating pip wrote there): the cause has been
      // told.
      if (results.end.exit_code == 0)
        done.code = cli::exit_code_for(placed.error(), cli::kLocalResource);
    }
  }
  commit.close();
  commit.distrust_violated(results.results);
  if (auto finished = (*log)->finish(); !finished)
    cli::print_warning(kTool, finished.error().to_string());
  if (auto saved = state.save(workspace, paths, header); !saved) {
    cli::print_error(kTool, "the workspace state could not be saved: " + saved.error().to_string());
    if (done.code == cli::kOk) done.code = cli::kLocalResource;
  } else {
    done.saved = true;
    // Without it a change goes unnamed.
    (void)!state::KnownEnvironment(environment).save(workspace);
  }

  if (commit.lost() && done.code == cli::kOk && results.end.exit_code == 0)
    done.code = kContentLost;
  done.lock = std::move(*lock);
  return done;
}

// The journal of results becomes the log of the build. Costs two renames and a link; one append for
// a build that did nothing. Without a log nothing is lost but explanations.
void keep_log(const state::Workspace& workspace, const wire::Header& header, const Input& results,
              const materialize_tool::Summary& summary, std::int64_t started_unix_ms,
              const std::string& json, bool saved) {
  const wire::Stats& s = summary.stats;
  const char* wrapper = std::getenv("BXL_WRAPPER_PID");
  report::BuildLine line;
  line.id = report::build_id(started_unix_ms, wrapper ? std::atol(wrapper) : ::getpid());
  line.started_unix_ms = started_unix_ms;
  line.wall_ms = s.wall_ms;
  line.exit_code = s.exit_code;
  line.total = s.total;
  line.clean = s.clean;
  line.hit = s.hit;
  line.ran = s.ran;
  line.failed = s.failed;
  line.skipped = s.skipped;
  line.uncacheable = s.uncacheable;
  line.violations = summary.violations.size();
  for (const auto& [pip, result] : results.results)
    if (result.outcome == Outcome::Hit) line.saved_ms += result.entry.wall_ms;
  // The copy is there only when `.bxl/graph` is not the graph of this build.
  std::string graph_file = plan::kept_graph_file(workspace, header.graph);
  auto copy = lstat_identity(graph_file);
  if (!copy || !copy->exists()) graph_file = workspace.graph();
  auto kept = report::keep_build(workspace.log_dir(), line, saved ? workspace.results() : "",
                                 graph_file, json);
  if (kept) return;
  if (saved) {
    cli::print_warning(kTool, "the log of this build was not kept: " + kept.error().to_string());
    ::unlink(workspace.results().c_str());  // nothing is left to recover
  }
}

int run(const cli::Options& options) {
  auto input = cli::open_input(options);
  if (!input) return fail(input.error(), cli::kUsage);

  PathTable paths;
  auto reader = wire::StreamReader::open(input->get(), wire::StreamKind::Results, paths);
  if (!reader) {
    cli::print_consequence(kTool, reader.error().to_string());
    return cli::exit_code_for(reader.error(), cli::kUpstream);
  }
  state::Workspace workspace{reader->header().workspace};
  auto graph_reader = plan::open_graph(workspace, reader->header().graph, paths);
  if (!graph_reader)
    return fail(graph_reader.error(), cli::exit_code_for(graph_reader.error(), cli::kUpstream));
  auto graph = graph::PipGraph::load(*graph_reader, paths);
  if (!graph) return fail(graph.error(), cli::kGraph);

  // Results are passed on only where that was asked for: the last stage's stdout is the user's
  // terminal or log.
  UniqueFd pass_fd;
  std::unique_ptr<wire::Sink> sink;
  std::optional<wire::StreamWriter> pass_on;
  if (!options.out.empty()) {
    auto output = cli::open_output(options);
    if (!output) return fail(output.error(), cli::kUsage);
    pass_fd = std::move(*output);
    sink = wire::fd_sink(pass_fd.get());
    auto writer = wire::StreamWriter::create(*sink, paths, reader->header());
    if (!writer) return fail(writer.error(), cli::kLocalResource);
    pass_on = std::move(*writer);
  }

  Input results;
  if (auto read = read_results(*reader, *graph_reader, pass_on ? &*pass_on : nullptr, results);
      !read) {
    cli::print_consequence(kTool, read.error().to_string());
    return cli::exit_code_for(read.error(), cli::kUpstream);
  }
  // A no-op build opens no store and changes nothing.
  bool idle = std::all_of(results.results.begin(), results.results.end(),
                          [](const auto& r) { return r.second.outcome == Outcome::Clean; });
  Committed committed;
  if (!idle)
    committed = commit_results(options, reader->header(), *graph, paths, results,
                               graph_reader->frame().environment);
  int code = committed.code;
  if (code == cli::kOk && results.end.exit_code == 0 && results.stats.waiting != 0)
    code = kAnotherRound;
  if (code == kContentLost && state::rounds_file(workspace).empty()) {  // stages run by hand
    cli::print_error(kTool,
                     "content was lost from the cache; run all stages again, from bxl-graph on");
    code = cli::kLocalResource;
  }
  const bool again = code == kContentLost || code == kAnotherRound;
  state::Rounds rounds = state::Rounds::load(workspace, paths);
  materialize_tool::Summary of_round =
      materialize_tool::summarise(&*graph, results.results, results.stats);
  rounds.add(results.results, results.stats);
  materialize_tool::Summary summary =
      materialize_tool::summarise(&*graph, rounds.results, rounds.stats);
  summary.stats.exit_code = results.end.exit_code != 0 ? results.end.exit_code
                            : again                    ? static_cast<int>(cli::kOk)
                                                       : code;
  of_round.stats.exit_code = summary.stats.exit_code;
  std::int64_t started = results.stats.started_unix_ms;
  if (const char* text = std::getenv("BXL_STARTED_MS")) started = std::atoll(text);
  summary.stats.wall_ms =
      started > 0 ? static_cast<std::uint64_t>(std::max<std::int64_t>(0, unix_ms() - started)) : 0;
  of_round.stats.wall_ms = summary.stats.wall_ms;
  keep_log(workspace, reader->header(), results, of_round, started,
           materialize_tool::to_json(of_round, paths, &*graph), committed.saved);
  if (again && !state::rounds_file(workspace).empty()) {
    rounds.stats.ran_ids = summary.stats.ran_ids;
    // Without this file uncached pips run once more, and the summary forgets this round.
    if (auto saved = rounds.save(workspace, paths, reader->header()); !saved)
      cli::print_warning(kTool, saved.error().to_string());
    return code;
  }
  std::string json = materialize_tool::to_json(summary, paths, &*graph);
  if (!options.summary.empty())
    if (auto written = replace_file(options.summary, json); !written)
      return fail(written.error(), cli::kLocalResource);
  if (options.verbosity >= -1) cli::print_note("bxl", materialize_tool::to_sentence(summary));
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  return bxl::cli::run_main(kTool, bxl::cli::OnInterrupt::Drain, [&] {
    auto parsed = bxl::cli::parse(
        argc, argv,
        {kTool,
         "Brings the requested outputs to disk and commits the workspace state.",
         {"summary", "clean"},
         "  bxl-exec < plan | bxl-cache publish | bxl-materialize --summary s.json\n"
         "  bxl-graph | bxl-materialize clean -n   what bxl clean would remove\n"});
    if (parsed.exit) return parsed.code;
    if (parsed.subcommand == "summary") return summary_only(parsed.options);
    if (parsed.subcommand == "clean") return materialize_tool::run_clean(parsed.options);
    return run(parsed.options);
  });
}
