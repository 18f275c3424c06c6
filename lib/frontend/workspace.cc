// Finds the build directory.
#include "frontend/workspace.h"

#include "os/file.h"

namespace bxl::frontend {
namespace {

constexpr std::pair<const char*, FrontEnd> kManifests[] = {{"build.ninja", FrontEnd::Ninja},
                                                           {"graph.bxl.json", FrontEnd::Json}};

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

const char* name(FrontEnd front_end) { return front_end == FrontEnd::Json ? "json" : "ninja"; }

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
    if (config.ends_with(".json"))
      out.front_end = FrontEnd::Json;
    else if (!config.ends_with(".ninja"))
      return make_error(0, "-c " + config + ": only *.ninja and *.json are supported yet");
    if (only && *only != out.front_end)
      return make_error(0, "-c " + config + " is no file for the front end " + name(*only));
    out.manifest = config;
    BXL_TRY(check_root(out.directory));
    std::string path = config.front() == '/' ? config : join(out.directory, config);
    if (!is_file(path)) return make_error(ENOENT, "-c " + config + " (in " + out.directory + ")");
    return out;
  }
  const std::string home = real_home();
  for (std::string at = *real;;) {
    for (const auto& [file, front_end] : kManifests) {
      if ((only && *only != front_end) || !is_file(join(at, file))) continue;
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
  if (exists(join(*real, "config.dsc")))
    return make_error(0, join(*real, "config.dsc") + ": config.dsc is not supported yet");
  return make_error(
      0, std::string("no ") +
             (only == FrontEnd::Json    ? ""
              : only == FrontEnd::Ninja ? "build.ninja"
                                        : "build.ninja or ") +
             (only == FrontEnd::Ninja ? "" : "graph.bxl.json") + " in " + *real +
             " or above it; run cmake -G Ninja first, or name the build directory with -C");
}

}  // namespace bxl::frontend
