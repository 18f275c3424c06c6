// lage's words for tasks.
#include "frontend/javascript/lage.h"

#include <algorithm>

#include "base/path_table.h"
#include "base/shell_text.h"
#include "frontend/javascript/package_json.h"

namespace bxl::frontend::javascript {
namespace {

// The object with packageTasks, wherever it is in `value`.
const json::Value* tasks_of(const json::Value& value) {
  const json::Value* data = value.find("data");
  const json::Value* tasks = (data != nullptr ? *data : value).find("packageTasks");
  return tasks != nullptr && tasks->array() != nullptr ? tasks : nullptr;
}

// The last line that is a graph: configurations print, and package managers do.
Result<json::Value> find_graph(const std::string& text) {
  if (auto whole = json::parse(text); whole && tasks_of(*whole) != nullptr) return whole;
  for (std::size_t end = text.size(); end > 0;) {
    std::size_t newline = text.rfind('\n', end - 1);
    std::size_t begin = newline == std::string::npos ? 0 : newline + 1;
    std::string_view line = std::string_view(text).substr(begin, end - begin);
    end = newline == std::string::npos ? 0 : newline;
    if (!line.starts_with('{')) continue;
    auto value = json::parse(line);
    if (value && tasks_of(*value) != nullptr) return value;
  }
  std::string said = text.substr(0, text.find('\n')).substr(0, 200);
  for (char& c : said)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  return make_error(0, "lage printed no task graph" +
                           (said.empty() ? std::string() : ", but: " + said) +
                           "; bxl needs lage 2.10 or newer (`lage info`)");
}

Result<std::string> text_field(const json::Value& task, const char* key) {
  const json::Value* value = task.find(key);
  if (value == nullptr) return std::string();
  if (value->string() == nullptr)
    return make_error(0, std::string("lage: '") + key + "' of a task must be a string, not " +
                             value->type_name());
  return *value->string();
}

// `lage exec`, which runs a worker of its own process.
bool is_worker(const std::vector<std::string>& argv) {
  return argv.size() >= 4 && base_name(argv.front()) == "lage" && argv[1] == "exec";
}

// A server outlives the pip, and what it reads nobody sees.
void without_server(std::vector<std::string>& argv, TaskGraph& graph) {
  auto exec = std::find(argv.begin(), argv.end(), "exec");
  auto server = std::find(argv.begin(), argv.end(), "--server");
  if (exec == argv.end() || server == argv.end() || argv.size() < 4) return;
  argv = {argv.front(), "exec", argv[argv.size() - 2], argv.back()};
  if (graph.notes.empty())
    graph.notes.push_back(
        "workers of lage run in their pips, without lage's server: what a server "
        "reads could not be observed");
}

// Lage calls workers in its own directory, the root: there a worker's relative paths begin, that of
// the worker itself among them. `lage exec` would take them from where it is started. Its reporter
// would be JSON, with the time of day in each line.
void run_in_root(std::vector<std::string>& argv, const std::string& root) {
  std::string command = "cd " + shell_word(root) + " && LAGE_LOGGER_REPORTER=default exec";
  for (const std::string& word : argv) command += " " + shell_word(word);
  argv = {"/bin/sh", "-c", std::move(command)};
}

// npm run build -- a b
bool is_script(const std::vector<std::string>& argv, const std::string& task) {
  if (argv.size() < 3 || argv[1] != "run" || argv[2] != task) return false;
  const std::string client(base_name(argv[0]));
  return client == "npm" || client == "yarn" || client == "pnpm";
}

}  // namespace

Result<TaskGraph> read_lage_graph(const std::string& text, const std::string& root,
                                  const ReadPackage& read_package) {
  BXL_TRY_ASSIGN(json::Value value, find_graph(text));
  TaskGraph out;
  for (const json::Value& one : *tasks_of(value)->array()) {
    if (one.object() == nullptr)
      return make_error(0, std::string("lage: a task must be an object, not ") + one.type_name());
    Task task;
    BXL_TRY_ASSIGN(task.id, text_field(one, "id"));
    BXL_TRY_ASSIGN(task.package, text_field(one, "package"));
    BXL_TRY_ASSIGN(task.name, text_field(one, "task"));
    BXL_TRY_ASSIGN(std::string folder, text_field(one, "workingDirectory"));
    if (task.id.empty() || task.id.find_first_of(std::string("\0\n", 2)) != std::string::npos)
      return make_error(0, "lage: a task has no id");
    task.folder = normalize_path(folder.starts_with('/') ? folder : root + "/" + folder);
    if (folder.find('\0') != std::string::npos || !path_within(task.folder, root))
      return make_error(0, "lage: " + task.id + " runs in " + folder + ", outside " + root);
    if (const json::Value* dependencies = one.find("dependencies")) {
      BXL_TRY_ASSIGN(task.dependencies,
                     string_list(*dependencies, "lage: 'dependencies' of " + task.id));
    }
    if (const json::Value* command = one.find("command")) {
      BXL_TRY_ASSIGN(task.argv, string_list(*command, "lage: 'command' of " + task.id));
    }
    for (const std::string& word : task.argv)
      if (word.find('\0') != std::string::npos)
        return make_error(0, "lage: a zero byte in the command of " + task.id);
    if (const json::Value* weight = one.find("weight");
        weight != nullptr && weight->integer() != nullptr)
      task.weight =
          static_cast<std::uint32_t>(std::clamp<std::int64_t>(*weight->integer(), 1, 1'000'000));
    if (!task.argv.empty()) {
      without_server(task.argv, out);
      task.tool_lists = is_worker(task.argv);
      if (task.tool_lists) run_in_root(task.argv, root);
      BXL_TRY_ASSIGN(auto package, read_package(task.folder));
      if (package) {
        task.version = package->version;
        if (is_script(task.argv, task.name)) {
          auto script = find_script(*package, task.name, Hooks::Yes);
          if (script) {
            auto rest = task.argv.begin() + 3;
            if (rest != task.argv.end() && *rest == "--") ++rest;
            script->arguments.assign(rest, task.argv.end());
            task.scripts.push_back(std::move(*script));
            task.argv.clear();
          }
        }
        add_places(*package, task);
      }
    }
    out.tasks.push_back(std::move(task));
  }
  BXL_TRY(finish(out));
  if (out.tasks.empty())
    return make_error(0,
                      "lage knows no task of these names: its graph is empty; look at the "
                      "pipeline in lage.config.js");
  return out;
}

}  // namespace bxl::frontend::javascript
