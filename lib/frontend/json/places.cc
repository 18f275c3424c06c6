// Looks for places with two owners.
#include "frontend/json/places.h"

#include <algorithm>

namespace bxl::frontend::json_graph {

std::string Places::name(PipId pip) const {
  const PipDeclaration& declaration = declarations_[index(pip)];
  return "pip \"" + declaration.id.text + "\" (" + problems_.file_and_line(declaration.origin) +
         ")";
}

std::string Places::show(PathId path) const {
  const std::string text = paths_.str(path), root = paths_.str(root_);
  if (path == root_) return ".";
  return paths_.is_within(path, root_) && root != "/" ? text.substr(root.size() + 1) : text;
}

bool Places::add_file(PipId pip, PathId path, const Origin& origin) {
  auto [other, added] = producers_.emplace(path, pip);
  if (added) {
    outputs_.push_back({pip, path, &origin, false});
    return true;
  }
  problems_.add(
      origin, show(path) + (other->second == pip ? " is named twice among the outputs of this pip"
                                                 : " is also an output of " + name(other->second)));
  return false;
}

bool Places::add_directory(PipId pip, PathId path, bool exclusive, const Origin& origin) {
  OutputDirectory& known = directories_[path];
  if (!known.pips.empty()) {
    const PipId other = known.pips.back();
    const bool mine = other == pip;
    if (mine || exclusive || known.exclusive) {
      problems_.add(origin, show(path) + (mine ? " is named twice among the output directories"
                                               : " is also an output directory of " + name(other) +
                                                     ", and one of the two is exclusive"));
      return false;
    }
  }
  known.pips.push_back(pip);
  known.exclusive = exclusive;
  outputs_.push_back({pip, path, &origin, true});
  return true;
}

bool Places::add_seal(Seal seal) {
  const Located& id = seal.declaration->id;
  if (!seal_ids_.emplace(id.text, seals_.size()).second) {
    problems_.add(id.origin, "another seal has the id \"" + id.text + "\"");
    return false;
  }
  if (seal.declaration->kind != SealKind::Partial) closed_[seal.path].push_back(seals_.size());
  seals_.push_back(std::move(seal));
  return true;
}

PipId Places::producer(PathId path) const {
  auto found = producers_.find(path);
  return found == producers_.end() ? kNoPip : found->second;
}

const OutputDirectory* Places::directory_over(PathId path) const {
  for (PathId at = path; at != kRootPath; at = paths_.parent(at))
    if (auto found = directories_.find(at); found != directories_.end()) return &found->second;
  return nullptr;
}

const Seal* Places::seal(std::string_view id) const {
  auto found = seal_ids_.find(id);
  return found == seal_ids_.end() ? nullptr : &seals_[found->second];
}

std::vector<std::string_view> Places::seal_ids() const {
  std::vector<std::string_view> out;
  for (const Seal& seal : seals_) out.push_back(seal.declaration->id.text);
  return out;
}

void Places::within(const std::unordered_map<PathId, std::vector<PipId>>& directories,
                    const Visit& visit) const {
  for (const Output& output : outputs_)
    for (PathId at = output.path; at != kRootPath; at = paths_.parent(at))
      if (directories.count(at) != 0) visit(at, output.pip);
}

void Places::check_directories(const Output& output) const {
  if (!output.directory && directories_.count(output.path) != 0)
    problems_.add(*output.origin, show(output.path) + " is an output directory of " +
                                      name(directories_.at(output.path).pips.front()));
  const bool exclusive = output.directory && directories_.at(output.path).exclusive;
  for (PathId at = paths_.parent(output.path); at != kRootPath; at = paths_.parent(at)) {
    auto found = directories_.find(at);
    if (found == directories_.end()) continue;
    const OutputDirectory& above = found->second;
    // One's own files are what a directory is for, and shared directories nest.
    const bool refused = output.directory ? exclusive || above.exclusive
                                          : above.exclusive && above.pips.front() != output.pip;
    if (refused)
      problems_.add(*output.origin, show(output.path) + " lies in " + show(at) + ", " +
                                        (above.exclusive ? "the exclusive" : "an") +
                                        " output directory of " + name(above.pips.front()));
  }
}

void Places::check_seals(const Output& output) const {
  for (PathId at = output.path; at != kRootPath; at = paths_.parent(at)) {
    auto found = closed_.find(at);
    if (found == closed_.end()) continue;
    for (std::size_t number : found->second) {
      const Seal& seal = seals_[number];
      const SealDeclaration& declaration = *seal.declaration;
      const bool full = declaration.kind == SealKind::Full;
      if (full && !output.directory &&
          std::binary_search(seal.files.begin(), seal.files.end(), output.path))
        continue;
      if (!full && !declaration.recursive && at != output.path &&
          (output.directory || paths_.parent(output.path) != at))
        continue;
      problems_.add(*output.origin,
                    show(output.path) + " lies in the " + (full ? "full" : "source") + " seal \"" +
                        declaration.id.text + "\" (" +
                        problems_.file_and_line(declaration.id.origin) + "), and " +
                        (full ? "is no member of it" : "nothing may be written there"));
    }
  }
}

void Places::check() const {
  for (const Output& output : outputs_) {
    check_directories(output);
    check_seals(output);
  }
  for (const Seal& seal : seals_) {
    if (seal.declaration->kind == SealKind::Partial) continue;
    for (PathId at = paths_.parent(seal.path); at != kRootPath; at = paths_.parent(at))
      if (auto found = directories_.find(at); found != directories_.end())
        problems_.add(seal.declaration->path.origin,
                      show(seal.path) + " lies in " + show(at) + ", an output directory of " +
                          name(found->second.pips.front()) + ": it cannot be sealed");
  }
}

}  // namespace bxl::frontend::json_graph
