// Methods of arrays, maps and objects, and the lookup of any method.
#include <algorithm>

#include "base/path_table.h"
#include "frontend/dsc/natives.h"

namespace bxl::frontend::dsc {
namespace {

Value undefined(const CallSite& at) { return {Type::Undefined, at.origin, {}}; }

// --- arrays
// ------------------------------------------------------------------------------------------

// What `function` makes of element `i`; it takes as many of (element, position) as it names.
Result<Value> visit(Evaluator& e, const CallSite& at, const Value& function, const Value& self,
                    std::size_t i) {
  const Value arguments[] = {self.array->items[i], e.number(at, static_cast<double>(i))};
  const bool own = function.is(Type::Function) && function.function->native == nullptr;
  return e.call(function, at, Arguments(arguments, own ? 2 : 1));
}

Result<Value> map_array(Evaluator& e, const CallSite& at, const Value& self, Arguments a) {
  std::vector<Value> items;
  for (std::size_t i = 0; i < self.array->items.size(); ++i) {
    BXL_TRY_ASSIGN(Value one, visit(e, at, a[0], self, i));
    items.push_back(one);
  }
  return e.array(at.origin, std::move(items));
}

Result<Value> map_many(Evaluator& e, const CallSite& at, const Value& self, Arguments a) {
  std::vector<Value> items;
  for (std::size_t i = 0; i < self.array->items.size(); ++i) {
    BXL_TRY_ASSIGN(Value one, visit(e, at, a[0], self, i));
    if (!one.is(Type::Array))
      return e.wrong_type(one, at.origin, "what the function returns", "an array");
    BXL_TRY(e.spend(at.origin, one.array->items.size() * sizeof(Value)));
    items.insert(items.end(), one.array->items.begin(), one.array->items.end());
  }
  return e.array(at.origin, std::move(items));
}

Result<Value> filter(Evaluator& e, const CallSite& at, const Value& self, Arguments a) {
  std::vector<Value> items;
  for (std::size_t i = 0; i < self.array->items.size(); ++i) {
    BXL_TRY_ASSIGN(Value one, visit(e, at, a[0], self, i));
    BXL_TRY_ASSIGN(bool yes, e.truth(one, at.origin));
    if (yes) items.push_back(self.array->items[i]);
  }
  return e.array(at.origin, std::move(items));
}

// The position of the first element for which `function` returns `wanted`; the size: none.
Result<std::size_t> first(Evaluator& e, const CallSite& at, const Value& self,
                          const Value& function, bool wanted) {
  for (std::size_t i = 0; i < self.array->items.size(); ++i) {
    BXL_TRY_ASSIGN(Value one, visit(e, at, function, self, i));
    BXL_TRY_ASSIGN(bool yes, e.truth(one, at.origin));
    if (yes == wanted) return i;
  }
  return self.array->items.size();
}
Result<Value> some(Evaluator& e, const CallSite& at, const Value& self, Arguments a) {
  BXL_TRY_ASSIGN(std::size_t i, first(e, at, self, a[0], true));
  return e.boolean(at, i < self.array->items.size());
}
Result<Value> all(Evaluator& e, const CallSite& at, const Value& self, Arguments a) {
  BXL_TRY_ASSIGN(std::size_t i, first(e, at, self, a[0], false));
  return e.boolean(at, i == self.array->items.size());
}
Result<Value> find(Evaluator& e, const CallSite& at, const Value& self, Arguments a) {
  BXL_TRY_ASSIGN(std::size_t i, first(e, at, self, a[0], true));
  return i < self.array->items.size() ? self.array->items[i] : undefined(at);
}

Result<Value> reduce(Evaluator& e, const CallSite& at, const Value& self, Arguments a) {
  Value sum = a[1];
  for (const Value& item : self.array->items) {
    const Value arguments[] = {sum, item};
    BXL_TRY_ASSIGN(sum, e.call(a[0], at, arguments));
  }
  return sum;
}

Result<Value> concat(Evaluator& e, const CallSite& at, const Value& self, Arguments a) {
  std::vector<Value> items = self.array->items;
  for (std::size_t i = 0; i < a.size(); ++i) {
    BXL_TRY_ASSIGN(const Array* more, array_argument(e, at, a, i));
    BXL_TRY(e.spend(at.origin, more->items.size() * sizeof(Value)));
    items.insert(items.end(), more->items.begin(), more->items.end());
  }
  return e.array(at.origin, std::move(items));
}

Result<Value> push(Evaluator& e, const CallSite& at, const Value& self, Arguments a) {
  std::vector<Value> items = self.array->items;
  items.insert(items.end(), a.begin(), a.end());
  return e.array(at.origin, std::move(items));
}

std::size_t index_in(const Value& self, const Value& wanted) {
  std::size_t i = 0;
  while (i < self.array->items.size() && !equal(self.array->items[i], wanted)) ++i;
  return i;
}
Result<Value> index_of(Evaluator& e, const CallSite& at, const Value& self, Arguments a) {
  BXL_TRY(e.spend(at.origin, self.array->items.size()));
  const std::size_t i = index_in(self, a[0]);
  return e.number(at, i < self.array->items.size() ? static_cast<double>(i) : -1);
}
Result<Value> contains(Evaluator& e, const CallSite& at, const Value& self, Arguments a) {
  BXL_TRY(e.spend(at.origin, self.array->items.size()));
  return e.boolean(at, index_in(self, a[0]) < self.array->items.size());
}

Result<Value> slice(Evaluator& e, const CallSite& at, const Value& self, Arguments a) {
  const auto size = static_cast<double>(self.array->items.size());
  double range[2] = {0, size};
  for (std::size_t i = 0; i < a.size(); ++i) {
    BXL_TRY_ASSIGN(double given, number_argument(e, at, a, i));
    range[i] = std::clamp(given < 0 ? size + given : given, 0.0, size);
  }
  std::vector<Value> items;
  for (auto i = static_cast<std::size_t>(range[0]); i < static_cast<std::size_t>(range[1]); ++i)
    items.push_back(self.array->items[i]);
  return e.array(at.origin, std::move(items));
}

Result<Value> reverse(Evaluator& e, const CallSite& at, const Value& self, Arguments) {
  return e.array(at.origin, {self.array->items.rbegin(), self.array->items.rend()});
}

Result<Value> unique(Evaluator& e, const CallSite& at, const Value& self, Arguments) {
  std::vector<Value> items;
  std::unordered_map<std::string, bool> seen;
  for (const Value& item : self.array->items) {
    std::string key = key_of(item);
    if (key.empty() || seen.emplace(std::move(key), true).second) items.push_back(item);
  }
  return e.array(at.origin, std::move(items));
}

Result<Value> join(Evaluator& e, const CallSite& at, const Value& self, Arguments a) {
  std::string separator = ",";
  if (!a.empty()) {
    BXL_TRY_ASSIGN(const std::string* given, text_argument(e, at, a, 0));
    separator = *given;
  }
  std::string out;
  for (std::size_t i = 0; i < self.array->items.size(); ++i) {
    BXL_TRY_ASSIGN(std::string piece, e.to_text(self.array->items[i], at.origin));
    BXL_TRY(e.spend(at.origin, piece.size() + separator.size()));
    out += (i == 0 ? "" : separator) + piece;
  }
  return e.text(at.origin, Type::String, std::move(out));
}

Result<Value> is_empty(Evaluator& e, const CallSite& at, const Value& self, Arguments) {
  return e.boolean(at, self.array->items.empty());
}

constexpr NativeRow kArray[] = {{"map", 1, 1, map_array},     {"mapMany", 1, 1, map_many},
                                {"flatMap", 1, 1, map_many},  {"filter", 1, 1, filter},
                                {"some", 1, 1, some},         {"all", 1, 1, all},
                                {"every", 1, 1, all},         {"find", 1, 1, find},
                                {"reduce", 2, 2, reduce},     {"concat", 0, SIZE_MAX, concat},
                                {"push", 0, SIZE_MAX, push},  {"indexOf", 1, 1, index_of},
                                {"contains", 1, 1, contains}, {"includes", 1, 1, contains},
                                {"slice", 0, 2, slice},       {"reverse", 0, 0, reverse},
                                {"unique", 0, 0, unique},     {"join", 0, 1, join},
                                {"isEmpty", 0, 0, is_empty}};

// --- maps
// --------------------------------------------------------------------------------------------

// Maps never change: a chain of n adds would copy n²/2 entries. What is copied counts, so that a
// chain of a few thousand is fine and one without end is an error.
Result<Value> add(Evaluator& e, const CallSite& at, const Value& self, Arguments a) {
  auto entries = self.map->entries;
  entries.emplace_back(a[0], a[1]);
  return e.map(at.origin, std::move(entries));
}

Result<Value> add_range(Evaluator& e, const CallSite& at, const Value& self, Arguments a) {
  auto entries = self.map->entries;
  for (const Value& pair : a) {
    if (!pair.is(Type::Array) || pair.array->items.size() != 2)
      return e.wrong_type(pair, at.origin, "an argument of addRange", "an array [key, value]");
    entries.emplace_back(pair.array->items[0], pair.array->items[1]);
  }
  return e.map(at.origin, std::move(entries));
}

Result<Value> remove(Evaluator& e, const CallSite& at, const Value& self, Arguments a) {
  auto entries = self.map->entries;
  std::erase_if(entries, [&](const auto& entry) { return equal(entry.first, a[0]); });
  return e.map(at.origin, std::move(entries));
}

Result<Value> get_entry(Evaluator&, const CallSite& at, const Value& self, Arguments a) {
  auto it = self.map->index.find(key_of(a[0]));
  return it == self.map->index.end() ? undefined(at) : self.map->entries[it->second].second;
}
Result<Value> has_entry(Evaluator& e, const CallSite& at, const Value& self, Arguments a) {
  return e.boolean(at, self.map->index.count(key_of(a[0])) != 0);
}

Result<Value> map_keys(Evaluator& e, const CallSite& at, const Value& self, Arguments) {
  std::vector<Value> items;
  for (const auto& entry : self.map->entries) items.push_back(entry.first);
  return e.array(at.origin, std::move(items));
}
Result<Value> map_values(Evaluator& e, const CallSite& at, const Value& self, Arguments) {
  std::vector<Value> items;
  for (const auto& entry : self.map->entries) items.push_back(entry.second);
  return e.array(at.origin, std::move(items));
}
Result<Value> map_to_array(Evaluator& e, const CallSite& at, const Value& self, Arguments) {
  std::vector<Value> items;
  for (const auto& entry : self.map->entries) {
    BXL_TRY_ASSIGN(Value pair, e.array(at.origin, {entry.first, entry.second}));
    items.push_back(pair);
  }
  return e.array(at.origin, std::move(items));
}
Result<Value> map_count(Evaluator& e, const CallSite& at, const Value& self, Arguments) {
  return e.number(at, static_cast<double>(self.map->entries.size()));
}

constexpr NativeRow kMap[] = {
    {"add", 2, 2, add},           {"addRange", 0, SIZE_MAX, add_range}, {"remove", 1, 1, remove},
    {"get", 1, 1, get_entry},     {"containsKey", 1, 1, has_entry},     {"keys", 0, 0, map_keys},
    {"values", 0, 0, map_values}, {"toArray", 0, 0, map_to_array},      {"count", 0, 0, map_count}};

// --- objects
// -------------------------------------------------------------------------------------------

Result<Value> keys(Evaluator& e, const CallSite& at, const Value& self, Arguments) {
  std::vector<Value> items;
  for (const Member& member : self.object->members) {
    BXL_TRY_ASSIGN(Value key, e.text(member.origin, Type::String, member.key));
    items.push_back(key);
  }
  return e.array(at.origin, std::move(items));
}

Result<Value> get_member(Evaluator& e, const CallSite& at, const Value& self, Arguments a) {
  BXL_TRY_ASSIGN(const std::string* key, text_argument(e, at, a, 0));
  const Member* found = self.object->find(*key);
  return found != nullptr ? found->value : undefined(at);
}

// Members of the argument replace ours.
Result<Value> override_members(Evaluator& e, const CallSite& at, const Value& self, Arguments a) {
  if (a[0].is_undefined()) return self;
  if (!a[0].is(Type::Object)) return e.wrong_type(a[0], at.origin, ordinal(at, 0), "an object");
  std::vector<Member> members = self.object->members;
  members.insert(members.end(), a[0].object->members.begin(), a[0].object->members.end());
  return e.object(at.origin, std::move(members));
}

// Objects are merged, arrays joined, anything else replaced.
Result<Value> merged(Evaluator& e, const CallSite& at, const Value& left, const Value& right,
                     int depth) {
  if (left.is(Type::Array) && right.is(Type::Array)) {
    std::vector<Value> items = left.array->items;
    items.insert(items.end(), right.array->items.begin(), right.array->items.end());
    return e.array(at.origin, std::move(items));
  }
  if (!left.is(Type::Object) || !right.is(Type::Object)) return right;
  if (depth > kMaxDepth) return e.error(at.origin, "these objects are too deep to be merged");
  std::vector<Member> members = left.object->members;
  for (const Member& member : right.object->members) {
    Member copy = member;
    if (const Member* ours = left.object->find(member.key)) {
      BXL_TRY_ASSIGN(copy.value, merged(e, at, ours->value, member.value, depth + 1));
    }
    members.push_back(std::move(copy));
  }
  return e.object(at.origin, std::move(members));
}
Result<Value> merge(Evaluator& e, const CallSite& at, const Value& self, Arguments a) {
  return a[0].is_undefined() ? self : merged(e, at, self, a[0], 0);
}

constexpr NativeRow kObject[] = {{"keys", 0, 0, keys},
                                 {"get", 1, 1, get_member},
                                 {"override", 1, 1, override_members},
                                 {"merge", 1, 1, merge}};

std::span<const NativeRow> rows_of(const Value& value) {
  switch (value.type) {
    case Type::String:
      return text_rows();
    case Type::Array:
      return kArray;
    case Type::Map:
      return kMap;
    case Type::Object:
      return kObject;
    default:
      return value.has_text() ? path_rows() : std::span<const NativeRow>();
  }
}

Result<std::optional<Value>> some_text(Evaluator& e, Origin origin, Type type, std::string text) {
  BXL_TRY_ASSIGN(Value out, e.text(origin, type, std::move(text)));
  return std::optional(out);
}

constexpr std::string_view kPathProperties[] = {"name", "nameWithoutExtension", "extension",
                                                "parent", "path"};

Result<std::optional<Value>> path_property(Evaluator& e, Origin origin, const Value& value,
                                           const std::string& name) {
  const std::string_view last = base_name(*value.text);
  const std::size_t dot = last.rfind('.');
  if (name == "name") return some_text(e, origin, Type::Atom, std::string(last));
  if (name == "nameWithoutExtension")
    return some_text(e, origin, Type::Atom, std::string(last.substr(0, dot)));
  if (name == "extension") {
    if (dot == std::string_view::npos) return std::optional(Value{Type::Undefined, origin, {}});
    return some_text(e, origin, Type::Atom, std::string(last.substr(dot)));
  }
  if (name == "parent" && value.is_absolute_path())
    return some_text(e, origin, Type::Path, std::string(parent_path(*value.text)));
  if (name == "path" && value.is_absolute_path())
    return some_text(e, origin, Type::Path, *value.text);
  return std::optional<Value>();
}

}  // namespace

std::string ordinal(const CallSite& at, std::size_t i) {
  return "argument " + std::to_string(i + 1) + " of " + *at.name;
}

Result<const std::string*> text_argument(Evaluator& evaluator, const CallSite& at,
                                         Arguments arguments, std::size_t i, Type type) {
  if (!arguments[i].is(type))
    return evaluator.wrong_type(arguments[i], at.origin, ordinal(at, i), type_name(type));
  return arguments[i].text;
}

Result<double> number_argument(Evaluator& evaluator, const CallSite& at, Arguments arguments,
                               std::size_t i) {
  if (!arguments[i].is(Type::Number))
    return evaluator.wrong_type(arguments[i], at.origin, ordinal(at, i), "a number");
  return arguments[i].number;
}

Result<const Array*> array_argument(Evaluator& evaluator, const CallSite& at, Arguments arguments,
                                    std::size_t i) {
  if (!arguments[i].is(Type::Array))
    return evaluator.wrong_type(arguments[i], at.origin, ordinal(at, i), "an array");
  return arguments[i].array;
}

Result<const std::string*> path_argument(Evaluator& evaluator, const CallSite& at,
                                         Arguments arguments, std::size_t i) {
  if (!arguments[i].is_absolute_path())
    return evaluator.wrong_type(arguments[i], at.origin, ordinal(at, i),
                                "a file, a directory or a path");
  return arguments[i].text;
}

Result<std::optional<Value>> method(Evaluator& evaluator, Origin origin, const Value& value,
                                    const std::string& name) {
  if (name == "length" && (value.is(Type::String) || value.is(Type::Array))) {
    const std::size_t size =
        value.is(Type::String) ? value.text->size() : value.array->items.size();
    return std::optional(evaluator.number({origin, nullptr}, static_cast<double>(size)));
  }
  if (value.has_text() && !value.is(Type::String)) {
    BXL_TRY_ASSIGN(auto found, path_property(evaluator, origin, value, name));
    if (found) return found;
  }
  for (const NativeRow& row : rows_of(value)) {
    if (row.name != name) continue;
    BXL_TRY_ASSIGN(Value out, evaluator.native_member(origin, row, value));
    return std::optional(out);
  }
  return std::optional<Value>();
}

std::vector<std::string_view> method_names(const Value& value) {
  std::vector<std::string_view> out;
  for (const NativeRow& row : rows_of(value)) out.push_back(row.name);
  if (value.is(Type::String) || value.is(Type::Array)) out.push_back("length");
  if (value.has_text() && !value.is(Type::String))
    out.insert(out.end(), std::begin(kPathProperties), std::end(kPathProperties));
  return out;
}

}  // namespace bxl::frontend::dsc
