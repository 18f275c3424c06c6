// Types of the configuration language are skipped: values carry their own.
#include "frontend/dsc/parser.h"

namespace bxl::frontend::dsc {

Result<void> Parser::skip_declared_type() {
  BXL_TRY_ASSIGN([[maybe_unused]] bool optional, accept("?"));
  BXL_TRY_ASSIGN(bool typed, accept(":"));
  return typed ? skip_type() : Result<void>();
}

// One or more types with | or & between them, or a function type. Behind the type that a function
// returns "=>" begins its body.
Result<void> Parser::skip_type(FunctionTypes function_types) {
  BXL_TRY(enter());
  Nesting nesting(nesting_);
  if (token_.is("|")) BXL_TRY(advance());
  while (true) {
    BXL_TRY(skip_one_type());
    while (token_.is("[") && !token_.after_newline) {
      BXL_TRY(advance());
      if (!token_.is("]")) BXL_TRY(skip_type());
      BXL_TRY(expect("]"));
    }
    if (token_.is("=>") && function_types == FunctionTypes::Yes) {
      BXL_TRY(advance());
      continue;
    }
    if (!token_.is("|") && !token_.is("&")) return {};
    BXL_TRY(advance());
  }
}

Result<void> Parser::skip_one_type() {
  if (token_.is("(")) return skip_type_list(")");
  if (token_.is("[")) return skip_type_list("]");
  if (token_.is("{")) return skip_braces();
  if (token_.kind == TokenKind::String || token_.kind == TokenKind::Number) return advance();
  if (token_.kind != TokenKind::Name) return unexpected("a type");
  BXL_TRY(advance());
  while (token_.is(".")) {
    BXL_TRY(advance());
    if (token_.kind != TokenKind::Name) return unexpected("a name");
    BXL_TRY(advance());
  }
  return token_.is("<") ? skip_type_list(">") : Result<void>();
}

// From the opening bracket to behind the closing one. Elements may be named, as parameters are.
Result<void> Parser::skip_type_list(std::string_view close) {
  BXL_TRY(advance());
  while (!token_.is(close)) {
    if (token_.is("...")) BXL_TRY(advance());
    BXL_TRY(skip_type());
    BXL_TRY(skip_declared_type());
    if (token_.is(close)) break;
    BXL_TRY(expect(","));
  }
  return advance();
}

Result<void> Parser::skip_braces() {
  BXL_TRY(expect("{"));
  for (int depth = 1; depth > 0;) {
    if (token_.kind == TokenKind::End) return unexpected("'}'");
    depth += token_.is("{") ? 1 : token_.is("}") ? -1 : 0;
    BXL_TRY(advance());
  }
  return {};
}

}  // namespace bxl::frontend::dsc
