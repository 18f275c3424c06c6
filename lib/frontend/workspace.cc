// Finds the build directory.
#include "frontend/workspace.h"

#include "frontend/javascript/workspaces.h"
#include "os/file.h"

namespace bxl::frontend {
namespace {

constexpr std::pair<const char*, FrontEnd> kManifests[] = {
    {"config.dsc", FrontEnd::JavaScript},   {"build.ninja", FrontEnd::Ninja},
    {"graph.bxl.json", FrontEnd::Json},     {"lage.config.js", FrontEnd::JavaScript},
    {"rush.json", FrontEnd::JavaScript},    {"pnpm-workspace.yaml", FrontEnd::JavaScript},
    {"package.json", FrontEnd::JavaScript}, {"nx.json", FrontEnd::JavaScript}};

bool is_file(const std::string& path) {
  auto identity = stat_identity(path);
  return identity && identity->kind == FileKind::File;
}
bool exists(const std::string& path) {
  auto identity = lstat_identity(path);
  return identity && identity->exists();
}

std::string join(const std::string& directory, const std::string& name) {
  return directory == "/" ? "/" + name : directory + "/" + name;
}

bool is_version_control_root(const std::string& directory) {
  for (const char* name : {".git", ".hg", ".jj"})
    if (exists(join(directory, name))) return true;
  return false;
}

std::string real_home() {
  auto home = real_path(home_directory());
  return home ? *home : std::string();
}

Result<void> check_root(const std::string& directory) {
  std::string home = real_home();
  if (directory == "/")
    return make_error(
        0, "the workspace would be /, which holds everything; use a directory of its own");
  // With HOME=/ the rule above is all there is to protect.
  if (!home.empty() && home != "/" && path_within(home, directory))
    return make_error(0, "the workspace would be " + directory + ", which " +
                             (home == directory ? "is" : "holds") +
                             " your home directory; use a directory of its own");
  return {};
}

}  // namespace

const char* name(FrontEnd front_end) {
  switch (front_end) {
    case FrontEnd::Json:
      return "json";
    case FrontEnd::JavaScript:
      return "javascript";
    default:
      return "ninja";
  }
}

Result<Workspace> find_workspace(const std::string& directory, const std::string& config,
                                 std::optional<FrontEnd> only) {
  auto real = real_path(directory);
  if (!real) return make_error(real.error().errnum, "-C " + directory);
  auto identity = stat_identity(*real);
  if (!identity || identity->kind != FileKind::Directory)
    return make_error(ENOTDIR, "-C " + directory);
  Workspace out;
  out.directory = *real;
  if (!config.empty()) {
    const std::string_view file = base_name(config);
    if (file.ends_with(".dsc") || file == "lage.config.js" || file == "rush.json" ||
        file == "package.json" || file == "pnpm-workspace.yaml" || file == "nx.json")
      out.front_end = FrontEnd::JavaScript;
    else if (config.ends_with(".json"))
      out.front_end = FrontEnd::Json;
    else if (!config.ends_with(".ninja"))
      return make_error(0, "-c " + config +
                               ": a build is described by *.dsc, *.ninja, *.json or "
                               "lage.config.js");
    if (only && *only != out.front_end)
      return make_error(0, "-c " + config + " is no file for the front end " + name(*only));
    out.manifest = config;
    BXL_TRY(check_root(out.directory));
    std::string path = config.front() == '/' ? config : join(out.directory, config);
    if (out.front_end == FrontEnd::JavaScript && is_file(path)) {
      // Such a file describes the directory it lies in.
      BXL_TRY_ASSIGN(path, real_path(path));
      out.directory = parent_path(path);
      out.manifest = base_name(path);
      BXL_TRY(check_root(out.directory));
    }
    if (!is_file(path)) return make_error(ENOENT, "-c " + config + " (in " + out.directory + ")");
    return out;
  }
  const std::string home = real_home();
  for (std::string at = *real;;) {
    for (const auto& [file, front_end] : kManifests) {
      if ((only && *only != front_end) || !is_file(join(at, file))) continue;
      if (file == std::string_view("package.json") && !javascript::has_workspaces(at)) continue;
      out.directory = at;
      out.manifest = file;
      out.front_end = front_end;
      out.searched = at != *real;
      BXL_TRY(check_root(at));
      return out;
    }
    if (at == "/" || at == home || is_version_control_root(at)) break;
    std::string parent(parent_path(at));
    auto here = stat_identity(at), above = stat_identity(parent);
    if (parent == home || !here || !above || here->dev != above->dev) break;
    at = std::move(parent);
  }
  const char* wanted = only == FrontEnd::Json         ? "graph.bxl.json"
                       : only == FrontEnd::Ninja      ? "build.ninja"
                       : only == FrontEnd::JavaScript ? "config.dsc"
                                                      : "build.ninja, graph.bxl.json, config.dsc "
                                                        "or JavaScript workspace";
  if (!only && is_file(join(*real, "package.json")))
    return make_error(0, "package.json in " + *real +
                             " names no workspaces; describe the build in a config.dsc beside it, "
                             "or name the directory of a workspace with -C");
  return make_error(
      0, std::string("no ") + wanted + " in " + *real +
             " or above it; run cmake -G Ninja first, or name the build directory with -C");
}

}  // namespace bxl::frontend
