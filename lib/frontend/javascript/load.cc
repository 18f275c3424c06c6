// The life of one bxl-graph over a JavaScript repository.
#include "frontend/javascript/load.h"

#include <unistd.h>

#include <algorithm>
#include <map>
#include <string_view>

#include "frontend/dsc/disk.h"
#include "frontend/javascript/parts.h"
#include "frontend/stored_graph.h"
#include "os/file.h"

namespace bxl::frontend::javascript {
namespace {

constexpr std::string_view kVariable = "variable ";
constexpr std::string_view kUnobserved = "unobserved\n";  // never reused

// What shapes the graph beside the files: one line each. Below these stands a line for each
// variable that config.dsc asked for, with the digest of its value.
std::string options_text(const LoadRequest& request) {
  return "javascript " + request.workspace.manifest + "\n" + pass_env_lines(request);
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
      : request_(request), reads_(paths_), tools_(request, reads_, paths_) {}

  // `known`: what the graph of the last build rested on.
  Result<LoadedGraph> run(const std::string& base, const ninja::KnownContent& known);

 private:
  Result<std::vector<Resolver>> find_resolvers();
  void note_passed(const Resolver& resolver);

  const LoadRequest& request_;
  PathTable paths_;
  Reads reads_;
  Tools tools_;
  std::unique_ptr<dsc::Evaluation> evaluation_;  // null without config.dsc
  std::string options_;                          // behind options_text()
};

Result<std::vector<Resolver>> Loader::find_resolvers() {
  const std::string& root = request_.workspace.directory;
  const std::string manifest(base_name(request_.workspace.manifest));
  if (!manifest.ends_with(".dsc")) {
    Resolver only;
    only.root = root;
    only.commands = {{"build", {}, {}}};
    only.kind = manifest == "lage.config.js" ? Kind::Lage
                : manifest == "rush.json"    ? Kind::Rush
                : manifest == "nx.json"      ? Kind::Nx
                                             : Kind::Yarn;
    return std::vector<Resolver>{std::move(only)};
  }
  const std::string file = request_.workspace.manifest.front() == '/'
                               ? request_.workspace.manifest
                               : root + "/" + request_.workspace.manifest;
  BXL_TRY_ASSIGN(evaluation_, dsc::Evaluation::run(normalize_path(file),
                                                   dsc::disk_world(reads_, request_.variables)));
  return read_resolvers(*evaluation_, root);
}

// What passes through counts, too: the graph holds the values.
void Loader::note_passed(const Resolver& resolver) {
  if (!resolver.environment) return;
  for (const auto& [name, value] : *resolver.environment)
    if (!value && !evaluation_->variables().contains(name))
      options_ += variable_line(name, value_of(request_, name));
}

Result<LoadedGraph> Loader::run(const std::string& base, const ninja::KnownContent& known) {
  BXL_TRY_ASSIGN(std::vector<Resolver> resolvers, find_resolvers());
  PartSources sources{request_, paths_, reads_, tools_, evaluation_.get(), known};
  Parts parts(sources);
  for (Resolver& resolver : resolvers) {
    note_passed(resolver);
    for (const std::string& option : resolver.without_effect)
      request_.warn("config.dsc: '" + option + "' has no effect yet");
    BXL_TRY(parts.add(std::move(resolver)));
  }
  BXL_TRY(parts.join());
  // Functions of the configuration have been called by now.
  if (evaluation_)
    for (const auto& [name, value] : evaluation_->variables())
      options_ += variable_line(name, value);
  if (!tools_.observed() || parts.runs_always()) options_ += kUnobserved;
  BXL_TRY_ASSIGN(auto pip_graph, graph::PipGraph::create(std::move(parts.pips), paths_));

  wire::GraphRecord record;
  record.front_end = name(request_.workspace.front_end);
  record.options = options_text(request_) + base + options_;
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
  if (auto stored = open_stored(request)) {
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
  return Loader(request).run(base, known);
}

}  // namespace bxl::frontend::javascript
