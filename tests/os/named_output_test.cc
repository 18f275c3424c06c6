// What exists under a name that the user gave stays what it is.
#include "os/named_output.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "support/temp_dir.h"

namespace bxl {
namespace {

namespace fs = std::filesystem;

class NamedOutputTest : public testing::Test {
 protected:
  static std::string bytes(Result<std::string> read) { return read ? *read : "unreadable"; }
  std::string text(const std::string& name) { return bytes(read_file(dir_ / name)); }
  test::TempDir dir_;
};

TEST_F(NamedOutputTest, AFileIsReplacedAsAWholeAndKeepsItsMode) {
  ASSERT_TRUE(replace_file(dir_ / "f", "old", Durable::No, 0640));
  UniqueFd before = std::move(*open_file(dir_ / "f", O_RDONLY));
  {
    auto file = NamedOutput::open(dir_ / "f");
    ASSERT_TRUE(file && file->replaces());
    ASSERT_TRUE(write_all(file->fd(), "half"));
  }  // not committed
  EXPECT_EQ(text("f"), "old");
  ASSERT_TRUE(write_named(dir_ / "f", "new"));
  EXPECT_EQ(text("f"), "new");
  EXPECT_EQ(lstat_identity(dir_ / "f")->mode & 0777, 0640u);
  EXPECT_EQ(bytes(read_fd(before.get())), "old");  // who reads it reads one or the other
  ASSERT_TRUE(write_named(dir_ / "absent", "1"));
  EXPECT_EQ(text("absent"), "1");
}

TEST_F(NamedOutputTest, ASymlinkStaysAndItsTargetGetsTheText) {
  fs::create_directory(dir_ / "sub");
  ASSERT_TRUE(replace_file(dir_ / "sub/real", "old"));
  fs::create_symlink("sub/real", dir_ / "link");
  fs::create_symlink("link", dir_ / "again");
  fs::create_symlink("sub/new", dir_ / "dangling");
  ASSERT_TRUE(write_named(dir_ / "again", "text"));
  ASSERT_TRUE(write_named(dir_ / "dangling", "made"));
  EXPECT_TRUE(fs::is_symlink(dir_ / "again") && fs::is_symlink(dir_ / "link"));
  EXPECT_EQ(text("sub/real"), "text");
  EXPECT_EQ(text("sub/new"), "made");
}

TEST_F(NamedOutputTest, AFifoIsWrittenInto) {
  ASSERT_EQ(::mkfifo((dir_ / "fifo").c_str(), 0600), 0);
  UniqueFd reader = std::move(*open_file(dir_ / "fifo", O_RDONLY | O_NONBLOCK));
  ASSERT_TRUE(write_named(dir_ / "fifo", "through"));
  EXPECT_EQ(bytes(read_fd(reader.get())), "through");
  EXPECT_TRUE(fs::is_fifo(dir_ / "fifo"));
}

TEST_F(NamedOutputTest, NamesOfAStandardStreamMeanTheUsers) {
  // The file that a shell redirected into has something in it already.
  UniqueFd theirs = std::move(*open_file(dir_ / "out", O_RDWR | O_CREAT));
  ASSERT_TRUE(write_all(theirs.get(), "before "));
  fs::create_symlink("/proc/self/fd/1", dir_ / "stdout");
  ASSERT_TRUE(write_named(dir_ / "stdout", "one ", {-1, theirs.get(), -1}));
  ASSERT_TRUE(write_named("/dev/fd/1", "two ", {-1, theirs.get(), -1}));
  ASSERT_TRUE(write_named("/proc/self/fd/" + std::to_string(theirs.get()), "three"));
  EXPECT_EQ(text("out"), "before one two three");
  EXPECT_TRUE(fs::is_symlink(dir_ / "stdout"));
  auto closed = NamedOutput::open("/dev/fd/2", {-1, theirs.get(), -1});
  ASSERT_FALSE(closed);
  EXPECT_EQ(closed.error().errnum, EBADF);
}

TEST_F(NamedOutputTest, DirectoriesAndCirclesAreErrors) {
  fs::create_symlink("b", dir_ / "a");
  fs::create_symlink("a", dir_ / "b");
  EXPECT_EQ(write_named(dir_.path(), "x").error().errnum, EISDIR);
  EXPECT_EQ(write_named(dir_ / "a", "x").error().errnum, ELOOP);
  EXPECT_EQ(write_named(dir_ / "no/such", "x").error().errnum, ENOENT);
}

}  // namespace
}  // namespace bxl
