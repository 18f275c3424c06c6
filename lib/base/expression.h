// Regular expressions that users write, in ECMAScript's grammar: bounded in time and in stack.
#pragma once

#include <cstdint>
#include <memory>
#include <regex>
#include <string>
#include <string_view>

#include "base/result.h"

namespace bxl {

class Expression {
 public:
  static constexpr std::size_t kMaxLength = 1000;  // of an expression
  // Of a text only so much is looked at: the matcher recurses several times for each character.
  static constexpr std::size_t kMaxText = 2048;
  // The look at characters, of which an expression with nested repetitions needs exponentially
  // many. 10 ns each.
  static constexpr std::uint64_t kMostSteps = 1u << 20;

  // Errors (errnum 0): too long, or not well-formed.
  static Result<Expression> compile(std::string_view text);

  // Does it match the whole text? No, when that cannot be told within the bounds.
  bool matches(std::string_view text) const;
  // Is it found anywhere in the text? Takes what it cost off `steps`, of which kMostSteps may be
  // used at once; out of steps it is not found.
  bool found_in(std::string_view text, std::uint64_t& steps) const;

 private:
  explicit Expression(std::regex regex)
      : regex_(std::make_shared<const std::regex>(std::move(regex))) {}
  std::shared_ptr<const std::regex> regex_;
};

}  // namespace bxl
