// Letters, and words for them.
#include "frontend/javascript/shapes.h"

#include <algorithm>
#include <cmath>

#include "base/nearest.h"

namespace bxl::frontend::javascript {
namespace {

using dsc::Member;
using dsc::Type;
using dsc::Value;

const char* letter_name(char letter) {
  switch (letter) {
    case 'b':
      return "a boolean";
    case 'n':
      return "a number without fraction, 0 or more";
    case 's':
      return "a string";
    case 'f':
      return "a file (f`...`)";
    case 'd':
      return "a directory (d`...`)";
    case 'p':
      return "a path (p`...`)";
    case 'r':
      return "a relative path (r`...`)";
    case 'a':
      return "a path atom (a`...`)";
    case 'o':
      return "an object";
    case 'm':
      return "a map";
    case 'x':
      return "an export (importFrom)";
    default:
      return "a function";
  }
}

bool fits(const Value& value, char letter) {
  switch (letter) {
    case 'b':
      return value.is(Type::Boolean);
    case 'n':
      return value.is(Type::Number) && value.number >= 0 && value.number <= 4294967295.0 &&
             value.number == std::floor(value.number);
    case 's':
      return value.is(Type::String);
    case 'f':
      return value.is(Type::File) || value.is(Type::Path);
    case 'd':
      return value.is(Type::Directory) || value.is(Type::Path);
    case 'p':
      return value.is_absolute_path();
    case 'r':
      return value.is(Type::Relative);
    case 'a':
      return value.is(Type::Atom) || value.is(Type::String);
    case 'o':
      return value.is(Type::Object);
    case 'm':
      return value.is(Type::Map);
    case 'x':
      return value.is(Type::Export);
    case '*':
      return true;
    default:
      return value.is(Type::Function);
  }
}

std::string alternatives(std::string_view letters) {
  std::string out;
  for (std::size_t i = 0; i < letters.size(); ++i)
    out += (i == 0                    ? ""
            : i + 1 == letters.size() ? " or "
                                      : ", ") +
           std::string(letter_name(letters[i]));
  return out;
}

}  // namespace

std::string suggestion(std::string_view name, const std::vector<std::string_view>& known) {
  const std::string best(nearest(name, known));
  return best.empty() ? "" : "; did you mean '" + best + "'?";
}

const Value* find(const Value& object, std::string_view key) {
  const Member* member = object.object->find(key);
  return member == nullptr || member->value.is_undefined() ? nullptr : &member->value;
}

Error Shapes::unknown(const Member& member, const std::string& where,
                      const std::vector<std::string_view>& known) const {
  return evaluation_.error(member.origin,
                           where + " have no '" + member.key + "'" + suggestion(member.key, known));
}

Result<void> Shapes::check(const Value& value, const std::string& what,
                           std::string_view shape) const {
  if (value.is_undefined()) return {};
  const std::size_t bracket = shape.find('[');
  const std::string_view single = shape.substr(0, bracket);
  for (char letter : single)
    if (fits(value, letter)) return {};
  if (bracket == std::string_view::npos)
    return evaluation_.error(value.origin, what + " must be " + alternatives(single) + ", not " +
                                               dsc::type_name(value.type));
  const std::string_view element = shape.substr(bracket + 1);
  if (!value.is(Type::Array))
    return evaluation_.error(value.origin,
                             what + " must be an array" +
                                 (single.empty() ? "" : " or " + alternatives(single)) + ", not " +
                                 dsc::type_name(value.type));
  for (const Value& item : value.array->items)
    if (std::none_of(element.begin(), element.end(),
                     [&](char letter) { return fits(item, letter); }))
      return evaluation_.error(item.origin, "an element of " + what + " must be " +
                                                alternatives(element) + ", not " +
                                                dsc::type_name(item.type));
  return {};
}

Result<void> Shapes::check_object(const Value& value, const std::string& what,
                                  const Keys& keys) const {
  std::vector<std::string_view> known;
  for (const auto& key : keys) known.push_back(key.first);
  for (const Member& member : value.object->members) {
    auto it = std::find_if(keys.begin(), keys.end(),
                           [&](const auto& key) { return key.first == member.key; });
    if (it == keys.end()) return unknown(member, what, known);
    BXL_TRY(check(member.value, "'" + member.key + "'", it->second));
  }
  return {};
}

Result<std::string> Shapes::text(const Value& object, std::string_view key,
                                 const std::string& what) const {
  const Value* value = find(object, key);
  if (value == nullptr)
    return evaluation_.error(object.origin, what + ": '" + std::string(key) + "' is missing");
  return *value->text;
}

}  // namespace bxl::frontend::javascript
