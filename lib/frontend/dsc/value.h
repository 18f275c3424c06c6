// Values of the configuration language. They are small and copied freely; what they point to
// belongs to the evaluation that made them and never changes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace bxl::frontend::dsc {

enum class Type : std::uint8_t {
  Undefined,
  Unit,  // Unit.unit(): "nothing of its own", e.g. a variable that is passed through
  Boolean,
  Number,
  String,
  // Absolute, normalised paths: a file, a directory, either.
  File,
  Directory,
  Path,
  Relative,  // without . and .. components except leading ..
  Atom,      // one component
  Array,
  Object,
  Map,
  Function,
  // importFrom("M"), and importFrom("M").x: what another resolver exports. What it stands for is
  // known when all are read.
  Module,
  Export
};
const char* type_name(Type type);  // "a string", "undefined", "a file (f`...`)"

// Where a value was written, and the environment variable that it came from.
struct Origin {
  std::uint32_t file = 0;  // of the evaluation, in the order they were read
  std::uint32_t offset = 0;
  std::uint32_t variable = 0;  // of the evaluation; 0: none
};

struct Array;
struct Object;
struct Map;
struct Function;

struct Value {
  Type type = Type::Undefined;
  Origin origin;
  union {
    bool boolean = false;
    double number;
    // String and the kinds of paths; the name of a Module; of an Export the name of its module, a
    // zero byte and the symbol.
    const std::string* text;
    const Array* array;
    const Object* object;
    const Map* map;
    const Function* function;
  };

  bool is(Type other) const { return type == other; }
  bool is_undefined() const { return type == Type::Undefined; }
  bool is_absolute_path() const {
    return type == Type::File || type == Type::Directory || type == Type::Path;
  }
  bool has_text() const { return type >= Type::String && type <= Type::Atom; }
};

struct Array {
  std::vector<Value> items;
};

struct Member {
  std::string key;
  Origin origin;  // of the key
  Value value;
};

// In the order of the text; each key once. undefined members are members.
struct Object {
  std::vector<Member> members;
  bool complete = false;  // of the language or of a file: another name is an error, not undefined
  std::unordered_map<std::string_view, std::size_t> index;

  const Member* find(std::string_view key) const {
    auto it = index.find(key);
    return it == index.end() ? nullptr : &members[it->second];
  }
};

// Keys are strings, paths, numbers and booleans.
struct Map {
  std::vector<std::pair<Value, Value>> entries;  // in the order they were added
  std::unordered_map<std::string, std::size_t> index;
};

// Strict equality (===): arrays, objects, maps and functions are equal only to themselves.
bool equal(const Value& a, const Value& b);
// A text that only equal values of Map keys have; empty: `value` cannot be a key.
std::string key_of(const Value& value);

}  // namespace bxl::frontend::dsc
