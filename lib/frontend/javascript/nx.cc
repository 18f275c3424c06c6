// Nx's words for tasks.
#include "frontend/javascript/nx.h"

#include <algorithm>

#include "base/path_table.h"
#include "base/shell_text.h"
#include "frontend/javascript/package_json.h"

namespace bxl::frontend::javascript {
namespace {

std::string text_of(const json::Value* value) {
  return value != nullptr && value->string() != nullptr ? *value->string() : std::string();
}

const json::Value* member(const json::Value* value, const char* key) {
  return value == nullptr ? nullptr : value->find(key);
}

// The command of `nx:run-commands` where it is one line that runs as it stands; empty: Nx has to
// run it (several commands, arguments to be filled in, an environment).
std::string plain_command(const json::Value* options, const std::string& root,
                          std::string& folder) {
  std::string command = text_of(member(options, "command"));
  const json::Value* list = member(options, "commands");
  if (command.empty() && list != nullptr && list->array() != nullptr && list->array()->size() == 1)
    command = text_of(&list->array()->front());
  if (command.empty() || command.find('{') != std::string::npos) return "";
  std::string cwd;
  if (options->object() == nullptr) return "";
  for (const auto& [key, value] : *options->object()) {
    if (key == "cwd")
      cwd = text_of(&value);
    else if (key != "command" && key != "commands" && key != "color")
      return "";
  }
  folder = normalize_path(cwd.starts_with('/') ? cwd : root + "/" + cwd);
  return command;
}

}  // namespace

Result<TaskGraph> read_nx_graph(const std::string& text, const std::string& root,
                                const std::string& nx, const ReadPackage& read_package) {
  BXL_TRY_ASSIGN(json::Value value, parse_json(text, "the graph of nx", Comments::No));
  const json::Value* graph = value.find("tasks");
  const json::Value* tasks = member(graph, "tasks");
  const json::Value* edges = member(graph, "dependencies");
  const json::Value* nodes = member(value.find("graph"), "nodes");
  if (tasks == nullptr || tasks->object() == nullptr || nodes == nullptr ||
      nodes->object() == nullptr)
    return make_error(0,
                      "nx wrote no task graph; bxl needs nx 17 or newer "
                      "(`nx run-many --graph=FILE`)");
  TaskGraph out;
  for (const auto& [id, one] : *tasks->object()) {
    const json::Value* target = one.find("target");
    const std::string project = text_of(member(target, "project"));
    const std::string name = text_of(member(target, "target"));
    const std::string configuration = text_of(member(target, "configuration"));
    if (project.empty() || name.empty() || id.find_first_of(std::string("\0\n", 2)) != id.npos)
      return make_error(0,
                        "nx: the task '" + id.substr(0, 200) + "' names no project or no target");
    const std::string folder = text_of(one.find("projectRoot"));
    Task task;
    task.id = project + "#" + name + (configuration.empty() ? "" : ":" + configuration);
    task.package = project;
    task.name = name;
    task.folder = normalize_path(folder.starts_with('/') ? folder : root + "/" + folder);
    if (folder.find('\0') != std::string::npos || !path_within(task.folder, root))
      return make_error(0, "nx: " + id + " runs in " + folder + ", outside " + root);
    if (const json::Value* list = member(edges, id.c_str())) {
      if (list->array() == nullptr)
        return make_error(
            0, "nx: the dependencies of " + id + " must be an array, not " + list->type_name());
      for (const json::Value& other : *list->array()) {
        // Plain ids until Nx 21.
        std::string named = text_of(other.object() != nullptr ? other.find("id") : &other);
        if (named.empty()) return make_error(0, "nx: a dependency of " + id + " has no id");
        if (const std::size_t colon = named.find(':'); colon != named.npos) named[colon] = '#';
        task.dependencies.push_back(std::move(named));
      }
    }
    const json::Value* data = member(nodes->find(project), "data");
    const json::Value* how = member(member(data, "targets"), name.c_str());
    const json::Value* options = member(how, "options");
    const std::string executor = text_of(member(how, "executor"));
    BXL_TRY_ASSIGN(auto package, read_package(task.folder));
    if (package) {
      task.version = package->version;
      add_places(*package, task);
    }
    if (executor == "nx:noop" || executor.empty()) {
      out.tasks.push_back(std::move(task));
      continue;
    }
    std::optional<Script> script;
    if (executor == "nx:run-script" && package && configuration.empty()) {
      const std::string named = text_of(member(options, "script"));
      script = find_script(*package, named.empty() ? name : named, Hooks::Yes);
    } else if (executor == "nx:run-commands" && configuration.empty() && options != nullptr) {
      std::string place;
      if (std::string command = plain_command(options, root, place);
          !command.empty() && path_within(place, root)) {
        script.emplace();
        script->name = name;
        script->text =
            place == task.folder ? command : "cd " + shell_word(place) + " && { " + command + "\n}";
      }
    }
    if (!script) {
      // No daemon that nobody observes, and no files of Nx's own in the repository.
      script.emplace();
      script->name = name;
      task.tool_lists = true;
      script->text =
          "NX_DAEMON=false NX_TUI=false NX_NO_CLOUD=true NX_CACHE_DIRECTORY=\"$TMPDIR/nx\" "
          "NX_WORKSPACE_DATA_DIRECTORY=\"$TMPDIR/nx\" exec " +
          shell_word(nx) + " run " + shell_word(id) + " --skipNxCache --excludeTaskDependencies";
    }
    task.scripts.push_back(std::move(*script));
    out.tasks.push_back(std::move(task));
  }
  BXL_TRY(finish(out));
  if (out.tasks.empty())
    return make_error(0, "nx knows no task of these names: its graph is empty");
  return out;
}

}  // namespace bxl::frontend::javascript
