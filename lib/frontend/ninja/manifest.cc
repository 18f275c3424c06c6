// Lookup in scopes and rules, and ninja's canonical form of paths.
#include "frontend/ninja/manifest.h"

namespace bxl::frontend::ninja {

const std::vector<Piece>* Rule::find(std::string_view variable) const {
  for (auto it = bindings.rbegin(); it != bindings.rend(); ++it)
    if (it->first == variable) return &it->second;
  return nullptr;
}

void Scope::set(std::string_view variable, std::string value) {
  variables_.insert_or_assign(variable, std::move(value));
}

const std::string* Scope::find_here(std::string_view variable) const {
  auto it = variables_.find(variable);
  return it == variables_.end() ? nullptr : &it->second;
}

std::string_view Scope::lookup(std::string_view variable) const {
  for (const Scope* scope = this; scope; scope = scope->parent_)
    if (const std::string* value = scope->find_here(variable)) return *value;
  return {};
}

bool Scope::add_rule(const Rule* rule) { return rules_.emplace(rule->name, rule).second; }

const Rule* Scope::find_rule(std::string_view rule) const {
  for (const Scope* scope = this; scope; scope = scope->parent_)
    if (auto it = scope->rules_.find(rule); it != scope->rules_.end()) return it->second;
  return nullptr;
}

NodeId Manifest::intern(std::string_view path, bool stable) {
  std::string changed;
  if (!is_canonical(path)) {
    changed = canonical(path);
    path = changed;
    stable = false;
  }
  if (auto it = by_text.find(path); it != by_text.end()) return it->second;
  if (!stable) path = strings.emplace_back(path);
  NodeId id{static_cast<std::uint32_t>(nodes.size())};
  nodes.push_back({path, kNoEdge});
  by_text.emplace(path, id);
  return id;
}

bool is_canonical(std::string_view path) {
  std::size_t begin = !path.empty() && path.front() == '/' ? 1 : 0;
  bool only_parents = begin == 0;  // ".." is canonical at the front of a relative path only
  if (begin == path.size()) return false;
  while (begin <= path.size()) {
    std::size_t end = path.find('/', begin);
    if (end == std::string_view::npos) end = path.size();
    std::string_view part = path.substr(begin, end - begin);
    if (part.empty() || part == ".") return false;
    if (part != "..")
      only_parents = false;
    else if (!only_parents)
      return false;
    begin = end + 1;
  }
  return true;
}

std::string canonical(std::string_view path) {
  if (is_canonical(path)) return std::string(path);
  const bool absolute = !path.empty() && path.front() == '/';
  std::vector<std::string_view> parts;
  for (std::size_t begin = 0; begin < path.size();) {
    std::size_t end = path.find('/', begin);
    if (end == std::string_view::npos) end = path.size();
    std::string_view part = path.substr(begin, end - begin);
    begin = end + 1;
    if (part.empty() || part == ".") continue;
    if (part == ".." && !parts.empty() && parts.back() != "..")
      parts.pop_back();
    else if (part != ".." || !absolute)
      parts.push_back(part);
  }
  std::string out;
  for (std::string_view part : parts) {
    if (absolute || !out.empty()) out += '/';
    out += part;
  }
  if (out.empty()) return absolute ? "/" : ".";
  return out;
}

}  // namespace bxl::frontend::ninja
