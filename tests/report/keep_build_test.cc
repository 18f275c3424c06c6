// The directory of logs on disk.
#include "report/keep_build.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "os/file.h"
#include "report/build_log.h"
#include "support/temp_dir.h"

namespace bxl::report {
namespace {

BuildLine line(int number) {
  BuildLine l;
  l.started_unix_ms = 1'795'425'859'123 + number * 1000;
  l.id = build_id(l.started_unix_ms, 4711);
  l.wall_ms = 5;
  l.ran = static_cast<std::uint64_t>(number);
  l.saved_ms = 9;
  return l;
}

class KeepBuild : public ::testing::Test {
 protected:
  KeepBuild() {
    std::filesystem::create_directory(dir_ / "log");
    (void)replace_file(dir_ / "graph", "GRAPH");
  }
  Result<void> keep(const BuildLine& l) {
    (void)replace_file(dir_ / "results", "RESULTS");
    return keep_build(dir_ / "log", l, dir_ / "results", dir_ / "graph", "{}");
  }
  test::TempDir dir_;
};

TEST_F(KeepBuild, IdsSortByTimeAndAreRecognised) {
  EXPECT_EQ(line(0).id, "20261123T092419.123Z-4711");
  EXPECT_LT(line(0).id, line(1).id);
  EXPECT_TRUE(is_build_id(line(0).id));
  for (const char* other :
       {"", "builds", "20261123T092419.123Z-", "2026112aT092419.123Z-4711", "saved-20261123T0924"})
    EXPECT_FALSE(is_build_id(other)) << other;
}

TEST_F(KeepBuild, JournalBecomesTheLogAndTheGraphIsKept) {
  ASSERT_TRUE(keep(line(1)));
  EXPECT_FALSE(std::filesystem::exists(dir_ / "results"));
  std::string log = dir_ / ("log/" + line(1).id);
  EXPECT_EQ(*read_file(log + "/results"), "RESULTS");
  EXPECT_EQ(*read_file(log + "/summary.json"), "{}");
  // The next graph replaces the file by rename; the log's stays what it was.
  ASSERT_TRUE(replace_file(dir_ / "graph", "NEXT"));
  EXPECT_EQ(*read_file(log + "/graph"), "GRAPH");
  EXPECT_EQ(logged_builds(dir_ / "log"), std::vector<std::string>{line(1).id});
}

TEST_F(KeepBuild, BuildWithNothingToDoLeavesOnlyALine) {
  ASSERT_TRUE(keep_build(dir_ / "log", line(1), "", dir_ / "graph", "{}"));
  ASSERT_TRUE(keep_build(dir_ / "log", line(2), dir_ / "absent", dir_ / "graph", "{}"));
  EXPECT_TRUE(logged_builds(dir_ / "log").empty());
  EXPECT_EQ(read_index(dir_ / "log"), (std::vector<BuildLine>{line(1), line(2)}));
}

TEST_F(KeepBuild, OnlyTheLastTenLogsStay) {
  std::filesystem::create_directory(dir_ / "log/mine");
  for (int i = 0; i < 13; ++i) ASSERT_TRUE(keep(line(i)));
  auto ids = logged_builds(dir_ / "log");
  ASSERT_EQ(ids.size(), kKeptBuilds);
  EXPECT_EQ(ids.front(), line(12).id);
  EXPECT_EQ(ids.back(), line(3).id);
  EXPECT_EQ(read_index(dir_ / "log").size(), 13u);
  EXPECT_TRUE(std::filesystem::exists(dir_ / "log/mine"));
  EXPECT_FALSE(std::filesystem::exists(dir_ / ("log/" + line(0).id)));
}

TEST_F(KeepBuild, FilesOfOthersInALogAreNotRemoved) {
  ASSERT_TRUE(keep(line(0)));
  std::string note = dir_ / ("log/" + line(0).id + "/note.txt");
  ASSERT_TRUE(replace_file(note, "mine"));
  for (int i = 1; i < 12; ++i) ASSERT_TRUE(keep(line(i)));
  EXPECT_EQ(*read_file(note), "mine");
  EXPECT_EQ(logged_builds(dir_ / "log").size(), kKeptBuilds);
}

TEST_F(KeepBuild, SecondRoundOfABuildIsALogOfItsOwn) {
  ASSERT_TRUE(keep(line(1)));
  ASSERT_TRUE(keep(line(1)));
  EXPECT_EQ(logged_builds(dir_ / "log"), (std::vector<std::string>{line(1).id + "-2", line(1).id}));
}

TEST_F(KeepBuild, TornAndForeignLinesAreLeftOut) {
  ASSERT_TRUE(keep_build(dir_ / "log", line(1), "", "", ""));
  std::string text = *read_file(index_file(dir_ / "log"));
  std::string foreign = "{\"schema\":2,\"id\":\"20261123T092419.123Z-1\"}\n[]\n\n{\"schema\":1}\n";
  ASSERT_TRUE(
      replace_file(index_file(dir_ / "log"), text + foreign + text.substr(0, text.size() / 2)));
  ASSERT_TRUE(keep_build(dir_ / "log", line(2), "", "", ""));
  EXPECT_EQ(read_index(dir_ / "log"), (std::vector<BuildLine>{line(1), line(2)}));
}

TEST_F(KeepBuild, IndexThatGrewLosesItsOlderHalf) {
  std::string text;
  for (int i = 0; text.size() <= 256u << 10; ++i) text += to_json(line(i));
  ASSERT_TRUE(replace_file(index_file(dir_ / "log"), text));
  ASSERT_TRUE(keep_build(dir_ / "log", line(90000), "", "", ""));
  auto lines = read_index(dir_ / "log");
  EXPECT_LT(read_file(index_file(dir_ / "log"))->size(), 160u << 10);
  ASSERT_GT(lines.size(), 100u);
  EXPECT_EQ(lines.back(), line(90000));
}

TEST_F(KeepBuild, FailureLeavesTheJournalInPlace) {
  ASSERT_TRUE(replace_file(dir_ / "results", "RESULTS"));
  EXPECT_FALSE(keep_build(dir_ / "log/absent", line(1), dir_ / "results", dir_ / "graph", "{}"));
  EXPECT_EQ(*read_file(dir_ / "results"), "RESULTS");
}

TEST_F(KeepBuild, DamagedLogIsAnErrorAndNoCrash) {
  ASSERT_TRUE(keep(line(1)));
  EXPECT_FALSE(load_build(dir_ / "log", line(1).id));
  auto absent = load_build(dir_ / "log", line(2).id);
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.error().errnum, ENOENT);
}

}  // namespace
}  // namespace bxl::report
