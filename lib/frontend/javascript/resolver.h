// The resolvers of a config.dsc: every option of the JavaScript ones, checked and read.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "frontend/dsc/evaluate.h"
#include "frontend/javascript/tasks.h"

namespace bxl::frontend::javascript {

enum class Kind { Lage, Rush, Yarn, Npm, Pnpm, Nx, Custom };
const char* name(Kind kind);  // as `kind` spells it: "CustomJavaScript"

// A variable of the environment; no value: what the caller has is passed on.
using ResolverEnvironment = std::map<std::string, std::optional<std::string>>;

struct Resolver {
  Kind kind = Kind::Yarn;
  std::string module_name;
  std::string root;               // absolute
  std::vector<Command> commands;  // `execute`; {"build"} unless given
  // Words that are put behind each script of that name.
  std::map<std::string, std::vector<std::string>> custom_commands;
  std::optional<ResolverEnvironment> environment;  // empty: bxl's own allow-list
  // Absolute, or relative to each package.
  std::vector<std::string> output_directories;
  std::vector<std::string> untracked;
  bool same_content = true;  // two pips may write one file with the same bytes
  std::vector<std::uint32_t> success_exit_codes, retry_exit_codes;
  std::uint32_t retries = 0;
  std::string lage;                         // absolute path of lage; empty: node_modules/.bin/lage
  std::string npm;                          // absolute path of npm, which then runs lage
  std::string since;                        // lage --since
  std::string custom_graph;                 // absolute; of kind Custom
  std::vector<std::string> without_effect;  // options that are understood and do nothing yet
};

// Reads `resolvers` of a configuration. `directory`: of config.dsc, the root unless given. Errors:
// with place and line, for unknown keys (with a suggestion), wrong types and values, a root outside
// `directory`, kinds that do not exist or cannot be built yet.
Result<std::vector<Resolver>> read_resolvers(const dsc::Evaluation& evaluation,
                                             const std::string& directory);

}  // namespace bxl::frontend::javascript
