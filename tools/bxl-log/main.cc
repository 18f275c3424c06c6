// bxl-log: what the last builds did and why.
#include "cli/main.h"

#include "commands.h"

namespace {

using namespace bxl;
using log_tool::kTool;

int run(const cli::Parsed& parsed) {
  std::string start = parsed.options.directory;
  if (const std::string& config = parsed.options.config; !config.empty()) {
    const std::size_t slash = config.rfind('/');
    start = slash == std::string::npos ? "." : config.substr(0, slash + 1);
  }
  auto workspace = state::workspace_on_record(start);
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
