// Commands, environments and output directories of tasks.
#include "frontend/javascript/pips.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <unordered_map>

#include "base/shell_text.h"

namespace bxl::frontend::javascript {
namespace {

using Variables = std::map<std::string, std::string>;

// Each part has its own lifecycle event. The line break ends a comment at the end of a script.
void add_part(std::string& command, const std::string& event, const std::string& text) {
  command += (command.empty() ? "(" : " && (") +
             ("export npm_lifecycle_event=" + shell_word(event)) +
             " npm_lifecycle_script=" + shell_word(text) + "\n" + text + "\n)";
}

void set_command(const Task& task, wire::Pip& pip, Variables& variables) {
  if (task.scripts.empty()) {
    pip.options.make().argv = task.argv;
    for (const std::string& word : task.argv)
      pip.command += (pip.command.empty() ? "" : " ") + shell_word(word);
    return;
  }
  const Script& first = task.scripts.front();
  if (task.scripts.size() == 1 && first.before.empty() && first.after.empty()) {
    pip.command = first.whole();
    variables["npm_lifecycle_event"] = first.name;
    variables["npm_lifecycle_script"] = pip.command;
    return;
  }
  for (const Script& script : task.scripts) {
    if (!script.before.empty()) add_part(pip.command, "pre" + script.name, script.before);
    add_part(pip.command, script.name, script.whole());
    if (!script.after.empty()) add_part(pip.command, "post" + script.name, script.after);
  }
}

class Maker {
 public:
  Maker(const PipSettings& settings, PathTable& paths) : settings_(settings), paths_(paths) {
    for (const auto& [name, value] : settings.environment)
      if (name == "PATH") path_ = value;
  }

  wire::Pip pip(const Task& task) {
    wire::Pip out;
    out.stable_id = task.id;
    out.flags = wire::kPipJavaScript | wire::kPipSameContent |
                (task.cacheable ? 0u : wire::kPipUncacheable) |
                (task.tool_lists ? wire::kPipToolLists : 0u);
    out.description = task.id + (task.description.empty() ? "" : ": " + task.description);
    out.rule = symbol(task);
    out.spec = spec_of(task.folder);
    out.working_directory = paths_.intern(task.folder);
    Variables variables = variables_of(task);
    set_command(task, out, variables);
    for (const auto& [name, value] : task.environment) variables[name] = value;
    wire::PipOptions& options = out.options.make();
    options.environment.assign(variables.begin(), variables.end());
    options.directory_outputs.push_back({out.working_directory, false});
    for (const std::string& directory : task.output_directories)
      if (directory != task.folder)
        options.directory_outputs.push_back({paths_.intern(directory), false});
    for (const std::string& file : task.source_files) out.inputs.push_back(paths_.intern(file));
    options.tags = task.tags;
    options.tags.insert(options.tags.begin(), task.name);
    if (!task.package.empty()) options.tags.push_back(task.package);
    options.module = settings_.module_name;
    options.weight = task.weight;
    return out;
  }

 private:
  // BuildXL's name for it: what is no letter or digit becomes '_'.
  static std::string symbol(const Task& task) {
    std::string out = task.package + "_" + task.name;
    for (char& c : out)
      if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
    return out;
  }

  std::string spec_of(const std::string& folder) const {
    const std::string& top = settings_.workspace;
    if (!path_within(folder, top) || folder == top) return "package.json";
    return folder.substr(top == "/" ? 1 : top.size() + 1) + "/package.json";
  }

  Variables variables_of(const Task& task) {
    Variables out;
    out["PATH"] = path_of(task.folder);
    add_cache_places(out);
    if (task.scripts.empty()) return out;
    out["INIT_CWD"] = task.folder;
    out["npm_command"] = "run-script";
    out["npm_package_name"] = task.package;
    if (!task.version.empty()) out["npm_package_version"] = task.version;
    out["npm_package_json"] = task.folder + "/package.json";
    if (!settings_.node.empty()) out["NODE"] = out["npm_node_execpath"] = settings_.node;
    return out;
  }

  // Rule 35: caches and logs below HOME are private to each task (empty: in its temporary
  // directory), and npm asks nobody for news. Programs that were installed there stay where they
  // are.
  void add_cache_places(Variables& out) const {
    std::map<std::string_view, std::string_view> given(settings_.environment.begin(),
                                                       settings_.environment.end());
    auto add = [&](const char* name, const std::string& value) {
      if (!given.contains(name)) out[name] = value;
    };
    add("XDG_CACHE_HOME", "");
    add("npm_config_cache", "");
    add("npm_config_update_notifier", "false");
    if (given["HOME"].empty()) return;
    const std::string cache = std::string(given["HOME"]) + "/.cache/";
    add("COREPACK_HOME", cache + "node/corepack");
    add("CYPRESS_CACHE_FOLDER", cache + "Cypress");
    add("PLAYWRIGHT_BROWSERS_PATH", cache + "ms-playwright");
  }

  const std::string& path_of(const std::string& folder) {
    auto [it, fresh] = paths_of_.try_emplace(folder);
    if (!fresh) return it->second;
    std::string out;
    for (std::string at = folder; path_within(at, settings_.root);
         at = std::string(parent_path(at))) {
      const std::string bin = (at == "/" ? "" : at) + "/node_modules/.bin";
      if (settings_.is_directory(bin)) out += bin + ":";
      if (at == "/") break;
    }
    if (!settings_.more_bin.empty() && settings_.is_directory(settings_.more_bin))
      out += settings_.more_bin + ":";
    out += path_;
    if (path_.empty() && !out.empty()) out.pop_back();
    return paths_of_[folder] = out;
  }

  const PipSettings& settings_;
  PathTable& paths_;
  std::string path_;
  std::unordered_map<std::string, std::string> paths_of_;
};

}  // namespace

std::vector<wire::Pip> make_pips(const TaskGraph& graph, const PipSettings& settings,
                                 PathTable& paths) {
  std::unordered_map<std::string_view, PipId> ids;
  for (std::size_t i = 0; i < graph.tasks.size(); ++i) ids.emplace(graph.tasks[i].id, PipId(i));
  std::vector<wire::Pip> out;
  Maker maker(settings, paths);
  for (const Task& task : graph.tasks) {
    wire::Pip pip = maker.pip(task);
    for (const std::string& id : task.dependencies) pip.dependencies.push_back(ids.at(id));
    std::sort(pip.dependencies.begin(), pip.dependencies.end());
    out.push_back(std::move(pip));
  }
  return out;
}

}  // namespace bxl::frontend::javascript
