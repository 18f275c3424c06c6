// Words survive the shell that reads them.
#include "base/shell_text.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <string>

namespace {

std::string echoed(const std::string& word) {
  std::FILE* pipe = ::popen(("printf %s: " + word).c_str(), "re");
  std::string out;
  for (int c; (c = std::fgetc(pipe)) != EOF;) out += static_cast<char>(c);
  EXPECT_EQ(0, ::pclose(pipe));
  return out;
}

TEST(ShellText, TheShellReadsBackEveryByteButZero) {
  for (int c = 1; c < 256; ++c) {
    const std::string text = std::string(1, static_cast<char>(c)) + "a" + static_cast<char>(c);
    EXPECT_EQ(text + ":", echoed(bxl::shell_word(text))) << c;
    EXPECT_EQ(text + ":", echoed(bxl::shell_quoted(text))) << c;
  }
  EXPECT_EQ(":", echoed(bxl::shell_word("")));
  EXPECT_EQ("it's $HOME; \"x\" `y` \\ *:", echoed(bxl::shell_word("it's $HOME; \"x\" `y` \\ *")));
}

TEST(ShellText, PlainWordsStayReadable) {
  EXPECT_EQ("../a-b/c_1.o,--x=@y:z%^+", bxl::shell_word("../a-b/c_1.o,--x=@y:z%^+"));
  EXPECT_EQ("''", bxl::shell_word(""));
  EXPECT_EQ("'~/x'", bxl::shell_word("~/x"));
  EXPECT_EQ("'a'", bxl::shell_quoted("a"));
}

}  // namespace
