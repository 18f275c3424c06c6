// Files written and copied without a process: what is made, and what is said to have been touched.
#include "exec/builtin.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path_table.h"
#include "os/file.h"
#include "support/temp_dir.h"

namespace bxl::exec {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class BuiltinTest : public ::testing::Test {
 protected:
  void write(const std::string& name, const std::string& text, mode_t mode = 0644) {
    ASSERT_TRUE(make_directories(std::string(parent_path(dir_ / name))));
    ASSERT_TRUE(replace_file(dir_ / name, text, Durable::No, mode));
  }
  sandbox::Outcome run(Builtin::Kind kind, const std::string& from, const std::string& to) {
    Builtin builtin;
    builtin.kind = kind;
    builtin.from = dir_ / from;
    builtin.to = dir_ / to;
    auto outcome = run_builtin(builtin, dir_ / "journal");
    EXPECT_TRUE(outcome) << (outcome ? "" : outcome.error().to_string());
    return outcome ? std::move(*outcome) : sandbox::Outcome();
  }
  // "name: ops" of each access below the directory, in the letters r s l(ist) w m(kdir) k(symlink).
  std::vector<std::string> accesses(const sandbox::Outcome& outcome) {
    std::vector<std::string> out;
    for (const sandbox::Access& a : outcome.accesses) {
      std::string text = a.path.substr(dir_.path().size() + 1) + ": ";
      for (auto [op, letter] : {std::pair(sandbox::kRead, 'r'),
                                {sandbox::kStat, 's'},
                                {sandbox::kEnumerate, 'l'},
                                {sandbox::kWrite, 'w'},
                                {sandbox::kMkdir, 'm'},
                                {sandbox::kSymlink, 'k'}})
        if (a.ops & op) text += letter;
      if (a.first_mutation_seq != 0) text += a.before_mutation.exists() ? "!" : "+";
      out.push_back(text);
    }
    return out;
  }

  test::TempDir dir_;
};

TEST_F(BuiltinTest, AFileIsWrittenWithItsXBitAndJournaled) {
  Builtin builtin;
  builtin.kind = Builtin::Kind::WriteFile;
  builtin.to = dir_ / "out";
  builtin.content = std::string("a\0b", 3);
  builtin.executable = true;
  auto outcome = run_builtin(builtin, dir_ / "journal");
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->exit_code, 0);
  EXPECT_EQ(*read_file(dir_ / "out"), builtin.content);
  EXPECT_TRUE(lstat_identity(dir_ / "out")->executable);
  EXPECT_THAT(accesses(*outcome), ElementsAre("out: w+"));
  EXPECT_EQ(*read_file(dir_ / "journal"), (dir_ / "out") + '\0');
}

TEST_F(BuiltinTest, WhatIsInTheWayIsLeftAndTold) {
  write("in", "1");
  write("out", "mine");
  auto outcome = run(Builtin::Kind::CopyFile, "in", "out");
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.console, HasSubstr("out is in the way"));
  EXPECT_EQ(*read_file(dir_ / "out"), "mine");
}

TEST_F(BuiltinTest, ACopyFollowsLinksAndNamesThemAll) {
  write("real/tool", "#!", 0755);
  ASSERT_EQ(::symlink("real", (dir_ / "dir").c_str()), 0);
  ASSERT_EQ(::symlink("dir/tool", (dir_ / "link").c_str()), 0);
  auto outcome = run(Builtin::Kind::CopyFile, "link", "out");
  EXPECT_EQ(outcome.exit_code, 0) << outcome.console;
  EXPECT_TRUE(lstat_identity(dir_ / "out")->executable);
  EXPECT_THAT(accesses(outcome), ElementsAre("dir: rs", "link: rs", "out: w+", "real/tool: rs"));
}

TEST_F(BuiltinTest, SourcesThatCannotBeCopiedFailThePip) {
  ASSERT_TRUE(make_directories(dir_ / "dir"));
  ASSERT_EQ(::mkfifo((dir_ / "fifo").c_str(), 0600), 0);
  ASSERT_EQ(::symlink("loop", (dir_ / "loop").c_str()), 0);
  const std::pair<const char*, const char*> cases[] = {{"none", "none is missing"},
                                                       {"dir", "dir is a directory"},
                                                       {"fifo", "fifo is not a plain file"},
                                                       {"loop", "Too many levels"},
                                                       {"no/where", "no is missing"}};
  for (const auto& [from, message] : cases) {
    auto outcome = run(Builtin::Kind::CopyFile, from, "out");
    EXPECT_EQ(outcome.exit_code, 1) << from;
    EXPECT_THAT(outcome.console, HasSubstr(message));
    EXPECT_FALSE(lstat_identity(dir_ / "out")->exists());
  }
  write("file", "");
  EXPECT_THAT(run(Builtin::Kind::CopyTree, "file", "dir").console, HasSubstr("is no directory"));
}

TEST_F(BuiltinTest, ATreeIsListedReadAndMade) {
  write("src/a", "1", 0755);
  write("src/d/b", "2");
  write("src/.git/config", "not copied");
  ASSERT_TRUE(make_directories(dir_ / "src/empty"));
  ASSERT_EQ(::symlink("../nowhere", (dir_ / "src/l").c_str()), 0);
  ASSERT_TRUE(make_directories(dir_ / "to"));
  auto outcome = run(Builtin::Kind::CopyTree, "src", "to");
  EXPECT_EQ(outcome.exit_code, 0) << outcome.console;
  EXPECT_THAT(accesses(outcome), ElementsAre("src: l", "src/a: rs", "src/d: l", "src/d/b: rs",
                                             "src/empty: l", "src/l: rs", "to/a: w+", "to/d: m+",
                                             "to/d/b: w+", "to/empty: m+", "to/l: k+"));
  EXPECT_THAT(*list_directory(dir_ / "to"), ElementsAre("a", "d", "empty", "l"));
  EXPECT_EQ(*read_link(dir_ / "to/l"), "../nowhere");
  EXPECT_EQ(*read_file(dir_ / "to/d/b"), "2");
  EXPECT_THAT(outcome.accesses[0].members, ElementsAre(".git", "a", "d", "empty", "l"));
}

TEST_F(BuiltinTest, ADiskThatCannotBeWrittenIsAnErrorOfOurs) {
  Builtin builtin;
  builtin.kind = Builtin::Kind::WriteFile;
  builtin.to = dir_ / "none/out";
  auto outcome = run_builtin(builtin, dir_ / "journal");
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().errnum, ENOENT);
}

TEST_F(BuiltinTest, RedirectedStreamsAreAccessesBeforeAllOthers) {
  write("in", "text");
  auto streams = redirect(dir_ / "in", "", dir_ / "log", dir_ / "log", dir_ / "journal");
  ASSERT_TRUE(streams);
  ASSERT_TRUE(write_all(streams->output.get(), "o"));
  ASSERT_TRUE(write_all(streams->errors.get(), "e"));
  EXPECT_EQ(*read_file(dir_ / "log"), "oe");
  EXPECT_EQ(*read_fd(streams->input.get()), "text");

  sandbox::Access own;  // the command reads what it has printed, and a file of its own
  own.path = dir_ / "log";
  own.ops = own.first_ops = sandbox::kRead;
  own.first = *lstat_identity(own.path);
  own.first_seq = own.first_content_seq = 1;
  sandbox::Outcome outcome;
  outcome.accesses = {own};
  add_first(outcome.accesses, streams->accesses);
  ASSERT_THAT(accesses(outcome), ElementsAre("in: r", "log: rw+"));
  EXPECT_LT(outcome.accesses[1].first_mutation_seq, outcome.accesses[1].first_content_seq);
  EXPECT_FALSE(outcome.accesses[1].first.exists());
}

TEST_F(BuiltinTest, ATextIsAStreamWithoutAFile) {
  auto streams = redirect("", "some text", "", "", dir_ / "journal");
  ASSERT_TRUE(streams);
  EXPECT_EQ(*read_fd(streams->input.get()), "some text");
  EXPECT_TRUE(streams->accesses.empty());
}

}  // namespace
}  // namespace bxl::exec
