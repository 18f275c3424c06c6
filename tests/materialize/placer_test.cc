// Placer: the only hand that writes cached content into the tree or takes files out of it.
#include "materialize/placer.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <random>
#include <thread>

#include "os/rename.h"
#include "os/tree.h"
#include "support/graph_text.h"
#include "support/temp_dir.h"

namespace bxl::materialize {
namespace {

class PlacerTest : public testing::Test {
 protected:
  PlacerTest()
      : workspace_{dir_ / "ws"}, mounts_({{"%build%", workspace_.root, wire::kMountOutput}}) {
    EXPECT_TRUE(make_directories(workspace_.root));
    EXPECT_TRUE(workspace_.create());
    auto store = cas::BlobStore::open(dir_ / "cache");
    EXPECT_TRUE(store);
    store_ = std::make_unique<cas::BlobStore>(std::move(*store));
    auto log =
        state::OutputLog::open(workspace_, "", mounts_, paths_, state::OutputLog::Mode::Write);
    EXPECT_TRUE(log);
    log_ = std::move(*log);
    placer_ = std::make_unique<Placer>(workspace_, mounts_, paths_, *store_, *log_,
                                       [this](const Note& n) { notes_.push_back(sentence(n)); });
  }
  std::string in(const std::string& name) { return workspace_.root + "/" + name; }
  PathId path(const std::string& name) { return paths_.intern(in(name)); }
  wire::Output stored(const std::string& name, const std::string& content) {
    EXPECT_TRUE(store_->put_bytes(content));
    return test::file_output(path(name), content);
  }
  Placed place(const wire::Output& out, Declared declared = Declared::Yes) {
    auto placed = placer_->place("pip", out, declared);
    EXPECT_TRUE(placed) << (placed ? "" : placed.error().to_string());
    return placed ? placed->placed : Placed::UsersFile;
  }
  std::string read(const std::string& name) {
    auto bytes = read_file(in(name));
    return bytes ? *bytes : "(absent)";
  }
  void write(const std::string& name, const std::string& content) {
    EXPECT_TRUE(replace_file(in(name), content));
  }

  test::TempDir dir_;
  PathTable paths_;
  state::Workspace workspace_;
  graph::Mounts mounts_;
  std::unique_ptr<cas::BlobStore> store_;
  std::unique_ptr<state::OutputLog> log_;
  std::unique_ptr<Placer> placer_;
  std::vector<std::string> notes_;
};

TEST_F(PlacerTest, WritesOnceThenLeavesAlone) {
  wire::Output out = stored("deep/a", "content");
  EXPECT_EQ(place(out), Placed::Written);
  EXPECT_EQ(read("deep/a"), "content");
  FileIdentity first = *lstat_identity(in("deep/a"));
  EXPECT_EQ(place(out), Placed::AlreadyThere);
  EXPECT_EQ(*lstat_identity(in("deep/a")), first);
}

TEST_F(PlacerTest, ForbiddenOutputKeepsTheWholeResultOut) {
  std::vector<wire::Output> outputs{stored("a", "one"), stored("b", "two")};
  auto placed = placer_->place_all("pip", outputs, [&](const wire::Output& output) {
    return output.path == path("b") ? Declared::Forbidden : Declared::Yes;
  });
  ASSERT_FALSE(placed);
  EXPECT_EQ(placed.error().errnum, EPERM);
  EXPECT_EQ(read("a"), "(absent)");
}

TEST_F(PlacerTest, DirectoriesAreNotMadeBehindLinks) {
  ASSERT_TRUE(make_directories(dir_ / "elsewhere"));
  ASSERT_EQ(::symlink((dir_ / "elsewhere").c_str(), in("link").c_str()), 0);
  wire::Output directory;
  directory.path = path("link/made/deep");
  directory.kind = wire::OutputKind::Directory;
  EXPECT_FALSE(placer_->place("pip", directory, Declared::No));
  EXPECT_FALSE(placer_->make_directory(path("link/made")));
  EXPECT_FALSE(placer_->place("pip", stored("link/made/file", "x"), Declared::Yes));
  EXPECT_TRUE(list_directory(dir_ / "elsewhere")->empty());
}

TEST_F(PlacerTest, ReplacesItsOwnOlderOutput) {
  EXPECT_EQ(place(stored("a", "old")), Placed::Written);
  EXPECT_EQ(place(stored("a", "new")), Placed::Written);
  EXPECT_EQ(read("a"), "new");
  EXPECT_TRUE(notes_.empty());
}

TEST_F(PlacerTest, AdoptsAByteEqualFileWithoutTouchingIt) {
  write("a", "content");
  FileIdentity before = *lstat_identity(in("a"));
  EXPECT_EQ(place(stored("a", "content"), Declared::No), Placed::AlreadyThere);
  EXPECT_EQ(*lstat_identity(in("a")), before);
}

TEST_F(PlacerTest, SetsAsideAUsersFileInThePlaceOfADeclaredOutput) {
  write("a", "the user's");
  EXPECT_EQ(place(stored("a", "made")), Placed::Written);
  EXPECT_EQ(read("a"), "made");
  ASSERT_EQ(notes_.size(), 1u);
  std::string where = notes_[0].substr(notes_[0].rfind(' ') + 1);
  EXPECT_EQ(*read_file(where), "the user's");
}

TEST_F(PlacerTest, NeverReplacesAUsersFileByAnUndeclaredOutput) {
  write("a", "the user's");
  EXPECT_EQ(place(stored("a", "made"), Declared::No), Placed::UsersFile);
  EXPECT_EQ(read("a"), "the user's");
}

TEST_F(PlacerTest, DamagedContentIsLostAndTheOldFileStays) {
  wire::Output out = stored("a", "good content");
  write("a", "older");
  ASSERT_EQ(place(test::file_output(path("a"), "never stored")), Placed::LostBlob);
  EXPECT_EQ(read("a"), "older");
}

TEST_F(PlacerTest, AResultIsRestoredWholeOrNotAtAll) {
  std::vector<wire::Output> outputs = {stored("a", "old a"), stored("b", "old b")};
  auto all = [&] {
    auto placed =
        placer_->place_all("pip", outputs, [](const wire::Output&) { return Declared::Yes; });
    EXPECT_TRUE(placed) << (placed ? "" : placed.error().to_string());
    return placed ? *placed : PlacedAll{};
  };
  EXPECT_EQ(all().files, 2u);
  outputs = {stored("a", "new a"), stored("b", "new b"), stored("sub/c", "new c")};
  for (const char* damaged : {"new b", "new c"}) {
    const std::string hex = Digest::of(damaged).hex();
    ASSERT_TRUE(replace_file(store_->root() + "/objects/" + hex.substr(0, 2) + "/" + hex.substr(2),
                             "xxx x"));
  }
  EXPECT_EQ(all().placed, Placed::LostBlob);
  EXPECT_EQ(read("a"), "old a");
  EXPECT_EQ(read("b"), "old b");
  EXPECT_FALSE(lstat_identity(in("sub"))->exists());
  EXPECT_TRUE(list_directory(workspace_.tmp_dir())->empty());
  // Both were found out at once: what the producer makes now is stored anew.
  EXPECT_FALSE(store_->put_bytes("new b")->existed);
  EXPECT_FALSE(store_->put_bytes("new c")->existed);
  const PlacedAll placed = all();
  EXPECT_EQ(placed.placed, Placed::Written);
  EXPECT_EQ(placed.files, 3u);
  EXPECT_EQ(placed.bytes, 15u);
  EXPECT_EQ(read("a"), "new a");
  EXPECT_EQ(read("sub/c"), "new c");
  EXPECT_EQ(all().placed, Placed::AlreadyThere);
}

TEST_F(PlacerTest, ExecutableBitAndLinksAreRestored) {
  wire::Output tool = stored("tool", "#!/bin/sh\n");
  tool.executable = true;
  EXPECT_EQ(place(tool), Placed::Written);
  EXPECT_TRUE(lstat_identity(in("tool"))->executable);
  wire::Output link;
  link.path = path("link");
  link.kind = wire::OutputKind::Symlink;
  link.link_target = "tool";
  link.digest = Digest::of("tool");
  EXPECT_EQ(place(link), Placed::Written);
  EXPECT_EQ(*read_link(in("link")), "tool");
  EXPECT_EQ(place(link), Placed::AlreadyThere);
}

TEST_F(PlacerTest, RefusesToWriteThroughASymlinkedDirectory) {
  ASSERT_TRUE(make_directories(dir_ / "elsewhere"));
  ASSERT_EQ(::symlink((dir_ / "elsewhere").c_str(), in("out").c_str()), 0);
  auto placed = placer_->place("pip", stored("out/a", "content"), Declared::Yes);
  ASSERT_FALSE(placed);
  EXPECT_EQ(placed.error().errnum, ELOOP);
  EXPECT_FALSE(lstat_identity(dir_ / "elsewhere/a")->exists());
}

TEST_F(PlacerTest, ClearRemovesRecordedFilesAndSavesOthers) {
  EXPECT_EQ(place(stored("mine", "made")), Placed::Written);
  write("users", "the user's");
  ASSERT_TRUE(make_directories(in("directory")));
  ASSERT_TRUE(
      placer_->clear("pip", {path("mine"), path("users"), path("directory"), path("absent")}));
  EXPECT_EQ(read("mine"), "(absent)");
  EXPECT_EQ(read("users"), "(absent)");
  EXPECT_EQ(lstat_identity(in("directory"))->kind, FileKind::Directory);
  // The pip wrote something and failed: the user's file wins.
  write("users", "half made");
  wire::Output junk = test::file_output(path("users"), "half made");
  junk.identity = *lstat_identity(in("users"));
  ASSERT_TRUE(log_->add("pip", {junk}));
  ASSERT_TRUE(placer_->restore_saved("pip"));
  EXPECT_EQ(read("users"), "the user's");
}

TEST_F(PlacerTest, ScrubRemovesOnlyWhatStillIsAsRecorded) {
  EXPECT_EQ(place(stored("stale", "made")), Placed::Written);
  EXPECT_EQ(place(stored("edited", "made")), Placed::Written);
  FileIdentity stale = *lstat_identity(in("stale")), edited = *lstat_identity(in("edited"));
  write("edited", "by hand");
  EXPECT_TRUE(*placer_->scrub(path("stale"), stale));
  EXPECT_FALSE(*placer_->scrub(path("edited"), edited));
  EXPECT_EQ(read("stale"), "(absent)");
  EXPECT_EQ(read("edited"), "by hand");
  EXPECT_TRUE(log_->records().empty());
}

// A command makes two names of one file: removing the first changes the second one's ctime.
TEST_F(PlacerTest, BothNamesOfAHardLinkedOutputAreRemoved) {
  write("one", "made");
  for (const char* name : {"two", "three", "four"})
    ASSERT_EQ(::link(in("one").c_str(), in(name).c_str()), 0);
  std::vector<wire::Output> outputs;
  for (const char* name : {"one", "two", "three", "four"}) {
    outputs.push_back(test::file_output(path(name), "made"));
    outputs.back().identity = *lstat_identity(in(name));
  }
  ASSERT_TRUE(log_->add("pip", outputs));
  ASSERT_TRUE(placer_->clear("pip", {path("one"), path("two")}));
  EXPECT_EQ(read("one"), "(absent)");
  EXPECT_EQ(read("two"), "(absent)");
  EXPECT_TRUE(notes_.empty()) << notes_.front();
  EXPECT_TRUE(*placer_->scrub(path("three"), outputs[2].identity));
  // Edited in place, it is the user's.
  ASSERT_EQ(::truncate(in("four").c_str(), 2), 0);
  ASSERT_TRUE(placer_->clear("pip", {path("four")}));
  EXPECT_EQ(notes_.size(), 1u);
  ASSERT_TRUE(placer_->restore_saved("pip"));
  EXPECT_EQ(read("four"), "ma");
}

TEST_F(PlacerTest, WhatIsInTheWayOfADirectoryKeepsEverythingWhereItIs) {
  write("a", "the user's");
  write("d", "a file of the user's");
  std::vector<wire::Output> outputs = {stored("a", "made"), stored("d/x", "made")};
  auto placed =
      placer_->place_all("pip", outputs, [](const wire::Output&) { return Declared::Yes; });
  ASSERT_FALSE(placed);
  EXPECT_EQ(placed.error().errnum, ENOTDIR);
  EXPECT_EQ(read("a"), "the user's");
  EXPECT_TRUE(notes_.empty());
}

TEST_F(PlacerTest, ADirectoryThatCannotBeWrittenKeepsEverythingWhereItIs) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
  write("a", "the user's");
  ASSERT_TRUE(make_directories(in("d")));
  write("d/x", "the user's, too");
  ASSERT_EQ(::chmod(in("d").c_str(), 0555), 0);
  std::vector<wire::Output> outputs = {stored("a", "made"), stored("d/x", "made")};
  auto placed =
      placer_->place_all("pip", outputs, [](const wire::Output&) { return Declared::Yes; });
  ASSERT_FALSE(placed);
  EXPECT_EQ(placed.error().errnum, EACCES);
  EXPECT_FALSE(placer_->clear("pip", {path("a"), path("d/x")}));
  ::chmod(in("d").c_str(), 0755);
  EXPECT_EQ(read("a"), "the user's");
  EXPECT_EQ(read("d/x"), "the user's, too");
}

TEST_F(PlacerTest, WhatWasSavedMeanwhileIsNotReplacedByWhatComesBack) {
  write("users", "the user's");
  ASSERT_TRUE(placer_->clear("pip", {path("users")}));
  write("users", "saved while the pip ran");
  ASSERT_TRUE(placer_->restore_saved("pip"));
  EXPECT_EQ(read("users"), "saved while the pip ran");
  ASSERT_EQ(notes_.size(), 1u);
  EXPECT_EQ(*read_file(notes_[0].substr(notes_[0].rfind(' ') + 1)), "the user's");
}

TEST_F(PlacerTest, WhatAKilledBuildHeldIsSaved) {
  ASSERT_TRUE(replace_file(workspace_.tmp_dir() + "/held-1-0", "the user's"));
  ASSERT_TRUE(placer_->rescue());
  ASSERT_EQ(notes_.size(), 1u);
  EXPECT_EQ(*read_file(notes_[0].substr(notes_[0].rfind(' ') + 1)), "the user's");
}

// Somebody saves a file, in each way that editors have, at a random moment of each of the ways in
// which bxl changes a tree.
class ConcurrentSaves : public PlacerTest, public testing::WithParamInterface<bool> {
 protected:
  ConcurrentSaves() { refuse_rename_flags(GetParam()); }
  ~ConcurrentSaves() override { refuse_rename_flags(false); }

  void save(unsigned how, const std::string& text) {
    const std::string to = in("out");
    if (how == 0) {
      EXPECT_TRUE(replace_file(to, text));
      return;
    }
    const int flags = O_WRONLY | O_CREAT | (how == 1 ? O_TRUNC : O_APPEND);
    auto fd = open_file(to, flags);
    std::this_thread::yield();
    if (fd) EXPECT_TRUE(write_all(fd->get(), text));
  }
  bool is_kept(const std::string& text) {
    if (read("out").ends_with(text)) return true;
    auto builds = list_directory(workspace_.saved_dir());
    if (!builds) return false;
    for (const std::string& build : *builds) {
      auto names = list_directory(workspace_.saved_dir() + "/" + build);
      EXPECT_TRUE(names);
      for (const std::string& name : *names)
        if (read_file(workspace_.saved_dir() + "/" + build + "/" + name)->ends_with(text))
          return true;
    }
    return false;
  }
};

TEST_P(ConcurrentSaves, AreNeverLost) {
  std::mt19937 random(12);
  const wire::Output old = stored("out", "old content"), made = stored("out", "new content");
  const FileIdentity none;
  for (int round = 0; round < 240; ++round) {
    SCOPED_TRACE(round);
    ::unlink(in("out").c_str());
    if (round % 3 != 0) EXPECT_EQ(place(old), Placed::Written);
    const std::string text = "by hand " + std::to_string(round);
    const unsigned how = random() % 3, spins = random() % 200000;
    std::thread saver([&] {
      for (unsigned spin = 0; spin < spins; ++spin)
        std::atomic_signal_fence(std::memory_order_seq_cst);
      save(how, text);
    });
    switch (random() % 4) {
      case 0:
        place(made, Declared::Yes);
        break;
      case 1:
        place(made, Declared::No);
        break;
      case 2:
        EXPECT_TRUE(placer_->clear("pip", {path("out")}));
        if (random() % 2) EXPECT_TRUE(placer_->restore_saved("pip"));
        break;
      default:
        if (auto known = log_->records().find(path("out")); known != log_->records().end())
          EXPECT_TRUE(placer_->scrub(path("out"), FileIdentity(known->second.identity)));
        break;
    }
    saver.join();
    ASSERT_TRUE(is_kept(text)) << "saved by way " << how << ", out is " << read("out");
    placer_->forget_saved("pip");
    EXPECT_TRUE(remove_tree(workspace_.saved_dir()));
    notes_.clear();
  }
}

INSTANTIATE_TEST_SUITE_P(FileSystems, ConcurrentSaves, testing::Bool(), [](const auto& info) {
  return info.param ? "WithoutRenameFlags" : "WithRenameFlags";
});

}  // namespace
}  // namespace bxl::materialize
