// Overlaid trees change for who laid them, and for nobody else.
#include "os/private_tree.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <functional>

#include "os/file.h"
#include "os/tree.h"
#include "support/temp_dir.h"

namespace bxl {
namespace {

namespace fs = std::filesystem;

constexpr int kRefused = 255;

class PrivateTreeTest : public testing::Test {
 protected:
  PrivateTreeTest() {
    fs::create_directories(tree_ + "/sub");
    fs::create_directories(scratch_);
    EXPECT_TRUE(replace_file(tree_ + "/a", "a") && replace_file(tree_ + "/sub/b", "b"));
  }
  // In a child with `tree` overlaid: what `act` returns; kRefused: the kernel does not let us.
  int in_private(const std::string& tree, const std::function<int()>& act) {
    const pid_t child = ::fork();
    if (child == 0) {
      auto entered = enter_private_mounts();
      if (entered) entered = overlay_trees({tree}, scratch_);
      if (entered) entered = drop_lent_privileges();
      if (!entered) std::fprintf(stderr, "%s\n", entered.error().to_string().c_str());
      ::_exit(entered ? act() : kRefused);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  test::TempDir dir_;
  std::string tree_ = dir_ / "tree", scratch_ = dir_ / "scratch";
};

TEST_F(PrivateTreeTest, WritesRemovalsAndRenamesStayPrivate) {
  const uid_t uid = ::geteuid();
  const int code = in_private(tree_, [&] {
    if (::geteuid() != uid) return 1;
    if (*read_file(tree_ + "/sub/b") != "b") return 2;
    if (!replace_file(tree_ + "/a", "changed")) return 3;
    if (::rename((tree_ + "/sub/b").c_str(), (tree_ + "/c").c_str()) != 0) return 4;
    if (!replace_file(tree_ + "/sub/new", "new")) return 5;
    return *read_file(tree_ + "/a") == "changed" && *read_file(tree_ + "/c") == "b" &&
                   !fs::exists(tree_ + "/sub/b")
               ? 0
               : 6;
  });
  if (code == kRefused) GTEST_SKIP() << "no private mounts here";
  EXPECT_EQ(code, 0);
  EXPECT_EQ(*read_file(tree_ + "/a"), "a");
  EXPECT_EQ(*read_file(tree_ + "/sub/b"), "b");
  EXPECT_FALSE(fs::exists(tree_ + "/sub/new"));
  EXPECT_FALSE(fs::exists(tree_ + "/c"));
}

TEST_F(PrivateTreeTest, RootOfTheTreeKeepsItsModeAndScratchCanBeRemoved) {
  fs::permissions(tree_, fs::perms(0711));
  const int code = in_private(tree_, [&] {
    struct stat st;
    if (::stat(tree_.c_str(), &st) != 0) return 1;
    if (!make_directories(tree_ + "/closed/inner")) return 2;
    fs::permissions(tree_ + "/closed", fs::perms::none);
    return (st.st_mode & 07777) == 0711 ? 0 : 3;
  });
  if (code == kRefused) GTEST_SKIP() << "no private mounts here";
  EXPECT_EQ(code, 0);
  EXPECT_FALSE(fs::is_empty(scratch_));
  auto removed = remove_tree(scratch_);
  EXPECT_TRUE(removed) << removed.error().to_string();
  EXPECT_FALSE(fs::exists(scratch_));
}

TEST_F(PrivateTreeTest, TreeWithAwkwardNameIsOverlaid) {
  const std::string awkward = dir_ / "a,b:c\\d e";
  fs::rename(tree_, awkward);
  const int code = in_private(awkward, [&] {
    if (!replace_file(awkward + "/a", "changed")) return 1;
    return *read_file(awkward + "/a") == "changed" ? 0 : 2;
  });
  if (code == kRefused) GTEST_SKIP() << "no private mounts here";
  EXPECT_EQ(code, 0);
  EXPECT_EQ(*read_file(awkward + "/a"), "a");
}

}  // namespace
}  // namespace bxl
