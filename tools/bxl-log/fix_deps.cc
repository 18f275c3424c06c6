// `bxl fix-deps`: writes the dependencies that the last builds missed into package.json.
#include <algorithm>
#include <iostream>
#include <map>

#include "base/text.h"
#include "cli/main.h"
#include "commands.h"
#include "json/reader.h"
#include "os/file.h"
#include "report/fix_dependencies.h"
#include "report/words.h"

namespace bxl::log_tool {
namespace {

bool exists(const std::string& path) {
  auto identity = stat_identity(path);
  return identity && identity->exists();
}

// pnpm, Rush and Yarn since 2 tell packages of the repository from those of a registry.
bool has_workspace_protocol(const std::string& root) {
  for (const char* file : {"/pnpm-workspace.yaml", "/pnpm-lock.yaml", "/rush.json"})
    if (exists(root + file)) return true;
  auto lock = read_file(root + "/yarn.lock");
  return lock && lock->find("\n__metadata:") != std::string::npos;
}

// The exact version in the repository.
std::string range_of(const std::string& root, const std::string& manifest) {
  if (has_workspace_protocol(root)) return "workspace:*";
  auto text = read_file(manifest);
  if (!text) return "*";
  auto value = json::parse(*text);
  const json::Value* version = value ? value->find("version") : nullptr;
  return version != nullptr && version->string() != nullptr ? *version->string() : "*";
}

struct Edit {
  std::string before, after;
};

// The newest build that broke a rule; null: there was none since the last one without.
const report::Build* broken_build(const state::Workspace& workspace, report::Build& build) {
  for (const std::string& id : report::logged_builds(workspace.log_dir())) {
    auto loaded = report::load_build(workspace.log_dir(), id);
    if (!loaded) continue;
    build = std::move(*loaded);
    const bool broken = std::any_of(build.results.begin(), build.results.end(),
                                    [](const auto& one) { return !one.second.violations.empty(); });
    return broken ? &build : nullptr;
  }
  return nullptr;
}

}  // namespace

int fix_dependencies(const cli::Options& options, const state::Workspace& workspace) {
  report::Build build;
  if (broken_build(workspace, build) == nullptr) {
    std::cout << "the last build broke no rule: there is nothing to fix\n";
    return cli::kOk;
  }
  const report::Names names(workspace.root, build.mounts);
  const report::DependencyFixes fixes = report::find_missing_dependencies(build);
  std::map<std::string, Edit> edits;
  for (const report::MissingDependency& one : fixes.missing) {
    Edit& edit = edits[one.manifest];
    if (edit.before.empty()) {
      auto text = read_file(one.manifest);
      if (!text) {
        cli::print_error(kTool, text.error().to_string());
        return cli::kUsage;
      }
      edit.before = edit.after = std::move(*text);
    }
    auto more = report::with_dependency(edit.after, one.name,
                                        range_of(workspace.root, one.writer_manifest));
    if (more)
      edit.after = std::move(*more);
    else
      std::cout << names(one.manifest) << ": " << printable(more.error().message) << "\n";
  }
  std::size_t changed = 0;
  for (const auto& [file, edit] : edits) {
    if (edit.before == edit.after) continue;
    ++changed;
    std::cout << report::insertion_diff(names(file), edit.before, edit.after);
  }
  for (const std::string& sentence : fixes.others) std::cout << printable(sentence) << "\n";
  if (changed == 0) {
    if (fixes.others.empty() && fixes.missing.empty())
      std::cout << "no dependency on another package is missing; bxl log last says what was "
                   "wrong\n";
    return cli::kOk;
  }
  if (options.dry_run) return cli::kOk;
  std::cout.flush();
  for (const auto& [file, edit] : edits) {
    if (edit.before == edit.after) continue;
    auto real = real_path(file);
    auto written = real ? replace_file(*real, edit.after) : Result<void>(real.error());
    if (!written) {
      cli::print_error(kTool, written.error().to_string());
      return cli::kLocalResource;
    }
  }
  std::cout << count_text(changed, "file", "files")
            << " changed; let the package manager link the packages (npm install, yarn, pnpm "
               "install), then build again\n";
  return cli::kOk;
}

}  // namespace bxl::log_tool
