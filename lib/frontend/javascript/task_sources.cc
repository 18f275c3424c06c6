// Asks files or tools, and applies what the resolver says of single tasks.
#include "frontend/javascript/task_sources.h"

#include <algorithm>
#include <set>

#include "base/path_table.h"
#include "base/shell_text.h"
#include "frontend/javascript/lage.h"
#include "frontend/javascript/nx.h"
#include "frontend/javascript/package_json.h"
#include "frontend/javascript/plug_and_play.h"
#include "frontend/javascript/resolver_options.h"
#include "frontend/javascript/rush.h"
#include "frontend/javascript/rush_graph.h"
#include "frontend/javascript/shapes.h"
#include "frontend/javascript/workspaces.h"

namespace bxl::frontend::javascript {
namespace {

// As JSON: what a configuration writes out and a file may hold as well.
Result<json::Value> to_json(const dsc::Evaluation& evaluation, const dsc::Value& value) {
  if (value.has_text()) return json::Value(*value.text);
  if (value.is(dsc::Type::Array)) {
    json::Array out;
    for (const dsc::Value& item : value.array->items) {
      BXL_TRY_ASSIGN(json::Value one, to_json(evaluation, item));
      out.push_back(std::move(one));
    }
    return json::Value(std::move(out));
  }
  json::Object out;
  if (value.is(dsc::Type::Object)) {
    for (const dsc::Member& member : value.object->members) {
      if (member.value.is_undefined()) continue;
      BXL_TRY_ASSIGN(json::Value one, to_json(evaluation, member.value));
      out.emplace_back(member.key, std::move(one));
    }
  } else if (value.is(dsc::Type::Map)) {
    for (const auto& [key, item] : value.map->entries) {
      if (!key.has_text()) return evaluation.error(key.origin, "names of projects are strings");
      BXL_TRY_ASSIGN(json::Value one, to_json(evaluation, item));
      out.emplace_back(*key.text, std::move(one));
    }
  } else {
    return evaluation.error(
        value.origin, std::string("a graph of projects holds no ") + dsc::type_name(value.type));
  }
  return json::Value(std::move(out));
}

// Commands without the optional ones that no package has; all of them, should that be none.
std::vector<Command> without_missing(std::vector<Command> commands,
                                     const std::vector<Package>& packages) {
  const std::vector<Command> all = commands;
  std::set<std::string> missing;
  for (const Command& one : commands)
    if (one.optional && std::none_of(packages.begin(), packages.end(), [&](const Package& package) {
          return package.scripts.contains(one.name);
        }))
      missing.insert(one.name);
  std::erase_if(commands, [&](const Command& one) { return missing.contains(one.name); });
  for (Command& one : commands)
    if (one.optional && one.depends_on)
      std::erase_if(*one.depends_on,
                    [&](const DependsOn& edge) { return missing.contains(edge.command); });
  return commands.empty() ? all : commands;
}

class Reader {
 public:
  Reader(const Resolver& resolver, const Environment& environment, TaskSources& sources)
      : resolver_(resolver), environment_(environment), s_(sources) {}

  Result<TaskGraph> run() {
    switch (resolver_.kind) {
      case Kind::Lage:
        return lage();
      case Kind::Nx:
        return nx();
      case Kind::Rush: {
        const bool asked = resolver_.rush_graph.value_or(has_phases(resolver_.root, s_.reads));
        BXL_TRY(check_mode(asked ? Mode::OfTool : Mode::OfPackages));
        return asked ? rush() : packages();
      }
      default:
        return packages();
    }
  }

 private:
  Result<void> check_mode(Mode mode) const {
    for (const ModeOption& one : mode_options()) {
      const auto given = resolver_.given.find(std::string(one.option));
      if (one.kind == resolver_.kind && one.mode != mode && given != resolver_.given.end())
        return s_.evaluation->error(
            given->second,
            "'" + std::string(one.option) + "' has no meaning here: " + std::string(one.reason));
    }
    return {};
  }

  Result<TaskGraph> packages() {
    std::vector<Package> found;
    Hooks hooks = Hooks::No;
    if (resolver_.kind == Kind::Rush) {
      BXL_TRY_ASSIGN(found, read_rush(resolver_.root, s_.reads));
    } else if (resolver_.kind == Kind::Custom) {
      BXL_TRY_ASSIGN(found, custom());
    } else {
      BXL_TRY_ASSIGN(PackageGraph graph, read_workspaces(resolver_.root, s_.reads));
      found = std::move(graph.packages);
      hooks = graph.manager == Manager::YarnBerry ? Hooks::No : Hooks::Yes;
    }
    for (Package& package : found) BXL_TRY(custom_scripts(package));
    return make_tasks(found, without_missing(resolver_.commands, found), hooks);
  }

  Result<std::vector<Package>> custom() {
    const bool needs_manifests = resolver_.custom_scripts.is_undefined();
    if (!resolver_.custom_graph.empty()) {
      const std::string& file = resolver_.custom_graph;
      BXL_TRY_ASSIGN(std::string text, s_.reads.read(file));
      BXL_TRY_ASSIGN(json::Value value, parse_json(text, file, Comments::No));
      return read_custom_graph(value, file, resolver_.root, needs_manifests, s_.reads);
    }
    BXL_TRY_ASSIGN(json::Value value, to_json(*s_.evaluation, resolver_.custom_graph_value));
    return read_custom_graph(value, s_.evaluation->place(resolver_.custom_graph_value.origin),
                             resolver_.root, needs_manifests, s_.reads);
  }

  // What customScripts(name, location) returns takes the place of the scripts of package.json.
  Result<void> custom_scripts(Package& package) {
    if (resolver_.custom_scripts.is_undefined()) return {};
    dsc::Evaluation& evaluation = *s_.evaluation;
    const std::string location =
        package.folder == resolver_.root ? "." : package.folder.substr(resolver_.root.size() + 1);
    BXL_TRY_ASSIGN(dsc::Value name, evaluation.text(dsc::Type::String, package.name));
    BXL_TRY_ASSIGN(dsc::Value place, evaluation.text(dsc::Type::Relative, location));
    BXL_TRY_ASSIGN(dsc::Value scripts, evaluation.call(resolver_.custom_scripts, {name, place}));
    if (scripts.is_undefined()) return {};
    package.scripts.clear();
    if (scripts.is(dsc::Type::File) || scripts.is(dsc::Type::Path)) {
      BXL_TRY_ASSIGN(std::string text, s_.reads.read(*scripts.text));
      BXL_TRY_ASSIGN(json::Value value, parse_json(text, *scripts.text, Comments::No));
      const json::Value* found = value.find("scripts");
      if (found == nullptr || found->object() == nullptr)
        return make_error(0, *scripts.text + ": 'scripts' must be an object");
      for (const auto& [script, line] : *found->object()) {
        if (line.string() == nullptr)
          return make_error(0, "'" + script + "' in " + *scripts.text + " must be a string");
        package.scripts[script] = *line.string();
      }
      return {};
    }
    if (!scripts.is(dsc::Type::Map))
      return evaluation.error(resolver_.custom_scripts.origin,
                              std::string("customScripts returns a map of names to commands, a "
                                          "file or undefined, not ") +
                                  dsc::type_name(scripts.type));
    for (const auto& [key, line] : scripts.map->entries) {
      if (!key.has_text() || !line.has_text())
        return evaluation.error(line.origin, "names and commands of scripts are strings");
      package.scripts[*key.text] = *line.text;
    }
    return {};
  }

  Result<void> only_names(const char* kind, const char* file) const {
    for (const Command& one : resolver_.commands)
      if (!one.members.empty() || one.depends_on)
        return make_error(0, std::string("'execute' of a resolver of kind ") + kind +
                                 " names targets as strings: their order stands in " + file);
    return {};
  }

  ReadPackage package_reader() {
    return [this](const std::string& folder) -> Result<std::optional<Package>> {
      BXL_TRY_ASSIGN(auto manifest, read_manifest(folder, resolver_.root, s_.reads));
      if (!manifest) return std::optional<Package>();
      return std::optional(std::move(manifest->package));
    };
  }

  // What the tool finds in the folder of a package beside package.json is nothing to it, but for
  // Nx, whose plugins make targets of any file there (vite.config.ts).
  Result<void> record(GeneratorRun run, const std::string& tool, const TaskGraph& graph) {
    std::vector<std::string> folders;
    if (resolver_.kind != Kind::Nx)
      for (const Task& task : graph.tasks) folders.push_back(task.folder);
    BXL_TRY(s_.tools.record(std::move(run), tool, folders));
    // New packages are found as in workspaces without a tool. What is wrong is for it to say.
    if (has_workspaces(resolver_.root)) (void)read_workspaces(resolver_.root, s_.reads);
    return {};
  }

  Question question(const std::string& tool) const {
    Question out;
    out.tool = tool;
    out.directory = resolver_.root;
    out.environment = environment_;
    return out;
  }

  Result<TaskGraph> lage() {
    BXL_TRY(only_names("Lage", "lage.config.js"));
    std::string program = resolver_.lage;
    if (program.empty() && resolver_.npm.empty())
      program = s_.tools.find("lage", resolver_.root, environment_);
    if (program.empty() && resolver_.npm.empty())
      return make_error(0, "lage is neither in " + resolver_.root +
                               "/node_modules/.bin nor in PATH; install the packages of the "
                               "repository first, or name it in config.dsc with lageLocation");
    Question ask = question("lage info");
    ask.environment.emplace_back("DOMINO", "1");  // all edges
    ask.command = resolver_.npm.empty() ? shell_word(program)
                                        : shell_word(resolver_.npm) + " run lage --silent --";
    ask.command += " info";
    for (const Command& one : resolver_.commands) ask.command += " " + shell_word(one.name);
    ask.command += " --reporter json";
    if (!resolver_.since.empty()) {
      // git goes by the attributes of all files, which is no reading of any.
      ask.command += " --since " + shell_word(resolver_.since);
      s_.tools.ask_each_time();
    }
    GeneratorRun run;
    BXL_TRY_ASSIGN(std::string text, s_.tools.ask(ask, run));
    BXL_TRY_ASSIGN(TaskGraph graph, read_lage_graph(text, resolver_.root, package_reader()));
    BXL_TRY(record(std::move(run), "lage", graph));
    return graph;
  }

  // In the directory that the configuration names, as npm lays it out: of the package, or of what
  // holds it.
  std::string nx_program() {
    if (resolver_.nx.empty()) return s_.tools.find("nx", resolver_.root, environment_);
    for (const char* name : {"/node_modules/.bin/nx", "/.bin/nx", "/node_modules/nx/bin/nx.js",
                             "/nx/bin/nx.js", "/bin/nx.js"})
      if (s_.reads.exists(resolver_.nx + name)) return resolver_.nx + name;
    return "";
  }

  Result<TaskGraph> nx() {
    BXL_TRY(only_names("Nx", "nx.json"));
    const std::string program = nx_program();
    if (program.empty() && !resolver_.nx.empty())
      return make_error(0, "there is no nx in " + resolver_.nx + ", which nxLibLocation names");
    if (program.empty())
      return make_error(0, "nx is neither in " + resolver_.root +
                               "/node_modules/.bin nor in PATH; install the packages of the "
                               "repository first");
    Question ask = question("nx run-many --graph");
    for (const char* name : {"NX_DAEMON", "NX_TUI"}) ask.environment.emplace_back(name, "false");
    ask.environment.emplace_back("NX_NO_CLOUD", "true");
    // What Nx keeps for itself stays out of the repository.
    for (const char* name : {"NX_CACHE_DIRECTORY", "NX_WORKSPACE_DATA_DIRECTORY"})
      ask.environment.emplace_back(name, s_.tools.directory() + "/nx");
    ask.prints = false;
    const std::string file = s_.tools.file() + ".json";  // Nx goes by the name
    ask.command = shell_word("/bin/sh") + " -c " +
                  shell_word(shell_word(program) + " run-many -t " + targets() +
                             " --graph=" + shell_word(file) + " && mv " + shell_word(file) + " " +
                             shell_word(s_.tools.file()));
    GeneratorRun run;
    BXL_TRY_ASSIGN(std::string text, s_.tools.ask(ask, run));
    BXL_TRY_ASSIGN(TaskGraph graph, read_nx_graph(text, resolver_.root, program, package_reader()));
    BXL_TRY(record(std::move(run), "nx", graph));
    return graph;
  }

  std::string targets() const {
    std::string out;
    for (const Command& one : resolver_.commands)
      out += (out.empty() ? "" : " ") + shell_word(one.name);
    return out;
  }

  // @microsoft/rush-lib: where the configuration says, in the repository, or beside the rush of
  // PATH.
  std::string rush_library() {
    const std::string name = "/@microsoft/rush-lib";
    auto first = [&](std::initializer_list<std::string> places) {
      for (const std::string& place : places)
        if (s_.reads.exists(place + name + "/package.json")) return place + name;
      return std::string();
    };
    const std::string& given = resolver_.rush_library;
    if (!given.empty()) return first({given, given + "/node_modules"});
    if (std::string own = first({resolver_.root + "/node_modules"}); !own.empty()) return own;
    const std::string program = !resolver_.rush_program.empty()
                                    ? resolver_.rush_program
                                    : s_.tools.find("rush", resolver_.root, environment_);
    auto real = program.empty() ? Result<std::string>(program) : real_path(program);
    if (!real) return "";
    // …/node_modules/@microsoft/rush/bin/rush
    for (std::string_view at = *real; at.size() > 1; at = parent_path(at)) {
      const std::string here(at);
      if (std::string found = first({here, here + "/node_modules"}); !found.empty()) return found;
    }
    return "";
  }

  Result<TaskGraph> rush() {
    if (const std::string& place = resolver_.rush_program;
        !place.empty() && !s_.reads.exists(place))
      return s_.evaluation->error(resolver_.given.at("rushLocation"),
                                  "there is no " + place + ", which rushLocation names");
    const std::string library = rush_library();
    if (library.empty())
      return make_error(0, "@microsoft/rush-lib is neither in node_modules of " + resolver_.root +
                               " nor beside a rush in PATH; install it (npm install -g "
                               "@microsoft/rush), or name its place in config.dsc with "
                               "rushLibBaseLocation");
    const std::string node = s_.tools.find("node", resolver_.root, environment_);
    if (node.empty()) return make_error(0, "node, which runs Rush, is not in PATH");
    BXL_TRY_ASSIGN(std::string start, write_rush_plugin(s_.tools.directory() + "/rush"));
    Question ask = question("rush " + resolver_.rush_command);
    ask.environment.emplace_back("BXL_RUSH_LIB", library);
    ask.environment.emplace_back("BXL_RUSH_ANSWER", s_.tools.file());
    ask.prints = false;
    ask.command =
        shell_word(node) + " " + shell_word(start) + " " + shell_word(resolver_.rush_command);
    for (const std::string& word : resolver_.rush_parameters) ask.command += " " + shell_word(word);
    ask.command += " >&2";
    GeneratorRun run;
    BXL_TRY_ASSIGN(std::string text, s_.tools.ask(ask, run));
    BXL_TRY_ASSIGN(TaskGraph graph, read_rush_graph(text, resolver_.root, package_reader()));
    BXL_TRY(record(std::move(run), "rush", graph));
    return graph;
  }

  const Resolver& resolver_;
  const Environment& environment_;
  TaskSources& s_;
};

Result<void> add_custom_commands(const Resolver& resolver, const TaskSources& sources,
                                 TaskGraph& graph) {
  for (const auto& [name, custom] : resolver.custom_commands) {
    bool found = false;
    std::string other;  // runs what is no script
    std::vector<std::string_view> scripts;
    for (Task& task : graph.tasks) {
      if (task.scripts.empty() && task.name == name) other = task.id;
      for (Script& script : task.scripts) {
        scripts.push_back(script.name);
        if (script.name != name) continue;
        script.more += custom.text;
        found = true;
      }
    }
    if (!other.empty())
      return sources.evaluation->error(custom.origin,
                                       "nothing can be put behind '" + name + "': " + other +
                                           " is a command of the tool that names it, "
                                           "and no script of package.json");
    if (!found)
      return sources.evaluation->error(
          custom.origin, "no task runs a script '" + name + "'" + suggestion(name, scripts));
  }
  return {};
}

}  // namespace

Result<TaskGraph> read_tasks(const Resolver& resolver, const Environment& environment,
                             TaskSources& sources) {
  BXL_TRY_ASSIGN(TaskGraph graph, Reader(resolver, environment, sources).run());
  if ((resolver.kind == Kind::Yarn || resolver.kind == Kind::Lage) &&
      resolver.custom_scripts.is_undefined())
    BXL_TRY(run_by_yarn(resolver.root, environment, sources.reads, sources.tools, graph));
  BXL_TRY(add_custom_commands(resolver, sources, graph));
  for (Task& task : graph.tasks) {
    for (const std::string& path : resolver.output_directories)
      task.output_directories.push_back(
          normalize_path(path.front() == '/' ? path : task.folder + "/" + path));
  }
  return graph;
}

}  // namespace bxl::frontend::javascript
