// Runs tools and records what they read.
#include "frontend/javascript/tools.h"

#include <unistd.h>

#include <algorithm>
#include <string_view>
#include <unordered_set>

#include "base/shell_text.h"
#include "os/file.h"

namespace bxl::frontend::javascript {

Result<std::string> Tools::ask(const Question& question, GeneratorRun& run) {
  if (!request_.run_generator) return make_error(0, question.tool + " cannot be run here");
  BXL_TRY(make_directories(directory()));
  ::unlink(file().c_str());
  // Whatever it can see of the environment is in the graph.
  std::string text = "exec env -i";
  for (const auto& [name, value] : question.environment)
    text += " " + shell_word(name + "=" + value);
  text += " " + question.command;
  if (question.prints) text += " > " + shell_word(file());
  request_.note("asking " + question.tool + " for the tasks of " + question.directory);
  BXL_TRY_ASSIGN(run, request_.run_generator(text, question.directory));
  ++runs_;
  auto answer = read_file(file());
  ::unlink(file().c_str());
  if (run.status != 0)
    return make_error(0, "`" + question.tool + "` ended with exit code " +
                             std::to_string(run.status) + " in " + question.directory +
                             "; what it said stands above");
  if (!answer)
    return make_error(0, "`" + question.tool + "` ended without an answer in " +
                             question.directory + " (" + answer.error().to_string() + ")");
  return answer;
}

Result<void> Tools::record(GeneratorRun run, const std::string& tool,
                           const std::vector<std::string>& folders) {
  if (!run.observed) {
    request_.warn(tool + " could not be observed: it will be asked again in each build");
    observed_ = false;
    return {};
  }
  const std::string& root = request_.workspace.directory;
  std::unordered_set<std::string_view> known(folders.begin(), folders.end());
  known.erase(root);
  for (GeneratorAccess& access : run.accesses) {
    if (path_within(root, access.path) && access.path != root) access.listed = false;
    for (std::string_view at = access.path; access.listed && at.size() > root.size();
         at = parent_path(at))
      if (known.contains(at)) access.listed = false;
  }
  BXL_TRY_ASSIGN(auto late, reads_of(run, root + "/.bxl", reads_, paths_));
  late_.insert(late_.end(), late.begin(), late.end());
  return {};
}

std::string Tools::find(const std::string& name, const std::string& root,
                        const Environment& environment) {
  const std::string local = root + "/node_modules/.bin/" + name;
  return reads_.exists(local) ? local : find_in_path(name, environment);
}

std::string Tools::find_in_path(const std::string& name, const Environment& environment) {
  for (const auto& [variable, value] : environment) {
    if (variable != "PATH") continue;
    for (const std::string& entry : path_entries(value))
      if (entry.starts_with('/') && reads_.exists(entry + "/" + name)) return entry + "/" + name;
  }
  return "";
}

}  // namespace bxl::frontend::javascript
