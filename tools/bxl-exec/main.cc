// bxl-exec: plan in, results out. The only writer of the tree while any pip waits or runs.
#include "cli/main.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <optional>
#include <set>

#include "cli/options.h"
#include "console/console.h"
#include "exec/executor.h"
#include "exec/jobserver.h"
#include "exec/lost.h"
#include "exec/result_writer.h"
#include "exec/share.h"
#include "os/guardian.h"
#include "os/stop_signals.h"
#include "plan/plan_input.h"
#include "plan/session.h"
#include "show.h"
#include "wire/stream.h"

namespace {

using namespace bxl;

constexpr const char* kTool = "bxl-exec";

int fail(const Error& error, int code) {
  cli::print_error(kTool, error.to_string());
  return code;
}

std::uint64_t clock_ms(clockid_t clock) {
  timespec now;
  ::clock_gettime(clock, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1000 +
         static_cast<std::uint64_t>(now.tv_nsec) / 1'000'000;
}

// A file saved within a clock tick of a pip's start may change again with no trace, so that its
// reader is not cached (rule 12). Scripts edit and build at once: what was saved before bxl was
// called is old enough when we return, at most 11 ms after that.
void let_edits_settle(std::uint64_t called_unix_ms) {
  const std::uint64_t until = called_unix_ms + exec::kClockGranularityNs / 1'000'000 + 1;
  const std::uint64_t now = clock_ms(CLOCK_REALTIME);
  if (now < called_unix_ms || now >= until) return;
  timespec rest{0, static_cast<long>(until - now) * 1'000'000};
  ::nanosleep(&rest, nullptr);  // signals are blocked and wait in signal_fd
}

// The environment as the user has it, without what the wrapper and its stages tell each other.
std::vector<std::pair<std::string, std::string>> user_environment() {
  constexpr std::string_view kOurs[] = {
      "BXL_WRAPPER_PID", "BXL_LOCK_FD", "BXL_LOCK_ROOT", "BXL_STARTED_MS", "BXL_TTY_FD",
      "BXL_CONSOLE_FDS", "BXL_ROUND",   "BXL_TALK_FD",   "BXL_COMMANDS",   "BXL_INSIDE"};
  std::vector<std::pair<std::string, std::string>> out;
  for (char** at = environ; at && *at; ++at) {
    const std::string_view entry = *at;
    const std::size_t equals = entry.find('=');
    const std::string_view name = entry.substr(0, equals);
    if (equals == entry.npos ||
        std::find(std::begin(kOurs), std::end(kOurs), name) != std::end(kOurs))
      continue;
    out.emplace_back(name, entry.substr(equals + 1));
  }
  return out;
}

// May commands be run here? The sentence says what to do where they may not.
Result<void> can_observe(const std::string& workspace) {
  auto can = sandbox::Sandbox::available();
  if (can) return {};
  const char* inside = std::getenv("BXL_INSIDE");
  if (inside && can.error().errnum == EBUSY)
    return make_error(0, std::string("this bxl runs inside a pip of the build of ") + inside +
                             ", which is observed already, and no command can be observed twice; "
                             "build " +
                             workspace + " before that one, and it will find nothing to run");
  return make_error(can.error().errnum,
                    "this kernel or container refuses to let bxl observe commands (seccomp user "
                    "notification, /proc): " +
                        can.error().message);
}

// Where the other tools are.
std::string own_directory() {
  auto self = read_link("/proc/self/exe");
  return self ? std::string(parent_path(*self)) : ".";
}

// The jobserver of a `make -jN` above us, unless -j is said: then that is the user's word.
std::optional<exec::Jobserver> find_jobserver(const cli::Options& options, std::size_t* jobs) {
  const char* makeflags = std::getenv("MAKEFLAGS");
  if (options.jobs_given || !makeflags) return {};
  auto auth = exec::parse_makeflags(makeflags);
  if (!auth) return {};
  auto jobserver = exec::Jobserver::connect(*auth);
  if (!jobserver) {
    // As for any recipe without '+': make closes the pipe.
    if (options.verbosity > 0)
      cli::print_note(kTool, "make's jobserver is not used: " + jobserver.error().to_string() +
                                 "; a recipe that calls bxl should begin with '+'");
    return {};
  }
  if (auth->jobs != 0) *jobs = auth->jobs;
  return std::optional(std::move(*jobserver));
}

// Rule 3: does everything that clean and hit decisions rest on still look as it did?
bool basis_holds(const PathTable& paths, const plan::PlanInput& input,
                 std::uint64_t state_generation) {
  if (input.plan.state_generation != state_generation) return false;
  for (const wire::Basis& basis : input.basis) {
    auto now = lstat_identity(paths.str(basis.path));
    if (!now) {
      // Unreadable then, unreadable now: no decision rests on its content.
      if (basis.whole && basis.identity.exists()) return false;
      continue;
    }
    if (basis.whole ? *now != basis.identity : now->kind != basis.identity.kind) return false;
  }
  return true;
}

// Nothing to run, to replay or to remove: a no-op build opens no store.
int all_clean(const plan::PlanInput& plan, const PathTable& paths, const Digest& graph,
              int output) {
  auto sink = wire::fd_sink(output);
  wire::Header header = plan.header;
  header.kind = wire::StreamKind::Results;
  header.tool_version = BXL_VERSION;
  header.graph = graph;
  auto write = [&]() -> Result<void> {
    BXL_TRY_ASSIGN(auto writer, wire::StreamWriter::create(*sink, paths, header));
    for (const wire::PlanPip& pip : plan.pips) {
      wire::PipResult result;
      result.pip = pip.pip;
      result.outcome = wire::Outcome::Clean;
      result.requested = pip.requested;
      result.weak = pip.weak;
      result.strong = pip.strong;
      result.path_set = pip.path_set;
      result.entry = pip.entry;
      BXL_TRY(writer.write(std::move(result)));
    }
    wire::Stats stats;
    stats.total = plan.plan.total;
    stats.waiting = plan.plan.waiting;
    stats.visits = plan.plan.visits;
    stats.started_unix_ms = static_cast<std::int64_t>(clock_ms(CLOCK_REALTIME));
    BXL_TRY(writer.write(std::move(stats)));
    return writer.end({});
  };
  auto written = write();
  if (written) return cli::kOk;
  cli::print_consequence(kTool,
                         "the results could not be passed on: " + written.error().to_string());
  return cli::exit_code_for(written.error(), cli::kUpstream);
}

int run(const cli::Options& options) {
  std::uint64_t called_unix_ms = clock_ms(CLOCK_REALTIME);
  if (const char* wrapper = std::getenv("BXL_STARTED_MS"))
    called_unix_ms = std::strtoull(wrapper, nullptr, 10);
  exec::Settings settings;
  settings.jobs = static_cast<std::size_t>(options.jobs);
  // Before anything is opened here: it might get a number that make has closed to us.
  auto jobserver = find_jobserver(options, &settings.jobs);
  auto input = cli::open_input(options);
  if (!input) return fail(input.error(), cli::kUsage);
  auto output = cli::open_output(options);
  if (!output) return fail(output.error(), cli::kUsage);

  // Signals arrive on a descriptor, so that the first Ctrl-C cancels every pip at once and the
  // second ends us.
  const UniqueFd signal_fd = stop_signals();

  auto paths = std::make_unique<PathTable>();
  auto read = plan::read_plan(input->get(), *paths);
  if (!read) {
    cli::print_consequence(kTool, read.error().to_string());
    return cli::exit_code_for(read.error(), cli::kUpstream);
  }
  auto& [graph, plan] = *read;
  state::Workspace workspace{plan.header.workspace};
  if (auto made = workspace.create(); !made) return fail(made.error(), cli::kLocalResource);
  auto lock = state::lock_workspace(workspace, kTool, options.no_wait);
  if (!lock)
    return fail(lock.error(), lock.error().errnum == EDEADLK ? cli::kUsage : cli::kLocalResource);
  bool work = !plan.scrubs.empty();
  for (const wire::PlanPip& pip : plan.pips) work |= pip.action != wire::Action::Clean;
  bool suspect = !basis_holds(*paths, plan, state::StateTable::generation_of(workspace));
  if (suspect && options.verbosity > 0)
    cli::print_note(kTool, "files changed since the plan was made: its hits are looked up again");
  if (!work && !suspect) return all_clean(plan, *paths, graph.digest(), output->get());

  auto opened = plan::Session::open(
      std::move(graph), std::move(paths), options.cache, kTool, state::OutputLog::Mode::Write,
      options.share_checkouts ? plan::Share::Yes : plan::Share::AsGraphSays);
  if (!opened) return fail(opened.error(), cli::exit_code_for(opened.error(), cli::kGraph));
  plan::Session& s = **opened;
  if (s.log->recovered() != 0)
    cli::print_note(kTool, std::to_string(s.log->recovered()) +
                               " runs of a stopped build were recovered from their journals");

  const std::size_t lost =
      exec::defer_lost(plan.pips, s.graph, s.log->records(), *s.paths, *s.blobs).size();
  if (lost != 0)
    cli::print_note(kTool, "content of " + std::to_string(lost) +
                               (lost == 1 ? " result is" : " results is") +
                               " gone from the cache since the plan was made: looked up again");

  bool may_run = suspect;
  for (const wire::PlanPip& pip : plan.pips)
    may_run |= pip.action == wire::Action::Miss || pip.action == wire::Action::Deferred;
  if (may_run) {
    if (auto can = can_observe(s.workspace.root); !can)
      return fail(can.error(), cli::kLocalResource);
    if (auto guarded = fork_under_guardian(); !guarded)
      return fail(guarded.error(), cli::kLocalResource);
  }

  console::Settings talk;
  talk.verbosity = options.verbosity;
  talk.jobs = static_cast<std::size_t>(options.jobs);
  talk.console_handed_on = cli::console_fds()[1] >= 0;
  talk.keeping = {s.workspace.log_dir() + "/failed", s.workspace.root,
                  own_directory() + "/bxl-sandbox", s.lookup->salts().environment};
  console::Console console(s.graph, s.mounts, *s.paths, console::Terminal::detect(cli::talk_fd()),
                           talk, plan.pips, [&](PipId pip) -> std::uint64_t {
                             const auto* row = s.state.find(s.graph.pip(pip).stable_id);
                             return row ? row->entry.wall_ms : 0;
                           });
  materialize::Placer placer(s.workspace, s.mounts, *s.paths, *s.blobs, *s.log,
                             [&](const materialize::Note& note) { console.note(note); });
  if (auto rescued = placer.rescue(); !rescued)
    cli::print_warning(kTool, rescued.error().to_string());
  UniqueFd journal;
  if (auto file = open_file(s.workspace.results(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND))
    journal = std::move(*file);
  exec::ResultWriter writer_thread(output->get(), s.workspace.run_dir(), journal.get());
  wire::Header header = s.reader.header();
  header.kind = wire::StreamKind::Results;
  header.tool_version = BXL_VERSION;
  header.graph = s.reader.digest();
  auto writer = wire::StreamWriter::create(writer_thread, *s.paths, header);
  if (!writer) return fail(writer.error(), cli::kLocalResource);

  wire::Stats stats;
  stats.total = plan.plan.total;
  stats.waiting = plan.plan.waiting;
  stats.started_unix_ms = static_cast<std::int64_t>(clock_ms(CLOCK_REALTIME));
  std::uint64_t started = clock_ms(CLOCK_MONOTONIC);
  std::uint64_t cpu_ms = 0;
  if (jobserver) settings.jobserver = &*jobserver;
  auto runner = exec::sandbox_runner(settings.jobs, s.workspace.dir());
  settings.console_fds = cli::console_fds();
  settings.user_environment = user_environment();
  settings.user_umask = cli::caller_umask();
  settings.keep_going = options.keep_going;
  settings.pip_timeout_ms = options.pip_timeout_ms;
  settings.warn_violations = options.violations == cli::Violations::Warn;
  exec::Services services{
      *s.view,
      placer,
      *s.log,
      s.workspace,
      s.blobs.get(),
      *s.memo,
      s.lookup->salts(),
      *runner,
      [&](PipId pip, Digest* static_hash) {
        plan::Decision d = s.lookup->decide(pip);
        *static_hash = d.static_hash;
        wire::PlanPip out;
        out.pip = pip;
        out.action = d.action;
        out.reason = std::move(d.reason);
        out.weak = d.weak;
        out.strong = d.strong;
        out.path_set = d.path_set;
        out.entry = std::move(d.entry);
        return out;
      },
      [&](const Digest& digest) -> std::string {
        if (const std::string* bytes = s.state.path_set(digest)) return *bytes;
        if (!s.metadata) return {};
        auto bytes = s.metadata->path_set(digest);
        return bytes && *bytes ? std::move(**bytes) : std::string();
      },
      [&](const std::string& stable_id) { return s.state.find(stable_id); },
      console,
      [&](wire::PipResult result) {
        if (result.outcome == wire::Outcome::Ran || result.outcome == wire::Outcome::Failed)
          cpu_ms += result.entry.cpu_ms;
        if (result.console.size() > (64u << 10)) result.console.resize(64u << 10);
        (void)writer->write(std::move(result));
      },
      [&](PipId pip, const Digest& weak, const Digest& path_set) {
        return s.lookup->file(pip, weak, path_set);
      }};
  std::optional<exec::Sharing> sharing;
  if (s.portable && may_run) services.sharing = &sharing.emplace(s.mounts);
  if (may_run) let_edits_settle(called_unix_ms);
  exec::Summary summary =
      exec::execute(plan.pips, plan.scrubs, suspect, settings, services, signal_fd.get());
  console.close();
  (void)s.memo->save();

  int code = cli::kOk;
  std::string message;
  if (summary.cancelled) {
    code = 128 + summary.signal;
    message = "interrupted";
  } else if (summary.local_resource) {
    code = cli::kLocalResource;
    message = summary.error;
  } else if (summary.failed > summary.timed_out) {
    code = cli::kPipFailed;
    message = std::to_string(summary.failed) + " pips failed";
  } else if (summary.violated != 0 && !settings.warn_violations) {
    code = cli::kViolation;
    message = std::to_string(summary.violated) + " pips violated their declarations";
  } else if (summary.failed != 0) {  // nothing but time was wrong: more of it may do
    code = cli::kTimeout;
    message = std::to_string(summary.failed) + " pips ran out of time";
  }
  if (!summary.error.empty()) cli::print_error(kTool, summary.error);
  stats.wall_ms = clock_ms(CLOCK_MONOTONIC) - started;
  stats.cpu_ms = cpu_ms;
  stats.files_materialized = summary.files_materialized;
  stats.bytes_materialized = summary.bytes_materialized;
  stats.visits = plan.plan.visits;
  stats.visits.path_sets += s.lookup->visits().path_sets;
  stats.visits.most = std::max(stats.visits.most, s.lookup->visits().most);
  stats.exit_code = code;
  stats.result = code == cli::kOk ? "succeeded" : "failed";
  // Before the end: `bxl-cache publish` then knows how much was added.
  (void)!s.blobs->usage_file().flush();
  (void)writer->write(stats);
  (void)writer->end({code, message, 0});
  auto sent = writer_thread.finish();
  if (!sent) {
    cli::print_consequence(kTool,
                           "the results could not be passed on: " + sent.error().to_string());
    if (code == cli::kOk) code = cli::exit_code_for(sent.error(), cli::kUpstream);
  }
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  return bxl::cli::run_main(kTool, bxl::cli::OnInterrupt::Own, [&] {
    auto parsed = bxl::cli::parse(
        argc, argv,
        {kTool,
         "Runs what a plan leaves to do, watched; writes results.",
         {"show"},
         "  bxl-exec -j8 < plan > results\n"
         "  bxl-exec show < results            results as text (--json: as JSON lines)\n"});
    if (parsed.exit) return parsed.code;
    if (parsed.subcommand == "show") return bxl::show_stream(kTool, parsed.options);
    return run(parsed.options);
  });
}
