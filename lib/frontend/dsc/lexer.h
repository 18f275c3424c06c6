// Tokens of the configuration language.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "frontend/source.h"

namespace bxl::frontend::dsc {

enum class TokenKind : std::uint8_t { End, Name, Number, String, Backtick, Punctuation };

struct Token {
  TokenKind kind = TokenKind::End;
  std::size_t begin = 0, end = 0;  // offsets; [begin, end) without what is skipped before it
  bool after_newline = false;      // a line ended before it: a statement may begin here
  std::string text;                // name or punctuation as spelled; a string's value
  double number = 0;

  bool is(std::string_view punctuation) const {
    return kind == TokenKind::Punctuation && text == punctuation;
  }
  bool is_name(std::string_view name) const { return kind == TokenKind::Name && text == name; }
};

// "';'", "name 'x'", "the end of the file": for messages.
std::string describe(const Token& token);

// The token at or after `offset`. White space and comments are skipped; a backtick is a token of
// its own, what follows it is read by template_chunk. Errors point into the source.
Result<Token> token_at(const Source& source, std::size_t offset);

// A piece of text between backticks, up to "${" or the closing one.
struct Chunk {
  std::string text;
  std::size_t end = 0;  // after the terminator
  bool closed = false;  // ended by the backtick
};
// Path literals know no backslash escapes: `` stands for a backtick, and a backslash separates.
enum class Escapes { Text, Path };
Result<Chunk> template_chunk(const Source& source, std::size_t offset, Escapes escapes);

}  // namespace bxl::frontend::dsc
