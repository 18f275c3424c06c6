// Wildcards against a matcher that tries everything.
#include "frontend/wildcard.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace bxl::frontend {
namespace {

bool tries_everything(std::string_view pattern, std::string_view name) {
  if (pattern.empty()) return name.empty();
  if (pattern[0] == '*')
    return tries_everything(pattern.substr(1), name) ||
           (!name.empty() && tries_everything(pattern, name.substr(1)));
  return !name.empty() && (pattern[0] == '?' || pattern[0] == name[0]) &&
         tries_everything(pattern.substr(1), name.substr(1));
}

TEST(Wildcard, MatchesWhatTheDefinitionMatches) {
  std::mt19937 random(7);
  auto word = [&](std::string_view letters, unsigned longest) {
    std::string out(random() % (longest + 1), ' ');
    for (char& c : out) c = letters[random() % letters.size()];
    return out;
  };
  int matched = 0;
  for (int i = 0; i < 50'000; ++i) {
    const std::string pattern = word("ab*?", 6), name = word("ab*", 8);
    const bool expected = tries_everything(pattern, name);
    ASSERT_EQ(expected, matches_wildcard(pattern, name)) << pattern << " " << name;
    matched += expected;
  }
  EXPECT_GT(matched, 5'000);
}

TEST(Wildcard, StarsOfNamesAreCharacters) {
  EXPECT_TRUE(matches_wildcard("*c", "*bc"));
  EXPECT_FALSE(matches_wildcard("a", "*"));
}

TEST(Wildcard, ManyStarsEnd) {
  std::string pattern;
  for (int i = 0; i < 1000; ++i) pattern += "*a";
  EXPECT_FALSE(matches_wildcard(pattern + "b", std::string(4000, 'a')));
}

}  // namespace
}  // namespace bxl::frontend
