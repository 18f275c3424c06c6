// JSON text, written piece by piece into a string.
//
// Strings are bytes here and Unicode in JSON. Valid UTF-8 is written as it is; each byte XX that is
// not part of valid UTF-8 becomes the lone surrogate \udcXX, as Python's surrogateescape does
// (`os.fsencode(json.loads(text))` gives the bytes back). No valid UTF-8 contains a surrogate, so
// every byte string has exactly one spelling.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace bxl {

// Appends `bytes` to `out` as a JSON string, quotes included.
void append_json_string(std::string& out, std::string_view bytes);

// Commas and quotes are put where they belong; calls must nest properly, and inside an object a key
// comes before each value. No white space is written. Not thread-safe.
class JsonWriter {
 public:
  // Appends to `out`, which must outlive the writer.
  explicit JsonWriter(std::string* out) : out_(*out) {}

  JsonWriter& begin_object() { return open('{'); }
  JsonWriter& end_object() { return close('}'); }
  JsonWriter& begin_array() { return open('['); }
  JsonWriter& end_array() { return close(']'); }
  JsonWriter& key(std::string_view name);

  JsonWriter& string(std::string_view bytes);
  JsonWriter& integer(std::int64_t value);
  JsonWriter& natural(std::uint64_t value);
  JsonWriter& real(
      double value);  // shortest text that reads back the same; NaN and infinities become null
  JsonWriter& boolean(bool value);
  JsonWriter& null();

 private:
  JsonWriter& open(char bracket);
  JsonWriter& close(char bracket);
  JsonWriter& raw(std::string_view text);

  std::string& out_;
  bool comma_ = false;  // a value precedes at this level
};

}  // namespace bxl
