// JSON text as a tree of values, by simdjson's On-Demand parser: the one that knows where an error
// is.
#include "json/reader.h"

#include <simdjson.h>

#include <algorithm>
#include <charconv>

namespace bxl::json {
namespace {

namespace sj = simdjson;
using sj::ondemand::json_type;

// Thrown inside this file only.
struct Failure {
  std::string what;
};

template <typename T>
T checked(sj::simdjson_result<T> result) {
  if (result.error() == sj::INCORRECT_TYPE) throw Failure{"this is no JSON value"};
  if (result.error() == sj::TAPE_ERROR)
    throw Failure{"a comma, colon, quote or bracket is missing or superfluous"};
  if (result.error()) throw Failure{sj::error_message(result.error())};
  return std::move(result).value_unsafe();
}

void append_utf8(std::string& out, std::uint32_t c) {
  auto put = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (c < 0x80) return put(c);
  if (c < 0x800) {
    put(0xc0 | c >> 6);
  } else if (c < 0x10000) {
    put(0xe0 | c >> 12);
    put(0x80 | (c >> 6 & 63));
  } else {
    put(0xf0 | c >> 18);
    put(0x80 | (c >> 12 & 63));
    put(0x80 | (c >> 6 & 63));
  }
  put(0x80 | (c & 63));
}

// The unit of "\uXXXX" at the start of `rest`; 0 when there is none (U+0000 is no surrogate
// either).
std::uint32_t unit_at(std::string_view rest) {
  std::uint32_t unit = 0;
  if (rest.size() < 6 || rest[0] != '\\' || rest[1] != 'u') return 0;
  auto end = std::from_chars(rest.data() + 2, rest.data() + 6, unit, 16).ptr;
  return end == rest.data() + 6 ? unit : 0;
}

// `token` starts at the opening quote. Only for strings that simdjson refuses: those with a lone
// surrogate.
std::string unescape_surrogates(std::string_view token) {
  static constexpr std::string_view kPlain = "\"\\/bfnrt", kMeaning = "\"\\/\b\f\n\r\t";
  std::string out;
  std::size_t i = 1;
  for (; i < token.size() && token[i] != '"';) {
    if (token[i] != '\\') {
      if (static_cast<unsigned char>(token[i]) < 0x20)
        throw Failure{"a control character inside a string"};
      out += token[i++];
      continue;
    }
    std::size_t plain = i + 1 < token.size() ? kPlain.find(token[i + 1]) : kPlain.npos;
    if (plain != kPlain.npos) {
      out += kMeaning[plain];
      i += 2;
      continue;
    }
    std::string_view rest = token.substr(i);
    std::uint32_t unit = unit_at(rest), low = rest.size() > 6 ? unit_at(rest.substr(6)) : 0;
    i += 6;
    if (unit >= 0xd800 && unit < 0xdc00 && low >= 0xdc00 && low < 0xe000) {
      append_utf8(out, 0x10000 + ((unit - 0xd800) << 10 | (low - 0xdc00)));
      i += 6;
    } else if (unit >= 0xdc80 && unit < 0xdd00) {
      out += static_cast<char>(unit - 0xdc00);
    } else if ((unit == 0 && rest.substr(0, 6) != "\\u0000") || (unit >= 0xd800 && unit < 0xe000)) {
      throw Failure{"a bad escape inside a string"};
    } else {
      append_utf8(out, unit);
    }
  }
  return out;
}

std::string string_of(sj::ondemand::value& value) {
  // Before get_string(), which moves on. Copied only when needed.
  std::string_view token = value.raw_json_token();
  auto text = value.get_string();
  if (text.error() == sj::STRING_ERROR) return unescape_surrogates(token);
  return std::string(checked(std::move(text)));
}

std::string key_of(sj::ondemand::field& field) {
  const char* raw = field.key().raw();
  auto text = field.unescaped_key();
  if (text.error() == sj::STRING_ERROR) {
    // The key has no length of its own; its end is found by the same scan. Padding bounds it.
    std::string_view token(raw - 1, std::char_traits<char>::length(raw - 1));
    return unescape_surrogates(token);
  }
  return std::string(checked(std::move(text)));
}

// By the token's own spelling: get_number() of simdjson 3.0 makes 0 of a fraction with more than 19
// digits.
Value number_of(sj::ondemand::value& value) {
  std::string_view token = value.raw_json_token();
  if (token.find_first_of(".eE") == token.npos) {
    auto integer = value.get_int64();
    if (!integer.error()) return Value(std::int64_t{integer.value_unsafe()});
  }
  return Value(double{checked(value.get_double())});  // also an integer beyond 64 bits
}

// The document while it is read. `at` follows the value being read: simdjson forgets its place
// after most errors. An offset in the text is one from `start` plus `shift`.
struct Cursor {
  const char* start = nullptr;
  std::size_t shift = 0;
  const char* at = nullptr;
};

Value convert(sj::ondemand::value value, std::size_t depth, Cursor& cursor);

Value convert_content(sj::ondemand::value& value, std::size_t depth, Cursor& cursor) {
  switch (checked(value.type())) {
    case json_type::object: {
      Object object;
      for (auto member : checked(value.get_object())) {
        auto field = checked(std::move(member));
        std::string key = key_of(field);
        object.emplace_back(std::move(key), convert(field.value(), depth + 1, cursor));
      }
      return Value(std::move(object));
    }
    case json_type::array: {
      Array array;
      for (auto element : checked(value.get_array()))
        array.push_back(convert(checked(element), depth + 1, cursor));
      return Value(std::move(array));
    }
    case json_type::string:
      return Value(string_of(value));
    case json_type::number:
      return number_of(value);
    case json_type::boolean:
      return Value(bool{checked(value.get_bool())});
    case json_type::null:
      if (!checked(sj::simdjson_result<bool>(value.is_null())))
        throw Failure{"a word that is not null"};
      return Value();
  }
  throw Failure{"not a JSON value"};
}

Value convert(sj::ondemand::value value, std::size_t depth, Cursor& cursor) {
  auto here = value.current_location();
  if (!here.error()) cursor.at = here.value_unsafe();
  const char* begin = cursor.at;
  if (depth > kMaxDepth) throw Failure{"nested deeper than " + std::to_string(kMaxDepth)};
  Value converted = convert_content(value, depth, cursor);
  if (begin) converted.set_offset(static_cast<std::size_t>(begin - cursor.start) + cursor.shift);
  return converted;
}

struct Place {
  std::size_t line, column, byte;
};

Place find_place(std::string_view text, std::size_t offset) {
  std::string_view before = text.substr(0, offset);
  std::size_t line = 1 + static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n'));
  std::size_t start = before.rfind('\n');
  std::size_t column = 1 + (start == before.npos ? before.size() : before.size() - start - 1);
  return {line, column, before.size()};
}

std::string place(std::string_view text, std::size_t offset) {
  const Place at = find_place(text, offset);
  return " line " + std::to_string(at.line) + ", column " + std::to_string(at.column) + " (byte " +
         std::to_string(at.byte) + ")";
}

}  // namespace

const char* Value::type_name() const {
  static constexpr const char* kNames[] = {"null",     "a boolean", "an integer", "a number",
                                           "a string", "an array",  "an object"};
  return kNames[v_.index()];
}

const Value* Value::find(std::string_view key) const {
  const Object* members = object();
  if (!members) return nullptr;
  auto at = std::find_if(members->rbegin(), members->rend(),
                         [&](const Member& m) { return m.first == key; });
  return at == members->rend() ? nullptr : &at->second;
}

Result<Value> parse(std::string_view text) {
  std::string_view shown = text;
  std::size_t mark = text.substr(0, 3) == "\xef\xbb\xbf" ? 3 : 0;
  text.remove_prefix(mark);
  if (text.size() > 0xffff0000u) return make_error(EBADMSG, "JSON text is larger than 4 GiB");
  // As the only element of an array, so that a lone number or string needs no code of its own.
  std::string wrapped;
  wrapped.reserve(text.size() + 2 + sj::SIMDJSON_PADDING);
  wrapped += '[';
  wrapped += text;
  wrapped += ']';
  sj::ondemand::parser parser;
  Cursor cursor{wrapped.data() + 1, mark, nullptr};
  try {
    auto document = checked(parser.iterate(sj::padded_string_view(wrapped, wrapped.capacity())));
    Array values;
    for (auto element : checked(document.get_array()))
      values.push_back(convert(checked(element), 1, cursor));
    if (document.current_location().error() != sj::OUT_OF_BOUNDS)
      throw Failure{"text after the value"};
    if (values.empty()) throw Failure{"no value"};
    if (values.size() > 1) throw Failure{"more than one value, separated by commas"};
    return std::move(values.front());
  } catch (const Failure& failure) {
    std::string where;
    if (cursor.at) {
      auto offset = static_cast<std::size_t>(cursor.at - cursor.start) + mark;
      where = " at or after" + place(shown, std::min(offset, shown.size()));
    }
    return make_error(EBADMSG, "not JSON: " + failure.what + where);
  } catch (const sj::simdjson_error& error) {
    return make_error(EBADMSG, std::string("not JSON: ") + error.what());
  }
}

std::string line_and_column(std::string_view text, std::size_t offset) {
  const Place at = find_place(text, std::min(offset, text.size()));
  return std::to_string(at.line) + ":" + std::to_string(at.column);
}

}  // namespace bxl::json
