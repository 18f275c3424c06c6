// What is left of a fingerprint when the place of the checkout is taken out, and what is not.
#include "fingerprint/portable.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bxl::fingerprint {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

graph::Mounts mounts(const std::string& src, const std::string& out) {
  return graph::Mounts({{"%build%", out, wire::kMountReadable | wire::kMountOutput},
                        {"%src%", src, wire::kMountReadable},
                        {"%home%", "/home/me", wire::kMountReadable},
                        {"%usr%", "/usr", wire::kMountReadable | wire::kMountSystem}});
}

class PortableTest : public testing::Test {
 protected:
  graph::Mounts mounts_ = mounts("/home/me/w1/proj", "/home/me/w1/proj/out");
  Portable portable_{mounts_};
  PathTable paths_;

  std::string refused(const std::string& path, std::uint8_t flags, bool* kept = nullptr) {
    std::vector<Observation> out;
    std::string why = portable_.observations({{paths_.intern(path), flags}}, paths_, &out);
    if (kept) *kept = !out.empty();
    return why;
  }
};

TEST_F(PortableTest, CheckoutsOfOneStructureHaveOneLayout) {
  const graph::Mounts same = mounts("/data/x/y/z", "/data/x/y/z/out");
  const graph::Mounts beside = mounts("/data/x", "/data/out");
  EXPECT_EQ(Portable(same).layout(), portable_.layout());
  EXPECT_NE(Portable(beside).layout(), portable_.layout());
  EXPECT_TRUE(Portable(graph::Mounts({{"%usr%", "/usr", wire::kMountSystem}})).roots().empty());
}

TEST_F(PortableTest, RootsAreReplacedWhereAPathStarts) {
  const std::pair<const char*, const char*> cases[] = {
      {"cc -I/home/me/w1/proj/inc -o x /home/me/w1/proj/out/a.c",
       "cc -I%src%/inc -o x %build%/a.c"},
      {"cd /home/me/w1/proj && ls", "cd %src% && ls"},
      {"-DX=\"/home/me/w1/proj\" --sysroot='/home/me/w1/proj/s'",
       "-DX=\"%src%\" --sysroot='%src%/s'"},
      {"-DX=\\\"/home/me/w1/proj\\\"", "-DX=\\\"%src%\\\""},
      {"/usr/bin:/home/me/w1/proj/bin:/bin", "/usr/bin:%src%/bin:/bin"},
      {"@/home/me/w1/proj/out/a.rsp", "@%build%/a.rsp"},
      // Other paths that contain it.
      {"/opt/home/me/w1/proj", "/opt/home/me/w1/proj"},
      {"../home/me/w1/proj", "../home/me/w1/proj"},
      {"sub/home/me/w1/proj", "sub/home/me/w1/proj"},
      {"/home/me/w1/project2/x", "/home/me/w1/project2/x"},
      {"/home/me/w1/proj.old", "/home/me/w1/proj.old"},
      {"/home/me/w1/proj\\ 2", "/home/me/w1/proj\\ 2"},
      {"file:///home/me/w1/proj", "file:///home/me/w1/proj"},
      // Different texts stay different.
      {"cat %src%/x", "cat %%src%%/x"},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(portable_.text(text), expected);
}

TEST_F(PortableTest, ObservationsMeanTheSameElsewhereOrAreRefused) {
  bool kept = false;
  EXPECT_THAT(refused("/home/me/w1/proj/a.h", kContent, &kept), IsEmpty());
  EXPECT_TRUE(kept);
  EXPECT_THAT(refused("/usr/include/stdio.h", kContent, &kept), IsEmpty());
  EXPECT_TRUE(kept);
  EXPECT_THAT(refused("/bin", kContent), IsEmpty());
  EXPECT_THAT(refused("/nix/store/x", kContent), IsEmpty());
  EXPECT_THAT(refused("/home/me/.gitconfig", kProbe), IsEmpty());
  // Walked through on the way to the root: left out.
  EXPECT_THAT(refused("/home/me/w1", kProbe, &kept), IsEmpty());
  EXPECT_FALSE(kept);
  EXPECT_THAT(refused("/", kProbe, &kept), IsEmpty());
  EXPECT_FALSE(kept);
  // Beside the way: elsewhere for another checkout.
  EXPECT_THAT(refused("/home/me/w1", kProbe | kEnumerate), HasSubstr("/home/me/w1"));
  EXPECT_THAT(refused("/home/me/w1/.git", kProbe), HasSubstr("/home/me/w1/.git"));
  EXPECT_THAT(refused("/home/me/w2/x", kContent), HasSubstr("/home/me/w2/x"));
  EXPECT_THAT(refused("/home/other", kProbe), HasSubstr("/home/other"));
}

TEST_F(PortableTest, WordsOfThePathAreSharedByThoseThatHaveThemThere) {
  const auto places = portable_.places({"proj", "w1"});
  EXPECT_THAT(places,
              ElementsAre("%build% 3/5 w1", "%build% 4/5 proj", "%src% 3/4 w1", "%src% 4/4 proj"));
  EXPECT_TRUE(portable_.has_places(places));
  EXPECT_TRUE(portable_.has_places({}));
  const graph::Mounts other = mounts("/data/a/b/c/w1/proj", "/data/a/b/c/w1/proj/out");
  EXPECT_TRUE(Portable(other).has_places(places));  // from the end
  const graph::Mounts w2 = mounts("/home/me/w2/proj", "/home/me/w2/proj/out");
  EXPECT_FALSE(Portable(w2).has_places(places));
  EXPECT_TRUE(Portable(w2).has_places(portable_.places({"proj", "home"})));
  for (const char* bad : {"", "%src%", "%src% 4", "%src% 4/4", "%src% 0/0 proj",
                          "%src% 99999999999999999999/1 proj", "4/4 %src% proj"})
    EXPECT_FALSE(portable_.has_places({bad})) << bad;
}

}  // namespace
}  // namespace bxl::fingerprint
