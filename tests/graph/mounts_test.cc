// Tokens for paths, and back from untrusted text.
#include "graph/mounts.h"

#include <gtest/gtest.h>

namespace bxl::graph {
namespace {

Mounts example() {
  return Mounts({{"%src%", "/w", 3}, {"%build%", "/w/build", 7}, {"%usr%", "/usr", 11}});
}

TEST(MountsTest, LongestPrefixWins) {
  EXPECT_EQ(example().tokenise("/w/build/a.o"), "%build%/a.o");
  EXPECT_EQ(example().tokenise("/w/buildx/a.o"), "%src%/buildx/a.o");
  EXPECT_EQ(example().of("/w/build")->token, "%build%");
}

TEST(MountsTest, PathUnderNoMountStaysLiteral) {
  EXPECT_EQ(example().tokenise("/tmp/x"), "/tmp/x");
  EXPECT_EQ(example().of("/tmp/x"), nullptr);
}

TEST(MountsTest, RootOfAMountIsItsToken) { EXPECT_EQ(example().tokenise("/usr"), "%usr%"); }

TEST(MountsTest, ExpandUndoesTokenise) {
  for (std::string path : {"/w", "/w/a b/c", "/w/build/%usr%/x", "/usr/lib", "/", "/tmp/%src%"}) {
    auto back = example().expand(example().tokenise(path));
    ASSERT_TRUE(back) << path;
    EXPECT_EQ(*back, path);
  }
}

TEST(MountsTest, RootMountRoundTrips) {
  Mounts mounts({{"%all%", "/", 3}});
  EXPECT_EQ(mounts.tokenise("/a/b"), "%all%/a/b");
  EXPECT_EQ(mounts.expand("%all%/a/b").value(), "/a/b");
  EXPECT_EQ(mounts.expand("%all%").value(), "/");
}

TEST(MountsTest, ForeignTextThatIsNoCanonicalPathIsRefused) {
  for (std::string text : {"", "a/b", "%none%/a", "%src", "%src%a", "%src%/", "%src%/../etc",
                           "%src%//a", "%src%/./a", "/w/../etc", "/w/", "//w", "%", "%%"}) {
    auto path = example().expand(text);
    ASSERT_FALSE(path) << text;
    EXPECT_EQ(path.error().errnum, EINVAL);
  }
  EXPECT_FALSE(example().expand(std::string("/w/a\0b", 6)));
}

TEST(MountsTest, TextDoesNotDependOnTheOrderGiven) {
  Mounts reversed({{"%usr%", "/usr", 11}, {"%build%", "/w/build", 7}, {"%src%", "/w", 3}});
  EXPECT_EQ(reversed.text(), example().text());
  EXPECT_EQ(example().text(), "%build% rho /w/build\n%src% rh /w\n%usr% rhs /usr\n");
}

}  // namespace
}  // namespace bxl::graph
