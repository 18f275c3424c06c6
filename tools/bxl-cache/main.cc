// bxl-cache: publishes results into the cache, shows what it holds and keeps it small.
#include "cli/main.h"

#include "audit.h"
#include "gc.h"
#include "publish.h"
#include "show.h"
#include "transfer.h"

namespace {

const bxl::cli::ToolInfo kInfo{
    bxl::cache_tool::kTool,
    "Publishes what ran into the cache, shows what it holds, and keeps it below its limit.",
    {"publish", "gc", "stats", "ls", "show", "diff", "verify", "fsck", "export", "import",
     "compress"},
    "  bxl-exec < plan | bxl-cache publish | bxl-materialize\n"
    "  bxl-cache gc --cache-size 5G\n"
    "  bxl-cache stats --json\n"
    "  bxl-cache ls '*.o'\n"
    "  bxl-cache show main.o\n"
    "  bxl-cache diff main.o           the last two results of one command\n"
    "  bxl-cache verify --sample 10%\n"
    "  bxl-cache fsck\n"
    "  bxl-cache export new.bxl --since old.bxl\n"
    "  bxl-cache import old.bxl new.bxl\n"
    "  bxl-cache compress on\n",
};

int run(int argc, char** argv) {
  using namespace bxl;
  const cli::Parsed parsed = cli::parse(argc, argv, kInfo);
  if (parsed.exit) return parsed.code;
  if (parsed.subcommand == "publish") return cache_tool::run_publish(parsed.options);
  if (parsed.subcommand == "gc") return cache_tool::run_gc(parsed.options);
  if (parsed.subcommand == "stats") return cache_tool::run_stats(parsed.options);
  if (parsed.subcommand == "ls") return cache_tool::run_list(parsed.options);
  if (parsed.subcommand == "show") return cache_tool::run_show(parsed.options);
  if (parsed.subcommand == "diff") return cache_tool::run_diff(parsed.options);
  if (parsed.subcommand == "verify") return cache_tool::run_verify(parsed.options);
  if (parsed.subcommand == "fsck") return cache_tool::run_fsck(parsed.options);
  if (parsed.subcommand == "export") return cache_tool::run_export(parsed.options);
  if (parsed.subcommand == "import") return cache_tool::run_import(parsed.options);
  if (parsed.subcommand == "compress") return cache_tool::run_compress(parsed.options);
  cli::print_error(cache_tool::kTool,
                   "name one of the subcommands publish, gc, stats, ls, show, diff, verify, fsck, "
                   "export, import, compress (--help explains them)");
  return cli::kUsage;
}

}  // namespace

int main(int argc, char** argv) {
  return bxl::cli::run_main(bxl::cache_tool::kTool, bxl::cli::OnInterrupt::Drain,
                            [&] { return run(argc, argv); });
}
