// Names of caches, and who wrote into them when.
#include "exec/tool_cache.h"

#include <algorithm>
#include <utility>

namespace bxl::exec {
namespace {

// A directory or file of this name, in a directory of that name where one is given. Not
// *.tsbuildinfo: tsc keeps its state in the folder of the package, where it is an output, which is
// removed before the next run.
struct Name {
  std::string_view parent, name;
};
constexpr Name kNames[] = {
    {"node_modules", ".cache"},  // babel-loader, terser, prettier, webpack, lage, …
    {"node_modules", ".vite"},  {".nx", "cache"},  // not .nx/installation
    {".nx", "workspace-data"},  {".turbo", "cache"},  {".angular", "cache"},   {".next", "cache"},
    {"", ".parcel-cache"},      {"", ".eslintcache"}, {"", ".stylelintcache"},
};

}  // namespace

bool is_tool_cache(std::string_view path, std::string_view root) {
  if (path.size() <= root.size() + 1 || !path_within(path, root)) return false;
  path.remove_prefix(root == "/" ? 1 : root.size() + 1);
  std::string_view parent;
  while (!path.empty()) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    const std::string_view name = path.substr(0, slash);
    if (name.front() == '.' || name == "cache")
      for (const Name& one : kNames)
        if (one.name == name && (one.parent.empty() || one.parent == parent)) return true;
    parent = name;
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  return false;
}

ToolCaches::ToolCaches(const graph::PipGraph& graph, const PathTable& paths, std::string root)
    : root_(std::move(root)) {
  for (std::size_t i = 0; i < graph.size(); ++i)
    for (const wire::DirectoryOutput& one :
         graph.pip(PipId(static_cast<std::uint32_t>(i))).more().directory_outputs)
      if (std::string path = paths.str(one.path); is_tool_cache(path, root_))
        outputs_.push_back(std::move(path));
}

bool ToolCaches::holds(std::string_view path) const {
  return is_tool_cache(path, root_) &&
         std::none_of(outputs_.begin(), outputs_.end(),
                      [&](const std::string& directory) { return path_within(path, directory); });
}

std::vector<ToolCaches::User> ToolCaches::used(PathId path, const User& user) {
  std::vector<User> others;
  std::vector<User>& users = users_[path];
  for (const User& one : users)
    if (one.pip != user.pip && one.start_ns <= user.end_ns && user.start_ns <= one.end_ns &&
        (one.use == Use::Wrote || user.use == Use::Wrote))
      others.push_back(one);
  users.push_back(user);
  return others;
}

}  // namespace bxl::exec
