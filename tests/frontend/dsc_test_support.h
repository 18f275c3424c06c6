// Configurations evaluated over files and variables in memory.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>

#include "frontend/dsc/evaluate.h"

namespace bxl::frontend::dsc::test {

struct Evaluated {
  std::unique_ptr<Evaluation> evaluation;
  std::string error;

  // The member `key` of the configuration as text; type names for what has none.
  std::string text(const std::string& key) const {
    if (!evaluation) return error;
    const Member* member = evaluation->configuration().object->find(key);
    if (member == nullptr) return "missing";
    const Value& value = member->value;
    if (value.has_text()) return *value.text;
    if (value.is(Type::Boolean)) return value.boolean ? "true" : "false";
    if (value.is(Type::Number)) return std::to_string(static_cast<long>(value.number));
    return type_name(value.type);
  }
};

inline Evaluated evaluate(std::map<std::string, std::string> files,
                          std::map<std::string, std::string> variables = {}) {
  World world;
  world.read_file = [&](const std::string& path) -> Result<std::string> {
    auto it = files.find(path);
    if (it == files.end()) return make_error(ENOENT, "open " + path);
    return it->second;
  };
  world.list_directory = [&](const std::string& path) -> Result<std::vector<std::string>> {
    std::set<std::string> names;
    for (const auto& [file, text] : files)
      if (file.starts_with(path + "/"))
        names.insert(
            file.substr(path.size() + 1, file.find('/', path.size() + 1) - path.size() - 1));
    if (names.empty()) return make_error(ENOENT, "open " + path);
    return std::vector<std::string>(names.begin(), names.end());
  };
  world.kind = [&](const std::string& path) {
    if (files.contains(path)) return FileKind::File;
    for (const auto& [file, text] : files)
      if (file.starts_with(path + "/")) return FileKind::Directory;
    return FileKind::Absent;
  };
  world.variable = [&](const std::string& name) -> std::optional<std::string> {
    auto it = variables.find(name);
    return it == variables.end() ? std::nullopt : std::optional(it->second);
  };
  auto result = Evaluation::run("/w/config.dsc", world);
  Evaluated out;
  if (result)
    out.evaluation = std::move(*result);
  else
    out.error = result.error().to_string();
  return out;
}

inline Evaluated evaluate_text(const std::string& text,
                               std::map<std::string, std::string> variables = {}) {
  return evaluate({{"/w/config.dsc", text}}, std::move(variables));
}

// What `expression` is worth, as text; or the first line of the error.
inline std::string worth(const std::string& expression,
                         std::map<std::string, std::string> variables = {},
                         const std::string& before = "") {
  Evaluated out = evaluate_text(before + "config({x: " + expression + "});", std::move(variables));
  return out.evaluation ? out.text("x") : out.error.substr(0, out.error.find('\n'));
}

}  // namespace bxl::frontend::dsc::test
