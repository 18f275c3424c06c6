// What the tasks of a resolver may do, what counts as success, and what is shown of their output.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/path_table.h"
#include "base/result.h"
#include "frontend/dsc/evaluate.h"
#include "frontend/javascript/top_level.h"
#include "wire/records.h"

namespace bxl::frontend::javascript {

struct Policies {
  bool same_content = true;   // two pips may write one file with the same bytes
  bool keep_sources = false;  // rewriting a source is an error, whoever reads it
  bool stderr_fails = false;
  std::vector<std::uint32_t> success_exit_codes, retry_exit_codes, uncacheable_exit_codes;
  std::uint32_t retries = 0;
  std::string retry_attempt_variable;
  // Names of programs that may outlive a pip, and that nobody looks at.
  std::vector<std::string> surviving, breakaway;
  std::vector<wire::BreakawayCall> breakaway_calls;
  std::uint32_t survivor_grace_ms = wire::kSurvivorGraceMs;
  std::string warning_regex, error_regex;  // well-formed, or empty
  // Absolute, or relative to each package: nothing below is an output, unless an output directory
  // is nearer.
  std::vector<std::string> output_exclusions;
};

// Of a resolver, an object whose members have the shapes that the table gives them. Errors: with
// place and line.
Result<Policies> read_policies(const dsc::Evaluation& evaluation, const dsc::Value& resolver,
                               const std::string& root, const SandboxDefaults& defaults);

// To the pip of a task.
void apply_policies(const Policies& policies, wire::Pip& pip, PathTable& paths);

}  // namespace bxl::frontend::javascript
