// Reading, comparing and writing the names and digests.
#include "state/known_environment.h"

#include <algorithm>
#include <optional>

namespace bxl::state {
namespace {

std::string file_of(const Workspace& workspace) { return workspace.dir() + "/environment"; }

}  // namespace

KnownEnvironment::KnownEnvironment(const Variables& variables) {
  for (const auto& [name, value] : variables)
    if (name.find('\n') == name.npos) values_.emplace(name, Digest::of(value));
}

KnownEnvironment KnownEnvironment::load(const Workspace& workspace) {
  KnownEnvironment out;
  auto text = read_file(file_of(workspace));
  if (!text) return out;
  std::size_t end = 0;
  for (std::size_t at = 0; at < text->size(); at = end + 1) {
    end = std::min(text->find('\n', at), text->size());
    const std::string line = text->substr(at, end - at);
    const std::size_t space = line.rfind(' ');
    auto digest = space == line.npos ? std::nullopt : Digest::from_hex(line.substr(space + 1));
    if (!digest) return KnownEnvironment();
    out.values_.emplace(line.substr(0, space), *digest);
  }
  return out;
}

std::vector<std::string> KnownEnvironment::differences(const KnownEnvironment& other) const {
  std::vector<std::string> names;
  if (values_.empty() || other.values_.empty()) return names;
  for (const auto& [name, digest] : values_)
    if (auto found = other.values_.find(name);
        found == other.values_.end() || found->second != digest)
      names.push_back(name);
  for (const auto& [name, digest] : other.values_)
    if (!values_.contains(name)) names.push_back(name);
  std::sort(names.begin(), names.end());
  return names;
}

Result<void> KnownEnvironment::save(const Workspace& workspace) const {
  std::string text;
  for (const auto& [name, digest] : values_) text += name + " " + digest.hex() + "\n";
  auto there = read_file(file_of(workspace));
  if (there && *there == text) return {};
  return replace_file(file_of(workspace), text);
}

}  // namespace bxl::state
