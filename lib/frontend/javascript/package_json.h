// Reads the files that describe one package: package.json and bxlconfig.json.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "frontend/javascript/graph.h"
#include "frontend/reads.h"
#include "json/reader.h"

namespace bxl::frontend::javascript {

struct Manifest {
  Package package;  // without dependencies
  // Every dependency of any kind with its range; one that stands twice is there twice.
  std::vector<std::pair<std::string, std::string>> ranges;
  // Globs of "workspaces"; empty optional: the field is missing.
  std::optional<std::vector<std::string>> workspaces;
};

// The package in `folder` (absolute, real). Empty: there is no package.json. `root`: what
// "<workspaceDir>" in bxlconfig.json stands for. Errors name the file and what is wrong with it; a
// package without name is an error unless it has no scripts either (npm allows it for roots).
Result<std::optional<Manifest>> read_manifest(const std::string& folder, const std::string& root,
                                              Reads& reads);

// `text` as JSON; with comments and trailing commas, as Rush and TypeScript write it, these become
// white space first. Errors: "FILE: …" with line and column.
enum class Comments { No, Yes };
Result<json::Value> parse_json(const std::string& text, const std::string& file, Comments comments);

// Strings of an array. Errors name `what` ("workspaces of /r/package.json").
Result<std::vector<std::string>> string_list(const json::Value& value, const std::string& what);

}  // namespace bxl::frontend::javascript
