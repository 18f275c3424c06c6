// The packages of a Yarn, npm or pnpm workspace, found without any tool.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "frontend/javascript/graph.h"
#include "frontend/reads.h"

namespace bxl::frontend::javascript {

enum class Manager { Npm, Yarn, YarnBerry, Pnpm };
const char* name(Manager manager);  // "npm", "Yarn", "Yarn", "pnpm": for people

struct PackageGraph {
  std::string root;  // absolute, real
  Manager manager = Manager::Npm;
  // Sorted by folder. The package at the root is none of them unless it is the only one.
  std::vector<Package> packages;
};

// Reads `workspaces` of ROOT/package.json or ROOT/pnpm-workspace.yaml, the packages they name, and
// who depends on whom: by name, and by a range that the version satisfies ("workspace:" always
// does, "link:", "file:" and "portal:" when they lead to the package). Everything looked at is
// recorded. Errors: neither workspaces nor a root with a name, a package.json that is none, a
// package without name, two of one name.
Result<PackageGraph> read_workspaces(const std::string& root, Reads& reads);

// Is there anything read_workspaces() could read? Nothing is recorded.
bool has_workspaces(const std::string& directory);

// Fills in Package::dependencies of `packages`, from the ranges beside them.
using Ranges = std::vector<std::vector<std::pair<std::string, std::string>>>;
void find_dependencies(std::vector<Package>& packages, const Ranges& ranges);

// The folders below `root` that have a package.json and that `globs` name: `*` within a name, `**`
// for any number of folders, `{a,b}`, and `!` before a glob that takes away again. node_modules
// and names with a leading dot (unless the glob has one) are not looked into.
Result<std::vector<std::string>> match_folders(const std::string& root,
                                               const std::vector<std::string>& globs, Reads& reads);

// `packages` of pnpm-workspace.yaml: the block or flow list of plain or quoted strings below the
// key at the beginning of a line; other keys are skipped. Errors: EINVAL with the line.
Result<std::vector<std::string>> pnpm_packages(const std::string& text, const std::string& file);

}  // namespace bxl::frontend::javascript
