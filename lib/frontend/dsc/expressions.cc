// Expressions of the configuration language.
#include "frontend/dsc/parser.h"

namespace bxl::frontend::dsc {
namespace {

// Weakest first.
const std::vector<std::vector<std::string_view>> kLevels = {
    {"??"},
    {"||"},
    {"&&"},
    {"|"},
    {"^"},
    {"&"},
    {"===", "!==", "==", "!="},
    {"<=", ">=", "<", ">"},
    {"+", "-"},
    {"*", "/", "%"},
};

bool is_path_tag(const std::string& name) {
  return name == "f" || name == "d" || name == "p" || name == "r" || name == "a";
}

}  // namespace

Parser::Parsed Parser::expression() {
  BXL_TRY(enter());
  Nesting nesting(nesting_);
  return conditional();
}

Parser::Parsed Parser::conditional() {
  BXL_TRY_ASSIGN(const Node* condition, binary(0));
  if (!token_.is("?")) return condition;
  Node& node = make(NodeKind::Conditional, token_.begin);
  BXL_TRY(advance());
  BXL_TRY_ASSIGN(const Node* then, expression());
  BXL_TRY(expect(":"));
  BXL_TRY_ASSIGN(const Node* otherwise, expression());
  node.kids = {condition, then, otherwise};
  return &node;
}

Parser::Parsed Parser::binary(int level) {
  if (level == static_cast<int>(kLevels.size())) return unary();
  BXL_TRY_ASSIGN(const Node* left, binary(level + 1));
  while (true) {
    std::string_view found;
    for (std::string_view op : kLevels[static_cast<std::size_t>(level)])
      if (token_.is(op)) found = op;
    if (found.empty()) return left;
    Node& node = make(NodeKind::Binary, token_.begin);
    node.text = found;
    BXL_TRY(advance());
    BXL_TRY_ASSIGN(const Node* right, binary(level + 1));
    node.kids = {left, right};
    left = &node;
  }
}

Parser::Parsed Parser::unary() {
  const bool is_typeof = token_.is_name("typeof");
  if (token_.is("!") || token_.is("-") || token_.is("+") || is_typeof) {
    BXL_TRY(enter());
    Nesting nesting(nesting_);
    Node& node = make(NodeKind::Unary, token_.begin);
    node.text = token_.text;
    BXL_TRY(advance());
    BXL_TRY_ASSIGN(const Node* operand, unary());
    node.kids = {operand};
    return &node;
  }
  if (token_.is("<")) {  // <Type>value
    BXL_TRY(enter());
    Nesting nesting(nesting_);
    BXL_TRY(skip_type_list(">"));
    return unary();
  }
  return postfix();
}

// After a callee: are these type arguments, and does a call follow? Then they are skipped.
Result<bool> Parser::type_arguments_of_call() {
  const Token before = token_;
  const std::size_t after = at_;
  if (skip_type_list(">") && token_.is("(")) return true;
  go_to(after, before);
  return false;
}

Parser::Parsed Parser::call(const Node* callee, std::size_t offset) {
  Node& node = make(NodeKind::Call, offset);
  node.kids.push_back(callee);
  BXL_TRY(expect("("));
  while (!token_.is(")")) {
    const std::size_t begin = token_.begin;
    BXL_TRY_ASSIGN(bool spread, accept("..."));
    BXL_TRY_ASSIGN(const Node* argument, expression());
    if (spread) {
      Node& wrapped = make(NodeKind::Spread, begin);
      wrapped.kids = {argument};
      argument = &wrapped;
    }
    node.kids.push_back(argument);
    if (token_.is(")")) break;
    BXL_TRY(expect(","));
  }
  BXL_TRY(advance());
  return &node;
}

Parser::Parsed Parser::postfix() {
  BXL_TRY_ASSIGN(const Node* node, primary());
  while (true) {
    const std::size_t offset = token_.begin;
    if (token_.is(".") || token_.is("?.")) {
      Node& member = make(NodeKind::Member, offset);
      member.number = token_.is("?.") ? 1 : 0;
      BXL_TRY(advance());
      if (token_.kind != TokenKind::Name) return unexpected("the name of a member");
      member.offset = static_cast<std::uint32_t>(token_.begin);
      member.text = token_.text;
      member.kids = {node};
      node = &member;
      BXL_TRY(advance());
    } else if (token_.is("[") && !token_.after_newline) {
      Node& index = make(NodeKind::Index, offset);
      BXL_TRY(advance());
      BXL_TRY_ASSIGN(const Node* key, expression());
      BXL_TRY(expect("]"));
      index.kids = {node, key};
      node = &index;
    } else if (token_.is("(") && !token_.after_newline) {
      BXL_TRY_ASSIGN(node, call(node, node->offset));
    } else if (token_.is("<")) {
      BXL_TRY_ASSIGN(bool typed, type_arguments_of_call());
      if (!typed) return node;
      BXL_TRY_ASSIGN(node, call(node, node->offset));
    } else if (token_.is("!") && !token_.after_newline) {
      BXL_TRY(advance());
    } else if (token_.is_name("as")) {
      BXL_TRY(advance());
      BXL_TRY(skip_type());
    } else {
      return node;
    }
  }
}

Parser::Parsed Parser::primary() {
  const std::size_t offset = token_.begin;
  switch (token_.kind) {
    case TokenKind::Number: {
      Node& node = make(NodeKind::Number, offset);
      node.number = token_.number;
      BXL_TRY(advance());
      return &node;
    }
    case TokenKind::String: {
      Node& node = make(NodeKind::String, offset);
      node.text = token_.text;
      BXL_TRY(advance());
      return &node;
    }
    case TokenKind::Backtick:
      return template_literal("", offset);
    case TokenKind::Name:
      return name_or_function();
    case TokenKind::End:
      break;
    case TokenKind::Punctuation:
      if (token_.is("[")) return array();
      if (token_.is("{")) return object();
      if (token_.is("(")) return parenthesis();
  }
  return unexpected("a value");
}

Parser::Parsed Parser::name_or_function() {
  const Token name = token_;
  BXL_TRY(advance());
  if (name.text == "function") {
    // A name would only serve recursion, which a constant does as well.
    if (token_.kind == TokenKind::Name) BXL_TRY(advance());
    return function_expression(name.begin);
  }
  if (name.text == "new" || name.text == "await" || name.text == "yield" || name.text == "this")
    return error(name.begin, "'" + name.text + "' is not supported in configurations");
  if (token_.kind == TokenKind::Backtick && token_.begin == name.end) {
    if (!is_path_tag(name.text))
      return error(name.begin,
                   "unknown kind of literal: there are f`file`, d`directory`, p`path`, "
                   "r`relative/path` and a`atom`");
    return template_literal(name.text, name.begin);
  }
  if (token_.is("=>")) {
    Node& function = make(NodeKind::Function, name.begin);
    function.names = {name.text};
    BXL_TRY(advance());
    return function_body(function);
  }
  Node& node = make(NodeKind::Name, name.begin);
  node.text = name.text;
  if (name.text == "undefined") node.kind = NodeKind::Undefined;
  if (name.text == "true" || name.text == "false") {
    node.kind = NodeKind::Boolean;
    node.number = name.text == "true" ? 1 : 0;
  }
  return &node;
}

// Looks from "(" to behind its ")": "=>" or, for a declared type, ":" after it makes a function.
// (`a ? (b) : c` is no function: what follows the colon is then no type with "=>" behind it.)
Result<bool> Parser::is_arrow_function() {
  const Token before = token_;
  const std::size_t after = at_;
  int depth = 0;
  auto look = [&]() -> Result<bool> {
    do {
      if (token_.kind == TokenKind::End || token_.kind == TokenKind::Backtick) return false;
      if (token_.is("(") || token_.is("{") || token_.is("[")) ++depth;
      if (token_.is(")") || token_.is("}") || token_.is("]")) --depth;
      BXL_TRY(advance());
    } while (depth > 0);
    if (token_.is("=>")) return true;
    if (!token_.is(":")) return false;
    BXL_TRY(advance());
    BXL_TRY(skip_type(FunctionTypes::No));
    return token_.is("=>");
  };
  auto found = look();
  go_to(after, before);
  return found && *found;
}

Parser::Parsed Parser::parenthesis() {
  const std::size_t offset = token_.begin;
  // Only a name, "..." or ")" can follow in a list of parameters: most parentheses need no look.
  BXL_TRY_ASSIGN(Token inside, token_at(out_->source, at_));
  if (inside.kind == TokenKind::Name || inside.is("...") || inside.is(")")) {
    BXL_TRY_ASSIGN(bool arrow, is_arrow_function());
    if (arrow) return arrow_function(offset);
  }
  BXL_TRY(expect("("));
  BXL_TRY_ASSIGN(const Node* node, expression());
  BXL_TRY(expect(")"));
  return node;
}

Result<void> Parser::parameters(Node& function) {
  BXL_TRY(expect("("));
  while (!token_.is(")")) {
    BXL_TRY_ASSIGN(bool rest, accept("..."));
    if (token_.kind != TokenKind::Name) return unexpected("the name of a parameter");
    function.names.push_back(token_.text);
    BXL_TRY(advance());
    BXL_TRY(skip_declared_type());
    if (token_.is("="))
      return error(token_.begin, "parameters cannot have default values in configurations");
    if (rest) {
      function.number = 1;
      break;
    }
    if (token_.is(")")) break;
    BXL_TRY(expect(","));
  }
  BXL_TRY(expect(")"));
  BXL_TRY_ASSIGN(bool typed, accept(":"));
  return typed ? skip_type(FunctionTypes::No) : Result<void>();
}

Parser::Parsed Parser::function_body(Node& function) {
  BXL_TRY(enter());
  Nesting nesting(nesting_);
  BXL_TRY_ASSIGN(const Node* body, token_.is("{") ? block() : expression());
  function.kids = {body};
  return &function;
}

Parser::Parsed Parser::arrow_function(std::size_t offset) {
  Node& function = make(NodeKind::Function, offset);
  BXL_TRY(parameters(function));
  BXL_TRY(expect("=>"));
  return function_body(function);
}

Parser::Parsed Parser::function_expression(std::size_t offset) {
  Node& function = make(NodeKind::Function, offset);
  if (token_.is("<")) BXL_TRY(skip_type_list(">"));
  BXL_TRY(parameters(function));
  if (!token_.is("{")) return unexpected("'{'");
  return function_body(function);
}

Parser::Parsed Parser::array() {
  Node& node = make(NodeKind::Array, token_.begin);
  BXL_TRY(advance());
  while (!token_.is("]")) {
    const std::size_t begin = token_.begin;
    BXL_TRY_ASSIGN(bool spread, accept("..."));
    BXL_TRY_ASSIGN(const Node* element, expression());
    if (spread) {
      Node& wrapped = make(NodeKind::Spread, begin);
      wrapped.kids = {element};
      element = &wrapped;
    }
    node.kids.push_back(element);
    if (token_.is("]")) break;
    if (!token_.is(",")) return unexpected("',' or ']'");
    BXL_TRY(advance());
  }
  BXL_TRY(advance());
  return &node;
}

Parser::Parsed Parser::object() {
  Node& node = make(NodeKind::Object, token_.begin);
  BXL_TRY(advance());
  while (!token_.is("}")) {
    BXL_TRY_ASSIGN(const Node* one, property());
    node.kids.push_back(one);
    if (token_.is("}")) break;
    if (!token_.is(",")) return unexpected("',' or '}'");
    BXL_TRY(advance());
  }
  BXL_TRY(advance());
  return &node;
}

// key: value   "key": value   [key]: value   key   key(a, b) {…}   ...other
Parser::Parsed Parser::property() {
  const Token key = token_;
  BXL_TRY(advance());
  if (key.is("...")) {
    Node& spread = make(NodeKind::Spread, key.begin);
    BXL_TRY_ASSIGN(const Node* value, expression());
    spread.kids = {value};
    return &spread;
  }
  if (key.is("[")) {
    Node& computed = make(NodeKind::Computed, key.begin);
    BXL_TRY_ASSIGN(const Node* name, expression());
    BXL_TRY(expect("]"));
    BXL_TRY(expect(":"));
    BXL_TRY_ASSIGN(const Node* value, expression());
    computed.kids = {name, value};
    return &computed;
  }
  if (key.kind != TokenKind::Name && key.kind != TokenKind::String) {
    go_to(key.end, key);
    return unexpected("a key");
  }
  Node& node = make(NodeKind::Property, key.begin);
  node.text = key.text;
  if (token_.is("(")) {
    BXL_TRY_ASSIGN(const Node* function, function_expression(key.begin));
    node.kids = {function};
    return &node;
  }
  if (key.kind == TokenKind::Name && (token_.is(",") || token_.is("}"))) {
    Node& value = make(NodeKind::Name, key.begin);
    value.text = key.text;
    node.kids = {&value};
    return &node;
  }
  BXL_TRY(expect(":"));
  BXL_TRY_ASSIGN(const Node* value, expression());
  node.kids = {value};
  return &node;
}

Parser::Parsed Parser::template_literal(const std::string& tag, std::size_t offset) {
  Node& node = make(tag.empty() ? NodeKind::Template : NodeKind::Path, offset);
  node.text = tag;
  const Escapes escapes = tag.empty() ? Escapes::Text : Escapes::Path;
  std::size_t at = token_.end;
  while (true) {
    BXL_TRY_ASSIGN(Chunk chunk, template_chunk(out_->source, at, escapes));
    Node& text = make(NodeKind::String, at);
    text.text = std::move(chunk.text);
    node.kids.push_back(&text);
    at_ = chunk.end;
    BXL_TRY(advance());
    if (chunk.closed) return &node;
    BXL_TRY_ASSIGN(const Node* value, expression());
    node.kids.push_back(value);
    if (!token_.is("}")) return unexpected("'}'");
    at = token_.end;
  }
}

}  // namespace bxl::frontend::dsc
