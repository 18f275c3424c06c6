// outputs.log: what was recorded survives kills, torn tails and the loss of .bxl.
#include "state/output_log.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>

#include "support/graph_text.h"
#include "support/temp_dir.h"

namespace bxl::state {
namespace {

class OutputLogTest : public testing::Test {
 protected:
  OutputLogTest()
      : workspace_{dir_ / "ws"}, mounts_({{"%build%", workspace_.root, wire::kMountOutput}}) {
    EXPECT_TRUE(make_directories(workspace_.root));
    EXPECT_TRUE(workspace_.create());
  }
  std::unique_ptr<OutputLog> open(PathTable& paths, OutputLog::Mode mode = OutputLog::Mode::Write) {
    auto log = OutputLog::open(workspace_, copy_, mounts_, paths, mode);
    EXPECT_TRUE(log) << (log ? "" : log.error().to_string());
    return std::move(*log);
  }
  wire::Output output(PathTable& paths, const std::string& name, const std::string& content) {
    std::string path = workspace_.root + "/" + name;
    EXPECT_TRUE(replace_file(path, content));
    wire::Output out = test::file_output(paths.intern(path), content);
    out.identity = *lstat_identity(path);
    return out;
  }
  const graph::OutputRecord* find(const OutputLog& log, PathTable& paths, const std::string& name) {
    auto it = log.records().find(paths.intern(workspace_.root + "/" + name));
    return it == log.records().end() ? nullptr : &it->second;
  }

  test::TempDir dir_;
  Workspace workspace_;
  graph::Mounts mounts_;
  std::string copy_ = dir_ / "cache/log";
};

TEST_F(OutputLogTest, RecordsComeBackWithIdentityAndDigest) {
  PathTable paths;
  wire::Output out = output(paths, "a.o", "object");
  {
    auto log = open(paths);
    ASSERT_TRUE(log->start("a.o", "1.journal"));
    ASSERT_TRUE(log->add("a.o", {out}));
    ASSERT_TRUE(log->end("a.o"));
  }
  PathTable fresh;
  auto log = open(fresh, OutputLog::Mode::Read);
  const graph::OutputRecord* record = find(*log, fresh, "a.o");
  ASSERT_TRUE(record);
  EXPECT_EQ(record->owner, "a.o");
  EXPECT_EQ(record->digest, Digest::of("object"));
  EXPECT_TRUE(graph::still_recorded(*record, *lstat_identity(workspace_.root + "/a.o")));
  EXPECT_EQ(log->recovered(), 0u);
}

TEST_F(OutputLogTest, TornTailIsIgnoredAndTheNextRecordIsReadable) {
  copy_.clear();
  PathTable paths;
  wire::Output a = output(paths, "a", "1"), b = output(paths, "b", "2"),
               c = output(paths, "c", "3");
  {
    auto log = open(paths);
    ASSERT_TRUE(log->add("a", {a}));
    ASSERT_TRUE(log->add("b", {b}));
  }
  std::uint64_t size = lstat_identity(workspace_.outputs_log())->size;
  for (std::uint64_t cut = 1; cut < 20; ++cut) {
    ASSERT_EQ(::truncate(workspace_.outputs_log().c_str(), static_cast<off_t>(size - cut)), 0);
    PathTable fresh;
    {
      auto log = open(fresh);
      EXPECT_TRUE(find(*log, fresh, "a"));
      EXPECT_FALSE(find(*log, fresh, "b"));
      wire::Output again = c;
      again.path = fresh.intern(workspace_.root + "/c");
      ASSERT_TRUE(log->add("c", {again}));
    }
    PathTable third;
    auto log = open(third);
    EXPECT_TRUE(find(*log, third, "a"));
    EXPECT_TRUE(find(*log, third, "c"));
    // As before, for the next cut.
    ASSERT_TRUE(log->remove({third.intern(workspace_.root + "/c")}));
    wire::Output back = b;
    back.path = third.intern(workspace_.root + "/b");
    ASSERT_TRUE(log->add("b", {back}));
    size = lstat_identity(workspace_.outputs_log())->size;
  }
}

TEST_F(OutputLogTest, AnAppendThatFindsNoSpaceLeavesNoTrace) {
  PathTable paths;
  auto log = open(paths);
  ASSERT_TRUE(log->add("a", {output(paths, "a", "1")}));
  const std::uint64_t size = lstat_identity(workspace_.outputs_log())->size;
  // A limit stands in for the full disk: the write is cut short, then refused.
  ::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  for (std::uint64_t room : {0, 1, 7, 20}) {
    rlimit limit{size + room, before.rlim_max};
    wire::Output b = output(paths, "b", "2");
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
    auto added = log->add("b", {b});
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
    EXPECT_FALSE(added);
    EXPECT_EQ(lstat_identity(workspace_.outputs_log())->size, size);
  }
  ASSERT_TRUE(log->add("c", {output(paths, "c", "3")}));
  log.reset();
  PathTable fresh;
  auto again = open(fresh);
  EXPECT_TRUE(find(*again, fresh, "a"));
  EXPECT_FALSE(find(*again, fresh, "b"));
  EXPECT_TRUE(find(*again, fresh, "c"));
}

TEST_F(OutputLogTest, AKilledRunOwnsWhatItsJournalSays) {
  PathTable paths;
  {
    auto log = open(paths);
    ASSERT_TRUE(log->start("pip", "7.journal"));
  }
  ASSERT_TRUE(replace_file(workspace_.root + "/half", "half"));
  std::string journal = workspace_.root + "/half" + '\0' + workspace_.root + "/never" + '\0' +
                        "/outside" + '\0' + "torn";
  ASSERT_TRUE(replace_file(workspace_.run_dir() + "/7.journal", journal));
  PathTable fresh;
  auto log = open(fresh);
  EXPECT_EQ(log->recovered(), 1u);
  const graph::OutputRecord* record = find(*log, fresh, "half");
  ASSERT_TRUE(record);
  EXPECT_EQ(record->owner, "pip");
  EXPECT_FALSE(find(*log, fresh, "never"));
  EXPECT_FALSE(log->records().count(fresh.intern("/outside")));
  PathTable third;
  EXPECT_EQ(open(third)->recovered(), 0u) << "recovery is itself recorded";
}

// In JSON graphs and JavaScript repositories no mount says where pips write.
TEST_F(OutputLogTest, AKilledRunOwnsWhatItMadeInAWorkspaceOfDeclaredPlaces) {
  mounts_ = graph::Mounts({{"%ws%", workspace_.root, wire::kMountReadable},
                           {"%src%", dir_ / "src", wire::kMountReadable}});
  PathTable paths;
  {
    auto log = open(paths);
    ASSERT_TRUE(log->start("a#build", "7.journal"));
  }
  ASSERT_TRUE(replace_file(workspace_.root + "/half", "half"));
  ASSERT_TRUE(make_directories(dir_ / "src"));
  ASSERT_TRUE(replace_file(dir_ / "src/x", "x"));
  const std::string journal = workspace_.root + "/half" + '\0' + (dir_ / "src/x") + '\0';
  ASSERT_TRUE(replace_file(workspace_.run_dir() + "/7.journal", journal));
  PathTable fresh;
  auto log = open(fresh);
  const graph::OutputRecord* record = find(*log, fresh, "half");
  ASSERT_TRUE(record);
  EXPECT_EQ(record->owner, "a#build");
  EXPECT_FALSE(log->records().count(fresh.intern(dir_ / "src/x")));
}

TEST_F(OutputLogTest, TheCopyServesWhenTheWorkspaceLostItsRecord) {
  PathTable paths;
  wire::Output a = output(paths, "a", "1");
  {
    auto log = open(paths);
    ASSERT_TRUE(log->add("a", {a}));
    // No finish(): the copy grows with every append, also of a build that is killed.
  }
  ASSERT_EQ(::unlink(workspace_.outputs_log().c_str()), 0);
  PathTable fresh;
  auto log = open(fresh);
  EXPECT_TRUE(log->existed());
  EXPECT_TRUE(find(*log, fresh, "a"));
}

TEST_F(OutputLogTest, TheCopyServesWhenTheRecordIsDamaged) {
  PathTable paths;
  {
    auto log = open(paths);
    ASSERT_TRUE(log->add("a", {output(paths, "a", "1")}));
    ASSERT_TRUE(log->add("b", {output(paths, "b", "2")}));
  }
  auto good = read_file(workspace_.outputs_log());
  ASSERT_TRUE(good);
  for (std::size_t at : {std::size_t{3}, std::size_t{20}, good->size() / 2, good->size() - 1}) {
    std::string bytes = *good;
    bytes[at] = static_cast<char>(bytes[at] ^ 0x55);
    ASSERT_TRUE(replace_file(workspace_.outputs_log(), bytes));
    PathTable fresh;
    auto log = open(fresh);
    EXPECT_TRUE(log->existed()) << at;
    EXPECT_TRUE(find(*log, fresh, "a")) << at;
    EXPECT_TRUE(find(*log, fresh, "b")) << at;
    EXPECT_EQ(*read_file(workspace_.outputs_log()), *good) << at;
  }
}

TEST_F(OutputLogTest, DamageWithoutACopyIsSaid) {
  PathTable paths;
  {
    auto log = open(paths);
    ASSERT_TRUE(log->add("a", {output(paths, "a", "1")}));
    ASSERT_TRUE(log->add("b", {output(paths, "b", "2")}));
  }
  ASSERT_EQ(::unlink(copy_.c_str()), 0);
  std::string bytes = *read_file(workspace_.outputs_log());
  bytes[bytes.size() - 1] = static_cast<char>(bytes[bytes.size() - 1] ^ 0x55);
  ASSERT_TRUE(replace_file(workspace_.outputs_log(), bytes));
  PathTable fresh;
  auto log = open(fresh);
  EXPECT_FALSE(log->existed());
  EXPECT_TRUE(find(*log, fresh, "a"));
}

TEST_F(OutputLogTest, GarbageIsAnEmptyLog) {
  ASSERT_TRUE(replace_file(workspace_.outputs_log(), "something else entirely"));
  PathTable paths;
  EXPECT_TRUE(open(paths)->records().empty());
}

TEST_F(OutputLogTest, FinishForgetsSupersededRecordsAndKeepsTheRest) {
  PathTable paths;
  wire::Output a = output(paths, "a", "1"), b = output(paths, "b", "2");
  auto log = open(paths);
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(log->add("a", {a}));
  ASSERT_TRUE(log->add("b", {b}));
  std::uint64_t before = lstat_identity(workspace_.outputs_log())->size;
  ASSERT_TRUE(log->finish());
  EXPECT_LT(lstat_identity(workspace_.outputs_log())->size, before / 2);
  wire::Output c = output(paths, "c", "3");
  ASSERT_TRUE(log->add("c", {c}));
  PathTable fresh;
  auto again = open(fresh);
  for (const char* name : {"a", "b", "c"}) EXPECT_TRUE(find(*again, fresh, name)) << name;
}

}  // namespace
}  // namespace bxl::state
