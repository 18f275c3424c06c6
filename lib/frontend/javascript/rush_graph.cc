// A plugin for Rush, and what it writes.
#include "frontend/javascript/rush_graph.h"

#include <algorithm>

#include "base/path_table.h"
#include "frontend/javascript/package_json.h"
#include "os/file.h"

namespace bxl::frontend::javascript {
namespace {

constexpr const char* kManifest = R"({"plugins": [{"pluginName": "bxl", "description":
"writes the operations of a command to a file instead of running them",
"entryPoint": "plugin.js"}]}
)";

constexpr const char* kPackage = R"({"name": "bxl-rush", "version": "1.0.0"}
)";

constexpr const char* kStart = R"("use strict";
const { Rush } = require(process.env.BXL_RUSH_LIB);
Rush.launch(Rush.version, {
  isManaged: true,
  builtInPluginConfigurations: [
    { packageName: "bxl-rush", pluginName: "bxl", pluginPackageFolder: __dirname },
  ],
});
)";

// Versions of Rush differ in the name of the hook and in where a runner keeps its command.
constexpr const char* kPlugin = R"("use strict";
const fs = require("fs");

const idOf = (operation) => operation.associatedProject.packageName + "#" + operation.associatedPhase.name;

function commandOf(runner) {
  for (const key of ["commandToRun", "_commandToRun", "_initialCommand"])
    if (runner && typeof runner[key] === "string") return runner[key];
  return undefined;
}

function describe(operation) {
  const runner = operation.runner;
  return {
    id: idOf(operation),
    package: operation.associatedProject.packageName,
    task: operation.associatedPhase.name,
    folder: operation.associatedProject.projectFolder,
    command: commandOf(runner),
    noop: !runner || runner.isNoOp === true,
    dependencies: Array.from(operation.dependencies, idOf),
  };
}

module.exports.default = class {
  constructor() {
    this.pluginName = "bxl";
  }
  apply(session) {
    session.hooks.runAnyPhasedCommand.tap("bxl", (command) => {
      const hook = command.hooks.createOperationsAsync || command.hooks.createOperations;
      // After all other plugins: they add and remove operations.
      hook.tapPromise({ name: "bxl", stage: Number.MAX_SAFE_INTEGER }, async (operations) => {
        const found = Array.from(operations, describe);
        fs.writeFileSync(process.env.BXL_RUSH_ANSWER, JSON.stringify({ operations: found }));
        return new Set();
      });
    });
  }
};
)";

Result<std::string> text_field(const json::Value& operation, const char* key) {
  const json::Value* value = operation.find(key);
  if (value == nullptr || value->is_null()) return std::string();
  if (value->string() == nullptr)
    return make_error(0, std::string("rush: '") + key + "' of an operation must be a string, not " +
                             value->type_name());
  return *value->string();
}

}  // namespace

Result<std::string> write_rush_plugin(const std::string& directory) {
  BXL_TRY(make_directories(directory));
  BXL_TRY(replace_file(directory + "/rush-plugin-manifest.json", kManifest));
  BXL_TRY(replace_file(directory + "/package.json", kPackage));
  BXL_TRY(replace_file(directory + "/plugin.js", kPlugin));
  BXL_TRY(replace_file(directory + "/start.js", kStart));
  return directory + "/start.js";
}

Result<TaskGraph> read_rush_graph(const std::string& text, const std::string& root,
                                  const ReadPackage& read_package) {
  BXL_TRY_ASSIGN(json::Value value, parse_json(text, "the operations of rush", Comments::No));
  const json::Value* operations = value.find("operations");
  if (operations == nullptr || operations->array() == nullptr)
    return make_error(0, "rush wrote no operations");
  TaskGraph out;
  for (const json::Value& one : *operations->array()) {
    Task task;
    BXL_TRY_ASSIGN(task.id, text_field(one, "id"));
    BXL_TRY_ASSIGN(task.package, text_field(one, "package"));
    BXL_TRY_ASSIGN(task.name, text_field(one, "task"));
    BXL_TRY_ASSIGN(std::string folder, text_field(one, "folder"));
    BXL_TRY_ASSIGN(std::string command, text_field(one, "command"));
    if (task.id.empty() || task.id.find_first_of(std::string("\0\n", 2)) != std::string::npos)
      return make_error(0, "rush: an operation has no id");
    task.folder = normalize_path(folder);
    if (!folder.starts_with('/') || folder.find('\0') != std::string::npos ||
        !path_within(task.folder, root))
      return make_error(0, "rush: " + task.id + " runs in '" + folder + "', outside " + root);
    if (const json::Value* dependencies = one.find("dependencies")) {
      BXL_TRY_ASSIGN(task.dependencies,
                     string_list(*dependencies, "rush: 'dependencies' of " + task.id));
    }
    while (!command.empty() && command.back() == ' ') command.pop_back();
    const json::Value* noop = one.find("noop");
    const bool is_noop = noop != nullptr && noop->boolean() != nullptr && *noop->boolean();
    if (command.empty() && !is_noop)
      return make_error(0, "this version of Rush does not tell the command of " + task.id +
                               "; set graphConstructionMode: \"rush-lib\" in config.dsc");
    if (!is_noop) {
      BXL_TRY_ASSIGN(auto package, read_package(task.folder));
      Script script;
      script.name = task.name;
      script.text = std::move(command);
      task.scripts.push_back(std::move(script));
      if (package) {
        task.version = package->version;
        add_places(*package, task);
      }
    }
    out.tasks.push_back(std::move(task));
  }
  BXL_TRY(finish(out));
  if (out.tasks.empty()) return make_error(0, "this Rush command runs nothing: its graph is empty");
  return out;
}

bool has_phases(const std::string& root, Reads& reads) {
  const std::string file = root + "/common/config/rush/command-line.json";
  auto text = reads.read(file);
  if (!text) return false;
  auto value = parse_json(*text, file, Comments::Yes);
  if (!value) return false;
  const json::Value* phases = value->find("phases");
  return phases != nullptr && phases->array() != nullptr && !phases->array()->empty();
}

}  // namespace bxl::frontend::javascript
