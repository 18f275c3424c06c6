// From packages and an order of scripts to tasks, and from a tool's raw tasks to a sound graph.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "frontend/javascript/graph.h"

namespace bxl::frontend::javascript {

struct DependsOn {
  enum class Kind { Local, Package };  // the same package, or those it depends on
  Kind kind = Kind::Local;
  std::string command;
  bool operator==(const DependsOn&) const = default;
};

// One element of `execute`.
struct Command {
  std::string name;  // of a script, or of the group
  // Empty optional: of the first element, the same command of the packages it depends on; of later
  // ones, the element before it.
  std::optional<std::vector<DependsOn>> depends_on;
  std::vector<std::string> members;  // of a group: scripts that run one after the other as one task
  bool optional = false;             // left out where no package has it
  bool operator==(const Command&) const = default;
};

// Checks names, members and local cycles. Errors: one sentence.
Result<void> check_commands(const std::vector<Command>& commands);

// One task per package and command. A package without the script hands its dependencies on to its
// dependents. With `hooks`, "pre" and "post" scripts run around a script, as npm, pnpm and Yarn 1
// do. Errors: a command that no package has, cycles.
enum class Hooks { No, Yes };
Result<TaskGraph> make_tasks(const std::vector<Package>& packages,
                             const std::vector<Command>& commands, Hooks hooks);

// The script `name` of a package with its hooks; empty when there is none.
std::optional<Script> find_script(const Package& package, const std::string& name, Hooks hooks);

// Gives `task`, which runs something of `package`, what bxlconfig.json says of its places.
void add_places(const Package& package, Task& task);

// Makes any list of tasks a graph: dependencies on unknown ids are dropped with a note, tasks
// without command are replaced by what they depend on, edges become sorted and unique, tasks sorted
// by id. Errors: an id twice; a cycle, which is named ("a#build -> b#build -> a#build").
Result<void> finish(TaskGraph& graph);

}  // namespace bxl::frontend::javascript
