// Where a manifest is wrong, and what is said about it.
#include "frontend/ninja/parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "frontend/ninja_test_support.h"

namespace bxl::frontend::ninja {
namespace {

using test::Files;
using test::parse_error;
using ::testing::HasSubstr;

const std::string kCat = "rule cat\n  command = cat $in > $out\n";

TEST(ParserErrorTest, NamesLineAndColumn) {
  struct Case {
    std::string text, error;
  };
  const Case cases[] = {
      {"x 3\n", "1:3: expected '=', got identifier"},
      {"x = 3", "1:6: unexpected end of file: the last line has no newline"},
      {"x = $", "1:5: unexpected end of file: the last line has no newline"},
      {"x = $\n $[\n", "2:2: bad $-escape (literal $ must be written as $$)"},
      {"x = a$\n b$\n $\n", "4:1: unexpected end of file: the last line has no newline"},
      {"x = ${a\n", "1:5: bad $-escape (literal $ must be written as $$)"},
      {"# comment", "1:1: unexpected end of file: the last line has no newline"},
      {"\tx = 1\n", "1:1: tabs are not allowed, use spaces"},
      {"x\r= 1\n", "1:2: carriage returns are not allowed, use newlines"},
      {"x = 1\ry\n", "1:6: carriage returns are not allowed, use newlines"},
      {"  x = 1\n", "1:1: unexpected indent"},
      {"= 1\n", "1:1: unexpected '='"},
      {"build\n", "1:6: expected path"},
      {"build x\n", "1:8: expected ':', got newline ($ also escapes ':')"},
      {"build x:y\n", "1:9: unknown build rule 'y'"},
      {"build x: y z\n", "1:10: unknown build rule 'y'"},
      {"build x:: y\n", "1:9: expected build command name"},
      {"build : cat\n", "1:7: expected path"},
      {kCat + "build x: cat $\n :\n", "4:2: expected newline, got ':'"},
      {kCat + "build x: cat a || b | c\n", "3:21: expected newline, got '|'"},
      {kCat + "build $e: cat a\n", "3:7: empty path"},
      {kCat + "build x: cat a $e\n", "3:16: empty path"},
      {kCat + "build x: cat a\nbuild y  x: cat b\n",
       "4:10: multiple rules generate 'x': the other is build.ninja:3"},
      {kCat + "build x ./x: cat a\n", "3:9: 'x' is listed as an output twice"},
      {kCat + "build x: cat a || d\n  dyndep = dd\n", "3:1: dyndep 'dd' is not an input"},
      {kCat + "build x: cat a\n  pool = p\n", "3:1: unknown pool name 'p'"},
      {kCat + kCat, "3:6: duplicate rule 'cat'"},
      {"rule phony\n  command = x\n", "1:6: duplicate rule 'phony'"},
      {"rule r\n", "2:1: expected 'command =' line"},
      {"rule r\n  command =\n", "3:1: expected 'command =' line"},
      {"rule r\n  command = x\n  other = y\n", "3:3: unexpected variable 'other'"},
      {"rule r\n  command = x\n  rspfile = y\n",
       "1:6: rspfile and rspfile_content need to be both specified"},
      {"rule r\n  command = x\n  rspfile_content = y\n",
       "1:6: rspfile and rspfile_content need to be both specified"},
      {"rule %foo\n", "1:6: expected rule name"},
      {"rule r\n  command = foo\n  && bar\n", "3:3: expected variable name"},
      {"pool\n", "1:5: expected pool name"},
      {"pool p\n", "2:1: expected 'depth =' line"},
      {"pool p\n  depth = 4\npool p\n", "3:6: duplicate pool 'p'"},
      {"pool p\n  depth = -1\n", "2:3: invalid pool depth '-1'"},
      {"pool p\n  depth = 4x\n", "2:3: invalid pool depth '4x'"},
      {"pool p\n  bar = 1\n", "2:3: unexpected variable 'bar'"},
      {"pool console\n  depth = 4\n", "1:6: duplicate pool 'console'"},
      {"default\n", "1:8: expected target name"},
      {"default x\n", "1:9: unknown target 'x'"},
      {kCat + "build x: cat\ndefault x:\n", "4:10: expected newline, got ':'"},
      {kCat + "build x: cat\ndefault $e\n", "4:9: empty path"},
      {"include a.ninja\n", "1:9: loading 'a.ninja': No such file or directory"},
      {"subninja\n", "1:9: expected path"},
      {"ninja_required_version = 1.99\n",
       "1:1: this manifest needs ninja 1.99; bxl understands the language up to 1.13"},
      {"ninja_required_version = new\n", "1:1: cannot read the version 'new'"},
      {std::string("x = a\0b\n", 8), "1:6: unexpected NUL byte: the file is damaged"},
      {std::string("\0", 1), "1:1: unexpected NUL byte: the file is damaged"},
  };
  for (const Case& c : cases) EXPECT_EQ(parse_error(c.text), "build.ninja:" + c.error) << c.text;
}

TEST(ParserErrorTest, QuotesTheLineWithACaret) {
  auto manifest = test::parse_files({{"build.ninja", "a = 1\nbuild foo bar\n"}});
  ASSERT_FALSE(manifest);
  EXPECT_EQ(manifest.error().to_string(),
            "build.ninja:2:14: expected ':', got newline ($ also escapes ':')\n"
            "build foo bar\n"
            "             ^");
}

TEST(ParserErrorTest, LongLinesAreCutAroundTheCaret) {
  auto manifest = test::parse_files(
      {{"build.ninja", "build " + std::string(5000, 'x') + " : y" + std::string(500, 'z') + "\n"}});
  ASSERT_FALSE(manifest);
  std::string text = manifest.error().to_string();
  text = text.substr(text.find('\n') + 1);
  EXPECT_LT(text.size(), 250u);
  std::size_t caret = text.size() - 1 - text.find('\n') - 1;
  EXPECT_EQ(text.substr(caret, 2), "yz");
}

TEST(ParserErrorTest, ControlCharactersOfTheManifestDoNotReachTheTerminal) {
  auto manifest = test::parse_files({{"build.ninja", "build \x1b[31m\a x\n"}});
  ASSERT_FALSE(manifest);
  EXPECT_EQ(manifest.error().to_string().find('\x1b'), std::string::npos);
}

TEST(ParserErrorTest, PointsIntoTheIncludedFile) {
  EXPECT_EQ(
      parse_error(Files{{"build.ninja", "include sub/a.ninja\n"}, {"sub/a.ninja", "\n\nbuild\n"}}),
      "sub/a.ninja:3:6: expected path");
}

TEST(ParserErrorTest, FileIncludingItselfEnds) {
  EXPECT_THAT(parse_error("include build.ninja\ninclude build.ninja\n"), HasSubstr("levels deep"));
  EXPECT_THAT(parse_error("subninja build.ninja\n"), HasSubstr("levels deep"));
}

TEST(ParserErrorTest, ExponentialVariablesEnd) {
  std::string text = "v0 = 0123456789abcdef\n";
  for (int i = 1; i < 60; ++i) {
    std::string before = "$v" + std::to_string(i - 1);
    text += "v" + std::to_string(i) + " = " + before + before + "\n";
  }
  EXPECT_THAT(parse_error(text), HasSubstr("grows beyond 64 MiB"));
}

TEST(ParserTest, AcceptsWhatNinjaAccepts) {
  for (std::string text : {
           std::string(),
           std::string("\n\n   \n# c\n   # c\n"),
           std::string("x = 1\r\nrule r\r\n  command = a$\r\n   b\r\n"),
           std::string("ninja_required_version = 1.5\n"),
           std::string("x = a|b:c d\n"),
           kCat + "build a|b: cat c|d||e\n",
           kCat + "build a$:b$ c$$d: cat\n",
           kCat + "build | a: cat\n",
           kCat + "build a : cat | b\n  # comment\n  pool = console\n",
           kCat + "build a: cat $\n    b $\n    c\n",
           std::string("rule build\n  command = x\nbuild build: build rule\n"),
           std::string("builder = 1\nrule.x = 2\npool-x = 3\n"),
       })
    EXPECT_EQ(parse_error(text), "no error") << text;
}

TEST(ParserTest, UnusedDyndepVariableOfARuleIsNoDyndep) {
  EXPECT_EQ(parse_error("rule r\n  command = x\n  dyndep = $dd\nbuild a: r\n"), "no error");
}

TEST(CanonicalTest, FoldsLexically) {
  const std::pair<std::string, std::string> cases[] = {
      {"a", "a"},
      {"./a", "a"},
      {"a/./b", "a/b"},
      {"a//b", "a/b"},
      {"a/../b", "b"},
      {"../a", "../a"},
      {"../../a", "../../a"},
      {"a/..", "."},
      {"a/../..", ".."},
      {".", "."},
      {"./", "."},
      {"a/", "a"},
      {"/a/../b/", "/b"},
      {"/", "/"},
      {"//a", "/a"},
      {"/..", "/"},
      {"../a/../../b", "../../b"},
      {"...", "..."},
      {".a/..b", ".a/..b"},
  };
  for (const auto& [path, expected] : cases) {
    EXPECT_EQ(canonical(path), expected) << path;
    EXPECT_TRUE(is_canonical(canonical(path)) || expected == "." || expected == "/") << path;
  }
}

}  // namespace
}  // namespace bxl::frontend::ninja
