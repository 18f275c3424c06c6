// Projects as the function sees them, and commands as it gives them back.
#include "frontend/javascript/scheduling.h"

#include "base/path_table.h"
#include "base/shell_text.h"
#include "frontend/javascript/shapes.h"

namespace bxl::frontend::javascript {
namespace {

using dsc::Evaluation;
using dsc::Type;
using dsc::Value;

std::string script_of(const Task& task) {
  std::string out;
  for (const std::string& word : task.argv) out += (out.empty() ? "" : " ") + shell_word(word);
  for (const Script& script : task.scripts) out += (out.empty() ? "" : " && ") + script.whole();
  return out;
}

Result<Value> project_of(Evaluation& evaluation, const Task& task, const Value& variables) {
  auto list = [&](Type type, const std::vector<std::string>& texts) -> Result<Value> {
    std::vector<Value> items;
    for (const std::string& text : texts) {
      BXL_TRY_ASSIGN(Value item, evaluation.text(type, text));
      items.push_back(item);
    }
    return evaluation.array(std::move(items));
  };
  std::vector<std::string> places{task.folder};
  for (const std::string& place : task.output_directories)
    if (place != task.folder) places.push_back(place);
  BXL_TRY_ASSIGN(Value name, evaluation.text(Type::String, task.package));
  BXL_TRY_ASSIGN(Value command_name, evaluation.text(Type::String, task.name));
  BXL_TRY_ASSIGN(Value command, evaluation.text(Type::String, script_of(task)));
  BXL_TRY_ASSIGN(Value folder, evaluation.text(Type::Directory, task.folder));
  BXL_TRY_ASSIGN(Value dependencies, list(Type::String, task.dependencies));
  BXL_TRY_ASSIGN(Value sources, list(Type::File, task.source_files));
  BXL_TRY_ASSIGN(Value outputs, list(Type::Directory, places));
  BXL_TRY_ASSIGN(Value tags, list(Type::String, task.tags));
  return evaluation.object({{"name", name},
                            {"scriptCommandName", command_name},
                            {"scriptCommand", command},
                            {"projectFolder", folder},
                            {"dependencies", dependencies},
                            {"inputs", sources},
                            {"outputs", outputs},
                            {"environmentVariables", variables},
                            {"tags", tags}});
}

std::string text_of(const Value& value) {
  if (value.has_text()) return *value.text;
  const auto whole = static_cast<std::int64_t>(value.number);
  return value.number == static_cast<double>(whole) ? std::to_string(whole)
                                                    : std::to_string(value.number);
}

// Transformer.execute has checked what these are.
void add_arguments(const Value& value, std::vector<std::string>& to) {
  if (value.is_undefined()) return;
  if (value.is(Type::Array)) {
    for (const Value& item : value.array->items) add_arguments(item, to);
    return;
  }
  if (!value.is(Type::Object)) return to.push_back(text_of(value));
  std::string name;
  if (const Value* given = find(value, "name")) name = *given->text;
  const std::string text = text_of(*find(value, "value"));
  // "--out " is a word of its own, "--out=" is not.
  if (name.ends_with(' ')) {
    name.pop_back();
    to.push_back(std::move(name));
    return to.push_back(text);
  }
  to.push_back(name + text);
}

void replace_command(const Value& what, Task& task) {
  task.scripts.clear();
  task.argv = {*find(*find(what, "tool"), "exe")->text};
  if (const Value* arguments = find(what, "arguments")) add_arguments(*arguments, task.argv);
  if (const Value* list = find(what, "environmentVariables"))
    for (const Value& item : list->array->items)
      task.environment.emplace_back(*find(item, "name")->text, text_of(*find(item, "value")));
  if (const Value* list = find(what, "dependencies"))
    for (const Value& item : list->array->items) task.files.push_back(*item.text);
  if (const Value* list = find(what, "tags"))
    for (const Value& item : list->array->items) task.tags.push_back(*item.text);
  if (const Value* text = find(what, "description")) task.description = *text->text;
  const Value* directory = find(what, "workingDirectory");
  if (directory == nullptr || *directory->text == task.folder) return;
  // The folder of the package is where its outputs lie and what messages speak of: it stays the
  // directory of the pip.
  std::vector<std::string> argv{"/bin/sh", "-c", "cd -- \"$0\" && exec \"$@\"", *directory->text};
  argv.insert(argv.end(), task.argv.begin(), task.argv.end());
  task.argv = std::move(argv);
}

}  // namespace

Result<Scheduling> read_scheduling(const Evaluation& evaluation, const Value& value,
                                   const std::string& directory) {
  const Shapes shapes(evaluation);
  BXL_TRY(shapes.check_object(value, "'customScheduling'",
                              {{"module", "sf"}, {"schedulingFunction", "s"}, {"argument", "*"}}));
  Scheduling out;
  out.origin = value.origin;
  BXL_TRY_ASSIGN(std::string file, shapes.text(value, "module", "'customScheduling'"));
  BXL_TRY_ASSIGN(out.function, shapes.text(value, "schedulingFunction", "'customScheduling'"));
  if (!file.ends_with(".dsc"))
    return evaluation.error(find(value, "module")->origin,
                            "'module' of customScheduling names a file that ends with .dsc, such "
                            "as f`schedule.dsc`: modules are not offered");
  out.file = normalize_path(file.front() == '/' ? file : directory + "/" + file);
  if (const Value* argument = find(value, "argument")) out.argument = *argument;
  return out;
}

Result<void> schedule(Evaluation& evaluation, const Scheduling& scheduling,
                      const Environment& environment, std::vector<Task>& tasks) {
  BXL_TRY_ASSIGN(Value module, evaluation.import_file(scheduling.origin, scheduling.file));
  const Value* function = find(module, scheduling.function);
  if (function == nullptr || !function->is(Type::Function)) {
    std::vector<std::string_view> known;
    for (const dsc::Member& member : module.object->members)
      if (member.value.is(Type::Function)) known.push_back(member.key);
    return evaluation.error(scheduling.origin, scheduling.file + " has no function '" +
                                                   scheduling.function + "'" +
                                                   suggestion(scheduling.function, known));
  }
  std::vector<Value> variables;
  for (const auto& [name, value] : environment) {
    BXL_TRY_ASSIGN(Value key, evaluation.text(Type::String, name));
    BXL_TRY_ASSIGN(Value text, evaluation.text(Type::String, value));
    BXL_TRY_ASSIGN(Value pair, evaluation.object({{"name", key}, {"value", text}}));
    variables.push_back(pair);
  }
  BXL_TRY_ASSIGN(Value all_variables, evaluation.array(std::move(variables)));
  for (Task& task : tasks) {
    BXL_TRY_ASSIGN(Value project, project_of(evaluation, task, all_variables));
    BXL_TRY_ASSIGN(Value result, evaluation.call(*function, {project, scheduling.argument}));
    if (result.is_undefined()) continue;
    const Value* what = result.is(Type::Object) ? find(result, dsc::kExecuted) : nullptr;
    if (what == nullptr)
      return evaluation.error(
          scheduling.origin,
          "'" + scheduling.function + "' returned " + dsc::type_name(result.type) + " for " +
              task.id + "; it returns what Transformer.execute({...}) gives, or undefined");
    replace_command(*what, task);
  }
  return {};
}

}  // namespace bxl::frontend::javascript
