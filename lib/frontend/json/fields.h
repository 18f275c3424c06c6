// Reads the fields of one JSON object by name and type; what is left over is an error.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "frontend/json/problems.h"
#include "json/reader.h"

namespace bxl::frontend::json_graph {

// Each read marks its field as known. A wrong type is told to `problems`, and the default is the
// answer, so that one pass finds all errors. `value` must outlive it.
class Fields {
 public:
  // `what` names the object in messages: "a process pip".
  Fields(Problems& problems, const ::bxl::json::Value& value, std::string pointer,
         std::string what);

  // Null when absent.
  const ::bxl::json::Value* find(std::string_view key);
  bool has(std::string_view key) { return find(key) != nullptr; }
  Origin origin(std::string_view key) const;  // of the field, else of the object
  Origin origin() const { return {value_.offset(), pointer_}; }

  Located string(std::string_view key);
  Located required_string(std::string_view key);
  bool boolean(std::string_view key, bool otherwise);
  // Between `least` and `most`.
  std::uint64_t natural(std::string_view key, std::uint64_t otherwise, std::uint64_t least,
                        std::uint64_t most);
  std::vector<Located> strings(std::string_view key);
  std::vector<std::uint32_t> exit_codes(std::string_view key);
  // Members whose values are strings, in the order of the text.
  std::vector<std::pair<Located, std::string>> string_map(std::string_view key);
  // The position of the field's value in `words`; absent: 0. Words that are not known are told with
  // those that are.
  std::size_t word(std::string_view key, const std::vector<std::string_view>& words);
  // The elements of an array, with their pointers; absent: none.
  std::vector<std::pair<const ::bxl::json::Value*, std::string>> elements(std::string_view key);

  void set_what(std::string what) { what_ = std::move(what); }
  // Tells of fields that nobody asked for, and of fields that stand there twice.
  void finish();

 private:
  void wrong_type(std::string_view key, const ::bxl::json::Value& value, const char* wanted);

  Problems& problems_;
  const ::bxl::json::Value& value_;
  std::string pointer_, what_;
  std::vector<std::string_view> known_;
};

}  // namespace bxl::frontend::json_graph
