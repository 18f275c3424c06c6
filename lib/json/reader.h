// JSON text as a tree of values. The only simdjson include is reader.cc.
//
// Foreign tools' output is untrusted: nesting is bounded, numbers out of range are errors,
// duplicate keys are kept.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"

namespace bxl::json {

class Value;
using Array = std::vector<Value>;
using Member = std::pair<std::string, Value>;
using Object = std::vector<Member>;  // in the order of the text

// One JSON value. Numbers without fraction and exponent are integers when they fit int64, else
// doubles. Strings are bytes: a lone surrogate \udc80..\udcff is the byte it stands for
// (base/json_writer.h), any other lone surrogate is an error.
class Value {
 public:
  Value() = default;  // null
  explicit Value(bool value) : v_(value) {}
  explicit Value(std::int64_t value) : v_(value) {}
  explicit Value(double value) : v_(value) {}
  explicit Value(std::string value) : v_(std::move(value)) {}
  explicit Value(Array value) : v_(std::move(value)) {}
  explicit Value(Object value) : v_(std::move(value)) {}

  bool is_null() const { return std::holds_alternative<std::monostate>(v_); }
  // Null when the value is of another type.
  const bool* boolean() const { return std::get_if<bool>(&v_); }
  const std::int64_t* integer() const { return std::get_if<std::int64_t>(&v_); }
  const double* real() const { return std::get_if<double>(&v_); }
  const std::string* string() const { return std::get_if<std::string>(&v_); }
  const Array* array() const { return std::get_if<Array>(&v_); }
  const Object* object() const { return std::get_if<Object>(&v_); }
  // "null", "a boolean", "an integer", "a number", "a string", "an array", "an object": for
  // messages.
  const char* type_name() const;

  // Where it starts: bytes from the start of the text given to parse(). 0 for values that were not
  // parsed.
  std::size_t offset() const { return offset_; }
  void set_offset(std::size_t offset) { offset_ = offset; }

  // The member `key` of an object (the last one when it is repeated, as in JavaScript); null when
  // this is no object or has none.
  const Value* find(std::string_view key) const;

 private:
  std::variant<std::monostate, bool, std::int64_t, double, std::string, Array, Object> v_;
  std::size_t offset_ = 0;
};

inline constexpr std::size_t kMaxDepth = 256;

// Parses one JSON text in UTF-8 (a byte order mark is skipped). Errors: EBADMSG; the message ends
// in "at or after line L, column C (byte N)", the start of the last value that was reached, if any
// was.
Result<Value> parse(std::string_view text);

// "12:3", line and column of a byte, both from 1; columns count bytes. An offset beyond the text
// means its end.
std::string line_and_column(std::string_view text, std::size_t offset);

}  // namespace bxl::json
