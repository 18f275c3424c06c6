// The resolvers of a config.dsc: every option of the JavaScript ones, checked and read.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "frontend/dsc/evaluate.h"
#include "frontend/javascript/exports.h"
#include "frontend/javascript/policies.h"
#include "frontend/javascript/scheduling.h"
#include "frontend/javascript/selectors.h"
#include "frontend/javascript/tasks.h"

namespace bxl::frontend::javascript {

enum class Kind { Lage, Rush, Yarn, Npm, Pnpm, Nx, Custom, Ninja };
const char* name(Kind kind);  // as `kind` spells it: "CustomJavaScript"

// A variable of the environment; no value: what the caller has is passed on.
using ResolverEnvironment = std::map<std::string, std::optional<std::string>>;

struct Resolver {
  Kind kind = Kind::Yarn;
  std::string module_name;
  std::string root;               // absolute
  std::vector<Command> commands;  // `execute`; {"build"} unless given
  // Shell text that is put behind each script of that name.
  struct CustomCommand {
    std::string text;  // begins with a space where there is any
    dsc::Origin origin;
  };
  std::map<std::string, CustomCommand> custom_commands;
  std::optional<ResolverEnvironment> environment;  // empty: bxl's own allow-list
  // Absolute, or relative to each package.
  std::vector<std::string> output_directories;
  std::vector<std::string> untracked;
  std::vector<std::string> untracked_everywhere;  // relative to each package of the resolver
  Policies policies;
  std::string lage;   // absolute path of lage; empty: node_modules/.bin/lage
  std::string npm;    // absolute path of npm, which then runs lage
  std::string since;  // lage --since
  std::string nx;     // nxLibLocation: holds the package nx, or node_modules with it; may be empty
  std::string install;       // shell text that fills node_modules, before all tasks; may be empty
  std::string custom_graph;  // absolute; of kind Custom
  dsc::Value custom_graph_value;  // likewise, written out; undefined: a file
  // nodeExeLocation and yarnLocation: directories in front of PATH, at least one of which holds the
  // program.
  struct ProgramPlace {
    std::string option, program;
    std::vector<std::string> directories;
    dsc::Origin origin;
  };
  std::vector<ProgramPlace> programs;
  dsc::Value custom_scripts;  // a function; undefined: package.json counts
  std::vector<AdditionalDependency> additional_dependencies;
  std::vector<Export> exports;
  Scheduling scheduling;
  std::vector<Timeout> timeouts;  // the last that fits counts
  bool declared_reads = false;    // enforceSourceReadsUnderPackageRoots
  std::vector<ReadPlace> read_places;
  // Of Rush: ask Rush itself, through our plugin; unset: where the repository has phases.
  std::optional<bool> rush_graph;
  std::string rush_library;  // directory that holds @microsoft/rush-lib; empty: searched
  std::string rush_program;  // rushLocation: the library is searched from here; may be empty
  std::string rush_command = "build";
  std::vector<std::string> rush_parameters;
  std::string spec_file;             // of Ninja: absolute; empty: build.ninja in the root
  std::vector<std::string> targets;  // of Ninja
  // The options that it was given, where they stand: for those that hold in one mode only.
  std::map<std::string, dsc::Origin> given;
  dsc::Origin origin;
};

struct Configuration {
  std::vector<Resolver> resolvers;
  std::vector<std::string> without_effect;  // keys beside them: TopLevel
};

// `directory`: of config.dsc, the root unless given. Errors: with place and line, for unknown keys
// (with a suggestion), wrong types and values, a root outside `directory`, kinds that do not exist.
// Values point into `evaluation`.
Result<Configuration> read_configuration(const dsc::Evaluation& evaluation,
                                         const std::string& directory);

}  // namespace bxl::frontend::javascript
