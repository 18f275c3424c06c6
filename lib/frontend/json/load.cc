// The life of one bxl-graph over a JSON graph.
#include "frontend/json/load.h"

#include <unistd.h>

#include <algorithm>
#include <string_view>

#include "frontend/json/pips.h"
#include "frontend/stored_graph.h"
#include "os/file.h"

namespace bxl::frontend::json_graph {
namespace {

constexpr std::string_view kPassed = "passed ";

// What shapes the graph beside the file: one line each. Below these stands a line for each name in
// a passEnv, with the digest of its value.
std::string options_text(const LoadRequest& request) {
  return "graph " + request.workspace.manifest + "\n" + pass_env_lines(request);
}

std::string passed_line(const LoadRequest& request, const std::string& name) {
  const auto value = value_of(request.variables, name);
  return std::string(kPassed) + name + " " + (value ? Digest::of(*value).hex() : "-") + "\n";
}

bool reusable(const LoadRequest& request, const StoredGraph& stored) {
  const std::string options = options_text(request);
  std::string_view rest = stored.frame.options;
  if (rest.substr(0, options.size()) != options) return false;
  rest.remove_prefix(options.size());
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    if (end == rest.npos || rest.substr(0, kPassed.size()) != kPassed) return false;
    const std::string_view line = rest.substr(0, end + 1);
    const std::size_t name_end = line.rfind(' ');
    if (name_end <= kPassed.size() ||
        line != passed_line(request,
                            std::string(line.substr(kPassed.size(), name_end - kPassed.size()))))
      return false;
    rest.remove_prefix(end + 1);
  }
  return std::all_of(
      stored.frame.reads.begin(), stored.frame.reads.end(),
      [&](const wire::FrontEndRead& read) { return unchanged(read, stored.paths.str(read.path)); });
}

Result<std::string> read_graph(const std::string& shown, const std::string& path, Reads& reads) {
  auto identity = stat_identity(path);
  if (!identity) return std::move(identity.error()).in(shown);
  if (identity->size > kMaxGraphBytes)
    return make_error(EFBIG,
                      shown + " has more than " + std::to_string(kMaxGraphBytes >> 20) + " MiB");
  auto text = reads.read(path);
  if (!text) return make_error(text.error().errnum, shown);
  return text;
}

}  // namespace

Result<LoadedGraph> load(const LoadRequest& request) {
  const Workspace& workspace = request.workspace;
  const Environment environment = resolve_environment(request.variables, request.pass_env);
  // What the user sets for all pips is compared by the "passed" lines and by the file.
  std::string base_text = options_text(request);
  for (const auto& [name, value] : environment) base_text += name + "=" + value + '\0';
  const std::string base = "environment " + Digest::of(base_text).hex() + "\n";

  LoadedGraph out;
  if (auto stored = open_stored(request)) {
    const std::string& options = stored->frame.options;
    const bool same_base = options.size() >= base.size() &&
                           options.compare(options.size() - base.size(), base.size(), base) == 0;
    if (same_base) stored->frame.options.resize(options.size() - base.size());
    if (same_base && reusable(request, *stored)) {
      out.stream = std::move(stored->fd);
      out.reused = true;
      if (::lseek(out.stream.get(), 0, SEEK_SET) != 0)
        return errno_error("seek in the stored graph");
      return out;
    }
  }

  PathTable paths;
  Reads reads(paths);
  PipSettings settings;
  settings.directory = workspace.directory;
  settings.graph_file = normalize_path(workspace.manifest.front() == '/'
                                           ? workspace.manifest
                                           : workspace.directory + "/" + workspace.manifest);
  settings.variables = request.variables;
  settings.environment = environment;
  BXL_TRY_ASSIGN(const std::string text,
                 read_graph(workspace.manifest, settings.graph_file, reads));
  Problems problems(workspace.manifest, text);
  BXL_TRY_ASSIGN(const GraphDeclaration declaration, read_declaration(text, problems));
  if (!problems.empty()) return problems.error();
  PipSet set = make_pips(declaration, settings, paths, problems);
  if (!problems.empty()) return problems.error();
  BXL_TRY_ASSIGN(auto graph, graph::PipGraph::create(std::move(set.pips), paths));

  wire::GraphRecord record;
  record.front_end = name(FrontEnd::Json);
  record.options = options_text(request);
  for (const std::string& one : passed_names(declaration))
    record.options += passed_line(request, one);
  record.options += base;
  record.environment = std::move(set.environment);
  const auto mounts = find_mounts(workspace, {}, leaf_inputs(graph, paths), reads);
  record.pips = std::move(graph).take_pips();
  record.default_targets = std::move(set.default_targets);
  record.share_checkouts = declaration.share_checkouts;
  record.reads = reads.take();
  BXL_TRY_ASSIGN(out.stream, store_graph(request, mounts, paths, record));
  return out;
}

}  // namespace bxl::frontend::json_graph
