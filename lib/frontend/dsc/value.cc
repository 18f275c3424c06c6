// Names, equality and keys of values.
#include "frontend/dsc/value.h"

#include <charconv>

namespace bxl::frontend::dsc {

const char* type_name(Type type) {
  switch (type) {
    case Type::Undefined:
      return "undefined";
    case Type::Unit:
      return "Unit.unit()";
    case Type::Boolean:
      return "a boolean";
    case Type::Number:
      return "a number";
    case Type::String:
      return "a string";
    case Type::File:
      return "a file (f`...`)";
    case Type::Directory:
      return "a directory (d`...`)";
    case Type::Path:
      return "a path (p`...`)";
    case Type::Relative:
      return "a relative path (r`...`)";
    case Type::Atom:
      return "a path atom (a`...`)";
    case Type::Array:
      return "an array";
    case Type::Object:
      return "an object";
    case Type::Map:
      return "a map";
    case Type::Module:
      return "a module (importFrom)";
    case Type::Export:
      return "what a module exports (importFrom)";
    case Type::Function:
      break;
  }
  return "a function";
}

bool equal(const Value& a, const Value& b) {
  if (a.type != b.type) return false;
  switch (a.type) {
    case Type::Undefined:
    case Type::Unit:
      return true;
    case Type::Boolean:
      return a.boolean == b.boolean;
    case Type::Number:
      return a.number == b.number;
    case Type::Array:
      return a.array == b.array;
    case Type::Object:
      return a.object == b.object;
    case Type::Map:
      return a.map == b.map;
    case Type::Function:
      return a.function == b.function;
    default:
      return *a.text == *b.text;
  }
}

std::string key_of(const Value& value) {
  std::string out(1, static_cast<char>('A' + static_cast<int>(value.type)));
  if (value.has_text()) return out + *value.text;
  if (value.is(Type::Boolean)) return out + (value.boolean ? "1" : "0");
  if (value.is(Type::Number)) {
    char digits[32];
    auto end = std::to_chars(digits, digits + sizeof digits, value.number).ptr;
    return out + std::string(digits, end);
  }
  return "";
}

}  // namespace bxl::frontend::dsc
