// Transformer.execute: says what to run instead of a script, and runs nothing.
#include <string>

#include "base/nearest.h"
#include "frontend/dsc/natives.h"

namespace bxl::frontend::dsc {
namespace {

struct Key {
  std::string_view name;
  bool (*fits)(const Value&);
  const char* expected;
};

bool is_array(const Value& value) { return value.is(Type::Array); }
bool is_text(const Value& value) { return value.is(Type::String); }
bool is_object(const Value& value) { return value.is(Type::Object); }
bool is_file(const Value& value) { return value.is(Type::File) || value.is(Type::Path); }
bool is_directory(const Value& value) { return value.is(Type::Directory) || value.is(Type::Path); }

constexpr Key kExecute[] = {
    {"tool", is_object, "an object with 'exe'"},
    {"arguments", is_array, "an array"},
    {"workingDirectory", is_directory, "a directory (d`...`)"},
    {"environmentVariables", is_array, "an array of {name, value}"},
    {"dependencies", is_array, "an array of files"},
    {"tags", is_array, "an array of strings"},
    {"description", is_text, "a string"},
};
constexpr Key kTool[] = {{"exe", is_file, "a file (f`...`)"}, {"description", is_text, "a string"}};

Result<void> check(Evaluator& e, const Value& object, const char* what, std::span<const Key> keys) {
  for (const Member& member : object.object->members) {
    std::vector<std::string_view> known;
    const Key* key = nullptr;
    for (const Key& one : keys) {
      known.push_back(one.name);
      if (one.name == member.key) key = &one;
    }
    if (key == nullptr) {
      const std::string near(nearest(member.key, known));
      return e.error(member.origin, std::string(what) + " has no '" + member.key + "' here" +
                                        (near.empty() ? "" : "; did you mean '" + near + "'?"));
    }
    if (!member.value.is_undefined() && !key->fits(member.value))
      return e.wrong_type(member.value, member.value.origin, "'" + member.key + "'", key->expected);
  }
  return {};
}

const Value* given(const Value& object, std::string_view key) {
  const Member* member = object.object->find(key);
  return member == nullptr || member->value.is_undefined() ? nullptr : &member->value;
}

// As Cmd's functions give them, too: a name in front of the value.
Result<void> check_argument(Evaluator& e, const Value& value, int depth) {
  // Arrays may hold one another many times over: together they are as long as they look.
  BXL_TRY(e.spend(value.origin, sizeof(std::string)));
  if (value.is_undefined() || value.has_text() || value.is(Type::Number)) return {};
  if (value.is(Type::Array) && depth < 10) {
    for (const Value& item : value.array->items) BXL_TRY(check_argument(e, item, depth + 1));
    return {};
  }
  if (value.is(Type::Object)) {
    const Value* name = given(value, "name");
    const Value* inner = given(value, "value");
    if ((name == nullptr || name->is(Type::String)) && inner != nullptr &&
        (inner->has_text() || inner->is(Type::Number)))
      return {};
  }
  return e.wrong_type(value, value.origin, "an argument",
                      "a string, a path, a number, {name, value} or an array of these");
}

Result<Value> execute(Evaluator& e, const CallSite& at, const Value&, Arguments a) {
  if (!a[0].is(Type::Object)) return e.wrong_type(a[0], at.origin, ordinal(at, 0), "an object");
  const Value& what = a[0];
  BXL_TRY(check(e, what, "Transformer.execute", kExecute));
  const Value* tool = given(what, "tool");
  if (tool == nullptr) return e.error(at.origin, "Transformer.execute needs a 'tool'");
  BXL_TRY(check(e, *tool, "a tool", kTool));
  if (given(*tool, "exe") == nullptr) return e.error(tool->origin, "a tool needs an 'exe'");
  if (const Value* list = given(what, "arguments")) BXL_TRY(check_argument(e, *list, 0));
  if (const Value* list = given(what, "environmentVariables"))
    for (const Value& item : list->array->items) {
      const bool object = item.is(Type::Object);
      const Value* name = object ? given(item, "name") : nullptr;
      const Value* value = object ? given(item, "value") : nullptr;
      if (name == nullptr || value == nullptr || !name->is(Type::String) || name->text->empty() ||
          name->text->find_first_of(std::string("=\0", 2)) != std::string::npos ||
          !(value->has_text() || value->is(Type::Number)))
        return e.error(item.origin, "an environment variable is {name, value} here");
    }
  if (const Value* list = given(what, "dependencies"))
    for (const Value& item : list->array->items)
      if (!is_file(item)) return e.wrong_type(item, item.origin, "a dependency", "a file (f`...`)");
  if (const Value* list = given(what, "tags"))
    for (const Value& item : list->array->items)
      if (!is_text(item)) return e.wrong_type(item, item.origin, "a tag", "a string");
  return e.object(at.origin, {{std::string(kExecuted), at.origin, what}});
}

constexpr NativeRow kRows[] = {{"execute", 1, 1, execute}};

}  // namespace

std::span<const NativeRow> transformer_rows() { return kRows; }

}  // namespace bxl::frontend::dsc
