// The recursive-descent parser of the configuration language.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "frontend/dsc/lexer.h"
#include "frontend/dsc/syntax.h"

namespace bxl::frontend::dsc {

class Parser {
 public:
  explicit Parser(Source source) : out_(std::make_unique<Syntax>()) {
    out_->source = std::move(source);
  }
  Result<std::unique_ptr<const Syntax>> run();

 private:
  using Parsed = Result<const Node*>;
  class Nesting {
   public:
    explicit Nesting(int& depth) : depth_(depth) { ++depth_; }
    ~Nesting() { --depth_; }
    Nesting(const Nesting&) = delete;
    Nesting& operator=(const Nesting&) = delete;

   private:
    int& depth_;
  };

  // parser.cc
  Result<void> advance();
  Result<void> expect(std::string_view punctuation);
  Result<bool> accept(std::string_view punctuation);
  Error unexpected(const std::string& expected) const;
  Error error(std::size_t offset, const std::string& message) const {
    return error_at(out_->source, offset, message);
  }
  Result<void> enter();
  Node& make(NodeKind kind, std::size_t offset);
  void go_to(std::size_t offset, const Token& token) { at_ = offset, token_ = token; }

  Result<void> end_of_statement();
  Parsed statement();
  Parsed declaration(bool is_let);
  Parsed function_statement();
  Parsed if_statement();
  Parsed for_statement();
  Parsed block();
  Parsed import_statement();
  Parsed assignment(const Token& name);
  Parsed simple_statement();

  // expressions.cc
  Parsed expression();
  Parsed conditional();
  Parsed binary(int level);
  Parsed unary();
  Parsed postfix();
  Result<bool> type_arguments_of_call();
  Parsed call(const Node* callee, std::size_t offset);
  Parsed primary();
  Parsed name_or_function();
  Parsed parenthesis();
  Result<bool> is_arrow_function();
  Parsed arrow_function(std::size_t offset);
  Parsed function_expression(std::size_t offset);
  Result<void> parameters(Node& function);
  Parsed function_body(Node& function);
  Parsed array();
  Parsed object();
  Parsed property();
  Parsed template_literal(const std::string& tag, std::size_t offset);

  // types.cc: what types say is not looked at.
  enum class FunctionTypes { Yes, No };
  Result<void> skip_type(FunctionTypes function_types = FunctionTypes::Yes);
  Result<void> skip_one_type();
  Result<void> skip_type_list(std::string_view close);
  Result<void> skip_declared_type();
  Result<void> skip_braces();

  std::unique_ptr<Syntax> out_;
  Token token_;         // the next one
  std::size_t at_ = 0;  // after it
  int nesting_ = 0;
};

}  // namespace bxl::frontend::dsc
