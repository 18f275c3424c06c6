// Finding Yarn, and letting it run scripts.
#include "frontend/javascript/plug_and_play.h"

#include <algorithm>
#include <string_view>

#include "base/path_table.h"
#include "base/shell_text.h"

namespace bxl::frontend::javascript {
namespace {

// The value of `yarnPath: …`, as the one line that Yarn writes.
std::string yarn_path(std::string_view text) {
  constexpr std::string_view kKey = "yarnPath:";
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    std::string_view line = text.substr(begin, end - begin);
    begin = end + 1;
    if (!line.starts_with(kKey)) continue;
    line.remove_prefix(kKey.size());
    const std::size_t first = line.find_first_not_of(" \t\"'");
    if (first == line.npos) return "";
    return std::string(line.substr(first, line.find_last_not_of(" \t\r\"'") + 1 - first));
  }
  return "";
}

Result<std::string> find_yarn(const std::string& root, const Environment& environment, Reads& reads,
                              Tools& tools) {
  const std::string settings = root + "/.yarnrc.yml";
  if (reads.exists(settings)) {
    BXL_TRY_ASSIGN(std::string text, reads.read(settings));
    if (const std::string path = yarn_path(text); !path.empty()) {
      const std::string yarn = normalize_path(path.front() == '/' ? path : root + "/" + path);
      if (!reads.exists(yarn))
        return make_error(0, settings + ": there is no " + yarn + ", which yarnPath names");
      return "node " + shell_word(yarn);
    }
  }
  const std::string yarn = tools.find_in_path("yarn", environment);
  if (yarn.empty())
    return make_error(0, root +
                             " is installed with Yarn's Plug'n'Play, where Yarn has to run the "
                             "scripts; it is neither in PATH nor named by yarnPath in .yarnrc.yml "
                             "(or set nodeLinker: node-modules there, and install again)");
  return shell_word(yarn);
}

}  // namespace

Result<void> run_by_yarn(const std::string& root, const Environment& environment, Reads& reads,
                         Tools& tools, TaskGraph& graph) {
  if (!reads.exists(root + "/.pnp.cjs")) return {};
  BXL_TRY_ASSIGN(const std::string yarn, find_yarn(root, environment, reads, tools));
  for (Task& task : graph.tasks)
    for (Script& script : task.scripts)
      script.text = "YARN_ENABLE_TELEMETRY=0 exec " + yarn + " run " + shell_word(script.name);
  return {};
}

}  // namespace bxl::frontend::javascript
