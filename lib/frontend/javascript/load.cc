// The life of one bxl-graph over a JavaScript repository.
#include "frontend/javascript/load.h"

#include <unistd.h>

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

#include "frontend/dsc/disk.h"
#include "frontend/javascript/parts.h"
#include "frontend/stored_graph.h"
#include "os/file.h"

namespace bxl::frontend::javascript {
namespace {

constexpr std::string_view kVariable = "variable ";
constexpr std::string_view kTask = "task ";
// Nobody has the default task: an error for who names nothing else.
constexpr std::string_view kNoDefault = "task\n";
constexpr std::string_view kUnobserved = "unobserved\n";  // never reused

constexpr std::string_view kDefaultTask = "build";

bool is_configured(const LoadRequest& request) {
  return request.workspace.manifest.ends_with(".dsc");
}

// What shapes the graph beside the files: one line each. Below these stands a line for each
// variable that config.dsc asked for, with the digest of its value.
std::string options_text(const LoadRequest& request) {
  return "javascript " + request.workspace.manifest + "\n" + pass_env_lines(request);
}

std::string variable_line(const std::string& name, std::optional<std::string_view> value) {
  // The name is the user's text: its digest cannot break the line.
  return std::string(kVariable) + (value ? Digest::of(*value).hex() : "-") + " " +
         (name.find('\n') == std::string::npos ? name : "") + "\n";
}

// What the user may mean by targets, when these are tasks: "test", "pkg#test". Names of files and
// packages are among it; nobody has a script of that name.
std::set<std::string> asked_tasks(const std::vector<std::string>& targets) {
  std::set<std::string> out;
  for (const std::string& target : targets) {
    const std::string name = target.substr(target.rfind('#') + 1);
    if (!name.empty() && name != kDefaultTask && name.find_first_of("/\n^") == name.npos)
      out.insert(name);
  }
  return out;
}

// Those that the stored graph has been asked for; whatever else has changed, it keeps them: their
// outputs must not count as left behind only because a build does without them.
std::set<std::string> stored_tasks(std::string_view options) {
  std::set<std::string> out;
  while (!options.empty()) {
    const std::string_view line = options.substr(0, options.find('\n'));
    if (line.starts_with(kTask)) out.emplace(line.substr(kTask.size()));
    options.remove_prefix(std::min(line.size() + 1, options.size()));
  }
  return out;
}

// `base`: the digest of the environment that the caller would give to pips.
bool reusable(const LoadRequest& request, const StoredGraph& stored, const std::string& base) {
  std::string_view rest = stored.frame.options;
  const std::string options = options_text(request) + base;
  if (!rest.starts_with(options)) return false;
  rest.remove_prefix(options.size());
  if (!is_configured(request)) {
    const std::set<std::string> have = stored_tasks(rest), wanted = asked_tasks(request.targets);
    if (request.targets.empty() && rest.find(kNoDefault) != rest.npos) return false;
    if (!std::includes(have.begin(), have.end(), wanted.begin(), wanted.end())) return false;
  }
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    if (end == rest.npos) return false;
    const std::string_view line = rest.substr(0, end + 1);
    if (line.starts_with(kTask) || line == kNoDefault) {
      rest.remove_prefix(end + 1);
      continue;
    }
    if (!line.starts_with(kVariable)) return false;
    const std::size_t space = line.find(' ', kVariable.size());
    if (space == line.npos) return false;
    const std::string name(line.substr(space + 1, line.size() - space - 2));
    if (line != variable_line(name, value_of(request.variables, name))) return false;
    rest.remove_prefix(end + 1);
  }
  return std::all_of(
      stored.frame.reads.begin(), stored.frame.reads.end(),
      [&](const wire::FrontEndRead& read) { return unchanged(read, stored.paths.str(read.path)); });
}

class Loader {
 public:
  // `tasks`: beside the default one; without config.dsc.
  Loader(const LoadRequest& request, std::set<std::string> tasks)
      : request_(request),
        tasks_(std::move(tasks)),
        reads_(paths_),
        tools_(request, reads_, paths_) {}

  // `known`: what the graph of the last build rested on.
  Result<LoadedGraph> run(const std::string& base, const ninja::KnownContent& known);

 private:
  Result<std::vector<Resolver>> find_resolvers();
  void note_passed(const Resolver& resolver);

  const LoadRequest& request_;
  std::set<std::string> tasks_;
  PathTable paths_;
  Reads reads_;
  Tools tools_;
  std::unique_ptr<dsc::Evaluation> evaluation_;  // null without config.dsc
  std::string options_;                          // behind options_text()
};

Result<std::vector<Resolver>> Loader::find_resolvers() {
  const std::string& root = request_.workspace.directory;
  const std::string manifest(base_name(request_.workspace.manifest));
  if (!is_configured(request_)) {
    Resolver only;
    only.root = root;
    only.commands = {{std::string(kDefaultTask), {}, {}, !request_.targets.empty()}};
    only.kind = manifest == "lage.config.js" ? Kind::Lage
                : manifest == "rush.json"    ? Kind::Rush
                : manifest == "nx.json"      ? Kind::Nx
                                             : Kind::Yarn;
    for (const std::string& task : tasks_) {
      only.commands.push_back({task, {}, {}, true});
      // Lage and Nx know their own order.
      if (only.kind == Kind::Yarn || only.kind == Kind::Rush)
        only.commands.back().depends_on = {{DependsOn::Kind::Local, std::string(kDefaultTask)}};
    }
    return std::vector<Resolver>{std::move(only)};
  }
  const std::string file = request_.workspace.manifest.front() == '/'
                               ? request_.workspace.manifest
                               : root + "/" + request_.workspace.manifest;
  BXL_TRY_ASSIGN(evaluation_, dsc::Evaluation::run(normalize_path(file),
                                                   dsc::disk_world(reads_, request_.variables)));
  BXL_TRY_ASSIGN(Configuration configuration, read_configuration(*evaluation_, root));
  for (const std::string& key : configuration.without_effect)
    request_.warn("config.dsc: '" + key + "' has no effect here");
  return std::move(configuration.resolvers);
}

// What passes through counts, too: the graph holds the values.
void Loader::note_passed(const Resolver& resolver) {
  if (!resolver.environment) return;
  for (const auto& [name, value] : *resolver.environment)
    if (!value && !evaluation_->variables().contains(name))
      options_ += variable_line(name, value_of(request_.variables, name));
}

Result<LoadedGraph> Loader::run(const std::string& base, const ninja::KnownContent& known) {
  BXL_TRY_ASSIGN(std::vector<Resolver> resolvers, find_resolvers());
  PartSources sources{request_, paths_, reads_, tools_, evaluation_.get(), known};
  Parts parts(sources);
  for (Resolver& resolver : resolvers) {
    note_passed(resolver);
    BXL_TRY(parts.add(std::move(resolver)));
  }
  BXL_TRY(parts.join());
  // Functions of the configuration have been called by now.
  if (evaluation_)
    for (const auto& [name, value] : evaluation_->variables())
      options_ += variable_line(name, value);
  if (!tools_.observed() || parts.runs_always()) options_ += kUnobserved;
  // Without a word about it, what was asked for once is not built.
  for (std::size_t i = 0; i < parts.pips.size() && !tasks_.empty(); ++i)
    if (parts.pips[i].more().tags.front() == kDefaultTask)
      parts.default_targets.push_back(PipId(static_cast<std::uint32_t>(i)));
  if (!tasks_.empty() && parts.default_targets.empty()) options_ += kNoDefault;
  BXL_TRY_ASSIGN(auto pip_graph, graph::PipGraph::create(std::move(parts.pips), paths_));

  wire::GraphRecord record;
  record.front_end = name(request_.workspace.front_end);
  record.options = options_text(request_) + base + options_;
  for (const std::string& task : tasks_) record.options += std::string(kTask) + task + "\n";
  record.environment = std::move(parts.environment);
  record.default_targets = std::move(parts.default_targets);
  record.dyndeps = std::move(parts.dyndeps);
  auto mounts = find_mounts(request_.workspace, {}, leaf_inputs(pip_graph, paths_), reads_);
  mounts.insert(mounts.end(), parts.mounts.begin(), parts.mounts.end());
  record.pips = std::move(pip_graph).take_pips();
  record.reads = reads_.take();
  record.reads.insert(record.reads.end(), tools_.late().begin(), tools_.late().end());
  record.reads.insert(record.reads.end(), parts.reads.begin(), parts.reads.end());
  LoadedGraph out;
  BXL_TRY_ASSIGN(out.stream, store_graph(request_, mounts, paths_, record));
  out.generator_runs = tools_.runs() + parts.generator_runs();
  return out;
}

}  // namespace

Result<LoadedGraph> load(const LoadRequest& request) {
  std::string environment;
  for (const auto& [name, value] : resolve_environment(request.variables, request.pass_env))
    environment += name + "=" + value + '\0';
  const std::string base = "environment " + Digest::of(environment).hex() + "\n";
  ninja::KnownContent known;
  std::set<std::string> tasks;
  if (!is_configured(request)) tasks = asked_tasks(request.targets);
  if (auto stored = open_stored(request)) {
    if (!is_configured(request)) tasks.merge(stored_tasks(stored->frame.options));
    if (reusable(request, *stored, base)) {
      LoadedGraph out;
      out.stream = std::move(stored->fd);
      out.reused = true;
      if (::lseek(out.stream.get(), 0, SEEK_SET) != 0)
        return errno_error("seek in the stored graph");
      return out;
    }
    for (const wire::FrontEndRead& read : stored->frame.reads)
      known.emplace(stored->paths.str(read.path), read);
  }
  return Loader(request, std::move(tasks)).run(base, known);
}

}  // namespace bxl::frontend::javascript
