// What config.dsc says beside its resolvers.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "frontend/dsc/evaluate.h"

namespace bxl::frontend::javascript {

// sandbox.unsafeSandboxConfiguration: of all tasks, where their resolver says nothing else.
struct SandboxDefaults {
  bool same_content = true;   // doubleWritePolicy
  bool keep_sources = false;  // sourceRewritePolicy: rewriting a source is an error
};

struct TopLevel {
  SandboxDefaults sandbox;
  // Keys that would change what a build means in BuildXL, and change nothing here: "mounts",
  // "engine.defaultFilter".
  std::vector<std::string> without_effect;
};

// Errors: with place and line, for keys that BuildXL does not know either, and wrong values.
Result<TopLevel> read_top_level(const dsc::Evaluation& evaluation);

// The value of a doubleWritePolicy: may two pips write one file with the same bytes?
Result<bool> read_double_write_policy(const dsc::Evaluation& evaluation, const dsc::Value& policy);

}  // namespace bxl::frontend::javascript
