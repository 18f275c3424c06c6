// The life of one bxl-graph over a JavaScript repository.
#include "frontend/javascript/load.h"

#include <unistd.h>

#include <algorithm>
#include <string_view>
#include <unordered_set>

#include "frontend/dsc/disk.h"
#include "frontend/javascript/lage.h"
#include "frontend/javascript/package_json.h"
#include "frontend/javascript/pips.h"
#include "frontend/javascript/resolver.h"
#include "frontend/javascript/rush.h"
#include "frontend/javascript/workspaces.h"
#include "frontend/stored_graph.h"
#include "os/file.h"

namespace bxl::frontend::javascript {
namespace {

constexpr std::string_view kVariable = "variable ";
constexpr std::string_view kUnobserved = "unobserved\n";  // never reused

// What shapes the graph beside the files: one line each. Below these stands a line for each
// variable that config.dsc asked for, with the digest of its value.
std::string options_text(const LoadRequest& request) {
  std::vector<std::string> names = request.pass_env;
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  std::string out = "javascript " + request.workspace.manifest + "\n";
  for (const std::string& name : names) out += "pass-env " + name + "\n";
  return out;
}

std::optional<std::string> value_of(const LoadRequest& request, const std::string& name) {
  for (const std::string& variable : request.variables)
    if (variable.size() > name.size() && variable[name.size()] == '=' && variable.starts_with(name))
      return variable.substr(name.size() + 1);
  return {};
}

std::string variable_line(const std::string& name, const std::optional<std::string>& value) {
  // The name is the user's text: its digest cannot break the line.
  return std::string(kVariable) + (value ? Digest::of(*value).hex() : "-") + " " +
         (name.find('\n') == std::string::npos ? name : "") + "\n";
}

// `base`: the digest of the environment that the caller would give to pips.
bool reusable(const LoadRequest& request, const StoredGraph& stored, const std::string& base) {
  std::string_view rest = stored.frame.options;
  const std::string options = options_text(request) + base;
  if (!rest.starts_with(options)) return false;
  rest.remove_prefix(options.size());
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    if (end == rest.npos || !rest.starts_with(kVariable)) return false;
    const std::string_view line = rest.substr(0, end + 1);
    const std::size_t space = line.find(' ', kVariable.size());
    if (space == line.npos) return false;
    const std::string name(line.substr(space + 1, line.size() - space - 2));
    if (line != variable_line(name, value_of(request, name))) return false;
    rest.remove_prefix(end + 1);
  }
  return std::all_of(
      stored.frame.reads.begin(), stored.frame.reads.end(),
      [&](const wire::FrontEndRead& read) { return unchanged(read, stored.paths.str(read.path)); });
}

class Loader {
 public:
  explicit Loader(const LoadRequest& request)
      : request_(request),
        reads_(paths_),
        environment_(resolve_environment(request.variables, request.pass_env)) {}

  Result<LoadedGraph> run();

 private:
  Result<void> find_resolver();
  void apply_environment();
  Result<TaskGraph> tasks();
  Result<TaskGraph> workspace_tasks();
  Result<TaskGraph> lage_tasks();
  Result<std::string> lage_command();
  Result<std::string> run_lage(GeneratorRun& run);
  Result<void> record_lage(GeneratorRun run, const TaskGraph& graph);
  void apply_options(TaskGraph& graph);
  void apply_options(std::vector<wire::Pip>& pips);

  const LoadRequest& request_;
  PathTable paths_;
  Reads reads_;
  Environment environment_;
  Resolver resolver_;
  std::string options_;  // behind options_text()
  std::vector<wire::FrontEndRead> late_;
  std::uint32_t runs_ = 0;
};

Result<void> Loader::find_resolver() {
  const std::string& root = request_.workspace.directory;
  const std::string manifest(base_name(request_.workspace.manifest));
  if (!manifest.ends_with(".dsc")) {
    resolver_.root = root;
    resolver_.commands = {{"build", {}, {}}};
    resolver_.kind = manifest == "lage.config.js" ? Kind::Lage
                     : manifest == "rush.json"    ? Kind::Rush
                                                  : Kind::Yarn;
    return {};
  }
  const std::string file = request_.workspace.manifest.front() == '/'
                               ? request_.workspace.manifest
                               : root + "/" + request_.workspace.manifest;
  BXL_TRY_ASSIGN(
      auto evaluation,
      dsc::Evaluation::run(normalize_path(file), dsc::disk_world(reads_, request_.variables)));
  for (const auto& [name, value] : evaluation->variables()) options_ += variable_line(name, value);
  BXL_TRY_ASSIGN(auto resolvers, read_resolvers(*evaluation, root));
  if (resolvers.size() > 1)
    return evaluation->error(
        evaluation->configuration().object->find("resolvers")->value.array->items[1].origin,
        "several resolvers cannot be built together yet");
  resolver_ = std::move(resolvers.front());
  // What passes through counts, too: the graph holds the values.
  if (resolver_.environment)
    for (const auto& [name, value] : *resolver_.environment)
      if (!value && !evaluation->variables().contains(name))
        options_ += variable_line(name, value_of(request_, name));
  return {};
}

void Loader::apply_environment() {
  if (!resolver_.environment) return;
  std::vector<std::string> variables;
  for (const auto& [name, value] : *resolver_.environment) {
    auto given = value ? value : value_of(request_, name);
    if (given) variables.push_back(name + "=" + *given);
  }
  std::vector<std::string> names = request_.pass_env;
  for (const auto& one : *resolver_.environment) names.push_back(one.first);
  for (const std::string& name : request_.pass_env)
    if (auto given = value_of(request_, name)) variables.push_back(name + "=" + *given);
  environment_ = resolve_environment(variables, names);
}

Result<TaskGraph> Loader::workspace_tasks() {
  std::vector<Package> packages;
  Hooks hooks = Hooks::No;
  if (resolver_.kind == Kind::Rush) {
    BXL_TRY_ASSIGN(packages, read_rush(resolver_.root, reads_));
  } else if (resolver_.kind == Kind::Custom) {
    BXL_TRY_ASSIGN(packages, read_custom_graph(resolver_.custom_graph, resolver_.root, reads_));
  } else {
    BXL_TRY_ASSIGN(PackageGraph graph, read_workspaces(resolver_.root, reads_));
    packages = std::move(graph.packages);
    hooks = graph.manager == Manager::YarnBerry ? Hooks::No : Hooks::Yes;
  }
  return make_tasks(packages, resolver_.commands, hooks);
}

// The words that run lage, quoted.
Result<std::string> Loader::lage_command() {
  if (!resolver_.npm.empty()) return shell_word(resolver_.npm) + " run lage --silent --";
  if (!resolver_.lage.empty()) return shell_word(resolver_.lage);
  const std::string local = resolver_.root + "/node_modules/.bin/lage";
  if (reads_.exists(local)) return shell_word(local);
  for (const auto& [name, value] : environment_) {
    if (name != "PATH") continue;
    for (std::size_t begin = 0; begin < value.size();) {
      const std::size_t end = std::min(value.find(':', begin), value.size());
      const std::string at = value.substr(begin, end - begin) + "/lage";
      begin = end + 1;
      if (at.front() == '/' && reads_.exists(at)) return shell_word(at);
    }
  }
  return make_error(0, "lage is neither in " + resolver_.root +
                           "/node_modules/.bin nor in PATH; install the packages of the "
                           "repository first, or name it in config.dsc with lageLocation");
}

Result<std::string> Loader::run_lage(GeneratorRun& run) {
  BXL_TRY_ASSIGN(std::string command, lage_command());
  if (!request_.run_generator) return make_error(0, "lage cannot be run here");
  const std::string directory = request_.workspace.directory + "/.bxl";
  const std::string file = directory + "/lage-info";
  BXL_TRY(make_directories(directory));
  // Whatever lage can see of the environment is in the graph; DOMINO asks for all edges.
  std::string text = "exec env -i DOMINO=1";
  for (const auto& [name, value] : environment_) text += " " + shell_word(name + "=" + value);
  text += " " + command + " info";
  for (const Command& one : resolver_.commands) text += " " + shell_word(one.name);
  text += " --reporter json";
  if (!resolver_.since.empty()) text += " --since " + shell_word(resolver_.since);
  text += " > " + shell_word(file);
  request_.note("asking lage for its tasks");
  BXL_TRY_ASSIGN(run, request_.run_generator(text, resolver_.root));
  ++runs_;
  auto printed = read_file(file);
  ::unlink(file.c_str());
  if (run.status != 0)
    return make_error(0, "`lage info` ended with exit code " + std::to_string(run.status) + " in " +
                             resolver_.root + "; what it said stands above");
  if (!printed) return printed;
  return printed;
}

// The folders of packages are where pips write: lage lists them in search of package.json, and what
// else is there makes no other graph. New packages are found as in workspaces without lage.
Result<void> Loader::record_lage(GeneratorRun run, const TaskGraph& graph) {
  if (!run.observed) {
    request_.warn("lage could not be observed: it will be asked again in each build");
    options_ += kUnobserved;
    return {};
  }
  std::unordered_set<std::string_view> folders;
  for (const Task& task : graph.tasks)
    if (task.folder != resolver_.root) folders.insert(task.folder);
  for (GeneratorAccess& access : run.accesses)
    for (std::string_view at = access.path; access.listed && at.size() > resolver_.root.size();
         at = parent_path(at))
      if (folders.contains(at)) access.listed = false;
  BXL_TRY_ASSIGN(late_, reads_of(run, request_.workspace.directory + "/.bxl", reads_, paths_));
  // What is wrong with it is for lage to say.
  if (has_workspaces(resolver_.root)) (void)read_workspaces(resolver_.root, reads_);
  return {};
}

Result<TaskGraph> Loader::lage_tasks() {
  for (const Command& one : resolver_.commands)
    if (!one.members.empty() || one.depends_on)
      return make_error(0,
                        "'execute' of a Lage resolver names targets as strings: their order "
                        "stands in lage.config.js");
  GeneratorRun run;
  BXL_TRY_ASSIGN(std::string text, run_lage(run));
  auto read_package = [&](const std::string& folder) -> Result<std::optional<Package>> {
    BXL_TRY_ASSIGN(auto manifest, read_manifest(folder, resolver_.root, reads_));
    if (!manifest) return std::optional<Package>();
    return std::optional(std::move(manifest->package));
  };
  BXL_TRY_ASSIGN(TaskGraph graph, read_lage_graph(text, resolver_.root, read_package));
  BXL_TRY(record_lage(std::move(run), graph));
  return graph;
}

Result<TaskGraph> Loader::tasks() {
  switch (resolver_.kind) {
    case Kind::Lage:
      return lage_tasks();
    case Kind::Nx:
      return make_error(0, "Nx repositories cannot be built yet");
    default:
      return workspace_tasks();
  }
}

void Loader::apply_options(TaskGraph& graph) {
  for (Task& task : graph.tasks) {
    for (Script& script : task.scripts)
      if (auto it = resolver_.custom_commands.find(script.name);
          it != resolver_.custom_commands.end())
        script.arguments.insert(script.arguments.end(), it->second.begin(), it->second.end());
    for (const std::string& path : resolver_.output_directories)
      task.output_directories.push_back(
          normalize_path(path.front() == '/' ? path : task.folder + "/" + path));
  }
}

void Loader::apply_options(std::vector<wire::Pip>& pips) {
  for (wire::Pip& pip : pips) {
    if (!resolver_.same_content) pip.flags &= ~static_cast<std::uint32_t>(wire::kPipSameContent);
    wire::PipOptions& options = pip.options.make();
    options.success_exit_codes = resolver_.success_exit_codes;
    options.retry_exit_codes = resolver_.retry_exit_codes;
    options.retries = resolver_.retries;
    for (const std::string& path : resolver_.untracked)
      options.untracked.push_back(path.front() == '/'
                                      ? paths_.intern(path)
                                      : paths_.intern_at(pip.working_directory, path));
  }
}

Result<LoadedGraph> Loader::run() {
  std::string base_text;
  for (const auto& [name, value] : environment_) base_text += name + "=" + value + '\0';
  const std::string base = "environment " + Digest::of(base_text).hex() + "\n";
  LoadedGraph out;
  if (auto stored = open_stored(request_); stored && reusable(request_, *stored, base)) {
    out.stream = std::move(stored->fd);
    out.reused = true;
    if (::lseek(out.stream.get(), 0, SEEK_SET) != 0) return errno_error("seek in the stored graph");
    return out;
  }
  BXL_TRY(find_resolver());
  apply_environment();
  for (const std::string& option : resolver_.without_effect)
    request_.warn("config.dsc: '" + option + "' has no effect yet");
  BXL_TRY_ASSIGN(TaskGraph graph, tasks());
  for (const std::string& note : graph.notes) request_.note(note);
  apply_options(graph);

  PipSettings settings;
  settings.root = resolver_.root;
  settings.module_name = resolver_.module_name;
  settings.environment = environment_;
  settings.is_directory = [&](const std::string& path) {
    if (!reads_.exists(path)) return false;
    auto identity = stat_identity(path);
    return identity && identity->kind == FileKind::Directory;
  };
  std::vector<wire::Pip> pips = make_pips(graph, settings, paths_);
  apply_options(pips);
  BXL_TRY_ASSIGN(auto pip_graph, graph::PipGraph::create(std::move(pips), paths_));

  wire::GraphRecord record;
  record.front_end = name(request_.workspace.front_end);
  record.options = options_text(request_) + base + options_;
  record.environment = environment_;
  const auto mounts = find_mounts(request_.workspace, {}, leaf_inputs(pip_graph, paths_), reads_);
  record.pips = std::move(pip_graph).take_pips();
  record.reads = reads_.take();
  record.reads.insert(record.reads.end(), late_.begin(), late_.end());
  BXL_TRY_ASSIGN(out.stream, store_graph(request_, mounts, paths_, record));
  out.generator_runs = runs_;
  return out;
}

}  // namespace

Result<LoadedGraph> load(const LoadRequest& request) { return Loader(request).run(); }

}  // namespace bxl::frontend::javascript
