// Selectors and what contains them.
#include "frontend/javascript/selectors.h"

#include <algorithm>
#include <charconv>

#include "frontend/javascript/exports.h"
#include "frontend/javascript/shapes.h"

namespace bxl::frontend::javascript {
namespace {

using dsc::Evaluation;
using dsc::Type;
using dsc::Value;

Result<Expression> expression(const Evaluation& evaluation, const Value& value) {
  auto compiled = Expression::compile(*value.text);
  if (!compiled) return evaluation.error(value.origin, compiled.error().message);
  return compiled;
}

// "500ms", "3s", "30m", "1.5h", "1d": BuildXL's spelling.
Result<std::uint64_t> duration(const Evaluation& evaluation, const Value& value) {
  const std::string& text = *value.text;
  double number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  double factor = 0;
  for (const auto& [name, ms] :
       {std::pair("ms", 1.0), std::pair("s", 1e3), std::pair("m", 60e3), std::pair("min", 60e3),
        std::pair("h", 3600e3), std::pair("d", 86400e3)})
    if (unit == name) factor = ms;
  if (code != std::errc() || factor == 0 || number <= 0 || number * factor > 1e12)
    return evaluation.error(value.origin, "'" + text + "' is no time such as \"90s\" or \"1.5h\"");
  return std::max<std::uint64_t>(1, static_cast<std::uint64_t>(number * factor));
}

}  // namespace

Result<Selector> Selector::read(const Evaluation& evaluation, const Value& value) {
  const Shapes shapes(evaluation);
  Selector out;
  if (value.is(Type::String)) {
    out.text_ = out.package_ = *value.text;
    return out;
  }
  BXL_TRY(shapes.check_object(value, "selectors of tasks",
                              {{"packageName", "s"},
                               {"commands", "[s"},
                               {"packageNameRegex", "s"},
                               {"commandRegex", "s"}}));
  const Value* regex = find(value, "packageNameRegex");
  if (regex == nullptr) {
    BXL_TRY_ASSIGN(out.package_, shapes.text(value, "packageName", "this selector of tasks"));
    out.text_ = out.package_;
    if (const Value* list = find(value, "commands"))
      for (const Value& item : list->array->items) out.commands_.push_back(*item.text);
    return out;
  }
  out.text_ = *regex->text;
  BXL_TRY_ASSIGN(out.package_regex_, expression(evaluation, *regex));
  if (const Value* command = find(value, "commandRegex")) {
    BXL_TRY_ASSIGN(out.command_regex_, expression(evaluation, *command));
  }
  return out;
}

Result<Selectors> read_selectors(const Evaluation& evaluation, const Value* list) {
  Selectors out;
  if (list == nullptr) return out;
  for (const Value& item : list->array->items) {
    BXL_TRY_ASSIGN(Selector one, Selector::read(evaluation, item));
    out.push_back(std::move(one));
  }
  return out;
}

bool Selector::matches(const Task& task) const {
  if (package_regex_) {
    const auto found = [](const Expression& expression, const std::string& name) {
      std::uint64_t steps = Expression::kMostSteps;
      return expression.found_in(name, steps);
    };
    return found(*package_regex_, task.package) &&
           (!command_regex_ || found(*command_regex_, task.name));
  }
  return package_ == task.package &&
         (commands_.empty() ||
          std::find(commands_.begin(), commands_.end(), task.name) != commands_.end());
}

bool any_matches(const Selectors& selectors, const Task& task) {
  return std::any_of(selectors.begin(), selectors.end(),
                     [&](const Selector& one) { return one.matches(task); });
}

Result<std::vector<AdditionalDependency>> read_additional_dependencies(const Evaluation& evaluation,
                                                                       const Value& list) {
  const Shapes shapes(evaluation);
  std::vector<AdditionalDependency> out;
  for (const Value& item : list.array->items) {
    BXL_TRY(shapes.check_object(item, "additional dependencies",
                                {{"dependencies", "[sofdpx"}, {"dependents", "[so"}}));
    AdditionalDependency one;
    one.origin = item.origin;
    BXL_TRY_ASSIGN(one.dependents, read_selectors(evaluation, find(item, "dependents")));
    if (const Value* dependencies = find(item, "dependencies"))
      for (const Value& on : dependencies->array->items) {
        if (is_imported(on)) {
          BXL_TRY_ASSIGN(Imported import, read_imported(evaluation, on));
          one.imports.push_back(std::move(import));
        } else if (on.is(Type::File) || on.is(Type::Path)) {
          one.files.push_back(*on.text);
        } else if (on.is(Type::Directory)) {
          one.directories.push_back(*on.text);
        } else {
          BXL_TRY_ASSIGN(Selector task, Selector::read(evaluation, on));
          one.tasks.push_back(std::move(task));
        }
      }
    out.push_back(std::move(one));
  }
  return out;
}

Result<std::vector<Timeout>> read_timeouts(const Evaluation& evaluation, const Value& list) {
  const Shapes shapes(evaluation);
  std::vector<Timeout> out;
  for (const Value& item : list.array->items) {
    BXL_TRY(shapes.check_object(
        item, "timeouts", {{"timeout", "s"}, {"warningTimeout", "s"}, {"projectSelector", "[so"}}));
    Timeout one;
    one.origin = item.origin;
    BXL_TRY_ASSIGN(one.tasks, read_selectors(evaluation, find(item, "projectSelector")));
    if (one.tasks.empty())
      return evaluation.error(item.origin,
                              "this timeout is for no task: 'projectSelector' is "
                              "missing or empty");
    if (const Value* warning = find(item, "warningTimeout"))
      BXL_TRY(duration(evaluation, *warning));
    const Value* time = find(item, "timeout");
    if (time == nullptr) continue;
    BXL_TRY_ASSIGN(one.ms, duration(evaluation, *time));
    out.push_back(std::move(one));
  }
  return out;
}

Result<std::vector<ReadPlace>> read_places(const Evaluation& evaluation, const Value& list) {
  const Shapes shapes(evaluation);
  std::vector<ReadPlace> out;
  for (const Value& item : list.array->items) {
    ReadPlace one;
    one.origin = item.origin;
    const Value* scope = &item;
    if (item.is(Type::Object)) {
      BXL_TRY(shapes.check_object(item, "additional scopes for reading",
                                  {{"scope", "dps"}, {"packages", "[so"}}));
      scope = find(item, "scope");
      if (scope == nullptr) return evaluation.error(item.origin, "this scope has no 'scope'");
      BXL_TRY_ASSIGN(one.tasks, read_selectors(evaluation, find(item, "packages")));
    }
    if (!scope->is_absolute_path())
      return evaluation.error(scope->origin,
                              "scopes by expression are not offered; name a directory (d`...`)");
    one.directory = *scope->text;
    out.push_back(std::move(one));
  }
  return out;
}

}  // namespace bxl::frontend::javascript
