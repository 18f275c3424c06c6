// The hash memo: what it remembers, what it must not trust, and damaged or shared files.
#include "cas/hash_memo.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <csignal>
#include <filesystem>
#include <random>
#include <thread>

#include "cas/change_clock.h"
#include "cas/memo_file.h"
#include "support/temp_dir.h"

namespace bxl::cas {
namespace {

namespace fs = std::filesystem;
constexpr std::int64_t kSecond_ns = 1'000'000'000;

class HashMemoTest : public ::testing::Test {
 protected:
  std::unique_ptr<HashMemo> open() {
    auto memo = HashMemo::open(dir_ / "cache");
    EXPECT_TRUE(memo) << memo.error().to_string();
    return std::move(*memo);
  }
  std::string file(const std::string& name, std::string_view bytes) {
    EXPECT_TRUE(replace_file(dir_ / name, bytes));
    return dir_ / name;
  }
  // Until a digest of what was written before may be kept: a ctime must be two ticks old.
  static void age() { std::this_thread::sleep_for(std::chrono::milliseconds(60)); }
  bool on_change_clock() {
    ClockTable clocks;
    auto fd = open_directory(dir_.path());
    return clocks.reliable(fstat_identity(fd->get())->dev, fd->get());
  }
  std::string memo_path() const { return dir_ / "cache/hash-memo"; }

  test::TempDir dir_;
};

TEST_F(HashMemoTest, FileIsHashedOnceAcrossProcesses) {
  if (!on_change_clock()) GTEST_SKIP() << "no change clock here";
  const std::string path = file("a", "hello");
  age();
  const FileIdentity identity = *lstat_identity(path);
  {
    auto memo = open();
    EXPECT_EQ(*memo->digest(path, identity), Digest::of("hello"));
    EXPECT_EQ(*memo->digest(path, identity), Digest::of("hello"));
    EXPECT_EQ(memo->files_hashed(), 1u);
    ASSERT_TRUE(memo->save());
  }
  auto memo = open();
  EXPECT_EQ(memo->find(identity), Digest::of("hello"));
  EXPECT_EQ(*memo->digest(path, identity), Digest::of("hello"));
  EXPECT_EQ(memo->files_hashed(), 0u);
}

TEST_F(HashMemoTest, EditWithSizeAndMtimeRestoredIsNoticed) {
  const std::string path = file("a", "version 1");
  age();
  auto memo = open();
  struct stat st;
  ASSERT_EQ(::stat(path.c_str(), &st), 0);
  EXPECT_EQ(*memo->digest(path, *lstat_identity(path)), Digest::of("version 1"));
  {
    auto fd = open_file(path, O_WRONLY);
    ASSERT_TRUE(write_all(fd->get(), "version 2"));
  }
  timespec times[2] = {st.st_atim, st.st_mtim};
  ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
  const FileIdentity edited = *lstat_identity(path);
  EXPECT_EQ(edited.mtime_ns, st.st_mtim.tv_sec * kSecond_ns + st.st_mtim.tv_nsec);
  EXPECT_EQ(*memo->digest(path, edited), Digest::of("version 2"));
}

// The identity of a file written a moment ago may stay the same over the next write.
TEST_F(HashMemoTest, YoungFileIsHashedAgain) {
  auto memo = open();
  const std::string path = file("a", "x");
  const FileIdentity identity = *lstat_identity(path);
  if (now_unix_ns() - identity.ctime_ns > 15'000'000) GTEST_SKIP() << "the machine is too slow";
  EXPECT_EQ(trust_in(identity, identity.ctime_ns + 1, true), Trust::No);
  ASSERT_TRUE(memo->digest(path, identity));
  ASSERT_TRUE(memo->save());
  EXPECT_EQ(load_memo(memo_path()).live(), 0u);
}

TEST(ChangeClock, AgeDecidesInTicks) {
  FileIdentity id;
  id.kind = FileKind::File;
  id.ctime_ns = 1'700'000'000 * kSecond_ns + 123;
  EXPECT_EQ(trust_in(id, id.ctime_ns - 1, true), Trust::No) << "ctime in the future";
  EXPECT_EQ(trust_in(id, id.ctime_ns + 20'000'000, true), Trust::No);
  EXPECT_EQ(trust_in(id, id.ctime_ns + 20'000'001, true), Trust::Always);
  EXPECT_EQ(trust_in(id, id.ctime_ns + 20'000'001, false), Trust::No);
  EXPECT_EQ(trust_in(id, id.ctime_ns + 5 * kSecond_ns, false), Trust::Process);
}

TEST(ChangeClock, WholeSecondsAreTrustedWhileTheMountLasts) {
  FileIdentity id;
  id.ctime_ns = 1'700'000'000 * kSecond_ns;
  EXPECT_EQ(trust_in(id, id.ctime_ns + kSecond_ns, true), Trust::No);
  EXPECT_EQ(trust_in(id, id.ctime_ns + 86400 * kSecond_ns, true), Trust::Mounted);
  EXPECT_EQ(trust_in(id, id.ctime_ns + 86400 * kSecond_ns, false), Trust::Process);
  EXPECT_EQ(mount_salt("/"), mount_salt("/"));
  EXPECT_NE(mount_salt("/"), mount_salt("/proc"));
  EXPECT_NE(mount_salt("/"), 0u);
}

TEST(ChangeClock, ProcIsNoChangeClock) {
  ClockTable clocks;
  auto fd = open_file("/proc/self/status", O_RDONLY);
  ASSERT_TRUE(fd);
  EXPECT_FALSE(clocks.reliable(fstat_identity(fd->get())->dev, fd->get()));
}

TEST_F(HashMemoTest, ChangeBeforeHashingIsEAGAIN) {
  auto memo = open();
  const std::string path = file("a", "one");
  const FileIdentity identity = *lstat_identity(path);
  file("a", "two!");
  auto digest = memo->digest(path, identity);
  ASSERT_FALSE(digest);
  EXPECT_EQ(digest.error().errnum, EAGAIN);
  fs::remove(path);
  EXPECT_EQ(memo->digest(path, identity).error().errnum, EAGAIN);
}

TEST_F(HashMemoTest, OnlyRegularFilesHaveDigests) {
  auto memo = open();
  EXPECT_EQ(memo->digest(dir_.path(), *lstat_identity(dir_.path())).error().errnum, EINVAL);
  const std::string path = file("a", "file");
  const FileIdentity identity = *lstat_identity(path);
  fs::remove(path);
  ASSERT_EQ(::mkfifo(path.c_str(), 0644), 0);
  EXPECT_EQ(memo->digest(path, identity).error().errnum, EAGAIN) << "and it does not block";
}

TEST_F(HashMemoTest, LearntDigestIsKnownAtOnceButSavedOnlyWhenOld) {
  auto memo = open();
  const std::string path = file("out", "bytes");
  const FileIdentity identity = *lstat_identity(path);
  memo->learn(path, identity, Digest::of("bytes"));
  EXPECT_EQ(memo->find(identity), Digest::of("bytes"));
  EXPECT_EQ(*memo->digest(path, identity), Digest::of("bytes"));
  EXPECT_EQ(memo->files_hashed(), 0u);
  ASSERT_TRUE(memo->save());
  EXPECT_EQ(open()->find(identity), std::nullopt);

  if (!on_change_clock()) return;
  FileIdentity old = identity;
  old.ctime_ns -= 10 * kSecond_ns;
  if (old.ctime_ns % kSecond_ns == 0) ++old.ctime_ns;
  memo->learn(path, old, Digest::of("bytes"));
  ASSERT_TRUE(memo->save());
  EXPECT_EQ(open()->find(old), Digest::of("bytes"));
}

TEST_F(HashMemoTest, MemoryOnlyMemoWritesNothing) {
  auto memo = HashMemo::open("");
  ASSERT_TRUE(memo);
  const std::string path = file("a", "hello");
  age();
  EXPECT_TRUE((*memo)->digest(path, *lstat_identity(path)));
  EXPECT_TRUE((*memo)->save());
  EXPECT_EQ(list_directory(dir_.path())->size(), 1u);
}

// --- the file ------------------------------------------------------------------------------------

FileIdentity made_up(std::uint64_t ino, std::int64_t ctime_ns = 1'000'000'001) {
  FileIdentity id;
  id.kind = FileKind::File;
  id.dev = 7;
  id.ino = ino;
  id.size = ino * 3;
  id.mtime_ns = 5;
  id.ctime_ns = ctime_ns;
  return id;
}
Digest digest_of(std::uint64_t ino) { return Digest::of(std::to_string(ino)); }
std::vector<MemoRecord> records(std::uint64_t from, std::uint64_t to) {
  std::vector<MemoRecord> out;
  for (std::uint64_t i = from; i < to; ++i)
    out.push_back(MemoRecord::make(made_up(i), digest_of(i)));
  return out;
}

class MemoFileTest : public ::testing::Test {
 protected:
  MemoFileTest() : path_(dir_ / "hash-memo") {}
  bool knows(const MemoTable& table, std::uint64_t ino) {
    const MemoRecord* record = table.find(made_up(ino));
    if (!record) return false;
    EXPECT_EQ(std::memcmp(record->digest, digest_of(ino).bytes.data(), 16), 0);
    return true;
  }
  test::TempDir dir_;
  std::string path_;
};

TEST_F(MemoFileTest, TornTailIsIgnoredAndCutByTheNextWriter) {
  ASSERT_TRUE(append_memo(path_, records(1, 11)));
  fs::resize_file(path_, fs::file_size(path_) - 20);
  MemoTable torn = load_memo(path_);
  EXPECT_EQ(torn.live(), 9u);
  EXPECT_FALSE(knows(torn, 10));
  ASSERT_TRUE(append_memo(path_, records(20, 22)));
  EXPECT_EQ(fs::file_size(path_), 64 * (1 + 9 + 2));
  MemoTable whole = load_memo(path_);
  EXPECT_EQ(whole.live(), 11u);
  EXPECT_TRUE(knows(whole, 21));
}

TEST_F(MemoFileTest, NoFlippedBitYieldsAWrongDigest) {
  ASSERT_TRUE(append_memo(path_, records(1, 101)));
  const std::string good = *read_file(path_);
  std::mt19937_64 random(4711);
  for (int round = 0; round < 300; ++round) {
    std::string bad = good;
    bad[random() % bad.size()] ^= static_cast<char>(1 << random() % 8);
    ASSERT_TRUE(replace_file(path_, bad));
    MemoTable table = load_memo(path_);
    EXPECT_TRUE(table.live() == 99 || table.live() == 0) << table.live();
    for (std::uint64_t i = 1; i < 101; ++i) knows(table, i);  // checks what it finds
  }
}

TEST_F(MemoFileTest, ForeignFileIsSetAside) {
  ASSERT_TRUE(replace_file(path_, std::string(1000, 'n')));
  EXPECT_EQ(load_memo(path_).live(), 0u);
  ASSERT_TRUE(append_memo(path_, records(1, 3)));
  EXPECT_EQ(load_memo(path_).live(), 2u);
  bool aside = false;
  const auto names = list_directory(dir_.path());
  for (const std::string& name : names.value())
    aside |= name.starts_with("hash-memo.damaged-") &&
             read_file(dir_ / name).value() == std::string(1000, 'n');
  EXPECT_TRUE(aside);
}

TEST_F(MemoFileTest, NewerRecordOfAnInodeSupersedes) {
  ASSERT_TRUE(append_memo(path_, records(1, 2)));
  ASSERT_TRUE(append_memo(path_, {MemoRecord::make(made_up(1, 2'000'000'001), Digest::of("new"))}));
  MemoTable table = load_memo(path_);
  EXPECT_EQ(table.live(), 1u);
  EXPECT_EQ(table.find(made_up(1)), nullptr);
  ASSERT_NE(table.find(made_up(1, 2'000'000'001)), nullptr);
}

TEST_F(MemoFileTest, SupersededRecordsAreCompactedAway) {
  for (int round = 0; round < 12; ++round) ASSERT_TRUE(append_memo(path_, records(1, 301)));
  EXPECT_LT(fs::file_size(path_), 64 * 4 * 301u) << "3,600 records of 300 files were written";
  MemoTable table = load_memo(path_);
  EXPECT_EQ(table.live(), 300u);
  for (std::uint64_t i = 1; i < 301; ++i) EXPECT_TRUE(knows(table, i));
}

TEST_F(MemoFileTest, TheOldestAreDroppedBeyondTheBound) {
  ASSERT_TRUE(append_memo(path_, records(1, 101), 400));
  ASSERT_TRUE(append_memo(path_, records(101, 401), 400));
  EXPECT_EQ(load_memo(path_).live(), 400u);
  ASSERT_TRUE(append_memo(path_, records(401, 402), 400));
  MemoTable table = load_memo(path_);
  EXPECT_EQ(table.live(), 300u);
  EXPECT_FALSE(knows(table, 1));
  EXPECT_TRUE(knows(table, 401));
  EXPECT_TRUE(knows(table, 102));
}

TEST_F(MemoFileTest, ManyProcessesAppendAtOnceAndNothingIsLost) {
  std::vector<pid_t> children;
  for (std::uint64_t c = 0; c < 4; ++c) {
    const pid_t child = ::fork();
    if (child == 0) {
      bool good = true;
      for (std::uint64_t i = 0; i < 50; ++i)
        good =
            good &&
            append_memo(path_, records(c * 1000 + i * 10 + 1, c * 1000 + i * 10 + 11)).has_value();
      ::_exit(good ? 0 : 1);
    }
    children.push_back(child);
  }
  for (pid_t child : children) {
    int status = 1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
  MemoTable table = load_memo(path_);
  EXPECT_EQ(table.live(), 2000u);
}

TEST_F(MemoFileTest, KilledWritersLeaveAReadableFile) {
  for (int round = 0; round < 50; ++round) {
    const pid_t child = ::fork();
    if (child == 0)
      for (std::uint64_t i = 1;; ++i) (void)append_memo(path_, records(i, i + 200));
    ::usleep(300 + 100 * static_cast<unsigned>(round));
    ::kill(child, SIGKILL);
    ASSERT_EQ(::waitpid(child, nullptr, 0), child);
    MemoTable table = load_memo(path_);
    for (std::uint64_t i = 1; i < 400; ++i) knows(table, i);
  }
  ASSERT_TRUE(append_memo(path_, records(900'000, 900'010)));
  EXPECT_TRUE(knows(load_memo(path_), 900'009));
}

TEST(MemoTable, GrowsAndFindsEverything) {
  MemoTable table;
  for (std::uint64_t i = 1; i <= 20'000; ++i) table.add(MemoRecord::make(made_up(i), digest_of(i)));
  EXPECT_EQ(table.live(), 20'000u);
  for (std::uint64_t i = 1; i <= 20'000; ++i) ASSERT_NE(table.find(made_up(i)), nullptr) << i;
  EXPECT_EQ(table.find(made_up(20'001)), nullptr);
}

}  // namespace
}  // namespace bxl::cas
