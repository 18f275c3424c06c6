// rush.json and custom graphs.
#include "frontend/javascript/rush.h"

#include <algorithm>
#include <set>

#include "base/path_table.h"
#include "frontend/javascript/package_json.h"
#include "frontend/javascript/workspaces.h"

namespace bxl::frontend::javascript {
namespace {

// The package in `folder`, relative to `root`, which `file` says is named `name`.
Result<Manifest> project(const std::string& name, const std::string& folder,
                         const std::string& file, const std::string& root, Reads& reads,
                         bool needs_manifest = true) {
  const std::string path = normalize_path(root + "/" + folder);
  if (folder.empty() || folder.find('\0') != std::string::npos || !path_within(path, root))
    return make_error(0,
                      file + ": the folder '" + folder + "' of " + name + " lies outside " + root);
  BXL_TRY_ASSIGN(auto manifest, read_manifest(path, root, reads));
  if (!manifest && !needs_manifest) {
    manifest.emplace();
    manifest->package.name = name;
    manifest->package.folder = path;
    return std::move(*manifest);
  }
  if (!manifest) return make_error(0, file + ": " + name + " has no package.json in " + path);
  if (manifest->package.name != name)
    return make_error(0, path + "/package.json is of '" + manifest->package.name + "', but " +
                             file + " says '" + name + "'");
  return std::move(*manifest);
}

Result<std::string> string_of(const json::Value& object, const char* key, const std::string& file) {
  const json::Value* value = object.find(key);
  if (value == nullptr || value->string() == nullptr)
    return make_error(0, file + ": each project needs '" + key + "', which is a string");
  return *value->string();
}

Result<void> no_name_twice(const std::vector<Package>& packages, const std::string& file) {
  std::set<std::string_view> seen;
  for (const Package& package : packages)
    if (!seen.insert(package.name).second)
      return make_error(0, file + ": the project '" + package.name + "' stands there twice");
  return {};
}

}  // namespace

Result<std::vector<Package>> read_rush(const std::string& root, Reads& reads) {
  const std::string file = root + "/rush.json";
  BXL_TRY_ASSIGN(std::string text, reads.read(file));
  BXL_TRY_ASSIGN(json::Value value, parse_json(text, file, Comments::Yes));
  const json::Value* projects = value.find("projects");
  if (projects == nullptr || projects->array() == nullptr)
    return make_error(0, file + ": 'projects' must be an array");
  std::vector<Package> out;
  Ranges ranges;
  for (const json::Value& one : *projects->array()) {
    BXL_TRY_ASSIGN(std::string name, string_of(one, "packageName", file));
    BXL_TRY_ASSIGN(std::string folder, string_of(one, "projectFolder", file));
    BXL_TRY_ASSIGN(Manifest manifest, project(name, folder, file, root, reads));
    for (const char* key : {"decoupledLocalDependencies", "cyclicDependencyProjects"})
      if (const json::Value* apart = one.find(key)) {
        BXL_TRY_ASSIGN(auto names, string_list(*apart, std::string(key) + " of " + name));
        std::erase_if(manifest.ranges, [&](const auto& range) {
          return std::find(names.begin(), names.end(), range.first) != names.end();
        });
      }
    out.push_back(std::move(manifest.package));
    ranges.push_back(std::move(manifest.ranges));
  }
  BXL_TRY(no_name_twice(out, file));
  find_dependencies(out, ranges);
  return out;
}

Result<std::vector<Package>> read_custom_graph(const json::Value& value, const std::string& file,
                                               const std::string& root, bool needs_manifests,
                                               Reads& reads) {
  const json::Value* below = value.find("projects");
  const json::Value& projects = below != nullptr ? *below : value;
  if (projects.object() == nullptr)
    return make_error(0, file + ": expected an object, name to {location, workspaceDependencies}");
  std::vector<Package> out;
  std::set<std::string> names;
  for (const auto& [name, one] : *projects.object()) {
    BXL_TRY_ASSIGN(std::string folder, string_of(one, "location", file));
    BXL_TRY_ASSIGN(Manifest manifest, project(name, folder, file, root, reads, needs_manifests));
    if (const json::Value* others = one.find("workspaceDependencies")) {
      BXL_TRY_ASSIGN(manifest.package.dependencies,
                     string_list(*others, "workspaceDependencies of " + name));
    }
    names.insert(name);
    out.push_back(std::move(manifest.package));
  }
  BXL_TRY(no_name_twice(out, file));
  for (Package& package : out) {
    auto& list = package.dependencies;
    std::sort(list.begin(), list.end());
    list.erase(std::unique(list.begin(), list.end()), list.end());
    for (const std::string& other : list)
      if (!names.contains(other))
        return make_error(
            0, file + ": " + package.name + " depends on '" + other + "', which it does not name");
  }
  return out;
}

}  // namespace bxl::frontend::javascript
