// Collections: what goes first, what stays, and what is left after a kill, beside another one, and
// beside a publisher.
#include "cache/collector.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <csignal>
#include <ctime>
#include <filesystem>

#include "cache/metadata_store.h"
#include "cache/sqlite.h"
#include "cas/blob_store.h"
#include "cas/lease.h"
#include "cas/sweep.h"
#include "support/temp_dir.h"

namespace bxl::cache {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBlobBytes = 20'000;

std::string content(unsigned n) {
  return "content " + std::to_string(n) + std::string(kBlobBytes, 'c');
}

PublishRequest request(unsigned n) {
  PublishRequest r;
  r.weak = Digest::of("weak" + std::to_string(n));
  r.path_set_bytes = "path set " + std::to_string(n);
  r.path_set = Digest::of(r.path_set_bytes);
  r.strong = Digest::of("strong" + std::to_string(n));
  r.entry_bytes = "entry " + std::to_string(n);
  r.stable_id = std::to_string(n) + ".o";
  r.blobs = {Digest::of(content(n)), Digest::of("shared by all")};
  return r;
}

class CollectorTest : public ::testing::Test {
 protected:
  CollectorTest() : cache_(dir_ / "cache") {}

  // Entries `from` to `to`, used a minute after one another, with content last touched then.
  void fill(unsigned from, unsigned to) {
    auto store = std::move(*MetadataStore::open(cache_));
    auto blobs = std::move(*cas::BlobStore::open(cache_));
    ASSERT_TRUE(blobs.put_bytes("shared by all"));
    ASSERT_TRUE(store->begin());
    for (unsigned n = from; n < to; ++n) {
      ASSERT_TRUE(blobs.put_bytes(content(n)));
      ASSERT_TRUE(store->publish(request(n)));
    }
    ASSERT_TRUE(store->commit());
    store.reset();
    const std::int64_t day = ::time(nullptr) - 2 * 86400;
    sql("UPDATE entries SET used = " + std::to_string(day) + " + 60 * id");
    age_content(day);
  }
  void sql(const std::string& text) {
    auto db = Database::open(cache_ + "/metadata.sqlite", Database::Access::ReadWrite, false);
    ASSERT_TRUE(db) << db.error().to_string();
    auto done = db->execute(text.c_str());
    ASSERT_TRUE(done) << done.error().to_string();
  }
  void set_time(const std::string& path, std::int64_t unix_s) {
    const timespec times[2] = {{unix_s, 0}, {unix_s, 0}};
    ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, 0), 0) << path;
  }
  void age_content(std::int64_t unix_s) {
    for (const auto& file : fs::recursive_directory_iterator(cache_ + "/objects"))
      if (file.is_regular_file()) set_time(file.path(), unix_s);
  }
  Collected collect(std::uint64_t limit) {
    auto done = cache::collect(cache_, {limit, {}});
    EXPECT_TRUE(done) << done.error().to_string();
    return done ? *done : Collected{};
  }
  bool has(unsigned n) {
    auto store = std::move(*MetadataStore::open(cache_));
    EXPECT_TRUE(store->set_aside().empty());
    const PublishRequest r = request(n);
    auto entry = store->entry(r.weak, {r.path_set, r.strong});
    return entry && *entry;
  }
  bool has_content(unsigned n) {
    return cas::BlobStore::open(cache_)->contains(Digest::of(content(n)));
  }
  // Each entry has its content; how many there are.
  unsigned sound_entries(unsigned to) {
    auto store = std::move(*MetadataStore::open(cache_));
    EXPECT_TRUE(store->set_aside().empty());
    auto blobs = std::move(*cas::BlobStore::open(cache_));
    unsigned found = 0;
    for (unsigned n = 0; n < to; ++n) {
      const PublishRequest r = request(n);
      auto entry = store->entry(r.weak, {r.path_set, r.strong});
      if (!entry || !*entry) continue;
      ++found;
      EXPECT_TRUE(blobs.contains(Digest::of(content(n)))) << n;
      EXPECT_TRUE(blobs.contains(Digest::of("shared by all"))) << n;
      auto path_set = store->path_set(r.path_set);
      EXPECT_TRUE(path_set && *path_set) << n;
    }
    return found;
  }
  std::uint64_t metadata_bytes() { return fs::file_size(cache_ + "/metadata.sqlite"); }

  test::TempDir dir_;
  std::string cache_;
};

TEST_F(CollectorTest, LeastRecentlyUsedGoFirst) {
  fill(0, 20);
  // 3 was used last.
  sql("UPDATE entries SET used = used + 3600 WHERE stable_id = '3.o'");
  const Collected done = collect(10 * kBlobBytes + metadata_bytes());
  EXPECT_GE(done.entries, 10u);
  EXPECT_LE(done.entries, 13u);
  EXPECT_EQ(done.blobs, done.entries) << "one blob each; the shared one stays";
  EXPECT_EQ(done.recent_entries, 0u);
  EXPECT_TRUE(has(3));
  const unsigned oldest_left = static_cast<unsigned>(done.entries) + 1;
  for (unsigned n = 0; n < 20; ++n) {
    EXPECT_EQ(has(n), n == 3 || n >= oldest_left) << n;
    EXPECT_EQ(has_content(n), has(n)) << n;
  }
  EXPECT_TRUE(cas::BlobStore::open(cache_)->contains(Digest::of("shared by all")));
  EXPECT_LE(done.size_bytes, 10 * kBlobBytes + metadata_bytes());
  auto store = std::move(*MetadataStore::open(cache_));
  EXPECT_EQ(store->counts()->path_sets, store->counts()->entries);
}

TEST_F(CollectorTest, BelowTheLimitNothingNeededGoes) {
  fill(0, 5);
  EXPECT_EQ(collect(100 * kBlobBytes).entries, 0u);
  EXPECT_EQ(collect(0).entries, 0u) << "0 is no limit";
  EXPECT_EQ(sound_entries(5), 5u);
}

TEST_F(CollectorTest, ContentTouchedSinceCountsAsUse) {
  fill(0, 4);
  // Replayed from the workspace state: the database was not told.
  sql("UPDATE entries SET used = used - 10 * 86400");
  set_time(cache_ + "/objects/" + Digest::of(content(0)).hex().insert(2, "/"),
           ::time(nullptr) - 3600);
  set_time(cache_ + "/objects/" + Digest::of("shared by all").hex().insert(2, "/"),
           ::time(nullptr) - 3600);
  const Collected done = collect(3 * kBlobBytes + metadata_bytes());
  EXPECT_GT(done.entries, 0u);
  EXPECT_TRUE(has(0));
  EXPECT_FALSE(has(1));
  EXPECT_EQ(sound_entries(4), 4 - done.entries);
}

TEST_F(CollectorTest, WhatABuildReliesOnStays) {
  fill(0, 6);
  auto blobs = std::move(*cas::BlobStore::open(cache_));
  EXPECT_TRUE(blobs.rely_on(Digest::of(content(0))));
  EXPECT_TRUE(blobs.rely_on(Digest::of("shared by all")));
  const Collected done = collect(1);
  EXPECT_EQ(sound_entries(6), 1u);
  EXPECT_TRUE(has(0));
  EXPECT_GT(done.held_bytes, kBlobBytes);
}

TEST_F(CollectorTest, LeaseHoldsWhatWasTouchedSinceItBegan) {
  fill(0, 6);
  const std::int64_t now = ::time(nullptr);
  age_content(now - 3 * 3600);
  auto lease = cas::Lease::take(cache_, "test");
  ASSERT_TRUE(lease);
  set_time(cache_ + "/leases/" + list_directory(cache_ + "/leases")->at(0), now - 4 * 3600);
  EXPECT_EQ(collect(1).entries, 0u);
  EXPECT_EQ(sound_entries(6), 6u);
  *lease = cas::Lease();
  EXPECT_EQ(collect(1).entries, 6u);
}

TEST_F(CollectorTest, OrphansAndDebrisGo) {
  fill(0, 1);
  const std::int64_t now = ::time(nullptr);
  auto blobs = std::move(*cas::BlobStore::open(cache_));
  const Digest orphan = blobs.put_bytes("orphan")->digest;
  const Digest young = blobs.put_bytes("young orphan")->digest;
  set_time(cache_ + "/objects/" + orphan.hex().insert(2, "/"), now - 2 * 86400);
  set_time(cache_ + "/objects/" + young.hex().insert(2, "/"), now - 3600);
  sql("INSERT INTO path_sets (digest, bytes, sum) VALUES (x'00112233445566778899aabbccddeeff', "
      "x'00', 0)");
  fs::create_directory(cache_ + "/quarantine");
  for (const char* name : {"/quarantine/old", "/quarantine/new", "/metadata.sqlite.damaged-1",
                           "/metadata.sqlite.damaged-2"})
    ASSERT_TRUE(replace_file(cache_ + name, "x"));
  set_time(cache_ + "/quarantine/old", now - 8 * 86400);
  set_time(cache_ + "/metadata.sqlite.damaged-1", now - 8 * 86400);
  const Collected done = collect(0);
  EXPECT_EQ(done.entries, 0u);
  EXPECT_EQ(done.blobs, 1u);
  EXPECT_EQ(done.path_sets, 1u);
  EXPECT_FALSE(blobs.contains(orphan));
  EXPECT_TRUE(blobs.contains(young));
  EXPECT_FALSE(fs::exists(cache_ + "/quarantine/old"));
  EXPECT_TRUE(fs::exists(cache_ + "/quarantine/new"));
  EXPECT_FALSE(fs::exists(cache_ + "/metadata.sqlite.damaged-1"));
  EXPECT_TRUE(fs::exists(cache_ + "/metadata.sqlite.damaged-2"));
  EXPECT_EQ(sound_entries(1), 1u);
}

TEST_F(CollectorTest, OverTheLimitOrphansGoBeforeEntries) {
  fill(0, 3);
  auto blobs = std::move(*cas::BlobStore::open(cache_));
  const Digest orphan = blobs.put_bytes(std::string(5 * kBlobBytes, 'o'))->digest;
  set_time(cache_ + "/objects/" + orphan.hex().insert(2, "/"), ::time(nullptr) - 3600);
  ASSERT_TRUE(blobs.usage_file().flush());
  EXPECT_EQ(collect(5 * kBlobBytes + metadata_bytes()).entries, 0u);
  EXPECT_FALSE(blobs.contains(orphan));
  EXPECT_EQ(sound_entries(3), 3u);
}

TEST_F(CollectorTest, DueWhenOverTheLimitOrNotCounted) {
  fill(0, 3);
  EXPECT_FALSE(is_collection_due(cache_, 0));
  EXPECT_FALSE(is_collection_due(cache_, 100 * kBlobBytes));
  EXPECT_TRUE(is_collection_due(cache_, kBlobBytes));
  // A store from before there was a sum.
  fs::remove(cache_ + "/usage");
  EXPECT_TRUE(is_collection_due(cache_, 0));
  collect(0);
  EXPECT_FALSE(is_collection_due(cache_, 100 * kBlobBytes));
  EXPECT_TRUE(is_collection_due(cache_, kBlobBytes));
  EXPECT_TRUE(estimated_size(cache_).complete);
}

TEST_F(CollectorTest, TimeBoxStopsInGoodOrderAndTheNextGoesOn) {
  fill(0, 300);
  auto stopped = cache::collect(cache_, {1, std::chrono::milliseconds(0)});
  ASSERT_TRUE(stopped) << stopped.error().to_string();
  EXPECT_FALSE(stopped->complete);
  EXPECT_EQ(stopped->entries, 0u);
  EXPECT_EQ(sound_entries(300), 300u);
  EXPECT_EQ(collect(1).entries, 300u);
}

TEST_F(CollectorTest, OfTwoAtOnceOneLeaves) {
  fill(0, 10);
  auto lock = FileLock::exclusive(cache_ + "/gc.lock");
  ASSERT_TRUE(lock);
  EXPECT_TRUE(collect(1).busy);
  EXPECT_EQ(sound_entries(10), 10u);
  *lock = FileLock();
  const Collected done = collect(1);
  EXPECT_FALSE(done.busy);
  EXPECT_EQ(done.entries, 10u);
}

TEST_F(CollectorTest, ManyAtOnceLeaveASoundStore) {
  fill(0, 200);
  std::vector<pid_t> children;
  for (int n = 0; n < 4; ++n) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(cache::collect(cache_, {50 * kBlobBytes, {}}) ? 0 : 1);
    children.push_back(child);
  }
  for (pid_t child : children) {
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
  const unsigned left = sound_entries(200);
  EXPECT_GT(left, 30u);
  EXPECT_LT(left, 50u);
}

TEST_F(CollectorTest, KilledAtAnyPointEveryEntryHasItsContent) {
  for (int round = 0; round < 12; ++round) {
    fill(0, 120);
    const pid_t child = ::fork();
    if (child == 0) {
      (void)!cache::collect(cache_, {1, {}});
      ::_exit(0);
    }
    const timespec pause{0, round * 1'000'000};
    ::nanosleep(&pause, nullptr);
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    sound_entries(120);
  }
  // What the dead left behind is an orphan, and goes with the next.
  age_content(::time(nullptr) - 86400);
  collect(1);
  EXPECT_EQ(sound_entries(120), 0u);
  EXPECT_EQ(cas::BlobStore::open(cache_)->usage()->blobs, 0u);
}

// Publishes the same content again and again while it is being collected: what was published at the
// end has its content.
TEST_F(CollectorTest, PublishDuringCollectionsIsSound) {
  fill(0, 150);
  const pid_t collector = ::fork();
  if (collector == 0) {
    for (;;) (void)!cache::collect(cache_, {1, {}});
  }
  {
    auto lease = cas::Lease::take(cache_, "test");
    ASSERT_TRUE(lease);
    auto store = std::move(*MetadataStore::open(cache_));
    auto blobs = std::move(*cas::BlobStore::open(cache_));
    for (unsigned n = 0; n < 150; ++n) {
      ASSERT_TRUE(blobs.put_bytes("shared by all"));
      ASSERT_TRUE(blobs.put_bytes(content(n)));
      auto published = store->publish(request(n));
      ASSERT_TRUE(published) << published.error().to_string();
    }
  }
  ::kill(collector, SIGKILL);
  ::waitpid(collector, nullptr, 0);
  EXPECT_EQ(sound_entries(150), 150u);
}

TEST_F(CollectorTest, DamagedDatabaseIsSetAsideAndContentGoes) {
  fill(0, 3);
  ASSERT_TRUE(replace_file(cache_ + "/metadata.sqlite", std::string(8192, 'x')));
  fs::remove(cache_ + "/metadata.sqlite-wal");
  const Collected done = collect(1);
  EXPECT_EQ(done.blobs, 4u) << "nothing names them any more";
}

TEST_F(CollectorTest, SpaceOfTheDatabaseIsGivenBack) {
  {
    auto store = std::move(*MetadataStore::open(cache_));
    ASSERT_TRUE(cas::BlobStore::open(cache_));
    ASSERT_TRUE(store->begin());
    for (unsigned n = 0; n < 100; ++n) {
      PublishRequest r = request(n);
      r.path_set_bytes += std::string(20'000, 'p');
      r.path_set = Digest::of(r.path_set_bytes);
      r.blobs.clear();
      ASSERT_TRUE(store->publish(r));
    }
    ASSERT_TRUE(store->commit());
  }
  const std::uint64_t before = collect(0).size_bytes;
  EXPECT_GT(before, 2'000'000u);
  const Collected done = collect(1'000'000);
  EXPECT_GT(done.entries, 50u);
  EXPECT_LT(done.size_bytes, 1'000'000u);
  EXPECT_EQ(done.recent_entries, done.entries) << "published just now";
  auto db = Database::open(cache_ + "/metadata.sqlite", Database::Access::ReadWrite, false);
  EXPECT_EQ(*db->integer("PRAGMA freelist_count"), 0);
}

TEST_F(CollectorTest, DefaultLimitIsATenthOfSmallDisks) {
  ASSERT_TRUE(cas::BlobStore::open(cache_));
  const fs::space_info disk = fs::space(cache_);
  const std::uint64_t limit = default_limit(cache_);
  EXPECT_LE(limit, 20'000'000'000u);
  EXPECT_GT(limit, 0u);
  EXPECT_LE(limit, disk.capacity / 10 + 1'000'000);
  EXPECT_EQ(default_limit(cache_ + "/absent/cache"), 20'000'000'000u);
}

}  // namespace
}  // namespace bxl::cache
