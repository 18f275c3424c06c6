// Translates pips from one table of paths, and one numbering, to another.
#include "frontend/ninja_graph.h"

namespace bxl::frontend {

void append_pips(std::vector<wire::Pip>& to, PathTable& paths, std::vector<wire::Pip> from,
                 const PathTable& from_paths) {
  const auto base = static_cast<std::uint32_t>(to.size());
  auto path = [&](PathId& id) {
    if (id != kNoPath) id = paths.intern(from_paths.str(id));
  };
  auto all = [&](std::vector<PathId>& ids) {
    for (PathId& id : ids) path(id);
  };
  for (wire::Pip& pip : from) {
    path(pip.working_directory);
    for (auto* list : {&pip.inputs, &pip.order_only, &pip.outputs, &pip.optional_outputs})
      all(*list);
    for (PathId* one : {&pip.depfile, &pip.rspfile, &pip.dyndep}) path(*one);
    for (auto* list : {&pip.dependencies, &pip.validations})
      for (PipId& id : *list) id = PipId(base + static_cast<std::uint32_t>(index(id)));
    if (pip.options) {
      wire::PipOptions& options = pip.options.make();
      for (wire::DirectoryOutput& directory : options.directory_outputs) path(directory.path);
      for (wire::ReadScope& scope : options.read_scopes) path(scope.path);
      all(options.untracked);
      for (PathId* one : {&options.stdin_file, &options.stdout_file, &options.stderr_file})
        path(*one);
    }
    to.push_back(std::move(pip));
  }
}

}  // namespace bxl::frontend
