// Advice for packages and tasks.
#include "violation/javascript.h"

namespace bxl::violation {
namespace {

std::string quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }

// "package#task": names of packages have no '#'.
std::string_view package_of(const wire::Pip& pip) {
  return std::string_view(pip.stable_id).substr(0, pip.stable_id.find('#'));
}
std::string_view task_of(const wire::Pip& pip) {
  return std::string_view(pip.stable_id).substr(pip.stable_id.find('#') + 1);
}

// `path` as bxlconfig.json spells it. The front end gives each pip the folder of its package, and
// the way there from the root.
std::string in_repository(const PathTable& paths, const wire::Pip& pip, PathId path) {
  PathId root = pip.working_directory;
  for (char c : pip.spec)
    if (c == '/') root = paths.parent(root);
  const std::string text = paths.str(path), below = paths.str(root) + "/";
  return text.starts_with(below) ? "<workspaceDir>/" + text.substr(below.size()) : text;
}

std::string config_of(const wire::Pip& pip) {
  const std::size_t slash = pip.spec.rfind('/');
  return (slash == std::string::npos ? "" : pip.spec.substr(0, slash + 1)) + "bxlconfig.json";
}

bool is_missing_dependency(const wire::Violation& v) {
  return v.code == "DX5003" || v.code == "DX5009" || v.code == "DX5026";
}

}  // namespace

std::string foreign_dependency(const wire::Pip& reader, const wire::Pip& writer) {
  return "add {dependencies: [f`" + writer.stable_id + "`], dependents: [" +
         quoted(package_of(reader)) +
         "]} to additionalDependencies of the resolver of these packages in config.dsc";
}

std::string javascript_advice(const graph::PipGraph& graph, const PathTable& paths,
                              const wire::Violation& v) {
  const wire::Pip& pip = graph.pip(graph.find(v.pip));
  const PipId other = graph.find(v.related);
  if (v.code == "DX5008" || v.code == "DX5047") {
    const PathId directory = paths.parent(v.path);
    if (other == kNoPip && in_repository(paths, pip, directory).front() == '/')
      return "let it write into its own folder, or into a directory that is named in "
             "\"outputDirectories\" in " +
             config_of(pip);
    if (other == kNoPip)
      return "if this is an output, add " + quoted(in_repository(paths, pip, directory)) +
             " to \"outputDirectories\" in " + config_of(pip) +
             ", or to additionalOutputDirectories in config.dsc";
    return {};
  }
  if (v.code == "DX5006" || v.code == "DX5034")
    return "let " + quoted(pip.stable_id) +
           " depend on the package that this file belongs to, or name " +
           quoted(in_repository(paths, pip, paths.parent(v.path))) +
           " in additionalSourceReadsScopes in config.dsc";
  if (v.code == "DX5032")
    return "let each script choose a name of its own, such as one below $TMPDIR";
  if (other == kNoPip) return {};
  const bool mine_reads = v.role == "R";
  const wire::Pip& reader = mine_reads ? pip : graph.pip(other);
  const wire::Pip& writer = mine_reads ? graph.pip(other) : pip;
  if (is_missing_dependency(v) && !(writer.flags & wire::kPipJavaScript))
    return foreign_dependency(reader, writer);
  if (v.code == "DX5025")
    return "let " + quoted(reader.stable_id) + " depend on " + quoted(writer.stable_id) +
           ", or have a new file made instead; if another tool built this file here before, " +
           kCleanFirst;
  if (is_missing_dependency(v)) {
    if (package_of(reader) == package_of(writer))
      return "let the task " + quoted(task_of(reader)) + " depend on " + quoted(task_of(writer)) +
             " (the pipeline in lage.config.js, or `execute` in config.dsc)";
    return "add " + quoted(package_of(writer)) + " to the dependencies in " + reader.spec;
  }
  if (v.code == "DX5007")
    return quoted(writer.stable_id) + " depends on " + quoted(reader.stable_id) +
           ", which therefore cannot read this: let another task make it";
  if (v.code == "DX5002") return "let one of the two write it, and the other depend on that one";
  return {};
}

}  // namespace bxl::violation
