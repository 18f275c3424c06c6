// What may be removed from the store, and what holds it: touches, leases, locks; and the running
// sum.
#include "cas/sweep.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <csignal>
#include <ctime>
#include <filesystem>
#include <thread>

#include "cas/lease.h"
#include "support/temp_dir.h"

namespace bxl::cas {
namespace {

namespace fs = std::filesystem;

class SweepTest : public ::testing::Test {
 protected:
  SweepTest() : root_(dir_ / "cache"), store_(std::move(*BlobStore::open(root_))) {}
  static std::string object(const std::string& root, const Digest& digest) {
    return root + "/objects/" + digest.hex().substr(0, 2) + "/" + digest.hex().substr(2);
  }
  static void set_age(const std::string& path, std::int64_t age_s) {
    const timespec then{::time(nullptr) - age_s, 0};
    const timespec times[2] = {then, then};
    ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, AT_SYMLINK_NOFOLLOW), 0) << path;
  }
  Digest put(const std::string& bytes, std::int64_t age_s) {
    const Digest digest = store_.put_bytes(bytes)->digest;
    set_age(object(root_, digest), age_s);
    return digest;
  }
  std::int64_t before() { return *removable_before(root_, ::time(nullptr)); }
  std::int64_t bytes_counted() {
    EXPECT_TRUE(store_.usage_file().flush());
    auto slices = store_.usage_file().read();
    std::int64_t sum = 0;
    for (const Slice& slice : *slices) sum += slice.bytes;
    return sum;
  }

  test::TempDir dir_;
  std::string root_;
  BlobStore store_;
};

TEST_F(SweepTest, OldBlobsGoAndYoungOnesStay) {
  const Digest old = put("old", kGrace_s + 60);
  const Digest young = put("young", kGrace_s - 60);
  auto removed = remove_blobs(store_, {old, young}, before());
  ASSERT_TRUE(removed) << removed.error().to_string();
  EXPECT_EQ(removed->blobs, 1u);
  EXPECT_EQ(removed->bytes, 3u);
  EXPECT_FALSE(store_.contains(old));
  EXPECT_TRUE(store_.contains(young));
}

TEST_F(SweepTest, RelyingOnABlobKeepsIt) {
  const Digest relied = put("relied on", 9999);
  const Digest stored_again = put("stored again", 9999);
  const Digest sized = put("of a size", 9999);
  EXPECT_TRUE(store_.rely_on(relied, 9));
  EXPECT_TRUE(store_.put_bytes("stored again")->existed);
  EXPECT_FALSE(store_.rely_on(sized, 1)) << "another size is another blob";
  auto removed = remove_blobs(store_, {relied, stored_again, sized}, before());
  ASSERT_TRUE(removed);
  EXPECT_EQ(removed->blobs, 1u);
  EXPECT_TRUE(store_.contains(relied));
  EXPECT_TRUE(store_.contains(stored_again));
}

TEST_F(SweepTest, FileStoredAgainIsTouched) {
  const Digest digest = put("the same", 9999);
  ASSERT_TRUE(replace_file(dir_ / "in", "the same"));
  auto put_again = store_.put(open_file(dir_ / "in", O_RDONLY)->get());
  ASSERT_TRUE(put_again);
  EXPECT_TRUE(put_again->existed);
  EXPECT_EQ(remove_blobs(store_, {digest}, before())->blobs, 0u);
}

TEST_F(SweepTest, WhatWasTouchedSinceALeaseBeganStays) {
  const Digest during = put("touched during a long build", 3 * 3600);
  const Digest earlier = put("touched before it", 5 * 3600);
  {
    auto lease = Lease::take(root_, "test");
    ASSERT_TRUE(lease) << lease.error().to_string();
    const std::string file = root_ + "/leases/" + list_directory(root_ + "/leases")->at(0);
    EXPECT_NE(read_file(file)->find("pid " + std::to_string(::getpid())), std::string::npos);
    set_age(file, 4 * 3600);
    EXPECT_EQ(remove_blobs(store_, {during, earlier}, before())->blobs, 1u);
    EXPECT_TRUE(store_.contains(during));
  }
  EXPECT_TRUE(list_directory(root_ + "/leases")->empty());
  EXPECT_EQ(remove_blobs(store_, {during}, before())->blobs, 1u);
}

TEST_F(SweepTest, DeadProcessHoldsNothing) {
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    auto lease = Lease::take(root_, "test");
    (void)!::write(ready[1], lease ? "y" : "n", 1);
    ::pause();
    ::_exit(1);
  }
  char answer = 0;
  ASSERT_EQ(::read(ready[0], &answer, 1), 1);
  ASSERT_EQ(answer, 'y');
  auto held = oldest_lease(root_);
  ASSERT_TRUE(held);
  EXPECT_TRUE(held->has_value());
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_EQ(list_directory(root_ + "/leases")->size(), 1u);
  held = oldest_lease(root_);
  ASSERT_TRUE(held);
  EXPECT_FALSE(held->has_value());
  EXPECT_TRUE(list_directory(root_ + "/leases")->empty());
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST_F(SweepTest, SumFollowsWhatIsStoredAndRemoved) {
  EXPECT_EQ(bytes_counted(), 0);
  const Digest a = put("12345", 9999);
  put("123", 9999);
  ASSERT_TRUE(store_.put_bytes("123")->existed);
  EXPECT_EQ(bytes_counted(), 8);
  ASSERT_TRUE(remove_blobs(store_, {a}, before()));
  EXPECT_EQ(bytes_counted(), 3);
}

TEST_F(SweepTest, SumOfSeveralProcessesAddsUp) {
  std::vector<pid_t> children;
  for (int n = 0; n < 4; ++n) {
    const pid_t child = ::fork();
    if (child == 0) {
      auto store = BlobStore::open(root_);
      bool good = store.has_value();
      for (int i = 0; good && i < 50; ++i) {
        good = store->put_bytes(std::to_string(n * 1000 + i) + "......").has_value();
        if (i % 10 == 0) good = good && store->usage_file().flush();
      }
      good = good && store->usage_file().flush();
      ::_exit(good ? 0 : 1);
    }
    children.push_back(child);
  }
  for (pid_t child : children) {
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
  EXPECT_EQ(bytes_counted(), static_cast<std::int64_t>(store_.usage()->bytes));
}

TEST_F(SweepTest, DamagedSumMeansCountAgain) {
  put("12345", 0);
  EXPECT_EQ(bytes_counted(), 5);
  std::string bytes = *read_file(root_ + "/usage");
  bytes[100] ^= 1;
  ASSERT_TRUE(replace_file(root_ + "/usage", bytes));
  auto slices = store_.usage_file().read();
  ASSERT_TRUE(slices);
  for (const Slice& slice : *slices) ASSERT_EQ(slice.counted_unix_s, 0);
  for (std::size_t i = 0; i < kSlices; ++i)
    ASSERT_TRUE(sweep_slice(store_, i, 0, [](const Digest&) { return true; }));
  EXPECT_EQ(bytes_counted(), 5);
}

TEST_F(SweepTest, SweepRemovesWhatIsUnreferencedAndOld) {
  const Digest kept = put("referenced", 9999);
  const Digest orphan = put("orphan", 9999);
  const Digest young = put("young orphan", 0);
  ASSERT_TRUE(replace_file(root_ + "/objects/" + orphan.hex().substr(0, 2) + "/not-a-digest", "x"));
  Removed sum;
  for (std::size_t i = 0; i < kSlices; ++i) {
    auto removed = sweep_slice(store_, i, before(), [&](const Digest& d) { return d == kept; });
    ASSERT_TRUE(removed) << removed.error().to_string();
    sum.blobs += removed->blobs;
  }
  EXPECT_EQ(sum.blobs, 1u);
  EXPECT_TRUE(store_.contains(kept));
  EXPECT_TRUE(store_.contains(young));
  EXPECT_FALSE(store_.contains(orphan));
  EXPECT_TRUE(fs::exists(root_ + "/objects/" + orphan.hex().substr(0, 2) + "/not-a-digest"));
}

// Two threads of one process and a remover: each answer "it is there" must be true afterwards.
TEST_F(SweepTest, WhatWasFoundIsThereWhileOthersRemove) {
  std::vector<Digest> blobs;
  for (int n = 0; n < 400; ++n) blobs.push_back(put("blob " + std::to_string(n), 9999));
  const std::int64_t before_s = before();
  std::vector<Digest> found;
  std::thread finder([&] {
    for (const Digest& blob : blobs)
      if (store_.rely_on(blob)) found.push_back(blob);
  });
  const std::vector<Digest> backwards(blobs.rbegin(), blobs.rend());
  auto removed = remove_blobs(store_, backwards, before_s);
  finder.join();
  ASSERT_TRUE(removed);
  EXPECT_EQ(removed->blobs + found.size(), blobs.size());
  for (const Digest& blob : found) ASSERT_TRUE(store_.contains(blob));
}

}  // namespace
}  // namespace bxl::cas
