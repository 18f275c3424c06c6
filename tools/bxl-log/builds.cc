// `bxl log`: one line per build.
#include <algorithm>
#include <cstdio>
#include <iostream>

#include "cli/main.h"
#include "commands.h"
#include "report/build_log.h"
#include "report/words.h"

namespace bxl::log_tool {
namespace {

constexpr std::size_t kMaxLines = 10;

std::string result_of(const report::BuildLine& line) {
  if (line.exit_code == 0) return line.violations != 0 ? "ok, violations" : "ok";
  if (line.exit_code > 128) return "stopped";
  return "exit " + std::to_string(line.exit_code);
}

}  // namespace

int list_builds(const cli::Options& options, const state::Workspace& workspace) {
  std::vector<report::BuildLine> lines = report::read_index(workspace.log_dir());
  std::size_t from =
      options.verbosity > 0 || lines.size() <= kMaxLines ? 0 : lines.size() - kMaxLines;
  if (options.json) {
    for (std::size_t i = from; i < lines.size(); ++i) std::cout << report::to_json(lines[i]);
    return cli::kOk;
  }
  if (lines.empty()) {
    std::cout << "no build is on record\n";
    return cli::kOk;
  }
  std::cout
      << "started              result            time      ran   cache   clean  failed  saved\n";
  for (std::size_t i = from; i < lines.size(); ++i) {
    const report::BuildLine& l = lines[i];
    char text[200];
    std::snprintf(text, sizeof text, "%-20s %-14s %9s  %6llu  %6llu  %6llu  %6llu  %s\n",
                  report::local_time(l.started_unix_ms).c_str(), result_of(l).c_str(),
                  report::duration(l.wall_ms).c_str(), static_cast<unsigned long long>(l.ran),
                  static_cast<unsigned long long>(l.hit), static_cast<unsigned long long>(l.clean),
                  static_cast<unsigned long long>(l.failed),
                  l.hit != 0 ? report::duration(l.saved_ms).c_str() : "");
    std::string line = text;
    while (line.size() > 1 && line[line.size() - 2] == ' ') line.erase(line.size() - 2, 1);
    std::cout << line;
  }
  return cli::kOk;
}

}  // namespace bxl::log_tool
