// Tokens of the ninja language.
#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "frontend/source.h"

namespace bxl::frontend::ninja {

enum class Token {
  Bad,
  Build,
  Colon,
  Default,
  Equals,
  Identifier,
  Include,
  Indent,
  Newline,
  PipePipe,
  Pipe,
  PipeAt,
  Pool,
  Rule,
  Subninja,
  End,
};
const char* name(Token token);

// A stretch of literal text, or the name of a variable to be looked up. Views point into the Source
// or at literals.
struct Piece {
  std::string_view text;
  bool variable = false;
};

// Reads one Source, which must outlive it. A call that fails returns false (read_token: Token::Bad)
// and sets error(); nothing may be called after that.
class Lexer {
 public:
  explicit Lexer(const Source& source) : source_(source), text_(source.text) {}

  Token read_token();
  // Goes back to before the last token.
  void unread_token() { at_ = last_; }
  // Reads the next token if it is `token`.
  bool peek(Token token);
  // Fails with "expected 'x', got y".
  bool expect(Token token);
  // An identifier (keywords are none in this place): empty when there is none.
  std::string_view read_identifier();
  // A path up to space, ':', '|' or newline; nothing is appended when there is none.
  bool read_path(std::vector<Piece>& out) { return read_text(out, Stop::Path); }
  // The rest of the line.
  bool read_value(std::vector<Piece>& out) { return read_text(out, Stop::Line); }

  // Where the last token began.
  std::size_t last_offset() const { return last_; }
  std::size_t offset() const { return at_; }
  const Source& source() const { return source_; }
  bool fail(const std::string& message) { return fail_at(last_, message); }
  bool fail_at(std::size_t offset, const std::string& message);
  // Says what is wrong with a Token::Bad.
  bool fail_bad_token();
  Error& error() { return error_; }

 private:
  enum class Stop { Path, Line };
  bool read_text(std::vector<Piece>& out, Stop stop);
  bool read_escape(std::vector<Piece>& out);
  void skip_blanks();
  char peek_char(std::size_t offset) const { return offset < text_.size() ? text_[offset] : '\0'; }
  bool newline_at(std::size_t offset, std::size_t* length) const;

  const Source& source_;
  std::string_view text_;
  std::size_t at_ = 0, last_ = 0;
  Error error_;
};

}  // namespace bxl::frontend::ninja
