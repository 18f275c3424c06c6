// Where a build lives: the build directory, its manifest, and the mounts around it.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/path_table.h"
#include "base/result.h"
#include "frontend/reads.h"
#include "wire/records.h"

namespace bxl::frontend {

enum class FrontEnd { Ninja, Json, JavaScript };
const char* name(FrontEnd front_end);  // "ninja", "json", "javascript"

struct Workspace {
  std::string directory;  // real path; commands run here
  // "build.ninja", "graph.bxl.json", "config.dsc", "lage.config.js", "rush.json",
  // "pnpm-workspace.yaml", "package.json", "nx.json", or the FILE of -c, relative to `directory`
  std::string manifest;
  bool searched = false;  // not found in the directory asked for but above it
  FrontEnd front_end = FrontEnd::Ninja;
};

// Finds what describes a build in `directory`, else upwards: of several files in one directory the
// first of config.dsc, build.ninja, graph.bxl.json, lage.config.js, rush.json, pnpm-workspace.yaml,
// a package.json with workspaces and nx.json; with `only` those of one front end. The search ends
// at the first directory with .git, .hg or .jj, at the boundary of the file system and below $HOME.
// `config` names a file instead ("" = none), relative to `directory`: *.ninja and *.json describe a
// build there, *.dsc, lage.config.js, rush.json and package.json one where they lie. Errors, all of
// them the user's to fix (exit code 2): EINVAL for a workspace that is /, $HOME or above it, for
// another kind of configuration, and ENOENT when there is no manifest.
Result<Workspace> find_workspace(const std::string& directory, const std::string& config,
                                 std::optional<FrontEnd> only = {});

// What CMakeCache.txt says about directories; empty strings when there is none.
struct CMakeDirectories {
  std::string source, build;  // as CMake spells them
};
CMakeDirectories read_cmake_directories(const Workspace& workspace, Reads& reads);

// Names of CMake's custom targets as its build files spell them, absolute: nobody makes files of
// these names. With `clean` and `help`. Empty where CMake did not write the build files.
std::set<std::string> read_cmake_names(const Workspace& workspace, const CMakeDirectories& cmake,
                                       Reads& reads);

// Spellings of the build and source directories that are not their real paths, longest first.
std::vector<std::pair<std::string, std::string>> find_spellings(const Workspace& workspace,
                                                                const CMakeDirectories& cmake);

// %build%, or %ws% of a JSON graph, where only declared places may be written; %src%, %src1%…
// (CMake's source directory, else the version-controlled trees of `leaves`, the inputs that no pip
// makes); %home%; system directories as %usr%, %etc%…. In a build inside its source tree both are
// one mount. Probes for version control are recorded in `reads`.
std::vector<wire::Mount> find_mounts(const Workspace& workspace, const CMakeDirectories& cmake,
                                     const std::vector<std::string>& leaves, Reads& reads);

}  // namespace bxl::frontend
