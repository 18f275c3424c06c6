#include "near.h"

#include <algorithm>
#include <set>
#include <vector>

#include "base/nearest.h"
#include "fingerprint/path_set.h"
#include "report/words.h"

namespace bxl::log_tool {
namespace {

constexpr std::size_t kMost = 3;  // more is a list to read, not a hint

// Is `tail` the whole of `text` or what follows one of its slashes?
bool ends_with_components(std::string_view text, std::string_view tail) {
  return text.ends_with(tail) &&
         (text.size() == tail.size() || text[text.size() - tail.size() - 1] == '/');
}

// Every file that pips of the build made or looked at, as people name it.
std::set<std::string> files_of(const report::Build& build, DiskHistory& history) {
  std::set<PathId> paths;
  for (const auto& [name, result] : build.results) {
    for (const wire::Output& output : result.entry.outputs) paths.insert(output.path);
    if (PipId id = build.graph->find(name); id != kNoPip) {
      const wire::Pip& pip = build.graph->pip(id);
      for (const auto* list : {&pip.inputs, &pip.outputs}) paths.insert(list->begin(), list->end());
    }
    if (result.path_set.is_zero()) continue;
    auto set = fingerprint::decode_path_set(history.path_set(result, result.path_set), *build.paths,
                                            build.mounts);
    if (!set) continue;
    for (const fingerprint::Observation& seen : set->observations)
      if (seen.flags & fingerprint::kContent) paths.insert(seen.path);
  }
  const report::Names names(build.header.workspace, build.mounts);
  std::set<std::string> out;
  for (PathId path : paths) out.insert(names(build.paths->str(path)));
  return out;
}

// Pips whose package, or whose package without its scope, is `name`: "@shop/api" and "api" of
// "@shop/api#build".
std::vector<std::string> pips_of_package(const report::Build& build, const std::string& name) {
  std::vector<std::string> out;
  for (const auto& [pip, result] : build.results)
    if (std::size_t hash = pip.find('#'); hash != std::string::npos)
      if (ends_with_components(std::string_view(pip).substr(0, hash), name)) out.push_back(pip);
  std::sort(out.begin(), out.end());
  return out;
}

std::vector<std::string> by_spelling(const report::Build& build, const std::set<std::string>& files,
                                     const std::string& name) {
  std::vector<std::string> out;
  auto add = [&](std::string_view text) {
    if (!text.empty() && std::find(out.begin(), out.end(), text) == out.end())
      out.emplace_back(text);
  };
  std::vector<std::string_view> packages, pips, whole, last;
  for (const auto& [pip, result] : build.results) pips.push_back(pip);
  std::sort(pips.begin(), pips.end());
  for (std::string_view pip : pips) {
    const std::string_view package = pip.substr(0, pip.find('#'));
    packages.push_back(package);
    packages.push_back(package.substr(package.rfind('/') + 1));
  }
  for (const std::string& file : files) {
    if (file.starts_with('/')) continue;  // of the system: thousands, and something is always near
    whole.push_back(file);
    last.push_back(base_name(file));
  }
  add(nearest_word(name, pips));
  if (const std::string_view package = nearest_word(name, packages); !package.empty())
    for (const std::string& pip : pips_of_package(build, std::string(package))) add(pip);
  add(nearest_word(name, whole));
  if (const std::string_view file = nearest_word(base_name(name), last); !file.empty())
    for (const std::string& path : files)
      if (base_name(path) == file) add(path);
  return out;
}

}  // namespace

std::string did_you_mean(const std::string& name, DiskHistory& history) {
  const report::Build* build = history.newest();
  if (!build || name.empty()) return "";
  std::vector<std::string> near = pips_of_package(*build, name);
  const std::set<std::string> files = files_of(*build, history);
  const std::string_view tail = base_name(name);
  for (const std::string& file : files)
    if (ends_with_components(file, name)) near.push_back(file);
  if (near.empty() && !tail.empty())  // from a directory that is not the one
    for (const std::string& file : files)
      if (ends_with_components(file, tail)) near.push_back(file);
  if (near.empty()) near = by_spelling(*build, files, name);
  if (near.empty()) return "";
  std::string text = "; did you mean ";
  for (std::size_t i = 0; i < near.size() && i < kMost; ++i)
    text += (i == 0                                  ? ""
             : i + 1 == std::min(near.size(), kMost) ? " or "
                                                     : ", ") +
            printable(near[i]);
  if (near.size() > kMost) text += " (or one of " + std::to_string(near.size() - kMost) + " more)";
  return text + "?";
}

}  // namespace bxl::log_tool
