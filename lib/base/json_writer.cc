// JSON text, written piece by piece into a string.
#include "base/json_writer.h"

#include <charconv>
#include <cmath>

namespace bxl {
namespace {

constexpr char kDigits[] = "0123456789abcdef";

void append_escape(std::string& out, std::string_view prefix, unsigned char byte) {
  out += prefix;
  out += kDigits[byte >> 4];
  out += kDigits[byte & 15];
}

// Length of the valid UTF-8 sequence at the start of `s` that begins with a byte >= 0x80; 0 when
// there is none.
std::size_t sequence_length(std::string_view s) {
  auto at = [&](std::size_t i) { return static_cast<unsigned char>(s[i]); };
  auto follows = [&](std::size_t i) { return i < s.size() && (at(i) & 0xc0) == 0x80; };
  unsigned char lead = at(0);
  if (lead >= 0xc2 && lead <= 0xdf) return follows(1) ? 2 : 0;
  if (lead >= 0xe0 && lead <= 0xef) {
    if (!follows(1) || !follows(2)) return 0;
    if (lead == 0xe0 && at(1) < 0xa0) return 0;   // overlong
    if (lead == 0xed && at(1) >= 0xa0) return 0;  // surrogate
    return 3;
  }
  if (lead >= 0xf0 && lead <= 0xf4) {
    if (!follows(1) || !follows(2) || !follows(3)) return 0;
    if (lead == 0xf0 && at(1) < 0x90) return 0;   // overlong
    if (lead == 0xf4 && at(1) >= 0x90) return 0;  // above U+10FFFF
    return 4;
  }
  return 0;
}

void append_control(std::string& out, unsigned char byte) {
  switch (byte) {
    case '\n':
      out += "\\n";
      return;
    case '\t':
      out += "\\t";
      return;
    case '\r':
      out += "\\r";
      return;
    default:
      append_escape(out, "\\u00", byte);
  }
}

}  // namespace

void append_json_string(std::string& out, std::string_view bytes) {
  out += '"';
  for (std::size_t i = 0; i < bytes.size();) {
    auto byte = static_cast<unsigned char>(bytes[i]);
    std::size_t length = 1;
    if (byte == '"' || byte == '\\') {
      out += '\\';
      out += bytes[i];
    } else if (byte < 0x20 || byte == 0x7f) {
      append_control(out, byte);
    } else if (byte < 0x80) {
      out += bytes[i];
    } else if (const std::size_t sequence = sequence_length(bytes.substr(i)); sequence > 0) {
      out += bytes.substr(i, sequence);
      length = sequence;
    } else {
      append_escape(out, "\\udc", byte);
    }
    i += length;
  }
  out += '"';
}

JsonWriter& JsonWriter::raw(std::string_view text) {
  if (comma_) out_ += ',';
  out_ += text;
  comma_ = true;
  return *this;
}

JsonWriter& JsonWriter::open(char bracket) {
  raw({&bracket, 1});
  comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::close(char bracket) {
  out_ += bracket;
  comma_ = true;
  return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
  string(name);
  out_ += ':';
  comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::string(std::string_view bytes) {
  if (comma_) out_ += ',';
  append_json_string(out_, bytes);
  comma_ = true;
  return *this;
}

JsonWriter& JsonWriter::integer(std::int64_t value) { return raw(std::to_string(value)); }
JsonWriter& JsonWriter::natural(std::uint64_t value) { return raw(std::to_string(value)); }
JsonWriter& JsonWriter::boolean(bool value) { return raw(value ? "true" : "false"); }
JsonWriter& JsonWriter::null() { return raw("null"); }

JsonWriter& JsonWriter::real(double value) {
  if (!std::isfinite(value)) return null();
  char text[32];
  auto end = std::to_chars(text, text + sizeof text, value).ptr;
  return raw({text, static_cast<std::size_t>(end - text)});
}

}  // namespace bxl
