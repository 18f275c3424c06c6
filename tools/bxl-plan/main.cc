// bxl-plan: graph in, plan out. Decides what is clean, what is a hit, what must run and what must
// go.
#include "cli/main.h"

#include <fcntl.h>

#include <cstdio>
#include <iostream>

#include "cli/options.h"
#include "plan/planner.h"
#include "plan/session.h"
#include "show.h"
#include "state/known_environment.h"
#include "wire/stream.h"

namespace {

using namespace bxl;

constexpr const char* kTool = "bxl-plan";

int fail(const Error& error, int code) {
  cli::print_error(kTool, error.to_string());
  return code;
}

// bxl-exec maps the graph by digest: `.bxl/graph` when that is the one, else a copy of what came
// in.
Result<std::string> keep_graph(const plan::Session& session) {
  auto stored = read_file(session.workspace.graph());
  if (stored && *stored == session.reader.bytes()) return session.workspace.graph();
  std::string path = plan::kept_graph_file(session.workspace, session.reader.digest());
  BXL_TRY(replace_file(path, session.reader.bytes()));
  return path;
}

Result<void> write_plan(int fd, const plan::Session& session, const plan::Plan& plan) {
  auto sink = wire::fd_sink(fd);
  wire::Header header = session.reader.header();
  header.kind = wire::StreamKind::Plan;
  header.tool_version = BXL_VERSION;
  header.graph = session.reader.digest();
  BXL_TRY_ASSIGN(auto writer, wire::StreamWriter::create(*sink, *session.paths, header));
  BXL_TRY(writer.write(plan.header));
  for (const wire::Basis& basis : plan.basis) BXL_TRY(writer.write(basis));
  for (const wire::Scrub& scrub : plan.scrubs) BXL_TRY(writer.write(scrub));
  for (const wire::PlanPip& pip : plan.pips) BXL_TRY(writer.write(pip));
  return writer.end({});
}

// Which variables have other values than in the last build, and how many commands run for that.
// Those that run anyway, and those that have a result for the new values, do not count.
void name_changes(plan::Session& s, plan::Plan& plan, bool talk) {
  const auto names = state::KnownEnvironment(s.frame.environment)
                         .differences(state::KnownEnvironment::load(s.workspace));
  if (names.empty()) return;
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
  std::size_t affected = 0;
  for (wire::PlanPip& pip : plan.pips) {
    const wire::StateRow* row = s.state.find(s.graph.pip(pip.pip).stable_id);
    if (!row || pip.action == wire::Action::Clean || pip.action == wire::Action::Hit ||
        row->static_hash ==
            Digest::of(fingerprint::static_text(*s.view, pip.pip, s.lookup->salts())))
      continue;
    ++affected;
    if (pip.action == wire::Action::Miss) pip.reason = "the environment changed: " + list;
  }
  if (affected != 0 && talk)
    cli::print_note("bxl", list + " changed: " + std::to_string(affected) + " of " +
                               std::to_string(plan.header.total) + " commands will run");
}

int run(const cli::Options& options) {
  auto input = cli::open_input(options);
  if (!input) return fail(input.error(), cli::kUsage);
  // --explain and -n print text: standard output then stays what it is, and may be a terminal.
  const bool prints_text = options.dry_run || !options.explain.empty();
  UniqueFd output;
  if (!prints_text) {
    auto opened = cli::open_output(options);
    if (!opened) return fail(opened.error(), cli::kUsage);
    output = std::move(*opened);
  }

  auto paths = std::make_unique<PathTable>();
  auto reader = wire::GraphReader::open(input->get(), *paths);
  if (!reader) {
    cli::print_consequence(kTool, reader.error().to_string());
    return cli::exit_code_for(reader.error(), cli::kUpstream);
  }
  state::Workspace workspace{reader->header().workspace};
  if (auto made = workspace.create(); !made)
    return fail(made.error(), cli::exit_code_for(made.error(), cli::kLocalResource));
  auto lock = state::lock_workspace(workspace, kTool, options.no_wait);
  if (!lock)
    return fail(lock.error(), lock.error().errnum == EDEADLK ? cli::kUsage : cli::kLocalResource);

  auto session = plan::Session::open(
      std::move(*reader), std::move(paths), options.cache, kTool, state::OutputLog::Mode::Read,
      options.share_checkouts ? plan::Share::Yes : plan::Share::AsGraphSays);
  if (!session) return fail(session.error(), cli::exit_code_for(session.error(), cli::kGraph));
  plan::Session& s = **session;
  for (const std::string& warning : s.warnings) cli::print_warning(kTool, warning);
  if (!s.log->existed() && s.state.size() > 0)
    cli::print_warning(
        kTool, "the record of outputs is lost: outputs of earlier builds may be taken for sources");

  plan::Request request;
  request.targets = options.targets;
  request.near_command = cli::nearest_command;
  request.filter = options.filter;
  request.defaults = s.frame.default_targets;
  request.directory = s.paths->intern(s.workspace.root);
  request.lazy = options.lazy == cli::Lazy::All       ? plan::Lazy::All
                 : options.lazy == cli::Lazy::Minimal ? plan::Lazy::Minimal
                                                      : plan::Lazy::Requested;
  // `bxl app && ./app`: a target of a Ninja graph brings all it needs, as with ninja. Filters are
  // BuildXL's, and leave in the cache what nothing needs.
  if (s.frame.front_end == "ninja" && !options.lazy_given && options.filter.empty())
    request.lazy = plan::Lazy::All;
  // Ninja knows no modules: all pips belong to the project.
  const wire::Mount* project = s.mounts.find("%src%");
  const plan::FilterWorld world{s.graph,
                                *s.paths,
                                s.mounts,
                                s.workspace.root,
                                std::string(base_name(project ? project->path : s.workspace.root)),
                                &s.log->records()};
  auto targets = plan::resolve_targets(world, request);
  if (!targets) return fail(targets.error(), cli::kUsage);

  // One read transaction: one view of the cache for the whole plan, and half the cost per lookup.
  if (s.metadata) s.metadata->begin_reads();
  auto plan =
      plan::make_plan(*s.view, *s.lookup, s.log->records(), request, *targets, s.frame.dyndeps);
  if (s.metadata) s.metadata->end_reads();
  if (!plan) return fail(plan.error(), cli::kGraph);
  plan->header.state_generation = s.state.generation();

  if (!options.explain.empty()) {
    PipId pip = s.graph.find(options.explain);
    if (pip == kNoPip)
      return fail(make_error(0, "unknown pip '" + options.explain + "'"), cli::kUsage);
    std::cout << s.lookup->explain(pip);
    return std::cout.flush() ? cli::kOk : cli::kLocalResource;
  }
  name_changes(s, *plan, options.verbosity >= 0);
  if (options.dry_run) {
    for (const wire::PlanPip& pip : plan->pips)
      std::cout << wire::name(pip.action) << '\t' << s.graph.pip(pip.pip).stable_id
                << (pip.reason.empty() ? "" : "\t") << pip.reason << '\n';
    for (const wire::Scrub& scrub : plan->scrubs) {
      const graph::OutputRecord& record = s.log->records().at(scrub.path);
      auto disk = lstat_identity(s.paths->str(scrub.path));
      if (disk && graph::still_recorded(record, *disk))
        std::cout << "scrub\t" << s.paths->str(scrub.path) << "\tmade by " << scrub.owner
                  << ", which no longer makes it\n";
    }
    if (plan->header.waiting != 0)
      cli::print_note(kTool, std::to_string(plan->header.waiting) +
                                 " more pips wait for dyndep files that have to be built first");
    return std::cout.flush() ? cli::kOk : cli::kLocalResource;
  }
  auto graph_file = keep_graph(s);
  if (!graph_file)
    return fail(graph_file.error(), cli::exit_code_for(graph_file.error(), cli::kLocalResource));
  plan->header.graph_file = *graph_file;
  (void)s.memo->save();
  if (auto written = write_plan(output.get(), s, *plan); !written)
    return written.error().errnum == EPIPE
               ? static_cast<int>(cli::kUpstream)
               : fail(written.error(), cli::exit_code_for(written.error(), cli::kLocalResource));
  return cli::kOk;
}

}  // namespace

int main(int argc, char** argv) {
  return bxl::cli::run_main(kTool, bxl::cli::OnInterrupt::Drain, [&] {
    auto parsed = bxl::cli::parse(
        argc, argv,
        {kTool,
         "Decides what is left to do: reads a graph, writes a plan.",
         {"show"},
         "  bxl-graph | bxl-plan -n            what would run, and why\n"
         "  bxl-graph | bxl-plan --explain m.o the exact text behind a fingerprint\n"
         "  bxl-plan show < plan               a plan as text (--json: as JSON lines)\n"});
    if (parsed.exit) return parsed.code;
    if (parsed.subcommand == "show") return bxl::show_stream(kTool, parsed.options);
    return run(parsed.options);
  });
}
