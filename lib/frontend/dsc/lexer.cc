// Splits a configuration file into tokens, one at a time, since templates nest.
#include "frontend/dsc/lexer.h"

#include <charconv>
#include <iterator>

namespace bxl::frontend::dsc {
namespace {

// Longest first. Shifts are missing on purpose: ">>" closes two lists of type arguments.
constexpr std::string_view kPunctuation[] = {
    "...", "===", "!==", "=>", "==", "!=", "<=", ">=", "&&", "||", "??", "?.", "**", "+=", "-=",
    "*=",  "++",  "--",  "@@", "{",  "}",  "(",  ")",  "[",  "]",  "<",  ">",  ",",  ";",  ":",
    "?",   ".",   "=",   "+",  "-",  "*",  "/",  "%",  "!",  "&",  "|",  "^",  "~"};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool starts_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$';
}

void append_utf8(std::string& out, std::uint32_t code) {
  auto put = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xc0 | (code >> 6));
    put(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    put(0xe0 | (code >> 12));
    put(0x80 | ((code >> 6) & 0x3f));
    put(0x80 | (code & 0x3f));
  } else {
    put(0xf0 | (code >> 18));
    put(0x80 | ((code >> 12) & 0x3f));
    put(0x80 | ((code >> 6) & 0x3f));
    put(0x80 | (code & 0x3f));
  }
}

// Reads `digits` hexadecimal digits at `at`.
bool read_hex(std::string_view text, std::size_t at, std::size_t digits, std::uint32_t& out) {
  if (at + digits > text.size() || digits == 0) return false;
  auto [end, error] = std::from_chars(text.data() + at, text.data() + at + digits, out, 16);
  return error == std::errc() && end == text.data() + at + digits;
}

// One escape; `at` is after the backslash and is moved past it.
Result<void> read_escape(const Source& source, std::size_t& at, std::string& out) {
  std::string_view text = source.text;
  const std::size_t begin = at - 1;
  if (at >= text.size()) return error_at(source, begin, "the file ends in an escape");
  const char c = text[at++];
  std::uint32_t code = 0;
  switch (c) {
    case 'n':
      out += '\n';
      return {};
    case 't':
      out += '\t';
      return {};
    case 'r':
      out += '\r';
      return {};
    case 'b':
      out += '\b';
      return {};
    case 'f':
      out += '\f';
      return {};
    case 'v':
      out += '\v';
      return {};
    case '0':
      out += '\0';
      return {};
    case '\r':
      if (at < text.size() && text[at] == '\n') ++at;
      return {};
    case '\n':
      return {};
    case 'x':
      if (!read_hex(text, at, 2, code))
        return error_at(source, begin, "expected two hexadecimal digits after \\x");
      at += 2;
      append_utf8(out, code);
      return {};
    case 'u': {
      std::size_t digits = 4;
      if (at < text.size() && text[at] == '{') {
        std::size_t close = text.find('}', at);
        digits = close == std::string_view::npos ? 0 : close - at - 1;
        if (digits == 0 || digits > 6 || !read_hex(text, at + 1, digits, code) || code > 0x10ffff)
          return error_at(source, begin, "expected a code point in \\u{...}");
        at = close + 1;
      } else {
        if (!read_hex(text, at, 4, code))
          return error_at(source, begin, "expected four hexadecimal digits after \\u");
        at += 4;
        std::uint32_t low = 0;
        if (code >= 0xd800 && code < 0xdc00 && at + 1 < text.size() && text[at] == '\\' &&
            text[at + 1] == 'u' && read_hex(text, at + 2, 4, low) && low >= 0xdc00 &&
            low < 0xe000) {
          at += 6;
          code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        }
      }
      if (code >= 0xd800 && code < 0xe000)
        return error_at(source, begin, "half of a surrogate pair is no character");
      append_utf8(out, code);
      return {};
    }
    default:
      out += c;
      return {};
  }
}

// Moves `at` to the next token. True in `newline` when a line ended on the way.
Result<void> skip_space(const Source& source, std::size_t& at, bool& newline) {
  std::string_view text = source.text;
  if (at == 0 && text.starts_with("\xef\xbb\xbf")) at = 3;
  while (at < text.size()) {
    const char c = text[at];
    if (c == '\n') newline = true;
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
      ++at;
    } else if (text.substr(at, 2) == "\xc2\xa0") {  // a no-break space, out of some web page
      at += 2;
    } else if (text.substr(at, 2) == "//") {
      at = std::min(text.find('\n', at), text.size());
    } else if (text.substr(at, 2) == "/*") {
      std::size_t end = text.find("*/", at + 2);
      if (end == std::string_view::npos) return error_at(source, at, "this comment has no end");
      newline |= text.substr(at, end - at).find('\n') != std::string_view::npos;
      at = end + 2;
    } else {
      break;
    }
  }
  return {};
}

Result<Token> read_string(const Source& source, Token token) {
  std::string_view text = source.text;
  const char quote = text[token.begin];
  std::size_t at = token.begin + 1;
  while (true) {
    if (at >= text.size() || text[at] == '\n')
      return error_at(source, token.begin, "this string has no end on its line");
    if (text[at] == quote) break;
    if (text[at] == '\\') {
      ++at;
      BXL_TRY(read_escape(source, at, token.text));
    } else {
      token.text += text[at++];
    }
  }
  token.kind = TokenKind::String;
  token.end = at + 1;
  return token;
}

Result<Token> read_number(const Source& source, Token token) {
  std::string_view text = source.text;
  const char* begin = text.data() + token.begin;
  const char* end = text.data() + text.size();
  std::from_chars_result result{};
  if (text.substr(token.begin, 2) == "0x" || text.substr(token.begin, 2) == "0X") {
    std::uint64_t value = 0;
    result = std::from_chars(begin + 2, end, value, 16);
    token.number = static_cast<double>(value);
  } else {
    result = std::from_chars(begin, end, token.number);
  }
  token.end = static_cast<std::size_t>(result.ptr - text.data());
  if (result.ec != std::errc() ||
      (token.end < text.size() && (starts_name(text[token.end]) || is_digit(text[token.end]))))
    return error_at(source, token.begin, "this is no number");
  token.kind = TokenKind::Number;
  return token;
}

}  // namespace

std::string describe(const Token& token) {
  switch (token.kind) {
    case TokenKind::End:
      return "the end of the file";
    case TokenKind::Name:
      return "name '" + token.text.substr(0, 60) + "'";
    case TokenKind::Number:
      return "a number";
    case TokenKind::String:
      return "a string";
    case TokenKind::Backtick:
      return "'`'";
    case TokenKind::Punctuation:
      break;
  }
  return "'" + token.text + "'";
}

Result<Token> token_at(const Source& source, std::size_t offset) {
  Token token;
  BXL_TRY(skip_space(source, offset, token.after_newline));
  std::string_view text = source.text;
  token.begin = token.end = offset;
  if (offset >= text.size()) return token;
  const char c = text[offset];
  if (starts_name(c)) {
    while (token.end < text.size() && (starts_name(text[token.end]) || is_digit(text[token.end])))
      ++token.end;
    token.kind = TokenKind::Name;
    token.text = text.substr(offset, token.end - offset);
    return token;
  }
  if (is_digit(c) || (c == '.' && offset + 1 < text.size() && is_digit(text[offset + 1])))
    return read_number(source, std::move(token));
  if (c == '"' || c == '\'') return read_string(source, std::move(token));
  if (c == '`') {
    token.kind = TokenKind::Backtick;
    token.end = offset + 1;
    return token;
  }
  for (std::string_view one : kPunctuation) {
    if (text.substr(offset, one.size()) != one) continue;
    // "a ?.5 : 1" is a choice.
    if (one == "?." && offset + 2 < text.size() && is_digit(text[offset + 2])) continue;
    token.kind = TokenKind::Punctuation;
    token.text = one;
    token.end = offset + one.size();
    return token;
  }
  return error_at(source, offset, "this character means nothing here");
}

Result<Chunk> template_chunk(const Source& source, std::size_t offset, Escapes escapes) {
  std::string_view text = source.text;
  Chunk out;
  for (std::size_t at = offset; at < text.size();) {
    const char c = text[at];
    if (c == '`') {
      if (escapes == Escapes::Path && text.substr(at, 2) == "``") {
        out.text += '`';
        at += 2;
        continue;
      }
      out.end = at + 1;
      out.closed = true;
      return out;
    }
    if (text.substr(at, 2) == "${") {
      out.end = at + 2;
      return out;
    }
    ++at;
    if (c == '\\' && escapes == Escapes::Text) {
      BXL_TRY(read_escape(source, at, out.text));
    } else {
      out.text += c;
    }
  }
  return error_at(source, offset == 0 ? 0 : offset - 1, "this literal has no closing backtick");
}

}  // namespace bxl::frontend::dsc
