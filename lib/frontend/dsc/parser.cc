// Statements of the configuration language, and what all parts of the parser share.
#include "frontend/dsc/parser.h"

namespace bxl::frontend::dsc {

Result<void> Parser::advance() {
  BXL_TRY_ASSIGN(token_, token_at(out_->source, at_));
  at_ = token_.end;
  return {};
}

Error Parser::unexpected(const std::string& expected) const {
  return error(token_.begin, "expected " + expected + ", got " + describe(token_));
}

Result<void> Parser::expect(std::string_view punctuation) {
  if (!token_.is(punctuation)) return unexpected("'" + std::string(punctuation) + "'");
  return advance();
}

Result<bool> Parser::accept(std::string_view punctuation) {
  if (!token_.is(punctuation)) return false;
  BXL_TRY(advance());
  return true;
}

Result<void> Parser::enter() {
  if (nesting_ >= kMaxNesting)
    return error(token_.begin, "this is nested more than " + std::to_string(kMaxNesting) + " deep");
  return {};
}

Node& Parser::make(NodeKind kind, std::size_t offset) {
  Node& node = out_->nodes.emplace_back();
  node.kind = kind;
  node.offset = static_cast<std::uint32_t>(offset);
  return node;
}

Result<std::unique_ptr<const Syntax>> Parser::run() {
  if (out_->source.text.size() > kMaxFileBytes)
    return make_error(0, out_->source.name + ": more than " + std::to_string(kMaxFileBytes >> 20) +
                             " MB are no configuration");
  BXL_TRY(advance());
  while (token_.kind != TokenKind::End) {
    BXL_TRY_ASSIGN(const Node* one, statement());
    if (one != nullptr) out_->statements.push_back(one);
  }
  return std::unique_ptr<const Syntax>(std::move(out_));
}

// As in JavaScript a line end will do, where the statement cannot go on.
Result<void> Parser::end_of_statement() {
  BXL_TRY_ASSIGN(bool semicolon, accept(";"));
  if (semicolon || token_.kind == TokenKind::End || token_.is("}") || token_.after_newline)
    return {};
  return unexpected("';'");
}

// Null for what means nothing to us: types, a lone semicolon.
Parser::Parsed Parser::statement() {
  BXL_TRY(enter());
  Nesting nesting(nesting_);
  BXL_TRY_ASSIGN(bool empty, accept(";"));
  if (empty) return nullptr;
  while (token_.is("@@")) {  // @@public
    BXL_TRY(advance());
    BXL_TRY_ASSIGN([[maybe_unused]] const Node* decorator, postfix());
  }
  if (token_.is("{")) return block();
  if (token_.is_name("export") || token_.is_name("declare")) BXL_TRY(advance());
  if (token_.kind != TokenKind::Name) return simple_statement();
  const std::string& word = token_.text;
  if (word == "const" || word == "let") {
    const bool is_let = word == "let";
    BXL_TRY(advance());
    return declaration(is_let);
  }
  if (word == "function") return function_statement();
  if (word == "import") return import_statement();
  if (word == "if") return if_statement();
  if (word == "for") return for_statement();
  if (word == "return") {
    Node& node = make(NodeKind::Return, token_.begin);
    BXL_TRY(advance());
    if (!token_.is(";") && !token_.is("}") && token_.kind != TokenKind::End &&
        !token_.after_newline) {
      BXL_TRY_ASSIGN(const Node* value, expression());
      node.kids.push_back(value);
    }
    BXL_TRY(end_of_statement());
    return &node;
  }
  for (std::string_view other : {"while", "do", "switch", "try", "throw", "class", "var", "enum",
                                 "namespace", "break", "continue", "new"})
    if (word == other)
      return error(token_.begin, "'" + word + "' is not supported in configurations");
  return simple_statement();
}

Parser::Parsed Parser::block() {
  Node& node = make(NodeKind::Block, token_.begin);
  BXL_TRY(expect("{"));
  while (!token_.is("}")) {
    if (token_.kind == TokenKind::End) return unexpected("'}'");
    BXL_TRY_ASSIGN(const Node* one, statement());
    if (one != nullptr) node.kids.push_back(one);
  }
  BXL_TRY(advance());
  return &node;
}

// const a: T = x, b = y;  More than one become a block without a scope of its own.
Parser::Parsed Parser::declaration(bool is_let) {
  std::vector<const Node*> all;
  do {
    if (token_.kind != TokenKind::Name) return unexpected("a name");
    Node& node = make(NodeKind::Constant, token_.begin);
    node.text = token_.text;
    node.number = is_let ? 1 : 0;
    BXL_TRY(advance());
    BXL_TRY(skip_declared_type());
    BXL_TRY_ASSIGN(bool value, accept("="));
    if (value) {
      BXL_TRY_ASSIGN(const Node* kid, expression());
      node.kids.push_back(kid);
    } else if (is_let) {
      node.kids.push_back(&make(NodeKind::Undefined, token_.begin));
    } else {
      return unexpected("'='");
    }
    all.push_back(&node);
    BXL_TRY_ASSIGN(bool more, accept(","));
    if (!more) break;
  } while (true);
  BXL_TRY(end_of_statement());
  if (all.size() == 1) return all.front();
  return error(all[1]->offset, "one name to a declaration, please: begin another statement");
}

Parser::Parsed Parser::function_statement() {
  BXL_TRY(advance());
  if (token_.kind != TokenKind::Name) return unexpected("the name of a function");
  Node& node = make(NodeKind::Constant, token_.begin);
  node.text = token_.text;
  BXL_TRY(advance());
  BXL_TRY_ASSIGN(const Node* function, function_expression(node.offset));
  node.kids.push_back(function);
  return &node;
}

Parser::Parsed Parser::if_statement() {
  Node& node = make(NodeKind::If, token_.begin);
  BXL_TRY(advance());
  BXL_TRY(expect("("));
  BXL_TRY_ASSIGN(const Node* condition, expression());
  BXL_TRY(expect(")"));
  BXL_TRY_ASSIGN(const Node* then, statement());
  node.kids = {condition, then != nullptr ? then : &make(NodeKind::Block, token_.begin)};
  if (token_.is_name("else")) {
    BXL_TRY(advance());
    BXL_TRY_ASSIGN(const Node* otherwise, statement());
    if (otherwise != nullptr) node.kids.push_back(otherwise);
  }
  return &node;
}

Parser::Parsed Parser::for_statement() {
  Node& node = make(NodeKind::ForOf, token_.begin);
  const std::size_t begin = token_.begin;
  BXL_TRY(advance());
  BXL_TRY(expect("("));
  if (!token_.is_name("const") && !token_.is_name("let"))
    return error(begin, "only `for (const x of array)` is supported in configurations");
  BXL_TRY(advance());
  if (token_.kind != TokenKind::Name) return unexpected("a name");
  node.text = token_.text;
  BXL_TRY(advance());
  BXL_TRY(skip_declared_type());
  if (!token_.is_name("of"))
    return error(begin, "only `for (const x of array)` is supported in configurations");
  BXL_TRY(advance());
  BXL_TRY_ASSIGN(const Node* array, expression());
  BXL_TRY(expect(")"));
  BXL_TRY_ASSIGN(const Node* body, statement());
  node.kids = {array, body != nullptr ? body : &make(NodeKind::Block, token_.begin)};
  return &node;
}

// import {A, B as C} from "Module";  import * as D from "Module";
// The names are known, so that a function which nobody calls may use them.
Parser::Parsed Parser::import_statement() {
  Node& node = make(NodeKind::Unavailable, token_.begin);
  BXL_TRY(advance());
  while (!token_.is_name("from")) {
    if (token_.kind == TokenKind::End || token_.is(";")) return unexpected("'from'");
    if (token_.kind == TokenKind::Name) node.names.push_back(token_.text);
    BXL_TRY(advance());
  }
  BXL_TRY(advance());
  if (token_.kind != TokenKind::String) return unexpected("the name of a module, as a string");
  node.text = token_.text;
  BXL_TRY(advance());
  BXL_TRY(end_of_statement());
  return &node;
}

Parser::Parsed Parser::assignment(const Token& name) {
  Node& node = make(NodeKind::Assign, name.begin);
  node.text = name.text;
  Token op = token_;
  BXL_TRY(advance());
  if (op.is("++") || op.is("--")) {
    Node& one = make(NodeKind::Number, op.begin);
    one.number = 1;
    node.kids = {&one};
  } else {
    BXL_TRY_ASSIGN(const Node* value, expression());
    node.kids = {value};
  }
  if (!op.is("=")) {
    Node& old = make(NodeKind::Name, name.begin);
    old.text = name.text;
    Node& sum = make(NodeKind::Binary, op.begin);
    sum.text = op.text.substr(0, 1);
    sum.kids = {&old, node.kids[0]};
    node.kids = {&sum};
  }
  return &node;
}

// type X = …;  interface X {…}  x = …;  or an expression.
Parser::Parsed Parser::simple_statement() {
  const Token first = token_;
  const std::size_t after = at_;
  if (first.kind == TokenKind::Name) {
    BXL_TRY(advance());
    if (first.text == "interface" && token_.kind == TokenKind::Name) {
      while (!token_.is("{") && token_.kind != TokenKind::End) BXL_TRY(advance());
      BXL_TRY(skip_braces());
      return nullptr;
    }
    if (first.text == "type" && token_.kind == TokenKind::Name) {
      while (!token_.is("=") && token_.kind != TokenKind::End) BXL_TRY(advance());
      BXL_TRY(expect("="));
      BXL_TRY(skip_type());
      BXL_TRY(end_of_statement());
      return nullptr;
    }
    for (const char* op : {"=", "+=", "-=", "*=", "++", "--"}) {
      if (!token_.is(op)) continue;
      BXL_TRY_ASSIGN(const Node* node, assignment(first));
      BXL_TRY(end_of_statement());
      return node;
    }
    go_to(after, first);
  }
  Node& node = make(NodeKind::Evaluate, token_.begin);
  BXL_TRY_ASSIGN(const Node* value, expression());
  node.kids.push_back(value);
  BXL_TRY(end_of_statement());
  return &node;
}

Result<std::unique_ptr<const Syntax>> parse(Source source) {
  return Parser(std::move(source)).run();
}

}  // namespace bxl::frontend::dsc
