// Cleaning: what goes, in which order, and what stays.
#include "materialize/cleaning.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>

#include "support/temp_dir.h"

namespace bxl::materialize {
namespace {

class CleaningTest : public testing::Test {
 protected:
  CleaningTest()
      : workspace_{dir_ / "ws"}, mounts_({{"%build%", workspace_.root, wire::kMountOutput}}) {
    EXPECT_TRUE(make_directories(workspace_.root));
    EXPECT_TRUE(workspace_.create());
    auto log =
        state::OutputLog::open(workspace_, "", mounts_, paths_, state::OutputLog::Mode::Write);
    EXPECT_TRUE(log);
    log_ = std::move(*log);
  }
  std::string in(const std::string& name) { return workspace_.root + "/" + name; }
  void file(const std::string& name, const std::string& content) {
    EXPECT_TRUE(make_directories(std::string(parent_path(in(name)))));
    EXPECT_TRUE(replace_file(in(name), content));
  }
  void record(const std::string& name) {
    wire::Output out;
    out.path = paths_.intern(in(name));
    out.identity = *lstat_identity(in(name));
    out.kind = out.identity.kind == FileKind::Directory ? wire::OutputKind::Directory
                                                        : wire::OutputKind::File;
    EXPECT_TRUE(log_->add("pip", {out}));
  }
  Cleaned clean() {
    const Tell tell = [this](const Note& note) { notes_.push_back(sentence(note)); };
    Custody custody(workspace_, mounts_, tell);
    Remover remover(mounts_, paths_, *log_, custody, tell);
    return remove_recorded(remover, log_->records(), paths_);
  }
  std::vector<std::string> announced() {
    Cleaned sum;
    std::vector<std::string> names;
    for (PathId path : removable(log_->records(), paths_, &sum))
      names.push_back(paths_.str(path).substr(workspace_.root.size() + 1));
    return names;
  }
  bool there(const std::string& name) { return lstat_identity(in(name))->exists(); }

  test::TempDir dir_;
  PathTable paths_;
  state::Workspace workspace_;
  graph::Mounts mounts_;
  std::unique_ptr<state::OutputLog> log_;
  std::vector<std::string> notes_;
};

TEST_F(CleaningTest, MembersGoBeforeTheirDirectories) {
  file("d/sub/a", "1");
  file("d-b", "2");
  for (const char* name : {"d", "d/sub", "d/sub/a", "d-b"}) record(name);
  EXPECT_EQ(announced(), (std::vector<std::string>{"d/sub/a", "d/sub", "d-b", "d"}));
  Cleaned done = clean();
  EXPECT_EQ(done.files, 2u);
  EXPECT_EQ(done.directories, 2u);
  EXPECT_EQ(done.bytes, 2u);
  EXPECT_TRUE(done.problems.empty());
  EXPECT_FALSE(there("d") || there("d-b"));
  EXPECT_TRUE(log_->records().empty());
}

TEST_F(CleaningTest, DirectoryWithAUsersFileStaysOnRecord) {
  file("d/a", "1");
  record("d");
  record("d/a");
  file("d/mine", "2");
  EXPECT_EQ(announced(), std::vector<std::string>{"d/a"});
  EXPECT_EQ(clean().files, 1u);
  EXPECT_TRUE(there("d/mine"));
  EXPECT_TRUE(log_->records().count(paths_.intern(in("d"))));
}

TEST_F(CleaningTest, ChangedFileIsTheUsersAndNoLongerOnRecord) {
  file("a", "1");
  record("a");
  file("a", "edited");
  EXPECT_TRUE(announced().empty());
  EXPECT_EQ(clean().files, 0u);
  EXPECT_TRUE(there("a"));
  EXPECT_EQ(notes_.size(), 1u);
  EXPECT_TRUE(log_->records().empty());
}

TEST_F(CleaningTest, DirectoryMadeAnewByTheUserStays) {
  EXPECT_TRUE(make_directories(in("d")));
  record("d");
  EXPECT_TRUE(make_directories(in("other")));  // so that the inode is not given out again
  EXPECT_EQ(::rmdir(in("d").c_str()), 0);
  EXPECT_EQ(::rename(in("other").c_str(), in("d").c_str()), 0);
  EXPECT_TRUE(announced().empty());
  EXPECT_EQ(clean().directories, 0u);
  EXPECT_TRUE(there("d"));
}

TEST_F(CleaningTest, NothingIsRemovedBehindAUsersSymlink) {
  file("d/a", "1");
  EXPECT_TRUE(make_directories(in("d/sub")));
  record("d/a");
  record("d/sub");
  EXPECT_EQ(::rename(in("d").c_str(), in("moved").c_str()), 0);
  EXPECT_EQ(::symlink("moved", in("d").c_str()), 0);
  Cleaned done = clean();
  EXPECT_EQ(done.files + done.directories, 0u);
  EXPECT_TRUE(done.problems.empty());
  EXPECT_TRUE(there("moved/a") && there("moved/sub"));
  EXPECT_TRUE(log_->records().empty()) << "what lies behind a link is the user's from now on";
}

}  // namespace
}  // namespace bxl::materialize
