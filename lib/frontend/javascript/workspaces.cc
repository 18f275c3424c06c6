// Finds packages and their dependencies.
#include "frontend/javascript/workspaces.h"

#include <algorithm>
#include <unordered_map>

#include "base/path_table.h"
#include "frontend/javascript/package_json.h"
#include "frontend/javascript/semver.h"

namespace bxl::frontend::javascript {
namespace {

bool is_file(const std::string& path) {
  auto identity = stat_identity(path);
  return identity && identity->kind == FileKind::File;
}

// By the lock file, as the tools decide: the nearest thing to a declaration that all have.
Result<Manager> find_manager(const std::string& root, Reads& reads) {
  if (reads.exists(root + "/pnpm-lock.yaml") || reads.exists(root + "/pnpm-workspace.yaml"))
    return Manager::Pnpm;
  if (reads.exists(root + "/yarn.lock")) {
    BXL_TRY_ASSIGN(std::string lock, reads.read(root + "/yarn.lock"));
    return lock.find("\n__metadata:") != std::string::npos ? Manager::YarnBerry : Manager::Yarn;
  }
  return Manager::Npm;
}

// Does `range`, in the package at `from`, mean `other`, a package of the same name?
bool means(const std::string& range, const std::string& from, const Package& other) {
  if (range.starts_with("workspace:")) return true;
  for (std::string_view kind : {"link:", "file:", "portal:"})
    if (range.starts_with(kind)) {
      const std::string path = range.substr(kind.size());
      if (path.empty()) return false;
      return normalize_path(path.front() == '/' ? path : from + "/" + path) == other.folder;
    }
  return satisfies(other.version, range);
}

}  // namespace

const char* name(Manager manager) {
  switch (manager) {
    case Manager::Npm:
      return "npm";
    case Manager::Pnpm:
      return "pnpm";
    default:
      return "Yarn";
  }
}

void find_dependencies(std::vector<Package>& packages, const Ranges& ranges) {
  std::unordered_map<std::string_view, std::size_t> by_name;
  for (std::size_t i = 0; i < packages.size(); ++i) by_name.emplace(packages[i].name, i);
  for (std::size_t i = 0; i < packages.size(); ++i) {
    auto& list = packages[i].dependencies;
    for (const auto& [name, range] : ranges[i]) {
      auto it = by_name.find(name);
      if (it == by_name.end() || it->second == i) continue;
      if (means(range, packages[i].folder, packages[it->second])) list.push_back(name);
    }
    std::sort(list.begin(), list.end());
    list.erase(std::unique(list.begin(), list.end()), list.end());
  }
}

bool has_workspaces(const std::string& directory) {
  if (is_file(directory + "/pnpm-workspace.yaml")) return true;
  auto text = read_file(directory + "/package.json");
  if (!text) return false;
  auto value = json::parse(*text);
  // A package.json that is broken may be a root: the error says so.
  if (!value) return text->find("\"workspaces\"") != std::string::npos;
  return value->find("workspaces") != nullptr;
}

Result<PackageGraph> read_workspaces(const std::string& root, Reads& reads) {
  PackageGraph out;
  out.root = root;
  BXL_TRY_ASSIGN(out.manager, find_manager(root, reads));
  BXL_TRY_ASSIGN(auto top, read_manifest(root, root, reads));
  std::vector<std::string> globs;
  if (reads.exists(root + "/pnpm-workspace.yaml")) {
    const std::string file = root + "/pnpm-workspace.yaml";
    BXL_TRY_ASSIGN(std::string text, reads.read(file));
    BXL_TRY_ASSIGN(globs, pnpm_packages(text, file));
  } else if (top && top->workspaces) {
    globs = *top->workspaces;
  } else if (!top || top->package.name.empty()) {
    return make_error(0, root + "/package.json names no workspaces");
  }
  BXL_TRY_ASSIGN(auto folders, match_folders(root, globs, reads));
  Ranges ranges;
  auto add = [&](Manifest& manifest) {
    out.packages.push_back(std::move(manifest.package));
    ranges.push_back(std::move(manifest.ranges));
  };
  for (const std::string& folder : folders) {
    if (folder == root) continue;
    BXL_TRY_ASSIGN(auto manifest, read_manifest(folder, root, reads));
    if (!manifest) continue;  // a folder without one is no package, whatever the glob says
    if (manifest->package.name.empty()) {
      // {"type": "commonjs"} beside compiled modules, a fixture: nothing that could be run. What
      // has scripts is known by its folder, as to npm.
      if (manifest->package.scripts.empty()) continue;
      manifest->package.name = base_name(folder);
    }
    add(*manifest);
  }
  // The script of the root builds the others, by a tool that runs their scripts.
  if (out.packages.empty() && top && !top->package.name.empty()) add(*top);
  std::unordered_map<std::string_view, const Package*> seen;
  for (const Package& package : out.packages) {
    auto [other, fresh] = seen.emplace(package.name, &package);
    if (!fresh)
      return make_error(0, "two packages are named '" + package.name +
                               "': " + other->second->folder + " and " + package.folder);
  }
  find_dependencies(out.packages, ranges);
  return out;
}

}  // namespace bxl::frontend::javascript
