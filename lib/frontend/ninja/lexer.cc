// The lexical rules, as ninja's own lexer has them: longest match, spaces matter only at the start
// of a line.
#include "frontend/ninja/lexer.h"

#include <array>

namespace bxl::frontend::ninja {
namespace {

constexpr const char* kUnfinished = "unexpected end of file: the last line has no newline";

constexpr std::array<bool, 256> make_set(std::string_view extra) {
  std::array<bool, 256> set{};
  for (int c = 0; c < 256; ++c)
    set[static_cast<std::size_t>(c)] =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  for (char c : extra) set[static_cast<unsigned char>(c)] = true;
  return set;
}
constexpr auto kName = make_set("_.-");       // identifiers and ${name}
constexpr auto kSimpleName = make_set("_-");  // $name

constexpr std::array<bool, 256> make_plain() {
  std::array<bool, 256> set{};
  for (std::size_t c = 0; c < 256; ++c) set[c] = true;
  for (char c : {'$', ' ', ':', '\r', '\n', '|', '\0'}) set[static_cast<unsigned char>(c)] = false;
  return set;
}
constexpr auto kPlain = make_plain();  // needs no thought inside paths and values

bool in(const std::array<bool, 256>& set, char c) { return set[static_cast<unsigned char>(c)]; }

Token keyword(std::string_view word) {
  switch (word.front()) {
    case 'b':
      return word == "build" ? Token::Build : Token::Identifier;
    case 'd':
      return word == "default" ? Token::Default : Token::Identifier;
    case 'i':
      return word == "include" ? Token::Include : Token::Identifier;
    case 'p':
      return word == "pool" ? Token::Pool : Token::Identifier;
    case 'r':
      return word == "rule" ? Token::Rule : Token::Identifier;
    case 's':
      return word == "subninja" ? Token::Subninja : Token::Identifier;
    default:
      return Token::Identifier;
  }
}

}  // namespace

const char* name(Token token) {
  switch (token) {
    case Token::Bad:
      return "something unreadable";
    case Token::Build:
      return "'build'";
    case Token::Colon:
      return "':'";
    case Token::Default:
      return "'default'";
    case Token::Equals:
      return "'='";
    case Token::Identifier:
      return "identifier";
    case Token::Include:
      return "'include'";
    case Token::Indent:
      return "indent";
    case Token::Newline:
      return "newline";
    case Token::PipePipe:
      return "'||'";
    case Token::Pipe:
      return "'|'";
    case Token::PipeAt:
      return "'|@'";
    case Token::Pool:
      return "'pool'";
    case Token::Rule:
      return "'rule'";
    case Token::Subninja:
      return "'subninja'";
    case Token::End:
      return "end of file";
  }
  return "?";
}

bool Lexer::fail_at(std::size_t offset, const std::string& message) {
  error_ = error_at(source_, offset, message);
  return false;
}

bool Lexer::fail_bad_token() {
  if (last_ >= text_.size()) return fail(kUnfinished);
  switch (text_[last_]) {
    case '\t':
      return fail("tabs are not allowed, use spaces");
    case '\r':
      return fail("carriage returns are not allowed, use newlines");
    case '\0':
      return fail("unexpected NUL byte: the file is damaged");
    case '#':
      return fail(kUnfinished);
    default:
      return fail("unexpected character");
  }
}

bool Lexer::newline_at(std::size_t offset, std::size_t* length) const {
  *length = peek_char(offset) == '\n' ? 1 : 2;
  return *length == 1 || (peek_char(offset) == '\r' && peek_char(offset + 1) == '\n');
}

void Lexer::skip_blanks() {
  for (std::size_t length;;) {
    if (peek_char(at_) == ' ') {
      ++at_;
    } else if (peek_char(at_) == '$' && newline_at(at_ + 1, &length)) {
      at_ += 1 + length;
    } else {
      return;
    }
  }
}

Token Lexer::read_token() {
  for (;;) {
    last_ = at_;
    std::size_t at = at_;
    while (peek_char(at) == ' ') ++at;
    std::size_t length;
    if (newline_at(at, &length)) {
      at_ = at + length;
      return Token::Newline;
    }
    if (peek_char(at) != '#') break;
    std::size_t end = text_.find('\n', at);
    if (end == std::string_view::npos) {
      last_ = at;
      return Token::Bad;
    }
    at_ = end + 1;
  }
  if (at_ >= text_.size()) return Token::End;
  Token token = Token::Bad;
  char c = text_[at_];
  if (c == ' ') {
    while (peek_char(at_) == ' ') ++at_;
    token = Token::Indent;
  } else if (in(kName, c)) {
    while (in(kName, peek_char(at_))) ++at_;
    token = keyword(text_.substr(last_, at_ - last_));
  } else if (c == '=') {
    ++at_;
    token = Token::Equals;
  } else if (c == ':') {
    ++at_;
    token = Token::Colon;
  } else if (c == '|') {
    char next = peek_char(at_ + 1);
    token = next == '|' ? Token::PipePipe : next == '@' ? Token::PipeAt : Token::Pipe;
    at_ += token == Token::Pipe ? 1 : 2;
  } else {
    return Token::Bad;
  }
  skip_blanks();
  return token;
}

bool Lexer::peek(Token token) {
  if (read_token() == token) return true;
  unread_token();
  return false;
}

bool Lexer::expect(Token token) {
  Token got = read_token();
  if (got == token) return true;
  if (got == Token::Bad) return fail_bad_token();
  std::string message = std::string("expected ") + name(token) + ", got " + name(got);
  if (token == Token::Colon) message += " ($ also escapes ':')";
  return fail(message);
}

std::string_view Lexer::read_identifier() {
  last_ = at_;
  while (in(kName, peek_char(at_))) ++at_;
  std::string_view word = text_.substr(last_, at_ - last_);
  if (!word.empty()) skip_blanks();
  return word;
}

bool Lexer::read_escape(std::vector<Piece>& out) {
  const std::size_t dollar = at_;
  char c = peek_char(dollar + 1);
  std::size_t length;
  if (c == '$' || c == ' ' || c == ':') {
    out.push_back({text_.substr(dollar + 1, 1), false});
    at_ = dollar + 2;
    return true;
  }
  if (newline_at(dollar + 1, &length)) {
    at_ = dollar + 1 + length;
    while (peek_char(at_) == ' ') ++at_;
    return true;
  }
  const bool braced = c == '{';
  const auto& set = braced ? kName : kSimpleName;
  std::size_t begin = dollar + (braced ? 2 : 1), end = begin;
  while (in(set, peek_char(end))) ++end;
  if (end == begin || (braced && peek_char(end) != '}'))
    return fail_at(dollar, dollar + 1 >= text_.size()
                               ? kUnfinished
                               : "bad $-escape (literal $ must be written as $$)");
  out.push_back({text_.substr(begin, end - begin), true});
  at_ = end + (braced ? 1 : 0);
  return true;
}

bool Lexer::read_text(std::vector<Piece>& out, Stop stop) {
  const bool path = stop == Stop::Path;
  for (;;) {
    const std::size_t begin = at_;
    while (at_ < text_.size() && in(kPlain, text_[at_])) ++at_;
    if (at_ > begin) {
      out.push_back({text_.substr(begin, at_ - begin), false});
      continue;
    }
    std::size_t length;
    if (at_ >= text_.size()) return fail_at(at_, kUnfinished);
    if (text_[at_] == '$') {
      if (!read_escape(out)) return false;
    } else if (newline_at(at_, &length)) {
      // A path leaves the newline to whoever parses the statement.
      if (!path) at_ += length;
      break;
    } else if (text_[at_] == '\r' || text_[at_] == '\0') {
      last_ = at_;
      return fail_bad_token();
    } else if (path) {
      break;
    } else {
      out.push_back({text_.substr(at_, 1), false});
      ++at_;
    }
  }
  if (path) skip_blanks();
  return true;
}

}  // namespace bxl::frontend::ninja
