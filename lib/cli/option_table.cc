// The option table itself; help is generated from it, so that the two cannot differ.
#include "cli/option_table.h"

#include <algorithm>
#include <array>

#include "base/assert.h"
#include "base/nearest.h"
#include "cli/options.h"

namespace bxl::cli {
namespace {

constexpr std::array kRows{
    OptionRow{OptionId::Directory, "-C", "--directory", "DIR", "",
              "start in DIR; for Ninja its real path is the workspace (default .)"},
    OptionRow{OptionId::Config, "-c", "--config", "FILE", "BXL_CONFIG",
              "the configuration to use instead of the nearest one (BuildXL: /c:FILE)"},
    OptionRow{OptionId::Filter, "-f", "--filter", "EXPR", "BXL_FILTER",
              "build only what the pip filter selects (BuildXL: /f:EXPR, /filter:EXPR)"},
    OptionRow{OptionId::Jobs, "-j", "--jobs", "N", "BXL_JOBS",
              "pips to run at once (default, or 0: one per usable processor, or make's jobserver)"},
    OptionRow{OptionId::KeepGoing, "-k", "--keep-going", "N", "BXL_KEEP_GOING",
              "stop after N failed pips; 0 never stops (default 1)"},
    OptionRow{OptionId::Lazy, "", "--lazy", "all|requested|minimal", "BXL_LAZY",
              "which outputs come to disk (default requested; BuildXL: /enableLazyOutputs)"},
    OptionRow{OptionId::Cache, "", "--cache", "DIR", "BXL_CACHE_DIR",
              "the cache (default $XDG_CACHE_HOME/bxl, else ~/.cache/bxl)"},
    OptionRow{OptionId::CacheSize, "", "--cache-size", "SIZE", "BXL_CACHE_SIZE",
              "what the cache may hold, as in 5G or 500M; 0: no limit (default 20G, or a tenth of "
              "the free disk if that is less)"},
    OptionRow{OptionId::Summary, "", "--summary", "FILE", "BXL_SUMMARY",
              "write one JSON object about the build to FILE when it ends"},
    OptionRow{OptionId::PassEnv, "", "--pass-env", "A,B", "BXL_PASS_ENV",
              "environment variables to hand to pips, as inputs (repeatable)"},
    OptionRow{OptionId::Violations, "", "--violations", "error|warn", "BXL_VIOLATIONS",
              "whether file-access violations fail the build (default error)"},
    OptionRow{OptionId::PipTimeout, "", "--pip-timeout", "SECONDS", "BXL_PIP_TIMEOUT",
              "kill a pip that runs longer, with all its processes (default: never)"},
    OptionRow{OptionId::ShareCheckouts, "", "--share-checkouts", "", "BXL_SHARE_CHECKOUTS",
              "share results with other checkouts where no output tells where the workspace lies"},
    OptionRow{OptionId::Verbose, "-v", "--verbose", "", "", "say more (repeatable)"},
    OptionRow{OptionId::Quiet, "-q", "--quiet", "", "",
              "say only what failed, and the last line (twice: not even that)"},
    OptionRow{OptionId::DryRun, "-n", "--dry-run", "", "", "say what would be done, do nothing"},
    OptionRow{OptionId::Json, "", "--json", "", "", "print JSON where text is the default"},
    OptionRow{OptionId::NoWait, "", "--no-wait", "", "BXL_NO_WAIT",
              "exit 6 at once when another build holds the workspace"},
    OptionRow{OptionId::All, "", "--all", "", "",
              "bxl clean: remove .bxl as well, but not users' files that were set aside"},
    OptionRow{OptionId::Adopt, "", "--adopt", "", "",
              "bxl clean: also remove outputs of another tool (ninja) that the graph names"},
    OptionRow{OptionId::Sample, "", "--sample", "PERCENT", "",
              "verify: look at that part, chosen at random, as in 5% (default 100%)"},
    OptionRow{OptionId::Since, "", "--since", "FILE", "",
              "bxl-cache export: leave out what is in that earlier export (may be repeated)"},
    OptionRow{OptionId::Explain, "", "--explain", "PIP", "",
              "print the text that was hashed for the fingerprints of one pip"},
    OptionRow{OptionId::In, "", "--in", "FILE", "",
              "read the stream from FILE, not standard input"},
    OptionRow{OptionId::Out, "", "--out", "FILE", "",
              "write the stream to FILE, not standard output"},
    OptionRow{OptionId::Help, "-h", "--help", "", "", "print this"},
    OptionRow{OptionId::Version, "", "--version", "", "", "print the versions of tool and streams"},
};
static_assert(kRows.size() == static_cast<std::size_t>(OptionId::Count_));

constexpr std::array kBuildXlSpellings{"/c:", "/f:", "/filter:", "/enableLazyOutputs"};

std::string left_column(const OptionRow& r) {
  std::string text = r.short_name[0] != '\0' ? std::string(r.short_name) + ", " : "    ";
  text += r.long_name;
  if (r.takes_value()) text += std::string(" ") + r.value;
  return text;
}

}  // namespace

std::span<const OptionRow> option_table() { return kRows; }

const OptionRow& row(OptionId id) {
  const OptionRow& r = kRows[static_cast<std::size_t>(id)];
  BXL_ASSERT(r.id == id);
  return r;
}

const OptionRow* find_row(std::string_view name) {
  if (name.empty()) return nullptr;
  for (const OptionRow& r : kRows)
    if (name == r.short_name || name == r.long_name) return &r;
  return nullptr;
}

std::string options_text() {
  constexpr std::size_t kColumn = 34;
  std::string text = "Options:\n";
  for (const OptionRow& r : kRows) {
    std::string left = "  " + left_column(r);
    if (left.size() + 2 > kColumn)
      left += "\n" + std::string(kColumn, ' ');
    else
      left.resize(kColumn, ' ');
    text += left + r.help + "\n";
  }
  text += "\nA flag beats its environment variable, which beats the default. Variables:\n ";
  for (const OptionRow& r : kRows)
    if (r.environment[0] != '\0') text += std::string(" ") + r.environment;
  text +=
      "\n\nExit codes:\n"
      "  0 done    1 a pip failed    2 usage or configuration    3 graph or front end\n"
      "  4 file-access violations    6 disk, memory or lock\n"
      "  7 timeout    8 upstream stream incomplete or damaged    70 bug    130/143 interrupted\n";
  return text;
}

std::string help_text(const ToolInfo& tool) {
  std::string text;
  if (!tool.examples.empty()) {
    text += "Examples:\n" + tool.examples;
    if (text.back() != '\n') text += '\n';
    text += '\n';
  }
  text += tool.name + ": " + tool.summary + "\n\nUsage: " + tool.name;
  std::string verbs;
  for (const std::string& verb : tool.subcommands)
    if (!verb.empty()) verbs += (verbs.empty() ? "" : "|") + verb;
  if (!verbs.empty()) text += " [" + verbs + "]";
  return text + " [OPTION...] [TARGET...]\n\n" + options_text();
}

std::string nearest_option(std::string_view name) {
  std::string best;
  // Two typing slips, or a third of a long name; anything further would be a guess.
  std::size_t best_distance = std::max<std::size_t>(2, name.size() / 3) + 1;
  auto consider = [&](std::string_view candidate) {
    std::size_t distance = edit_distance(name, candidate);
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  };
  for (const OptionRow& r : kRows) consider(r.long_name);
  for (const char* spelling : kBuildXlSpellings) consider(spelling);
  return best;
}

}  // namespace bxl::cli
