// Where the build directory and its mounts are found.
#include "frontend/workspace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "frontend/ninja_test_support.h"
#include "support/temp_dir.h"

namespace bxl::frontend {
namespace {

using test::write_file;
using ::testing::HasSubstr;

class WorkspaceTest : public ::testing::Test {
 protected:
  WorkspaceTest() {
    if (const char* home = std::getenv("HOME")) home_ = home;
    std::filesystem::create_directories(dir_ / "home");
    ::setenv("HOME", (dir_ / "home").c_str(), 1);
  }
  ~WorkspaceTest() override {
    home_.empty() ? ::unsetenv("HOME") : ::setenv("HOME", home_.c_str(), 1);
  }

  std::string mount(const std::vector<wire::Mount>& mounts, const std::string& token) {
    for (const wire::Mount& m : mounts)
      if (m.token == token) return m.path;
    return "none";
  }
  std::vector<wire::Mount> mounts_of(const std::string& directory,
                                     const std::vector<std::string>& leaves) {
    Workspace workspace{directory, "build.ninja", false};
    PathTable paths;
    Reads reads(paths);
    CMakeDirectories cmake = read_cmake_directories(workspace, reads);
    return find_mounts(workspace, cmake, leaves, reads);
  }

  test::TempDir dir_;
  std::string home_;
};

TEST_F(WorkspaceTest, ManifestInTheDirectoryIsTaken) {
  write_file(dir_ / "w/build.ninja", "");
  std::filesystem::create_symlink(dir_ / "w", dir_ / "link");
  auto workspace = find_workspace(dir_ / "link", "");
  ASSERT_TRUE(workspace);
  EXPECT_EQ(workspace->directory, dir_ / "w");
  EXPECT_FALSE(workspace->searched);
}

TEST_F(WorkspaceTest, SearchGoesUpToTheVersionControlRoot) {
  write_file(dir_ / "w/build.ninja", "");
  write_file(dir_ / "w/a/b/x", "");
  auto workspace = find_workspace(dir_ / "w/a/b", "");
  ASSERT_TRUE(workspace);
  EXPECT_EQ(workspace->directory, dir_ / "w");
  EXPECT_TRUE(workspace->searched);
  std::filesystem::create_directories(dir_ / "w/a/.git");
  EXPECT_FALSE(find_workspace(dir_ / "w/a/b", ""));
}

TEST_F(WorkspaceTest, SearchDoesNotReachHome) {
  write_file(dir_ / "home/build.ninja", "");
  write_file(dir_ / "home/project/x", "");
  auto workspace = find_workspace(dir_ / "home/project", "");
  ASSERT_FALSE(workspace);
  EXPECT_THAT(workspace.error().to_string(),
              HasSubstr("no build.ninja, graph.bxl.json, config.dsc or JavaScript"));
}

TEST_F(WorkspaceTest, HomeAndWhatHoldsItAreRefused) {
  write_file(dir_ / "home/build.ninja", "");
  write_file(dir_ / "build.ninja", "");
  for (const std::string& directory : {dir_ / "home", dir_.path()}) {
    auto workspace = find_workspace(directory, "");
    ASSERT_FALSE(workspace);
    EXPECT_THAT(workspace.error().to_string(), HasSubstr("your home directory"));
  }
  EXPECT_FALSE(find_workspace("/", "x.ninja"));
}

TEST_F(WorkspaceTest, ConfigDscComesFirstAndOthersAreNamed) {
  write_file(dir_ / "w/build.ninja", "");
  auto found = find_workspace(dir_ / "w", "");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->front_end, FrontEnd::Ninja);
  write_file(dir_ / "w/config.dsc", "");
  found = find_workspace(dir_ / "w", "");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->front_end, FrontEnd::JavaScript);
  EXPECT_EQ(found->manifest, "config.dsc");
  EXPECT_FALSE(find_workspace(dir_ / "w", "other.ninja"));
  EXPECT_FALSE(find_workspace(dir_ / "w", "config.yaml"));
  write_file(dir_ / "w/other.ninja", "");
  auto other = find_workspace(dir_ / "w", "other.ninja");
  ASSERT_TRUE(other);
  EXPECT_EQ(other->manifest, "other.ninja");
}

TEST_F(WorkspaceTest, JavaScriptFilesDescribeWhereTheyLie) {
  write_file(dir_ / "w/package.json", R"({"name": "root"})");
  auto none = find_workspace(dir_ / "w", "");
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error().to_string(), HasSubstr("names no workspaces"));
  write_file(dir_ / "w/package.json", R"({"workspaces": ["p"]})");
  write_file(dir_ / "w/p/package.json", R"({"name": "p"})");
  auto above = find_workspace(dir_ / "w/p", "");
  ASSERT_TRUE(above);
  EXPECT_EQ(above->directory, dir_ / "w");
  EXPECT_TRUE(above->searched);
  write_file(dir_ / "w/rush.json", "");
  auto rush = find_workspace(dir_ / "w", "");
  ASSERT_TRUE(rush);
  EXPECT_EQ(rush->manifest, "rush.json");
  write_file(dir_ / "w/sub/my.dsc", "");
  auto named = find_workspace(dir_ / "w", "sub/my.dsc");
  ASSERT_TRUE(named);
  EXPECT_EQ(named->directory, dir_ / "w/sub");
  EXPECT_EQ(named->manifest, "my.dsc");
}

TEST_F(WorkspaceTest, AbsentDirectoryKeepsItsErrno) {
  auto workspace = find_workspace(dir_ / "none", "");
  ASSERT_FALSE(workspace);
  EXPECT_EQ(workspace.error().errnum, ENOENT);
}

TEST_F(WorkspaceTest, CMakeSaysWhereTheSourcesAre) {
  write_file(dir_ / "src/CMakeLists.txt", "");
  write_file(dir_ / "out/CMakeCache.txt",
             "# c\nCMAKE_HOME_DIRECTORY_X:INTERNAL=/no\nCMAKE_HOME_DIRECTORY:INTERNAL=" +
                 dir_ / "src" + "\n");
  auto mounts = mounts_of(dir_ / "out", {dir_ / "elsewhere/a.c"});
  EXPECT_EQ(mount(mounts, "%build%"), dir_ / "out");
  EXPECT_EQ(mount(mounts, "%src%"), dir_ / "src");
  EXPECT_EQ(mount(mounts, "%src1%"), "none");
  EXPECT_EQ(mount(mounts, "%home%"), dir_ / "home");
  EXPECT_EQ(mount(mounts, "%usr%"), "/usr");
}

TEST_F(WorkspaceTest, BuildInsideItsSourcesIsOneMount) {
  write_file(dir_ / "w/CMakeCache.txt", "CMAKE_HOME_DIRECTORY:INTERNAL=" + dir_ / "w" + "\n");
  auto mounts = mounts_of(dir_ / "w", {});
  EXPECT_EQ(mount(mounts, "%src%"), "none");
  EXPECT_EQ(mounts[0].flags, wire::kMountReadable | wire::kMountHashable | wire::kMountOutput);
}

TEST_F(WorkspaceTest, SourcesOfOtherGeneratorsAreTheTreesOfTheirInputs) {
  std::filesystem::create_directories(dir_ / "repo/.git");
  write_file(dir_ / "repo/a/b/x.c", "");
  write_file(dir_ / "repo/sub/.git", "");
  write_file(dir_ / "repo/sub/y.c", "");
  write_file(dir_ / "loose/z.c", "");
  write_file(dir_ / "home/h.c", "");
  auto mounts =
      mounts_of(dir_ / "repo/out", {dir_ / "repo/sub/y.c", dir_ / "repo/a/b/x.c",
                                    dir_ / "loose/z.c", dir_ / "repo/out/in_build.c",
                                    "/usr/include/stdio.h", dir_ / "home/h.c", dir_ / "none/n.c"});
  EXPECT_EQ(mount(mounts, "%src%"), dir_ / "loose");
  EXPECT_EQ(mount(mounts, "%src1%"), dir_ / "repo");
  EXPECT_EQ(mount(mounts, "%src2%"), "none");
}

TEST_F(WorkspaceTest, ManyLooseTreesBecomeAtMostSixteenMounts) {
  std::vector<std::string> leaves;
  for (int i = 0; i < 40; ++i) {
    leaves.push_back(dir_ / "tree/" + std::to_string(i) + "/deep/x.c");
    write_file(leaves.back(), "");
  }
  std::size_t sources = 0;
  for (const wire::Mount& m : mounts_of(dir_ / "out", leaves)) {
    if (m.token.compare(0, 4, "%src") != 0) continue;
    ++sources;
    EXPECT_FALSE(path_within(dir_ / "home", m.path)) << m.path;
  }
  EXPECT_GE(sources, 1u);
  EXPECT_LE(sources, 16u);
}

TEST_F(WorkspaceTest, SpellingThroughALinkIsKnown) {
  std::filesystem::create_directories(dir_ / "real/out");
  std::filesystem::create_symlink(dir_ / "real", dir_ / "link");
  auto spellings =
      find_spellings({dir_ / "real/out", "build.ninja", false}, {dir_ / "link", dir_ / "link/out"});
  ASSERT_EQ(spellings.size(), 2u);
  EXPECT_EQ(spellings[0], std::make_pair(dir_ / "link/out", dir_ / "real/out"));
  EXPECT_EQ(spellings[1], std::make_pair(dir_ / "link", dir_ / "real"));
}

}  // namespace
}  // namespace bxl::frontend
