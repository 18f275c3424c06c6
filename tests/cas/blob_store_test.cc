// The content store: what enters, what may leave, and what a crash or a full disk leaves behind.
#include "cas/blob_store.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <csignal>
#include <filesystem>
#include <thread>

#include "support/temp_dir.h"

namespace bxl::cas {
namespace {

namespace fs = std::filesystem;

std::string object_of(const std::string& root, const Digest& digest) {
  return root + "/objects/" + digest.hex().substr(0, 2) + "/" + digest.hex().substr(2);
}

std::size_t files_in(const std::string& dir) {
  auto names = list_directory(dir);
  return names ? names->size() : 0;
}

class BlobStoreTest : public ::testing::Test {
 protected:
  BlobStoreTest() : root_(dir_ / "cache") {}
  BlobStore open() {
    auto store = BlobStore::open(root_);
    EXPECT_TRUE(store) << store.error().to_string();
    return std::move(*store);
  }
  UniqueFd file(const std::string& name, std::string_view bytes) {
    EXPECT_TRUE(replace_file(dir_ / name, bytes));
    return std::move(*open_file(dir_ / name, O_RDWR));
  }
  // Rewrites one byte of a blob, keeping size and mtime.
  void damage(const Digest& digest, off_t at) {
    const std::string path = object_of(root_, digest);
    struct stat st;
    ASSERT_EQ(::stat(path.c_str(), &st), 0);
    ASSERT_EQ(::chmod(path.c_str(), 0644), 0);
    {
      auto fd = open_file(path, O_RDWR);
      char byte;
      ASSERT_EQ(::pread(fd->get(), &byte, 1, at), 1);
      byte ^= 1;
      ASSERT_EQ(::pwrite(fd->get(), &byte, 1, at), 1);
    }
    timespec times[2] = {st.st_atim, st.st_mtim};
    ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
    ASSERT_EQ(::chmod(path.c_str(), 0444), 0);
  }

  test::TempDir dir_;
  std::string root_;
};

TEST_F(BlobStoreTest, BytesComeBackUnderTheirDigest) {
  BlobStore store = open();
  const std::string bytes(300'000, 'x');
  auto source = file("source", bytes);
  auto put = store.put(source.get());
  ASSERT_TRUE(put) << put.error().to_string();
  EXPECT_EQ(put->digest, Digest::of(bytes));
  EXPECT_EQ(put->size, bytes.size());
  EXPECT_FALSE(put->existed);
  EXPECT_TRUE(store.contains(put->digest, bytes.size()));
  EXPECT_FALSE(store.contains(put->digest, bytes.size() - 1));

  auto target = file("target", "");
  auto copied = store.copy_out(put->digest, target.get());
  ASSERT_TRUE(copied);
  EXPECT_TRUE(*copied);
  EXPECT_EQ(*read_file(dir_ / "target"), bytes);
  EXPECT_EQ(store.read(put->digest)->value(), bytes);
}

TEST_F(BlobStoreTest, BlobsAreReadOnlyAndTmpIsLeftEmpty) {
  BlobStore store = open();
  const mode_t old = ::umask(022);
  auto put = store.put_bytes("content");
  ::umask(old);
  struct stat st;
  ASSERT_EQ(::stat(object_of(root_, put->digest).c_str(), &st), 0);
  EXPECT_EQ(st.st_mode & 07777, 0444u);
  EXPECT_EQ(files_in(root_ + "/tmp"), 0u);
  EXPECT_TRUE(fs::exists(root_ + "/CACHEDIR.TAG"));
}

TEST_F(BlobStoreTest, PutTwiceStoresOnceAndKeepsTheInode) {
  BlobStore store = open();
  auto source = file("source", "same bytes");
  auto first = store.put(source.get());
  const auto before = *lstat_identity(object_of(root_, first->digest));
  auto again = store.put(source.get());
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->existed);
  EXPECT_EQ(again->digest, first->digest);
  EXPECT_TRUE(store.put_bytes("same bytes")->existed);
  EXPECT_EQ(lstat_identity(object_of(root_, first->digest))->ino, before.ino);
  EXPECT_EQ(files_in(root_ + "/tmp"), 0u);
}

TEST_F(BlobStoreTest, PutReadsFromTheStartWhateverTheOffset) {
  BlobStore store = open();
  auto source = file("source", "0123456789");
  ASSERT_EQ(::lseek(source.get(), 5, SEEK_SET), 5);
  EXPECT_EQ(store.put(source.get())->digest, Digest::of("0123456789"));
}

TEST_F(BlobStoreTest, EmptyContentIsABlob) {
  BlobStore store = open();
  auto put = store.put_bytes("");
  ASSERT_TRUE(put);
  EXPECT_TRUE(store.contains(Digest::of(""), 0));
  EXPECT_EQ(store.read(Digest::of(""))->value(), "");
}

TEST_F(BlobStoreTest, DamagedBlobIsNeverCopiedOut) {
  BlobStore store = open();
  const std::string bytes(100'000, 'b');
  const Digest digest = store.put_bytes(bytes)->digest;
  damage(digest, 70'000);
  ASSERT_TRUE(store.contains(digest, bytes.size())) << "size and name are still right";
  auto target = file("target", "");
  auto copied = store.copy_out(digest, target.get());
  ASSERT_TRUE(copied);
  EXPECT_FALSE(*copied);
  EXPECT_EQ(*read_file(dir_ / "target"), "");
  EXPECT_FALSE(store.contains(digest));
  EXPECT_TRUE(fs::exists(root_ + "/quarantine/" + digest.hex()));

  ASSERT_FALSE(store.put_bytes(bytes)->existed) << "a lost blob can be stored again";
  EXPECT_TRUE(*store.copy_out(digest, target.get()));
  EXPECT_EQ(*read_file(dir_ / "target"), bytes);
}

TEST_F(BlobStoreTest, DamagedBlobIsNeverRead) {
  BlobStore store = open();
  const Digest digest = store.put_bytes("precious")->digest;
  damage(digest, 3);
  auto read = store.read(digest);
  ASSERT_TRUE(read);
  EXPECT_FALSE(*read);
  EXPECT_TRUE(fs::exists(root_ + "/quarantine/" + digest.hex()));
}

TEST_F(BlobStoreTest, TornBlobIsReplacedByTheNextPut) {
  BlobStore store = open();
  const Digest digest = store.put_bytes("whole content")->digest;
  const std::string path = object_of(root_, digest);
  ASSERT_EQ(::chmod(path.c_str(), 0644), 0);
  fs::resize_file(path, 0);  // what a power loss leaves of a file that was never synced
  auto put = store.put_bytes("whole content");
  ASSERT_TRUE(put);
  EXPECT_FALSE(put->existed);
  EXPECT_EQ(store.read(digest)->value(), "whole content");

  ASSERT_EQ(::chmod(path.c_str(), 0644), 0);
  fs::resize_file(path, 5);
  auto source = file("source", "whole content");
  ASSERT_TRUE(store.put(source.get()));
  EXPECT_EQ(store.read(digest)->value(), "whole content");
}

TEST_F(BlobStoreTest, AbsentBlobIsLostNotAnError) {
  BlobStore store = open();
  auto target = file("target", "");
  auto copied = store.copy_out(Digest::of("never stored"), target.get());
  ASSERT_TRUE(copied);
  EXPECT_FALSE(*copied);
  EXPECT_FALSE(*store.read(Digest::of("never stored")));
}

TEST_F(BlobStoreTest, WhatIsNoRegularFileIsNoBlob) {
  BlobStore store = open();
  const Digest digest = Digest::of("secret");
  ASSERT_TRUE(replace_file(dir_ / "secret", "secret"));
  ASSERT_TRUE(make_directories(fs::path(object_of(root_, digest)).parent_path()));
  fs::create_symlink(dir_ / "secret", object_of(root_, digest));
  EXPECT_FALSE(store.contains(digest));
  EXPECT_FALSE(*store.read(digest));
}

TEST_F(BlobStoreTest, OtherVersionIsRefusedByName) {
  open();
  ASSERT_TRUE(replace_file(root_ + "/FORMAT", "bxl blob store 2\n"));
  auto store = BlobStore::open(root_);
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().errnum, EPROTO);
  EXPECT_NE(store.error().message.find("bxl blob store 2"), std::string::npos);
}

TEST_F(BlobStoreTest, RootThatIsAFileIsENOTDIR) {
  ASSERT_TRUE(replace_file(dir_ / "plain", "x"));
  auto store = BlobStore::open(dir_ / "plain");
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().errnum, ENOTDIR);
}

TEST_F(BlobStoreTest, OpenRemovesStraysOlderThanADayOnly) {
  open();
  ASSERT_TRUE(replace_file(root_ + "/tmp/old", "x"));
  ASSERT_TRUE(replace_file(root_ + "/tmp/young", "x"));
  timespec times[2] = {{::time(nullptr) - 2 * 86400, 0}, {::time(nullptr) - 2 * 86400, 0}};
  ASSERT_EQ(::utimensat(AT_FDCWD, (root_ + "/tmp/old").c_str(), times, 0), 0);
  open();
  EXPECT_FALSE(fs::exists(root_ + "/tmp/old"));
  EXPECT_TRUE(fs::exists(root_ + "/tmp/young"));
}

TEST_F(BlobStoreTest, UsageCountsBlobsAndBytes) {
  BlobStore store = open();
  (void)store.put_bytes("abc");
  (void)store.put_bytes("defgh");
  auto usage = store.usage();
  ASSERT_TRUE(usage);
  EXPECT_EQ(usage->blobs, 2u);
  EXPECT_EQ(usage->bytes, 8u);
}

TEST_F(BlobStoreTest, ReadOnlyStoreServesAndRefusesToStore) {
  if (::geteuid() == 0) GTEST_SKIP() << "permissions do not bind root";
  const Digest digest = open().put_bytes("kept")->digest;
  for (const char* sub : {"/tmp", "/objects", ""})
    ASSERT_EQ(::chmod((root_ + sub).c_str(), 0555), 0);
  BlobStore store = open();
  EXPECT_EQ(store.read(digest)->value(), "kept");
  auto put = store.put_bytes("new");
  ASSERT_FALSE(put);
  EXPECT_EQ(put.error().errnum, EACCES);
  for (const char* sub : {"", "/tmp", "/objects"})
    ASSERT_EQ(::chmod((root_ + sub).c_str(), 0755), 0);
}

// A file size limit fails a write in the middle, as a full disk does.
TEST_F(BlobStoreTest, WriteThatFailsLeavesNoTrace) {
  open();
  auto source = file("source", std::string(1 << 20, 'z'));
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    rlimit limit{100'000, 100'000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    auto store = BlobStore::open(root_);
    auto put = store->put(source.get());
    auto bytes = store->put_bytes(std::string(1 << 20, 'y'));
    ::_exit(!put && put.error().errnum == EFBIG && !bytes && bytes.error().errnum == EFBIG ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(files_in(root_ + "/tmp"), 0u);
  EXPECT_EQ(open().usage()->blobs, 0u);
}

TEST_F(BlobStoreTest, ManyThreadsPuttingTheSameBytesAgree) {
  BlobStore store = open();
  std::vector<std::thread> threads;
  std::atomic<int> stored{0};
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 100; ++i) {
        auto put = store.put_bytes("content " + std::to_string(i));
        if (put && !put->existed) ++stored;
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(stored, 100);
  EXPECT_EQ(store.usage()->blobs, 100u);
  EXPECT_EQ(files_in(root_ + "/tmp"), 0u);
}

// Every file under objects/ is whole however often a writer is killed.
TEST_F(BlobStoreTest, KilledWritersLeaveOnlyWholeBlobs) {
  open();
  const std::string big(400'000, 'k');
  for (int round = 0; round < 50; ++round) {
    auto source = file("source", std::to_string(round) + big);
    const pid_t child = ::fork();
    if (child == 0) {
      auto store = BlobStore::open(root_);
      for (unsigned i = 0;; ++i) {
        (void)store->put(source.get());
        (void)store->put_bytes(std::to_string(round) + "/" + std::to_string(i));
      }
    }
    ::usleep(500 + 150 * static_cast<unsigned>(round));
    ::kill(child, SIGKILL);
    ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  }
  BlobStore store = open();
  std::size_t blobs = 0;
  for (const auto& entry : fs::recursive_directory_iterator(root_ + "/objects")) {
    if (!entry.is_regular_file()) continue;
    ++blobs;
    const std::string hex =
        entry.path().parent_path().filename().string() + entry.path().filename().string();
    EXPECT_EQ(Digest::of(*read_file(entry.path())).hex(), hex);
  }
  EXPECT_GT(blobs, 0u);
}

}  // namespace
}  // namespace bxl::cas
