// The metadata store: convergence, damage of any kind, several processes, kills and failing writes.
#include "cache/metadata_store.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <csignal>
#include <filesystem>
#include <random>

#include "cache/sqlite.h"
#include "os/file.h"
#include "support/temp_dir.h"

namespace bxl::cache {
namespace {

namespace fs = std::filesystem;

PublishRequest request(unsigned n, const std::string& salt = "") {
  PublishRequest r;
  r.weak = Digest::of("weak" + std::to_string(n / 2));  // two strong fingerprints per weak one
  r.path_set_bytes = "path set " + std::to_string(n % 7) + std::string(200, 'p');
  r.path_set = Digest::of(r.path_set_bytes);
  r.strong = Digest::of("strong" + std::to_string(n));
  r.entry_bytes = "entry " + std::to_string(n) + salt + std::string(300, 'e');
  r.stable_id = "out/" + std::to_string(n) + ".o";
  r.blobs = {Digest::of("blob" + std::to_string(n))};
  return r;
}
Selector selector_of(const PublishRequest& r) { return {r.path_set, r.strong}; }

class MetadataStoreTest : public ::testing::Test {
 protected:
  MetadataStoreTest() : cache_(dir_ / "cache") {}
  std::unique_ptr<MetadataStore> open() {
    auto store = MetadataStore::open(cache_);
    EXPECT_TRUE(store) << store.error().to_string();
    return store ? std::move(*store) : nullptr;
  }
  std::string path() const { return cache_ + "/metadata.sqlite"; }
  void fill(unsigned from, unsigned to) {
    auto store = open();
    ASSERT_TRUE(store->begin());
    for (unsigned n = from; n < to; ++n) ASSERT_TRUE(store->publish(request(n)));
    ASSERT_TRUE(store->commit());
  }
  // Behind the back of the store.
  void run_sql(const char* sql) {
    auto db = Database::open(path(), Database::Access::ReadWrite, false);
    ASSERT_TRUE(db) << db.error().to_string();
    auto done = db->execute(sql);
    ASSERT_TRUE(done) << done.error().to_string();
  }
  // How many of the entries are there; each that is there must be right.
  static unsigned count_right(MetadataStore& store, unsigned to) {
    unsigned found = 0;
    for (unsigned n = 0; n < to; ++n) {
      const PublishRequest r = request(n);
      auto entry = store.entry(r.weak, selector_of(r));
      EXPECT_TRUE(entry) << entry.error().to_string();
      if (!entry || !*entry) continue;
      EXPECT_EQ(**entry, r.entry_bytes);
      auto path_set = store.path_set(r.path_set);
      EXPECT_TRUE(path_set);
      if (path_set && *path_set) {
        EXPECT_EQ(**path_set, r.path_set_bytes);
      }
      ++found;
    }
    return found;
  }

  test::TempDir dir_;
  std::string cache_;
};

TEST_F(MetadataStoreTest, PublishedEntryIsFoundByAnotherConnection) {
  auto writer = open();
  EXPECT_TRUE(writer->set_aside().empty());
  const PublishRequest r = request(1);
  auto published = writer->publish(r);
  ASSERT_TRUE(published) << published.error().to_string();
  EXPECT_EQ(*published, PublishResult::Published);

  auto reader = open();
  auto selectors = reader->selectors(r.weak);
  ASSERT_TRUE(selectors);
  ASSERT_EQ(selectors->size(), 1u);
  EXPECT_EQ((*selectors)[0].strong, r.strong);
  EXPECT_EQ(*reader->path_set(r.path_set), r.path_set_bytes);
  EXPECT_EQ(*reader->entry(r.weak, selector_of(r)), r.entry_bytes);
  EXPECT_TRUE(fs::exists(cache_ + "/CACHEDIR.TAG"));
}

TEST_F(MetadataStoreTest, UnknownKeysAreAbsentNotErrors) {
  auto store = open();
  const PublishRequest r = request(1);
  EXPECT_TRUE(store->selectors(r.weak)->empty());
  EXPECT_EQ(*store->path_set(r.path_set), std::nullopt);
  EXPECT_EQ(*store->entry(r.weak, selector_of(r)), std::nullopt);
  EXPECT_TRUE(store->touch(r.weak, selector_of(r)));
  EXPECT_TRUE(store->forget(r.weak, selector_of(r)));
}

TEST_F(MetadataStoreTest, FirstPublishedEntryWins) {
  auto store = open();
  ASSERT_TRUE(store->publish(request(1)));
  auto second = store->publish(request(1, "another outcome"));
  ASSERT_TRUE(second);
  EXPECT_EQ(*second, PublishResult::Converged);
  EXPECT_EQ(*store->entry(request(1).weak, selector_of(request(1))), request(1).entry_bytes);
  EXPECT_EQ(store->counts()->entries, 1u);
}

TEST_F(MetadataStoreTest, ForgottenEntryMayBeReplaced) {
  auto store = open();
  ASSERT_TRUE(store->publish(request(1)));
  ASSERT_TRUE(store->forget(request(1).weak, selector_of(request(1))));
  EXPECT_TRUE(store->selectors(request(1).weak)->empty());
  EXPECT_EQ(*store->publish(request(1, "new")), PublishResult::Published);
  EXPECT_EQ(*store->entry(request(1).weak, selector_of(request(1))), request(1, "new").entry_bytes);
}

TEST_F(MetadataStoreTest, EmptyBytesAreStored) {
  auto store = open();
  PublishRequest r = request(1);
  r.path_set_bytes.clear();
  r.entry_bytes.clear();
  r.blobs.clear();
  r.stable_id.clear();
  auto published = store->publish(r);
  ASSERT_TRUE(published) << published.error().to_string();
  EXPECT_EQ(*store->entry(r.weak, selector_of(r)), "");
  EXPECT_EQ(*store->path_set(r.path_set), "");
}

TEST_F(MetadataStoreTest, BatchIsVisibleAsAWholeAfterCommit) {
  auto writer = open();
  auto reader = open();
  ASSERT_TRUE(writer->begin());
  for (unsigned n = 0; n < 10; ++n) ASSERT_TRUE(writer->publish(request(n)));
  EXPECT_EQ(reader->counts()->entries, 0u);
  ASSERT_TRUE(writer->commit());
  EXPECT_EQ(reader->counts()->entries, 10u);
  EXPECT_EQ(reader->counts()->weak, 5u);
  EXPECT_EQ(reader->counts()->path_sets, 7u);
}

TEST_F(MetadataStoreTest, ReadsSeeOneStateUntilTheyEnd) {
  auto writer = open();
  auto reader = open();
  reader->begin_reads();
  reader->begin_reads();
  EXPECT_EQ(reader->counts()->entries, 0u);
  ASSERT_TRUE(writer->publish(request(1)));
  EXPECT_EQ(reader->counts()->entries, 0u);
  reader->end_reads();
  reader->end_reads();
  EXPECT_EQ(reader->counts()->entries, 1u);
  reader->begin_reads();
  EXPECT_EQ(reader->counts()->entries, 1u);
  ASSERT_TRUE(reader->publish(request(2))) << "writing ends the reads";
  EXPECT_EQ(reader->counts()->entries, 2u);
}

TEST_F(MetadataStoreTest, DamageDuringReadsIsSetAside) {
  fill(0, 200);
  run_sql("PRAGMA wal_checkpoint(TRUNCATE)");
  auto store = open();
  store->begin_reads();
  {
    auto fd = open_file(path(), O_WRONLY);
    const std::string junk(4096, '\x5a');
    for (off_t at = 4096; at < static_cast<off_t>(fs::file_size(path())); at += 4096)
      ASSERT_EQ(::pwrite(fd->get(), junk.data(), junk.size(), at), 4096);
  }
  EXPECT_EQ(count_right(*store, 200), 0u);
  EXPECT_FALSE(store->set_aside().empty());
  store->end_reads();
  EXPECT_TRUE(store->publish(request(1)));
}

TEST_F(MetadataStoreTest, UncommittedBatchIsForgotten) {
  {
    auto store = open();
    ASSERT_TRUE(store->begin());
    ASSERT_TRUE(store->publish(request(1)));
  }
  EXPECT_EQ(open()->counts()->entries, 0u);
}

TEST_F(MetadataStoreTest, RecentUseComesFirstAndFreshEntriesAreNotRewritten) {
  fill(0, 2);  // same weak fingerprint
  ASSERT_EQ(request(0).weak, request(1).weak);
  EXPECT_EQ((*open()->selectors(request(0).weak))[0].strong, request(1).strong) << "newest first";
  {
    auto store = open();
    ASSERT_TRUE(store->entry(request(0).weak, selector_of(request(0))));
    ASSERT_TRUE(store->touch(request(0).weak, selector_of(request(0))));
  }
  EXPECT_EQ((*open()->selectors(request(0).weak))[0].strong, request(1).strong)
      << "used within the day: nothing was written";
  for (const bool read_first : {true, false}) {
    run_sql("UPDATE entries SET used = 1000000 - id");
    EXPECT_EQ((*open()->selectors(request(0).weak))[0].strong, request(0).strong);
    {
      auto store = open();
      if (read_first) {
        ASSERT_TRUE(store->entry(request(1).weak, selector_of(request(1))));
      }
      ASSERT_TRUE(store->touch(request(1).weak, selector_of(request(1))));
    }
    EXPECT_EQ((*open()->selectors(request(0).weak))[0].strong, request(1).strong);
  }
  EXPECT_EQ(open()->selectors(request(0).weak, 1)->size(), 1u);
}

TEST_F(MetadataStoreTest, ListNamesWhatPeopleKnow) {
  fill(0, 5);
  auto listed = open()->list(3);
  ASSERT_TRUE(listed);
  ASSERT_EQ(listed->size(), 3u);
  EXPECT_EQ((*listed)[0].stable_id, "out/4.o");
  EXPECT_EQ((*listed)[0].weak, request(4).weak);
  EXPECT_EQ((*listed)[0].blobs, 1u);
  EXPECT_GT((*listed)[0].created_unix_s, 1'600'000'000);
}

// --- damage --------------------------------------------------------------------------------------

TEST_F(MetadataStoreTest, WhatIsNoDatabaseIsSetAside) {
  ASSERT_TRUE(make_directories(cache_));
  ASSERT_TRUE(replace_file(path(), std::string(10'000, '?')));
  auto store = open();
  ASSERT_FALSE(store->set_aside().empty());
  EXPECT_EQ(*read_file(store->set_aside()), std::string(10'000, '?'));
  EXPECT_TRUE(store->publish(request(1)));
  EXPECT_TRUE(open()->set_aside().empty());
}

TEST_F(MetadataStoreTest, OtherSchemaVersionIsSetAside) {
  fill(0, 3);
  auto fd = open_file(path(), O_RDWR);
  ASSERT_EQ(::pwrite(fd->get(), "\0\0\0\x63", 4, 60), 4);  // user_version
  fs::remove(path() + "-wal");
  auto store = open();
  EXPECT_FALSE(store->set_aside().empty());
  EXPECT_EQ(store->counts()->entries, 0u);
}

TEST_F(MetadataStoreTest, EmptyFileBecomesADatabase) {
  ASSERT_TRUE(make_directories(cache_));
  ASSERT_TRUE(replace_file(path(), ""));
  auto store = open();
  EXPECT_TRUE(store->set_aside().empty());
  EXPECT_TRUE(store->publish(request(1)));
}

TEST_F(MetadataStoreTest, FlippedBitInsideAnEntryIsAbsentAndReplaced) {
  fill(0, 4);
  run_sql(
      "UPDATE entries SET entry = CAST(replace(entry, 'entry 2', 'entry 3') AS BLOB);"
      "UPDATE path_sets SET bytes = CAST(replace(bytes, 'set 3', 'set 4') AS BLOB)");
  auto store = open();
  EXPECT_EQ(*store->entry(request(2).weak, selector_of(request(2))), std::nullopt);
  EXPECT_EQ(*store->path_set(request(3).path_set), std::nullopt);
  EXPECT_NE(*store->entry(request(1).weak, selector_of(request(1))), std::nullopt);
  EXPECT_EQ(*store->publish(request(2)), PublishResult::Published);
  EXPECT_EQ(*store->publish(request(3)), PublishResult::Converged);
  EXPECT_EQ(count_right(*store, 4), 4u);
  EXPECT_NE(*store->path_set(request(3).path_set), std::nullopt);
}

// Bytes at random offsets: opens, answers only the truth, and can be published to afterwards.
TEST_F(MetadataStoreTest, DamageAnywhereIsNeverAWrongAnswer) {
  constexpr unsigned kEntries = 60;
  fill(0, kEntries);
  run_sql("PRAGMA wal_checkpoint(TRUNCATE)");
  const std::string good = *read_file(path());
  ASSERT_GT(good.size(), 20'000u);
  unsigned aside = 0, survived = 0;
  for (unsigned seed = 0; seed < 90; ++seed) {
    std::mt19937_64 random(seed);
    std::string bad = good;
    const unsigned hits = 1 + static_cast<unsigned>(random() % 40);
    // A third of the rounds aims at the header and the schema, a third at one page, a third
    // anywhere.
    const std::size_t span = seed % 3 == 0 ? 4096 : bad.size();
    const std::size_t start = seed % 3 == 1 ? random() % (bad.size() / 4096) * 4096 : 0;
    for (unsigned i = 0; i < hits; ++i)
      bad[seed % 3 == 1 ? start + random() % 4096 : random() % span] = static_cast<char>(random());
    if (seed % 10 == 9) bad.resize(random() % bad.size());
    fs::remove_all(cache_);
    ASSERT_TRUE(make_directories(cache_));
    ASSERT_TRUE(replace_file(path(), bad));
    auto store = open();
    ASSERT_NE(store, nullptr) << seed;
    count_right(*store, kEntries);
    for (unsigned n = 0; n < kEntries; ++n) (void)store->selectors(request(n).weak);
    ASSERT_TRUE(store->list(100)) << seed;
    for (unsigned n = 0; n < kEntries; ++n) {
      auto published = store->publish(request(n));
      ASSERT_TRUE(published) << seed << ": " << published.error().to_string();
    }
    ++(store->set_aside().empty() ? survived : aside);
    auto again = open();
    EXPECT_GT(count_right(*again, kEntries), 0u) << seed;
  }
  EXPECT_GT(aside, 10u);
  EXPECT_GT(survived, 10u);
}

TEST_F(MetadataStoreTest, DamagedLogLosesAtMostItsCommits) {
  fill(0, 20);  // all of it still lies in the log
  const std::string log = *read_file(path() + "-wal");
  const std::string base = *read_file(path());
  for (unsigned seed = 0; seed < 30; ++seed) {
    std::mt19937_64 random(seed);
    std::string bad = log;
    bad[random() % bad.size()] ^= static_cast<char>(1 + random() % 255);
    ASSERT_TRUE(replace_file(path(), base));
    ASSERT_TRUE(replace_file(path() + "-wal", bad));
    fs::remove(path() + "-shm");
    auto store = open();
    ASSERT_NE(store, nullptr);
    count_right(*store, 20);
    EXPECT_TRUE(store->publish(request(50))) << seed;
  }
}

TEST_F(MetadataStoreTest, DamageDuringABatchFailsTheBatchAndTheNextOneWorks) {
  fill(0, 200);
  run_sql("PRAGMA wal_checkpoint(TRUNCATE)");
  auto store = open();
  ASSERT_TRUE(store->begin());
  {
    // Every page but the first: the open connection has not read them.
    auto fd = open_file(path(), O_WRONLY);
    const std::string junk(4096, '\x5a');
    for (off_t at = 4096; at < static_cast<off_t>(fs::file_size(path())); at += 4096)
      ASSERT_EQ(::pwrite(fd->get(), junk.data(), junk.size(), at), 4096);
  }
  auto published = store->publish(request(500));
  auto committed = store->commit();
  EXPECT_FALSE(published);
  ASSERT_FALSE(committed);
  EXPECT_EQ(committed.error().errnum, EBADMSG);
  EXPECT_FALSE(store->set_aside().empty());
  ASSERT_TRUE(store->begin());
  EXPECT_EQ(*store->publish(request(500)), PublishResult::Published);
  ASSERT_TRUE(store->commit());
  EXPECT_EQ(open()->counts()->entries, 1u);
}

// A connection to a database that another process set aside must not touch the new one when it
// closes.
TEST_F(MetadataStoreTest, OldConnectionsLeaveTheSuccessorAlone) {
  fill(0, 10);
  auto old = open();
  ASSERT_EQ(old->counts()->entries, 10u);
  for (const char* suffix : {"", "-wal"})
    fs::rename(path() + suffix, path() + ".damaged-1" + suffix);
  fs::remove(path() + "-shm");
  auto fresh = open();
  ASSERT_TRUE(fresh->publish(request(77)));
  ASSERT_TRUE(old->publish(request(78)));
  old.reset();
  ASSERT_TRUE(fresh->publish(request(79)));
  auto third = open();
  EXPECT_EQ(third->counts()->entries, 2u);
  EXPECT_TRUE(third->set_aside().empty());
  EXPECT_NE(*third->entry(request(79).weak, selector_of(request(79))), std::nullopt);
}

// --- processes -----------------------------------------------------------------------------------

TEST_F(MetadataStoreTest, ProcessesPublishingTheSameKeysAgreeOnOneWinnerEach) {
  constexpr unsigned kEntries = 60;
  int pipes[2];
  ASSERT_EQ(::pipe(pipes), 0);
  std::vector<pid_t> children;
  for (int c = 0; c < 3; ++c) {
    const pid_t child = ::fork();
    if (child == 0) {
      auto store = MetadataStore::open(cache_);  // they also race for making the database
      if (!store) ::_exit(2);
      unsigned won = 0;
      for (unsigned n = 0; n < kEntries; ++n) {
        auto result = (*store)->publish(request(n, "by " + std::to_string(c)));
        if (!result) ::_exit(3);
        won += *result == PublishResult::Published;
      }
      if (::write(pipes[1], &won, sizeof won) != sizeof won) ::_exit(4);
      ::_exit(0);
    }
    children.push_back(child);
  }
  unsigned total = 0;
  for (pid_t child : children) {
    int status = 1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_EQ(status, 0);
    unsigned won = 0;
    ASSERT_EQ(::read(pipes[0], &won, sizeof won), static_cast<ssize_t>(sizeof won));
    total += won;
  }
  EXPECT_EQ(total, kEntries);
  EXPECT_EQ(open()->counts()->entries, kEntries);
  ::close(pipes[0]);
  ::close(pipes[1]);
}

TEST_F(MetadataStoreTest, KilledWritersLeaveAReadableStore) {
  for (int round = 0; round < 50; ++round) {
    const pid_t child = ::fork();
    if (child == 0) {
      auto store = MetadataStore::open(cache_);
      if (!store) ::_exit(2);
      for (unsigned n = 0;; n = (n + 5) % 500) {
        (void)!(*store)->begin();
        for (unsigned i = n; i < n + 5; ++i) (void)!(*store)->publish(request(i));
        (void)!(*store)->commit();
        for (unsigned i = n; i < n + 3; ++i)
          (void)!(*store)->forget(request(i).weak, selector_of(request(i)));
      }
    }
    ::usleep(1000 + 300 * static_cast<unsigned>(round));
    ::kill(child, SIGKILL);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << status;
    auto store = open();
    ASSERT_NE(store, nullptr);
    EXPECT_TRUE(store->set_aside().empty()) << round;
    count_right(*store, 500);
  }
  EXPECT_GT(open()->counts()->entries, 0u);
}

// A limit on file sizes fails writes in the middle, as a full disk does.
TEST_F(MetadataStoreTest, FailedCommitIsAnErrorAndNothingIsLost) {
  fill(0, 20);
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    auto store = MetadataStore::open(cache_);
    if (!store) ::_exit(2);
    const rlim_t size = fs::file_size(path() + "-wal") + 10'000;
    rlimit limit{size, size};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    unsigned failed = 0;
    for (unsigned n = 100; n < 200; ++n)
      if (!(*store)->publish(request(n))) ++failed;
    if (failed == 0) ::_exit(3);
    if (count_right(**store, 20) != 20) ::_exit(4);
    ::_exit(0);
  }
  int status = 1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  auto store = open();
  EXPECT_TRUE(store->set_aside().empty());
  EXPECT_EQ(count_right(*store, 20), 20u);
  EXPECT_TRUE(store->publish(request(300)));
}

TEST_F(MetadataStoreTest, ReadOnlyDirectoryIsReadAndRefusesToPublish) {
  if (::geteuid() == 0) GTEST_SKIP() << "permissions do not bind root";
  fill(0, 20);
  for (const bool in_log : {true, false}) {
    if (!in_log) {
      run_sql("PRAGMA wal_checkpoint(TRUNCATE)");
      fs::remove(path() + "-wal");
      fs::remove(path() + "-shm");
    }
    ASSERT_EQ(::chmod(cache_.c_str(), 0555), 0);
    {
      auto store = open();
      EXPECT_TRUE(store->set_aside().empty());
      EXPECT_EQ(count_right(*store, 20), 20u) << in_log;
      auto published = store->publish(request(100));
      ASSERT_FALSE(published);
      EXPECT_EQ(published.error().errnum, EROFS);
      EXPECT_TRUE(store->touch(request(1).weak, selector_of(request(1))));
    }
    ASSERT_EQ(::chmod(cache_.c_str(), 0755), 0);
  }
}

TEST_F(MetadataStoreTest, DirectoryThatIsAFileIsENOTDIR) {
  ASSERT_TRUE(replace_file(dir_ / "plain", "x"));
  auto store = MetadataStore::open(dir_ / "plain");
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().errnum, ENOTDIR);
}

}  // namespace
}  // namespace bxl::cache
