// `bxl why`: what happened to a pip, or who reads a file.
#include <algorithm>
#include <iostream>
#include <map>

#include "cli/main.h"
#include "commands.h"
#include "fingerprint/path_set.h"
#include "history.h"
#include "near.h"
#include "report/words.h"

namespace bxl::log_tool {
namespace {

using report::Build;

constexpr std::size_t kMaxReaders = 20;

struct Target {
  std::string pip;                   // stable id; empty: no pip
  const wire::Pip* alias = nullptr;  // a name for other pips
  std::vector<std::string> paths;    // where the name may lead, absolute
  std::string path;                  // the one that is an output of `pip`, if it was found so
};

// A stable id first, then a path: from the workspace root, as build files write it, from the
// directory of -C, or from here.
Target resolve(const std::string& name, DiskHistory& history, const std::string& root,
               const std::string& directory) {
  Target target;
  for (std::size_t i = 0; i < history.size(); ++i) {
    const Build* build = history.build(i);
    if (!build) continue;
    PipId id = build->graph->find(name);
    if (id == kNoPip) continue;
    const wire::Pip& pip = build->graph->pip(id);
    if (pip.kind == wire::PipKind::Alias)
      target.alias = &pip;
    else
      target.pip = name;
    return target;
  }
  const std::string here = current_directory();
  for (const std::string& base :
       {root, directory.starts_with('/') ? directory : here + "/" + directory, here})
    target.paths.push_back(normalize_path(name.starts_with('/') ? name : base + "/" + name));
  // Records name files by where symlinks lead.
  std::size_t spelled = target.paths.size();
  for (std::size_t i = 0; i < spelled; ++i)
    if (auto real = real_path(target.paths[i])) target.paths.push_back(*real);
  for (std::size_t i = 0; i < history.size(); ++i) {
    const Build* build = history.build(i);
    if (!build) continue;
    for (const std::string& path : target.paths)
      if (const std::string* maker = build->maker(build->paths->find(path))) {
        PipId id = build->graph->find(*maker);
        if (id != kNoPip && build->graph->pip(id).kind == wire::PipKind::Alias) continue;
        target.pip = *maker;
        target.path = path;
        return target;
      }
  }
  return target;
}

const char* how(std::uint8_t flags) {
  if (flags & fingerprint::kContent) return "read, not declared";
  if (flags & fingerprint::kEnumerate) return "listed";
  return "looked for";
}

// Pip to how it uses one of `paths`, in the newest build. `path` becomes the one that is used.
std::map<std::string, std::string> readers(const std::vector<std::string>& paths,
                                           DiskHistory& history, std::string* path) {
  std::map<std::string, std::string> out;
  const Build* build = history.newest();
  if (!build) return out;
  for (const auto& [name, result] : build->results) {
    if (!result.path_set.is_zero()) {
      std::string bytes = history.path_set(result, result.path_set);
      auto set = fingerprint::decode_path_set(bytes, *build->paths, build->mounts);
      if (set)
        for (const fingerprint::Observation& seen : set->observations)
          for (const std::string& p : paths)
            if (build->paths->find(p) == seen.path) {
              out[name] = how(seen.flags);
              *path = p;
            }
    }
    PipId id = build->graph->find(name);
    if (id == kNoPip) continue;
    for (PathId input : build->graph->pip(id).inputs)
      for (const std::string& p : paths)
        if (build->paths->find(p) == input) {
          out[name] = "declared";
          *path = p;
        }
  }
  return out;
}

void print_alias(const std::string& name, const Target& target, const Build& build, bool json) {
  std::vector<std::string> members;
  for (PipId id : target.alias->dependencies) members.push_back(build.graph->pip(id).stable_id);
  if (json) {
    std::string text;
    JsonWriter out(&text);
    out.begin_object().key("schema").natural(1).key("alias").string(name);
    out.key("members").begin_array();
    for (const std::string& member : members) out.string(member);
    out.end_array().end_object();
    std::cout << text << '\n';
    return;
  }
  std::cout << printable(name) << " is a name for";
  for (std::size_t i = 0; i < members.size() && i < kMaxReaders; ++i)
    std::cout << (i ? ", " : " ") << printable(members[i]);
  if (members.size() > kMaxReaders) std::cout << " and " << members.size() - kMaxReaders << " more";
  std::cout << "; ask about one of them\n";
}

bool print_readers(const Target& target, DiskHistory& history, const cli::Options& options) {
  std::string path;
  auto found = readers(target.paths, history, &path);
  if (found.empty()) return false;
  const Build& build = *history.newest();
  report::Names names(build.header.workspace, build.mounts);
  if (options.json) {
    std::string text;
    JsonWriter out(&text);
    out.begin_object().key("schema").natural(1).key("path").string(names(path));
    out.key("readers").begin_array();
    for (const auto& [pip, use] : found)
      out.begin_object().key("pip").string(pip).key("how").string(use).end_object();
    out.end_array().end_object();
    std::cout << text << '\n';
    return true;
  }
  std::cout << printable(names(path)) << " is made by no pip; used by " << found.size()
            << (found.size() == 1 ? " pip:\n" : " pips:\n");
  std::size_t shown = 0;
  for (const auto& [pip, use] : found) {
    if (++shown > kMaxReaders && options.verbosity <= 0) continue;
    std::cout << "  " << printable(pip) << " (" << use << ")\n";
  }
  if (shown > kMaxReaders && options.verbosity <= 0)
    std::cout << "  … and " << shown - kMaxReaders << " more (-v shows all)\n";
  return true;
}

bool explain_one(const std::string& name, DiskHistory& history, const cli::Options& options,
                 const state::Workspace& workspace) {
  Target target = resolve(name, history, workspace.root, options.directory);
  if (target.alias) {
    for (std::size_t i = 0; i < history.size(); ++i) {
      const Build* build = history.build(i);
      PipId id = build ? build->graph->find(name) : kNoPip;
      if (id == kNoPip || &build->graph->pip(id) != target.alias) continue;
      print_alias(name, target, *build, options.json);
      return true;
    }
  }
  if (target.pip.empty()) {
    if (print_readers(target, history, options)) return true;
    cli::print_error(kTool, "'" + printable(name) +
                                "' is neither a pip of the builds on record nor a file that one "
                                "of them made or used" +
                                did_you_mean(name, history));
    return false;
  }
  report::Explanation explanation = report::explain(history, target.pip);
  if (options.json) {
    std::string text;
    JsonWriter out(&text);
    report::to_json(out, explanation, target.pip, history);
    std::cout << text << '\n';
    return true;
  }
  if (!target.path.empty() && target.pip != name)
    std::cout << printable(name) << " is made by " << printable(target.pip) << "\n";
  std::cout << report::to_text(explanation, target.pip, history, options.verbosity > 0);
  return true;
}

}  // namespace

int explain_targets(const cli::Options& options, const state::Workspace& workspace) {
  if (options.targets.empty()) {
    cli::print_error(kTool, "why what? Name a pip (its first output) or a file");
    return cli::kUsage;
  }
  DiskHistory history(workspace, options.cache);
  if (!history.newest()) {
    std::string reason = history.size() > 0 ? ": " + history.damage(0) : "";
    cli::print_error(kTool,
                     "no build that did something is on record in " + workspace.log_dir() + reason);
    return cli::kUsage;
  }
  bool all_known = true;
  for (const std::string& name : options.targets)
    all_known &= explain_one(name, history, options, workspace);
  return all_known ? cli::kOk : cli::kUsage;
}

}  // namespace bxl::log_tool
