// What all JavaScript orchestrators come down to: packages, and tasks with an order.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace bxl::frontend::javascript {

// A path of bxlconfig.json that belongs to some scripts only; no scripts: to all.
struct ScriptPath {
  std::string path;  // absolute
  std::vector<std::string> scripts;
  bool operator==(const ScriptPath&) const = default;
};

// One package of a monorepo, as its package.json and bxlconfig.json say.
struct Package {
  std::string name, version;
  std::string folder;                          // absolute, real
  std::map<std::string, std::string> scripts;  // name to shell text
  // Packages of the same repository that it names as dependencies of any kind, each once.
  std::vector<std::string> dependencies;
  std::vector<ScriptPath> output_directories, source_files;
  bool operator==(const Package&) const = default;
};

// A script of a package.json, to be run in a shell as a package manager runs it.
struct Script {
  std::string name, text;
  std::string before, after;           // prebuild and postbuild, say; empty: none
  std::vector<std::string> arguments;  // put behind the text, as words
  std::string more;                    // shell text behind these; may be empty
  std::string whole() const;           // text with all that stands behind it
  bool operator==(const Script&) const = default;
};

// What runs: scripts of one package, one after the other, or a command that an orchestrator gives.
// It becomes a pip.
struct Task {
  std::string id;  // "package#task"; "#task" for the whole repository
  std::string package, name;
  std::string version;  // of the package; may be empty
  std::string folder;   // absolute
  std::vector<Script> scripts;
  std::vector<std::string> argv;                              // without scripts: run as it is
  std::vector<std::string> dependencies;                      // ids
  std::vector<std::string> output_directories, source_files;  // absolute
  std::vector<std::string> tags;
  std::vector<std::pair<std::string, std::string>> environment;  // over that of the pip
  std::vector<std::string> files;  // absolute; that it depends on, whoever makes them
  std::string description;         // may be empty
  bool cacheable = true;
  bool tool_lists = false;   // its runner looks through all packages for this one
  std::uint32_t weight = 1;  // job slots
  bool is_noop() const { return scripts.empty() && argv.empty(); }
  bool operator==(const Task&) const = default;
};

struct TaskGraph {
  std::vector<Task> tasks;
  std::vector<std::string> notes;  // what was ignored, one sentence each
};

}  // namespace bxl::frontend::javascript
