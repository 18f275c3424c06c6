// Typed access to a JSON object.
#include "frontend/json/fields.h"

#include <algorithm>
#include <unordered_set>

#include "base/nearest.h"

namespace bxl::frontend::json_graph {

using ::bxl::json::Value;

Fields::Fields(Problems& problems, const Value& value, std::string pointer, std::string what)
    : problems_(problems), value_(value), pointer_(std::move(pointer)), what_(std::move(what)) {
  if (!value.object())
    problems_.add(origin(), std::string("this is ") + value.type_name() + ", and should be " +
                                what_ + ": an object");
}

const Value* Fields::find(std::string_view key) {
  if (std::find(known_.begin(), known_.end(), key) == known_.end()) known_.push_back(key);
  return value_.find(key);
}

Origin Fields::origin(std::string_view key) const {
  const Value* value = value_.find(key);
  return value ? Origin{value->offset(), pointer_ + pointer_step(key)} : origin();
}

void Fields::wrong_type(std::string_view key, const Value& value, const char* wanted) {
  problems_.add(origin(key),
                std::string("this is ") + value.type_name() + ", and should be " + wanted);
}

Located Fields::string(std::string_view key) {
  Located out;
  out.origin = origin(key);
  const Value* value = find(key);
  if (!value) return out;
  if (const std::string* text = value->string())
    out.text = *text;
  else
    wrong_type(key, *value, "a string");
  return out;
}

Located Fields::required_string(std::string_view key) {
  Located out = string(key);
  const Value* value = find(key);
  if (!value)
    problems_.add(origin(), what_ + " needs the field \"" + std::string(key) + "\"");
  else if (value->string() && out.text.empty())
    problems_.add(out.origin, "this is empty");
  return out;
}

bool Fields::boolean(std::string_view key, bool otherwise) {
  const Value* value = find(key);
  if (!value) return otherwise;
  if (const bool* flag = value->boolean()) return *flag;
  wrong_type(key, *value, "true or false");
  return otherwise;
}

std::uint64_t Fields::natural(std::string_view key, std::uint64_t otherwise, std::uint64_t least,
                              std::uint64_t most) {
  const Value* value = find(key);
  if (!value) return otherwise;
  const std::int64_t* number = value->integer();
  if (!number) {
    wrong_type(key, *value, "an integer");
    return otherwise;
  }
  if (*number < 0 || static_cast<std::uint64_t>(*number) < least ||
      static_cast<std::uint64_t>(*number) > most) {
    problems_.add(origin(key), std::to_string(*number) + " is not between " +
                                   std::to_string(least) + " and " + std::to_string(most));
    return otherwise;
  }
  return static_cast<std::uint64_t>(*number);
}

std::vector<std::pair<const Value*, std::string>> Fields::elements(std::string_view key) {
  std::vector<std::pair<const Value*, std::string>> out;
  const Value* value = find(key);
  if (!value) return out;
  const ::bxl::json::Array* array = value->array();
  if (!array) {
    wrong_type(key, *value, "an array");
    return out;
  }
  const std::string pointer = pointer_ + pointer_step(key) + "/";
  for (std::size_t i = 0; i < array->size(); ++i)
    out.emplace_back(&(*array)[i], pointer + std::to_string(i));
  return out;
}

std::vector<Located> Fields::strings(std::string_view key) {
  std::vector<Located> out;
  for (auto& [value, pointer] : elements(key)) {
    Origin origin{value->offset(), std::move(pointer)};
    if (const std::string* text = value->string())
      out.push_back({*text, std::move(origin)});
    else
      problems_.add(origin,
                    std::string("this is ") + value->type_name() + ", and should be a string");
  }
  return out;
}

std::vector<std::uint32_t> Fields::exit_codes(std::string_view key) {
  std::vector<std::uint32_t> out;
  for (auto& [value, pointer] : elements(key)) {
    const std::int64_t* number = value->integer();
    if (number && *number >= 0 && *number <= 255)
      out.push_back(static_cast<std::uint32_t>(*number));
    else
      problems_.add({value->offset(), std::move(pointer)},
                    "an exit code is an integer between 0 and 255");
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

std::vector<std::pair<Located, std::string>> Fields::string_map(std::string_view key) {
  std::vector<std::pair<Located, std::string>> out;
  const Value* value = find(key);
  if (!value) return out;
  if (!value->object()) {
    wrong_type(key, *value, "an object of strings");
    return out;
  }
  std::unordered_set<std::string_view> met;
  for (const auto& [name, member] : *value->object()) {
    const Origin where{member.offset(), pointer_ + pointer_step(key) + pointer_step(name)};
    if (!met.insert(name).second)
      problems_.add(where, "this name stands there twice");
    else if (const std::string* text = member.string())
      out.emplace_back(Located{name, where}, *text);
    else
      problems_.add(where,
                    std::string("this is ") + member.type_name() + ", and should be a string");
  }
  return out;
}

std::size_t Fields::word(std::string_view key, const std::vector<std::string_view>& words) {
  const Located text = string(key);
  if (!find(key) || !find(key)->string()) return 0;
  auto at = std::find(words.begin(), words.end(), text.text);
  if (at != words.end()) return static_cast<std::size_t>(at - words.begin());
  std::string list;
  for (std::string_view one : words)
    list += (list.empty() ? "\"" : ", \"") + std::string(one) + "\"";
  problems_.add(text.origin, "\"" + text.text + "\" is not one of " + list);
  return 0;
}

void Fields::finish() {
  const ::bxl::json::Object* members = value_.object();
  if (!members) return;
  std::unordered_set<std::string_view> met;
  for (const auto& [key, value] : *members) {
    const Origin where{value.offset(), pointer_ + pointer_step(key)};
    if (std::find(known_.begin(), known_.end(), key) == known_.end()) {
      const std::string_view near = nearest(key, known_);
      problems_.add(where, what_ + " has no such field" +
                               (near.empty() ? std::string()
                                             : "; did you mean \"" + std::string(near) + "\"?"));
    } else if (!met.insert(key).second) {
      problems_.add(where, "this field stands there twice");
    }
  }
}

}  // namespace bxl::frontend::json_graph
