// Several resolvers, one graph.
#include "frontend/javascript/parts.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <set>

#include "base/path_table.h"
#include "frontend/javascript/pips.h"
#include "frontend/javascript/shapes.h"
#include "os/file.h"

namespace bxl::frontend::javascript {
namespace {

// BuildXL gives this to a process that declares no PATH.
constexpr std::string_view kDefaultPath = "/usr/bin:/usr/sbin:/bin:/sbin";

std::string show(const Resolver& resolver) {
  return std::string("the resolver of kind ") + name(resolver.kind) +
         (resolver.module_name.empty() ? "" : " '" + resolver.module_name + "'");
}

void make_unique(std::vector<PipId>& list) {
  std::sort(list.begin(), list.end());
  list.erase(std::unique(list.begin(), list.end()), list.end());
}

}  // namespace

Result<Environment> Parts::environment_of(const Resolver& resolver) const {
  std::vector<std::string> variables = s_.request.variables, names = s_.request.pass_env;
  if (resolver.environment) {
    variables.clear();
    auto pass = [&](const std::string& name) {
      if (const auto value = value_of(s_.request.variables, name))
        variables.push_back(name + "=" + std::string(*value));
    };
    for (const auto& [name, value] : *resolver.environment) {
      if (value)
        variables.push_back(name + "=" + *value);
      else
        pass(name);
      names.push_back(name);
    }
    for (const std::string& name : s_.request.pass_env) pass(name);
    if (!value_of(variables, "PATH")) variables.push_back("PATH=" + std::string(kDefaultPath));
  }
  std::string front;
  for (const Resolver::ProgramPlace& place : resolver.programs) {
    bool there = false;
    for (const std::string& directory : place.directories) {
      front += directory + ":";
      there = s_.reads.exists(directory + "/" + place.program) || there;
    }
    if (!there)
      return s_.evaluation->error(
          place.origin,
          "there is no " + place.program + " in " +
              (place.directories.empty() ? "no directory at all" : place.directories.front()) +
              (place.directories.size() > 1 ? " or the directories after it" : "") + ", which " +
              place.option + " names");
  }
  if (!front.empty()) {
    auto path = std::find_if(variables.begin(), variables.end(),
                             [](const std::string& one) { return one.starts_with("PATH="); });
    if (path == variables.end())
      variables.push_back("PATH=" + front.substr(0, front.size() - 1));
    else
      path->insert(5, front);
  }
  // The caller's PATH is resolved anew in each build, this one with the graph.
  const auto path = value_of(variables, "PATH");
  if (path && (resolver.environment || !front.empty()))
    for (const std::string& entry : path_entries(*path))
      if (entry.starts_with('/')) s_.reads.exists(entry);
  return resolve_environment(variables, names);
}

Result<void> Parts::add(Resolver resolver) {
  Part part;
  BXL_TRY_ASSIGN(part.environment, environment_of(resolver));
  part.resolver = std::move(resolver);
  part.first = pips.size();
  if (part.resolver.kind == Kind::Ninja) {
    BXL_TRY(add_ninja(part));
  } else {
    BXL_TRY(add_tasks(part));
  }
  part.end = pips.size();
  BXL_TRY(apply_options(part));
  if (part.resolver.declared_reads) restrict_reads(part);
  parts_.push_back(std::move(part));
  return {};
}

Result<void> Parts::add_tasks(Part& part) {
  TaskSources sources{s_.reads, s_.tools, s_.evaluation};
  BXL_TRY_ASSIGN(part.graph, read_tasks(part.resolver, part.environment, sources));
  for (const std::string& note : part.graph.notes) s_.request.note(note);
  if (!part.resolver.scheduling.file.empty())
    BXL_TRY(schedule(*s_.evaluation, part.resolver.scheduling, part.environment, part.graph.tasks));
  PipSettings settings;
  settings.root = part.resolver.root;
  settings.workspace = s_.request.workspace.directory;
  settings.module_name = part.resolver.module_name;
  settings.environment = part.environment;
  settings.node = s_.tools.find_in_path("node", part.environment);
  settings.is_directory = [&](const std::string& path) {
    if (!part.resolver.install.empty()) return true;  // it will be there when a task runs
    if (!s_.reads.exists(path)) return false;
    auto identity = stat_identity(path);
    return identity && identity->kind == FileKind::Directory;
  };
  if (part.resolver.kind == Kind::Rush)
    settings.more_bin = part.resolver.root + "/common/temp/node_modules/.bin";
  if (!part.resolver.install.empty()) add_install(part);
  append_pips(pips, s_.paths, make_pips(part.graph, settings, s_.paths), s_.paths);
  return {};
}

// One more task, which all others wait for. Package managers keep caches and logs in the home
// directory: those are private here, what counts is what ends up in node_modules. The network is
// trusted, since lock files hold the digests of what comes from there. pnpm, run as root, gives
// postinstall scripts the identity they have already, by system calls after which nothing can be
// cached: unsafe_perm leaves these out, and makes no other difference to them.
void Parts::add_install(Part& part) {
  const Resolver& resolver = part.resolver;
  Task install;
  install.id = "#install";
  install.name = "install";
  install.folder = resolver.root;
  std::string command =
      "export npm_config_cache=\"$TMPDIR/npm\" npm_config_update_notifier=false "
      "npm_config_audit=false npm_config_fund=false YARN_CACHE_FOLDER=\"$TMPDIR/yarn\" "
      "YARN_ENABLE_GLOBAL_CACHE=false YARN_ENABLE_TELEMETRY=0";
  // npm would warn of these.
  if (s_.reads.exists(resolver.root + "/pnpm-lock.yaml"))
    command +=
        " npm_config_store_dir=\"$TMPDIR/pnpm\" npm_config_package_import_method=copy "
        "npm_config_unsafe_perm=true";
  install.argv = {"/bin/sh", "-c", command + "\n" + resolver.install};
  for (Task& task : part.graph.tasks) {
    install.output_directories.push_back(task.folder + "/node_modules");
    task.dependencies.push_back(install.id);
  }
  install.output_directories.push_back(resolver.root + "/node_modules");
  // Yarn 4 keeps .yarn/install-state.gz.
  if (s_.reads.exists(resolver.root + "/.yarnrc.yml"))
    install.output_directories.push_back(resolver.root + "/.yarn");
  auto& places = install.output_directories;
  std::sort(places.begin(), places.end());
  places.erase(std::unique(places.begin(), places.end()), places.end());
  part.graph.tasks.push_back(std::move(install));
}

Result<void> Parts::add_ninja(Part& part) {
  const Resolver& resolver = part.resolver;
  LoadRequest request = s_.request;
  request.run_generator = nullptr;  // its record belongs to a workspace of its own
  request.workspace = {};
  BXL_TRY_ASSIGN(request.workspace.directory, real_path(resolver.root));
  const std::string& directory = request.workspace.directory;
  request.workspace.manifest = "build.ninja";
  if (!resolver.spec_file.empty()) {
    if (!path_within(resolver.spec_file, resolver.root))
      return s_.evaluation->error(
          resolver.origin,
          "the specFile " + resolver.spec_file + " lies outside of the root " + resolver.root);
    request.workspace.manifest = resolver.spec_file.substr(resolver.root.size() + 1);
  }
  if (!s_.reads.exists(directory + "/" + request.workspace.manifest))
    return s_.evaluation->error(resolver.origin,
                                "there is no " + request.workspace.manifest + " in " + directory +
                                    "; run cmake -G Ninja first, or name the file with specFile");
  BXL_TRY_ASSIGN(NinjaGraph graph, read_ninja(request, s_.known));
  runs_always_ |= graph.runs_always;
  generator_runs_ += graph.generator_runs;
  const std::string& root = s_.request.workspace.directory;
  const std::string prefix =
      directory == root ? "" : directory.substr(root == "/" ? 1 : root.size() + 1) + "/";
  BXL_TRY(add_ninja_targets(part, graph));
  for (wire::Pip& pip : graph.record.pips) {
    // Names from the workspace's root: those of two build directories may be the same.
    pip.stable_id = prefix + pip.stable_id;
    pip.spec = prefix + pip.spec;
    if (!resolver.module_name.empty()) pip.options.make().module = resolver.module_name;
  }
  append_pips(pips, s_.paths, std::move(graph.record.pips), graph.paths);
  auto translate = [&](PathId path) { return s_.paths.intern(graph.paths.str(path)); };
  for (wire::FrontEndRead& read : graph.record.reads) {
    read.path = translate(read.path);
    reads.push_back(read);
  }
  for (wire::Dyndep& dyndep : graph.record.dyndeps) {
    dyndep.path = translate(dyndep.path);
    dyndeps.push_back(std::move(dyndep));
  }
  constexpr std::uint32_t kFlags = wire::kMountReadable | wire::kMountHashable | wire::kMountOutput;
  if (directory != root)
    mounts.push_back({"%build" + (mounts.empty() ? "" : std::to_string(mounts.size())) + "%",
                      directory, kFlags});
  return {};
}

// `targets`, or what the manifest builds by default, or everything that nothing else needs.
Result<void> Parts::add_ninja_targets(Part& part, const NinjaGraph& graph) {
  const auto base = static_cast<std::uint32_t>(part.first);
  const auto& from = graph.record.pips;
  std::vector<PipId> wanted = graph.record.default_targets;
  if (!part.resolver.targets.empty()) {
    wanted.clear();
    for (const std::string& target : part.resolver.targets) {
      const PathId path = graph.paths.find(
          normalize_path(target.front() == '/' ? target : part.resolver.root + "/" + target));
      auto makes = [&](const wire::Pip& pip) {
        return std::find(pip.outputs.begin(), pip.outputs.end(), path) != pip.outputs.end();
      };
      auto found = path == kNoPath ? from.end() : std::find_if(from.begin(), from.end(), makes);
      if (found == from.end())
        return s_.evaluation->error(part.resolver.origin,
                                    "no build statement makes the target '" + target + "'");
      wanted.push_back(PipId(static_cast<std::uint32_t>(found - from.begin())));
    }
  }
  for (PipId id : wanted) part.defaults.push_back(PipId(base + index(id)));
  if (!wanted.empty()) return {};
  std::vector<bool> needed(from.size(), false);
  for (const wire::Pip& pip : from)
    for (PipId id : pip.dependencies) needed[index(id)] = true;
  for (std::size_t i = 0; i < from.size(); ++i)
    if (!needed[i] && !(from[i].flags & wire::kPipGenerator))
      part.defaults.push_back(PipId(base + static_cast<std::uint32_t>(i)));
  return {};
}

Result<void> Parts::check_selectors(const Part& part, const Selectors& selectors,
                                    dsc::Origin origin) const {
  std::vector<std::string_view> packages;
  for (const Task& task : part.graph.tasks) packages.push_back(task.package);
  for (const Selector& one : selectors)
    if (std::none_of(part.graph.tasks.begin(), part.graph.tasks.end(),
                     [&](const Task& task) { return one.matches(task); }))
      return s_.evaluation->error(origin, "'" + one.text() + "' names no task of " +
                                              show(part.resolver) +
                                              suggestion(one.text(), packages));
  return {};
}

Result<void> Parts::apply_options(const Part& part) {
  const Resolver& resolver = part.resolver;
  for (const Timeout& timeout : resolver.timeouts)
    BXL_TRY(check_selectors(part, timeout.tasks, timeout.origin));
  for (const ReadPlace& place : resolver.read_places)
    BXL_TRY(check_selectors(part, place.tasks, place.origin));
  // As BuildXL: below each project, for all of them.
  std::vector<PathId> everywhere;
  for (const Task& task : part.graph.tasks)
    for (const std::string& path : resolver.untracked_everywhere)
      everywhere.push_back(s_.paths.intern_at(s_.paths.intern(task.folder), path));
  std::sort(everywhere.begin(), everywhere.end());
  everywhere.erase(std::unique(everywhere.begin(), everywhere.end()), everywhere.end());
  for (std::size_t i = part.first; i < part.end; ++i) {
    wire::Pip& pip = pips[i];
    if (pip.kind != wire::PipKind::Process || (pip.flags & wire::kPipGenerator)) continue;
    const bool is_task = resolver.kind != Kind::Ninja;
    auto place = [&](const std::string& path) {
      return path.front() == '/' ? s_.paths.intern(path)
                                 : s_.paths.intern_at(pip.working_directory, path);
    };
    if (!resolver.untracked.empty())
      for (const std::string& path : resolver.untracked)
        pip.options.make().untracked.push_back(place(path));
    if (!everywhere.empty()) {
      auto& untracked = pip.options.make().untracked;
      untracked.insert(untracked.end(), everywhere.begin(), everywhere.end());
    }
    if (!is_task) {
      for (const std::string& path : resolver.output_directories)
        pip.options.make().directory_outputs.push_back({place(path), false});
      continue;
    }
    if (pip.stable_id == "#install") {
      pip.flags |= wire::kPipTrustNetwork;
      // Not all of the repository, as other tasks have their folder.
      auto& places = pip.options.make().directory_outputs;
      std::erase_if(places, [&](const wire::DirectoryOutput& one) {
        return one.path == pip.working_directory;
      });
    }
    apply_policies(resolver.policies, pip, s_.paths);
    wire::PipOptions& options = pip.options.make();
    // It fills what the others may not touch.
    if (pip.stable_id == "#install") options.output_exclusions.clear();
    for (const Timeout& timeout : resolver.timeouts)
      if (any_matches(timeout.tasks, part.graph.tasks[i - part.first]))
        options.timeout_ms = timeout.ms;
  }
  return {};
}

// Of sources only those below the folder of the package, and of those that it depends on.
void Parts::restrict_reads(const Part& part) {
  for (std::size_t i = part.first; i < part.end; ++i) {
    std::set<PathId> folders;
    std::vector<std::size_t> open{i};
    std::set<std::size_t> seen{i};
    while (!open.empty()) {
      const std::size_t at = open.back();
      open.pop_back();
      folders.insert(pips[at].working_directory);
      for (PipId next : pips[at].dependencies)
        if (seen.insert(index(next)).second) open.push_back(index(next));
    }
    const Task& task = part.graph.tasks[i - part.first];
    for (const ReadPlace& place : part.resolver.read_places)
      if (place.tasks.empty() || any_matches(place.tasks, task))
        folders.insert(s_.paths.intern(place.directory));
    pips[i].flags |= wire::kPipDeclaredReads | wire::kPipRestrictedReads;
    for (PathId folder : folders) pips[i].options.make().read_scopes.push_back({folder, true});
  }
}

Result<void> Parts::check_ids() const {
  std::map<std::string_view, const Part*> seen;
  for (const Part& part : parts_)
    for (std::size_t i = part.first; i < part.end; ++i) {
      auto [other, fresh] = seen.emplace(pips[i].stable_id, &part);
      if (!fresh && other->second != &part)
        return make_error(0, "'" + pips[i].stable_id + "' is a task of " +
                                 show(other->second->resolver) + " and of " + show(part.resolver));
    }
  return {};
}

std::vector<PipId> Parts::makers_below(const std::string& directory) const {
  std::vector<PipId> out;
  for (std::size_t i = 0; i < pips.size(); ++i) {
    const wire::Pip& pip = pips[i];
    auto below = [&](PathId path) { return path_within(s_.paths.str(path), directory); };
    bool found = std::any_of(pip.outputs.begin(), pip.outputs.end(), below);
    for (const wire::DirectoryOutput& one : pip.more().directory_outputs)
      found = found || below(one.path);
    if (found) out.push_back(PipId(static_cast<std::uint32_t>(i)));
  }
  return out;
}

Result<void> Parts::add_dependencies(const Part& part, const AdditionalDependency& more) {
  auto tasks_of = [&](const Part& of, const Selectors& selectors, std::vector<PipId>& to) {
    for (std::size_t i = 0; i < of.graph.tasks.size(); ++i)
      if (any_matches(selectors, of.graph.tasks[i]))
        to.push_back(PipId(static_cast<std::uint32_t>(of.first + i)));
  };
  std::vector<PipId> from, on;
  tasks_of(part, more.dependents, from);
  if (from.empty())
    return s_.evaluation->error(more.origin,
                                "'dependents' names no task of " + show(part.resolver));
  for (const Selector& selector : more.tasks) {
    const std::size_t before = on.size();
    for (const Part& other : parts_) tasks_of(other, {selector}, on);
    if (on.size() == before)
      return s_.evaluation->error(more.origin, "'dependencies' names '" + selector.text() +
                                                   "', which is no task of any resolver");
  }
  for (const Imported& import : more.imports) {
    BXL_TRY_ASSIGN(std::vector<PipId> exported, imported(import));
    on.insert(on.end(), exported.begin(), exported.end());
  }
  for (const std::string& directory : more.directories) {
    const std::vector<PipId> makers = makers_below(directory);
    if (makers.empty())
      return s_.evaluation->error(more.origin,
                                  "nothing is made in " + directory + ": name a file, or a task");
    on.insert(on.end(), makers.begin(), makers.end());
  }
  for (PipId id : from) {
    wire::Pip& pip = pips[index(id)];
    for (PipId other : on)
      if (other != id) pip.dependencies.push_back(other);
    for (const std::string& file : more.files) add_file(pip, file);
    make_unique(pip.dependencies);
  }
  return {};
}

// A file is an input, read or not; one that is made counts for those who are seen to read it.
void Parts::add_file(wire::Pip& pip, const std::string& file) const {
  const PathId path = s_.paths.intern(file);
  if (auto maker = makers_.find(path); maker != makers_.end()) {
    if (&pips[index(maker->second)] != &pip) pip.dependencies.push_back(maker->second);
    pip.order_only.push_back(path);
  } else if (std::find(pip.inputs.begin(), pip.inputs.end(), path) == pip.inputs.end()) {
    pip.inputs.push_back(path);
  }
}

// What all resolvers agree on is of the graph, the rest of each pip.
void Parts::share_environment() {
  environment = parts_.front().environment;
  for (const Part& part : parts_)
    std::erase_if(environment, [&](const auto& one) {
      return std::find(part.environment.begin(), part.environment.end(), one) ==
             part.environment.end();
    });
  for (const Part& part : parts_) {
    Environment own;
    for (const auto& one : part.environment)
      if (std::find(environment.begin(), environment.end(), one) == environment.end())
        own.push_back(one);
    if (own.empty()) continue;
    for (std::size_t i = part.first; i < part.end; ++i) {
      if (pips[i].kind != wire::PipKind::Process) continue;
      wire::PipOptions& options = pips[i].options.make();
      std::map<std::string, std::string> all(options.environment.begin(),
                                             options.environment.end());
      all.insert(own.begin(), own.end());
      options.environment.assign(all.begin(), all.end());
    }
  }
}

// BuildXL: where an output of one pip is an input of another, one waits for the other, whichever
// resolvers they come from.
void Parts::join_by_files() {
  if (parts_.size() < 2) return;
  for (std::size_t i = 0; i < pips.size(); ++i) {
    wire::Pip& pip = pips[i];
    const std::size_t before = pip.dependencies.size();
    for (const auto* list : {&pip.inputs, &pip.order_only})
      for (PathId path : *list)
        if (auto maker = makers_.find(path); maker != makers_.end() && index(maker->second) != i)
          pip.dependencies.push_back(maker->second);
    if (pip.dependencies.size() != before) make_unique(pip.dependencies);
  }
}

void Parts::find_defaults() {
  const bool chosen = std::any_of(parts_.begin(), parts_.end(),
                                  [](const Part& part) { return !part.defaults.empty(); });
  if (!chosen) return;
  for (const Part& part : parts_) {
    default_targets.insert(default_targets.end(), part.defaults.begin(), part.defaults.end());
    for (std::size_t i = part.first; part.resolver.kind != Kind::Ninja && i < part.end; ++i)
      default_targets.push_back(PipId(static_cast<std::uint32_t>(i)));
  }
  make_unique(default_targets);
}

Result<void> Parts::join() {
  BXL_TRY(check_ids());
  for (std::size_t i = 0; i < pips.size(); ++i)
    for (PathId path : pips[i].outputs) makers_.emplace(path, PipId(static_cast<std::uint32_t>(i)));
  join_by_files();
  for (const Part& part : parts_) {
    BXL_TRY(check_exports(part));
    for (const AdditionalDependency& more : part.resolver.additional_dependencies)
      BXL_TRY(add_dependencies(part, more));
    for (std::size_t i = 0; i < part.graph.tasks.size(); ++i) {
      wire::Pip& pip = pips[part.first + i];
      for (const std::string& file : part.graph.tasks[i].files) add_file(pip, file);
      make_unique(pip.dependencies);
    }
  }
  share_environment();
  find_defaults();
  std::sort(dyndeps.begin(), dyndeps.end(), [&](const wire::Dyndep& a, const wire::Dyndep& b) {
    return s_.paths.str(a.path) < s_.paths.str(b.path);
  });
  return {};
}

}  // namespace bxl::frontend::javascript
