// Options that speak of all tasks alike.
#include "frontend/javascript/policies.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/expression.h"
#include "frontend/javascript/shapes.h"

namespace bxl::frontend::javascript {
namespace {

using dsc::Evaluation;
using dsc::Type;
using dsc::Value;

Result<std::string> variable_name(const Evaluation& evaluation, const Value& value) {
  const std::string& name = *value.text;
  if (name.empty() || name.find_first_of(std::string("=\0", 2)) != std::string::npos)
    return evaluation.error(value.origin, "'" + name + "' is no name of a variable");
  for (const char* own :
       {"LD_PRELOAD", "LD_AUDIT", "PATH", "PWD", "TMPDIR", "TMP", "TEMP", "BXL_INSIDE"})
    if (name == own)
      return evaluation.error(value.origin, "the variable " + name + " is set by bxl for each pip");
  return name;
}

// a`name`, or an object that also says how it is called.
Result<void> read_breakaway(const Evaluation& evaluation, const Value& item, Policies& out) {
  if (!item.is(Type::Object)) {
    out.breakaway.push_back(*item.text);
    return {};
  }
  const Shapes shapes(evaluation);
  BXL_TRY(shapes.check_object(
      item, "processes that break away",
      {{"processName", "a"}, {"requiredArguments", "s"}, {"requiredArgumentsIgnoreCase", "b"}}));
  wire::BreakawayCall call;
  BXL_TRY_ASSIGN(call.program, shapes.text(item, "processName", "this process"));
  if (const Value* arguments = find(item, "requiredArguments")) call.arguments = *arguments->text;
  if (const Value* any_case = find(item, "requiredArgumentsIgnoreCase"))
    call.ignore_case = any_case->boolean;
  if (call.arguments.empty())
    out.breakaway.push_back(std::move(call.program));
  else
    out.breakaway_calls.push_back(std::move(call));
  return {};
}

// Places that package managers fill, and that scripts should leave alone.
void read_exclusions(const Value& value, const std::string& root, Policies& out) {
  auto is_true = [&](const char* key) {
    const Value* one = find(value, key);
    return one && one->boolean;
  };
  // As in BuildXL: asked to know the store, it also protects it, unless told otherwise.
  auto protects = [&](const char* key, const char* tracking) {
    return find(value, key) ? is_true(key) : is_true(tracking);
  };
  const std::string base = root == "/" ? "" : root;
  if (is_true("blockWritesUnderNodeModules")) out.output_exclusions.emplace_back("node_modules");
  if (protects("disallowWritesUnderPnpmStore", "usePnpmStoreAwarenessTracking"))
    out.output_exclusions.push_back(base + "/common/temp/node_modules/.pnpm");
  if (protects("disallowWritesUnderYarnStrictStore", "useYarnStrictAwarenessTracking"))
    out.output_exclusions.push_back(base + "/.store");
}

}  // namespace

Result<Policies> read_policies(const Evaluation& evaluation, const Value& resolver,
                               const std::string& root, const SandboxDefaults& defaults) {
  Policies out;
  out.same_content = defaults.same_content;
  out.keep_sources = defaults.keep_sources;
  if (const Value* policy = find(resolver, "doubleWritePolicy")) {
    BXL_TRY_ASSIGN(out.same_content, read_double_write_policy(evaluation, *policy));
  }
  for (auto [key, to] : {std::pair("successExitCodes", &out.success_exit_codes),
                         std::pair("retryExitCodes", &out.retry_exit_codes),
                         std::pair("uncacheableExitCodes", &out.uncacheable_exit_codes)})
    if (const Value* list = find(resolver, key))
      for (const Value& item : list->array->items)
        to->push_back(static_cast<std::uint32_t>(item.number));
  if (const Value* list = find(resolver, "allowedSurvivingChildProcesses"))
    for (const Value& item : list->array->items) out.surviving.push_back(*item.text);
  if (const Value* list = find(resolver, "childProcessesToBreakawayFromSandbox"))
    for (const Value& item : list->array->items) BXL_TRY(read_breakaway(evaluation, item, out));
  if (const Value* time = find(resolver, "nestedProcessTerminationTimeoutMs"))
    out.survivor_grace_ms = static_cast<std::uint32_t>(time->number);
  for (auto [key, to] :
       {std::pair("warningRegex", &out.warning_regex), std::pair("errorRegex", &out.error_regex)})
    if (const Value* regex = find(resolver, key)) {
      if (auto compiled = Expression::compile(*regex->text); !compiled)
        return evaluation.error(regex->origin, compiled.error().message);
      *to = *regex->text;
    }
  if (const Value* retries = find(resolver, "processRetries"))
    out.retries = static_cast<std::uint32_t>(retries->number);
  if (const Value* name = find(resolver, "retryAttemptEnvironmentVariable")) {
    BXL_TRY_ASSIGN(out.retry_attempt_variable, variable_name(evaluation, *name));
  }
  if (const Value* fails = find(resolver, "writingToStandardErrorFailsExecution"))
    out.stderr_fails = fails->boolean;
  read_exclusions(resolver, root, out);
  return out;
}

void apply_policies(const Policies& policies, wire::Pip& pip, PathTable& paths) {
  if (!policies.same_content) pip.flags &= ~static_cast<std::uint32_t>(wire::kPipSameContent);
  if (policies.keep_sources) pip.flags |= wire::kPipKeepSources;
  if (policies.stderr_fails) pip.flags |= wire::kPipStderrFails;
  wire::PipOptions& options = pip.options.make();
  options.success_exit_codes = policies.success_exit_codes;
  options.retry_exit_codes = policies.retry_exit_codes;
  options.uncacheable_exit_codes = policies.uncacheable_exit_codes;
  options.retries = policies.retries;
  options.retry_attempt_variable = policies.retry_attempt_variable;
  options.surviving = policies.surviving;
  options.breakaway = policies.breakaway;
  options.breakaway_calls = policies.breakaway_calls;
  options.survivor_grace_ms = policies.survivor_grace_ms;
  options.warning_regex = policies.warning_regex;
  options.error_regex = policies.error_regex;
  for (const std::string& place : policies.output_exclusions)
    options.output_exclusions.push_back(
        place.front() == '/' ? paths.intern(place) : paths.intern_at(pip.working_directory, place));
}

}  // namespace bxl::frontend::javascript
