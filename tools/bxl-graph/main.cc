// bxl-graph: reads the build description and writes the pip graph.
#include "cli/main.h"

#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <optional>
#include <string>

#include "base/path_table.h"
#include "cli/options.h"
#include "compdb.h"
#include "frontend/dsc/disk.h"
#include "frontend/dsc/explain.h"
#include "frontend/environment.h"
#include "frontend/load.h"
#include "frontend/workspace.h"
#include "generator.h"
#include "os/file.h"
#include "show.h"
#include "wire/graph_stream.h"

namespace {

using namespace bxl;

const cli::ToolInfo kTool = {
    "bxl-graph",
    "Reads the build description of a directory and writes its pip graph.",
    {"show", "root", "compdb", "json", "config"},
    "  bxl-graph -C build > graph            the graph stream of a Ninja build\n"
    "  bxl-graph json -C DIR > graph         the same of DIR/graph.bxl.json, or of -c FILE.json\n"
    "  bxl-graph show --json < graph         any graph stream as JSON lines\n"
    "  bxl-graph compdb -C build             commands in the form of compile_commands.json\n"
    "  bxl-graph config -C DIR               every value of DIR/config.dsc and its origin\n"
    "  bxl-graph root -C build/sub           the workspace root\n"};

int fail(const Error& error, int code) {
  cli::print_error(kTool.name, error.to_string());
  return error.errnum == EINTR ? cli::kInterrupted : cli::exit_code_for(error, code);
}

Result<frontend::LoadedGraph> load(const cli::Options& options, frontend::Workspace workspace) {
  frontend::LoadRequest request;
  request.workspace = std::move(workspace);
  request.pass_env = options.pass_env;
  request.variables = frontend::current_variables();
  request.targets = options.targets;
  request.warn = [](const std::string& text) { cli::print_warning(kTool.name, text); };
  request.note = [&](const std::string& text) {
    if (options.verbosity >= 0) cli::print_note(kTool.name, text);
  };
  request.run_generator = [&](const std::string& command, const std::string& directory) {
    return run_observed(request.workspace.directory, options.no_wait, command, directory);
  };
  auto graph = frontend::load_graph(request);
  if (graph && options.verbosity > 0)
    cli::print_note(kTool.name,
                    graph->reused ? "the stored graph is up to date" : "the front end ran");
  return graph;
}

int print_compdb_of(frontend::LoadedGraph graph) {
  PathTable paths;
  auto reader = wire::GraphReader::open(graph.stream.get(), paths);
  if (!reader) return fail(reader.error(), cli::kGraph);
  print_compdb(*reader, paths, std::cout);
  return cli::kOk;
}

int print_configuration(const frontend::Workspace& workspace, bool json) {
  const std::string file = workspace.directory + "/" + workspace.manifest;
  if (!file.ends_with(".dsc"))
    return fail(make_error(0, workspace.directory + " is built without a config.dsc, by " +
                                  workspace.manifest),
                cli::kUsage);
  PathTable paths;
  frontend::Reads reads(paths);
  auto evaluation = frontend::dsc::Evaluation::run(
      file, frontend::dsc::disk_world(reads, frontend::current_variables()));
  if (!evaluation) return fail(evaluation.error(), cli::kGraph);
  std::cout << (json ? frontend::dsc::explain_json(**evaluation)
                     : frontend::dsc::explain_text(**evaluation));
  return cli::kOk;
}

int write(const cli::Options& options, frontend::LoadedGraph graph) {
  auto out = cli::open_output(options);
  if (!out) return fail(out.error(), cli::kUsage);
  auto copied = copy_bytes(graph.stream.get(), out->get(), WantDigest::No);
  if (copied) return cli::kOk;
  // Who does not read the graph has said why.
  return copied.error().errnum == EPIPE
             ? static_cast<int>(cli::kUpstream)
             : fail(std::move(copied.error()).in("writing the graph"), cli::kLocalResource);
}

int body(const cli::Parsed& parsed) {
  const cli::Options& options = parsed.options;
  if (parsed.subcommand == "show") return show_stream(kTool.name, options);
  if (auto checked = frontend::check_pass_env(options.pass_env); !checked)
    return fail(checked.error(), cli::kUsage);
  std::optional<frontend::FrontEnd> only;
  if (parsed.subcommand == "json") only = frontend::FrontEnd::Json;
  if (parsed.subcommand == "config") only = frontend::FrontEnd::JavaScript;
  auto workspace = frontend::find_workspace(options.directory, options.config, only);
  if (!workspace) {
    const std::string command =
        options.targets.empty() ? "" : cli::nearest_command(options.targets.front());
    if (!command.empty())
      workspace.error().message +=
          " ('" + options.targets.front() + "': did you mean the command 'bxl " + command + "'?)";
    return fail(workspace.error(), cli::kUsage);
  }
  if (parsed.subcommand == "config") return print_configuration(*workspace, options.json);
  if (parsed.subcommand == "root") {
    std::cout << workspace->directory << '\n';
    return cli::kOk;
  }
  const bool is_choice =
      workspace->searched || workspace->front_end == frontend::FrontEnd::JavaScript;
  if ((is_choice && options.verbosity >= 0 && !std::getenv("BXL_ROUND")) || options.verbosity > 0)
    cli::print_note(kTool.name,
                    std::string("front end: ") + frontend::name(workspace->front_end) + ", " +
                        (workspace->manifest.front() == '/' ? "" : workspace->directory + "/") +
                        workspace->manifest);
  // A terminal is refused before any generator runs.
  if (parsed.subcommand != "compdb" && options.out.empty() && ::isatty(STDOUT_FILENO))
    return write(options, {});
  auto graph = load(options, std::move(*workspace));
  if (!graph) return fail(graph.error(), cli::kGraph);
  return parsed.subcommand == "compdb" ? print_compdb_of(std::move(*graph))
                                       : write(options, std::move(*graph));
}

}  // namespace

int main(int argc, char** argv) {
  cli::Parsed parsed = cli::parse(argc, argv, kTool);
  if (parsed.exit) return parsed.code;
  return cli::run_main(kTool.name, cli::OnInterrupt::Drain, [&] { return body(parsed); });
}
