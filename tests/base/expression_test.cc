// Expressions of users: what they find, and that no text makes them run away.
#include "base/expression.h"

#include <gtest/gtest.h>

namespace bxl {
namespace {

bool found(const std::string& expression, const std::string& text) {
  auto compiled = Expression::compile(expression);
  EXPECT_TRUE(compiled) << expression;
  std::uint64_t steps = Expression::kMostSteps;
  return compiled && compiled->found_in(text, steps);
}

TEST(ExpressionTest, IsFoundAnywhereOrMatchesTheWhole) {
  EXPECT_TRUE(found(R"(error TS\d+:)", "src/a.ts(3,1): error TS2304: x"));
  EXPECT_FALSE(found(R"(^error)", "an error"));
  EXPECT_TRUE(found("", ""));
  auto name = Expression::compile("@my/.*");
  ASSERT_TRUE(name);
  EXPECT_TRUE(name->matches("@my/app"));
  EXPECT_FALSE(name->matches("not @my/app"));
}

TEST(ExpressionTest, NonsenseIsAnError) {
  for (const char* text : {"(", "[a", "a{2,1}", "*", "(?<name>a)", "\\", "(a{1000}){1000}"})
    EXPECT_FALSE(Expression::compile(text)) << text;
  EXPECT_FALSE(Expression::compile(std::string(Expression::kMaxLength + 1, 'a')));
}

TEST(ExpressionTest, TooMuchWorkIsNoMatch) {
  auto nested = Expression::compile("(a+)+$");
  ASSERT_TRUE(nested);
  const std::string text = std::string(60, 'a') + "b";
  std::uint64_t steps = 3 * Expression::kMostSteps;
  EXPECT_FALSE(nested->found_in(text, steps));
  EXPECT_EQ(steps, 2 * Expression::kMostSteps);
  EXPECT_FALSE(nested->matches(text));
  steps = 10;
  EXPECT_FALSE(nested->found_in(text, steps));
  EXPECT_EQ(steps, 0u);
  EXPECT_FALSE(nested->found_in(text, steps));
}

TEST(ExpressionTest, LongLinesNeedNoMoreStackThanThereIs) {
  const std::string line(1 << 20, 'a');
  for (const char* text : {".*b", "(a|b)*c", "((a|b)*|c)*d", "(?:(?:(?:a)?)*)*b", "(a*)*b",
                           "(.|a)*?b", "(((((a)))))*b", "(?=(a*)*b)c", ".*.*.*b",
                           "((((((((((a|b)|c)|d)|e)|f)*)*)*)*)*)*z", "(a{1,5}|(b|(c|(d|a))))*z"})
    EXPECT_FALSE(found(text, line)) << text;
  // The longest expression, nested as deeply as it can be.
  const std::string deep = std::string(480, '(') + "a" + std::string(480, ')') + "*b";
  EXPECT_FALSE(found(deep, line));
  EXPECT_TRUE(found("a$", line)) << "of the part that is looked at";
}

}  // namespace
}  // namespace bxl
