// bxl-log: what the last builds did and why.
#include "cli/main.h"

#include "base/path_table.h"
#include "commands.h"
#include "os/file.h"

namespace {

using namespace bxl;
using log_tool::kTool;

// The nearest `.bxl` at or above the directory: questions are asked from anywhere in a workspace.
Result<state::Workspace> find_workspace(const cli::Options& options) {
  std::string start = options.directory;
  if (!options.config.empty()) {
    std::size_t slash = options.config.rfind('/');
    start = slash == std::string::npos ? "." : options.config.substr(0, slash + 1);
  }
  BXL_TRY_ASSIGN(std::string directory, real_path(start));
  for (std::string at = directory;; at = std::string(parent_path(at))) {
    state::Workspace workspace{at == "/" ? "" : at};
    auto identity = lstat_identity(workspace.log_dir());
    if (identity && identity->kind == FileKind::Directory) return workspace;
    if (at == "/") break;
  }
  return make_error(ENOENT, "no build is on record for " + directory +
                                " (no .bxl/log there or in a directory above; -C names another)");
}

int run(const cli::Parsed& parsed) {
  auto workspace = find_workspace(parsed.options);
  if (!workspace) {
    cli::print_error(kTool, workspace.error().message);
    return cli::kUsage;
  }
  const std::string& what = parsed.subcommand;
  if (what == "why") return log_tool::explain_targets(parsed.options, *workspace);
  if (what == "fix-deps" && parsed.options.targets.empty())
    return log_tool::fix_dependencies(parsed.options, *workspace);
  if (!parsed.options.targets.empty()) {
    cli::print_error(kTool, "what is '" + parsed.options.targets.front() +
                                "'? bxl log knows list, last and trace");
    return cli::kUsage;
  }
  if (what == "last") return log_tool::show_last(parsed.options, *workspace);
  if (what == "trace") return log_tool::write_trace(parsed.options, *workspace);
  return log_tool::list_builds(parsed.options, *workspace);
}

}  // namespace

int main(int argc, char** argv) {
  return bxl::cli::run_main(kTool, bxl::cli::OnInterrupt::Own, [&] {
    auto parsed = bxl::cli::parse(
        argc, argv,
        {kTool,
         "Tells what the last builds did, and why a pip ran.",
         {"why", "list", "last", "trace", "fix-deps"},
         "  bxl why out/main.o                    why a pip ran, was replayed or not cached\n"
         "  bxl why src/a.h                       who reads a file\n"
         "  bxl log                               the last builds\n"
         "  bxl log last                          slowest pips and critical path of the last one\n"
         "  bxl log trace --out trace.json        its timeline, for ui.perfetto.dev\n"
         "  bxl fix-deps                          writes missing dependencies into "
         "package.json\n"});
    return parsed.exit ? parsed.code : run(parsed);
  });
}
