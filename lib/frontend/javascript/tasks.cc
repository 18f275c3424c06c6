// `execute`, missing scripts, groups, contraction, cycles.
#include "frontend/javascript/tasks.h"

#include <algorithm>
#include <functional>
#include <unordered_map>
#include <unordered_set>

#include "base/shell_text.h"

namespace bxl::frontend::javascript {
namespace {

constexpr std::size_t kMaxNotes = 20;

std::string id_of(const std::string& package, const std::string& task) {
  return package + "#" + task;
}

using Edges = std::vector<std::vector<std::size_t>>;

// A cycle as text, or empty. Depth first with a stack of its own: chains may be long.
std::string find_cycle(const Edges& edges, const std::function<std::string(std::size_t)>& name) {
  enum : char { kNew, kOpen, kDone };
  std::vector<char> state(edges.size(), kNew);
  for (std::size_t start = 0; start < edges.size(); ++start) {
    std::vector<std::pair<std::size_t, std::size_t>> stack;
    auto enter = [&](std::size_t at) {
      state[at] = kOpen;
      stack.emplace_back(at, 0);
    };
    if (state[start] == kNew) enter(start);
    while (!stack.empty()) {
      auto& [at, next] = stack.back();
      if (next == edges[at].size()) {
        state[at] = kDone;
        stack.pop_back();
        continue;
      }
      const std::size_t to = edges[at][next++];
      if (state[to] == kNew) {
        enter(to);
      } else if (state[to] == kOpen) {
        std::string out;
        auto from = std::find_if(stack.begin(), stack.end(),
                                 [&](const auto& one) { return one.first == to; });
        for (; from != stack.end(); ++from) out += name(from->first) + " -> ";
        return out + name(to);
      }
    }
  }
  return "";
}

// The real tasks that `start` comes down to when those without command are taken out.
std::vector<std::size_t> real_dependencies(const std::vector<Task>& tasks, const Edges& edges,
                                           std::size_t start) {
  std::vector<std::size_t> out, open = edges[start];
  std::unordered_set<std::size_t> seen(open.begin(), open.end());
  while (!open.empty()) {
    const std::size_t at = open.back();
    open.pop_back();
    if (!tasks[at].is_noop()) {
      out.push_back(at);
      continue;
    }
    for (std::size_t next : edges[at])
      if (seen.insert(next).second) open.push_back(next);
  }
  return out;
}

void add_paths(const std::vector<ScriptPath>& from, const std::vector<Script>& scripts,
               std::vector<std::string>& to) {
  for (const ScriptPath& one : from) {
    const bool applies = one.scripts.empty() ||
                         std::any_of(scripts.begin(), scripts.end(), [&](const Script& script) {
                           return std::find(one.scripts.begin(), one.scripts.end(), script.name) !=
                                  one.scripts.end();
                         });
    if (applies && std::find(to.begin(), to.end(), one.path) == to.end()) to.push_back(one.path);
  }
}

Task make_task(const Package& package, const Command& command, Hooks hooks) {
  Task out;
  out.id = id_of(package.name, command.name);
  out.package = package.name;
  out.name = command.name;
  out.version = package.version;
  out.folder = package.folder;
  std::vector<std::string> names = command.members;
  if (names.empty()) names.push_back(command.name);
  for (const std::string& name : names)
    if (auto script = find_script(package, name, hooks)) out.scripts.push_back(std::move(*script));
  add_paths(package.output_directories, out.scripts, out.output_directories);
  add_paths(package.source_files, out.scripts, out.source_files);
  return out;
}

// A member of a group stands for the group.
std::string group_of(const std::vector<Command>& commands, const std::string& name) {
  for (const Command& command : commands)
    if (std::find(command.members.begin(), command.members.end(), name) != command.members.end())
      return command.name;
  return name;
}

std::vector<DependsOn> depends_on(const std::vector<Command>& commands, std::size_t i) {
  if (commands[i].depends_on) return *commands[i].depends_on;
  if (i == 0) return {{DependsOn::Kind::Package, commands[i].name}};
  return {{DependsOn::Kind::Local, commands[i - 1].name}};
}

}  // namespace

std::string Script::whole() const {
  std::string out = text;
  for (const std::string& word : arguments) out += " " + shell_word(word);
  return out + more;
}

std::optional<Script> find_script(const Package& package, const std::string& name, Hooks hooks) {
  auto text = [&](const std::string& key) {
    auto it = package.scripts.find(key);
    return it == package.scripts.end() ? std::string() : it->second;
  };
  Script out;
  out.name = name;
  out.text = text(name);
  if (out.text.find_first_not_of(" \t\r\n") == std::string::npos) return {};
  if (hooks == Hooks::Yes) {
    out.before = text("pre" + name);
    out.after = text("post" + name);
  }
  return out;
}

Result<void> check_commands(const std::vector<Command>& commands) {
  std::unordered_map<std::string, std::size_t> by_name;
  if (commands.empty()) return make_error(0, "'execute' names no command");
  for (std::size_t i = 0; i < commands.size(); ++i) {
    std::vector<std::string> names = commands[i].members;
    names.push_back(commands[i].name);
    for (const std::string& name : names) {
      if (name.empty()) return make_error(0, "a command of 'execute' has an empty name");
      if (!by_name.emplace(name, i).second)
        return make_error(0, "the command '" + name + "' stands twice in 'execute'");
    }
  }
  Edges edges(commands.size());
  for (std::size_t i = 0; i < commands.size(); ++i)
    for (const DependsOn& one : depends_on(commands, i)) {
      auto it = by_name.find(one.command);
      if (it == by_name.end())
        return make_error(0, "the command '" + commands[i].name + "' depends on '" + one.command +
                                 "', which 'execute' does not name");
      if (one.kind == DependsOn::Kind::Local) edges[i].push_back(it->second);
    }
  const std::string cycle = find_cycle(edges, [&](std::size_t i) { return commands[i].name; });
  if (!cycle.empty())
    return make_error(0, "commands of 'execute' depend on each other in a circle: " + cycle);
  return {};
}

Result<TaskGraph> make_tasks(const std::vector<Package>& packages,
                             const std::vector<Command>& commands, Hooks hooks) {
  BXL_TRY(check_commands(commands));
  TaskGraph out;
  std::vector<bool> found(commands.size(), false);
  for (const Package& package : packages)
    for (std::size_t i = 0; i < commands.size(); ++i) {
      Task task = make_task(package, commands[i], hooks);
      found[i] = found[i] || !task.is_noop();
      for (const DependsOn& one : depends_on(commands, i)) {
        const std::string command = group_of(commands, one.command);
        if (one.kind == DependsOn::Kind::Local) {
          task.dependencies.push_back(id_of(package.name, command));
        } else {
          for (const std::string& other : package.dependencies)
            task.dependencies.push_back(id_of(other, command));
        }
      }
      out.tasks.push_back(std::move(task));
    }
  for (std::size_t i = 0; i < commands.size(); ++i)
    if (!found[i])
      return make_error(0, commands[i].members.empty()
                               ? "no package has a script '" + commands[i].name + "'"
                               : "no package has a script of the group '" + commands[i].name + "'");
  BXL_TRY(finish(out));
  return out;
}

void add_places(const Package& package, Task& task) {
  Script named;
  named.name = task.name;
  add_paths(package.output_directories, {named}, task.output_directories);
  add_paths(package.source_files, {named}, task.source_files);
}

Result<void> finish(TaskGraph& graph) {
  auto& tasks = graph.tasks;
  std::sort(tasks.begin(), tasks.end(), [](const Task& a, const Task& b) { return a.id < b.id; });
  std::unordered_map<std::string_view, std::size_t> by_id;
  for (std::size_t i = 0; i < tasks.size(); ++i)
    if (!by_id.emplace(tasks[i].id, i).second)
      return make_error(0, "two tasks have the id '" + tasks[i].id + "': in " +
                               tasks[by_id[tasks[i].id]].folder + " and in " + tasks[i].folder);
  Edges edges(tasks.size());
  std::size_t dropped = 0;
  for (std::size_t i = 0; i < tasks.size(); ++i)
    for (const std::string& id : tasks[i].dependencies) {
      auto it = by_id.find(id);
      if (it != by_id.end())
        edges[i].push_back(it->second);
      else if (++dropped <= kMaxNotes)
        graph.notes.push_back(tasks[i].id + " depends on '" + id +
                              "', which is no task; this is ignored");
    }
  Edges real(tasks.size());
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    if (tasks[i].is_noop()) continue;
    real[i] = real_dependencies(tasks, edges, i);
    // Through tasks without command one may come back to where one was: nothing waits for itself.
    const bool direct = std::find(edges[i].begin(), edges[i].end(), i) != edges[i].end();
    if (!direct) std::erase(real[i], i);
    std::sort(real[i].begin(), real[i].end());
  }
  const std::string cycle = find_cycle(real, [&](std::size_t i) { return tasks[i].id; });
  if (!cycle.empty())
    return make_error(0, "tasks depend on each other in a circle: " + cycle +
                             "; take one of these dependencies out of its package.json");
  std::vector<Task> kept;
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    if (tasks[i].is_noop()) continue;
    std::vector<std::string> ids;
    for (std::size_t to : real[i]) ids.push_back(tasks[to].id);
    tasks[i].dependencies = std::move(ids);
  }
  for (Task& task : tasks)
    if (!task.is_noop()) kept.push_back(std::move(task));
  tasks = std::move(kept);
  return {};
}

}  // namespace bxl::frontend::javascript
