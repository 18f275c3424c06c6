// bxl-cache: publishes results into the cache, shows what it holds and keeps it small.
#include "cli/main.h"

#include "gc.h"
#include "publish.h"

namespace {

const bxl::cli::ToolInfo kInfo{
    bxl::cache_tool::kTool,
    "Publishes what ran into the cache, shows what it holds, and keeps it below its limit.",
    {"publish", "gc", "stats", "ls"},
    "  bxl-exec < plan | bxl-cache publish | bxl-materialize\n"
    "  bxl-cache gc --cache-size 5G\n"
    "  bxl-cache stats --json\n"
    "  bxl-cache ls\n",
};

int run(int argc, char** argv) {
  using namespace bxl;
  const cli::Parsed parsed = cli::parse(argc, argv, kInfo);
  if (parsed.exit) return parsed.code;
  if (parsed.subcommand == "publish") return cache_tool::run_publish(parsed.options);
  if (parsed.subcommand == "gc") return cache_tool::run_gc(parsed.options);
  if (parsed.subcommand == "stats") return cache_tool::run_stats(parsed.options);
  if (parsed.subcommand == "ls") return cache_tool::run_list(parsed.options);
  cli::print_error(cache_tool::kTool,
                   "name one of the subcommands publish, gc, stats, ls (--help explains them)");
  return cli::kUsage;
}

}  // namespace

int main(int argc, char** argv) {
  return bxl::cli::run_main(bxl::cache_tool::kTool, bxl::cli::OnInterrupt::Drain,
                            [&] { return run(argc, argv); });
}
