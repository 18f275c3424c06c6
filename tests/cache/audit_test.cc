// Audits: what is damaged is found and taken out, what is sound stays.
#include "cache/audit.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path_table.h"
#include "cache/metadata_store.h"
#include "cache/sqlite.h"
#include "cas/blob_store.h"
#include "support/temp_dir.h"
#include "wire/stream.h"

namespace bxl::cache {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class AuditTest : public testing::Test {
 protected:
  AuditTest() : cache_(dir_ / "cache") {
    for (unsigned n = 0; n < 4; ++n) publish(n);
  }

  static std::string content(unsigned n) { return "content " + std::to_string(n); }
  PublishRequest request(unsigned n) {
    PathTable paths;
    wire::Entry entry;
    wire::Output out;
    out.path = paths.intern("/" + std::to_string(n) + ".o");
    out.size = content(n).size();
    out.digest = Digest::of(content(n));
    entry.outputs.push_back(out);
    PublishRequest r;
    r.weak = Digest::of("weak" + std::to_string(n));
    r.path_set_bytes = "path set " + std::to_string(n);
    r.path_set = Digest::of(r.path_set_bytes);
    r.strong = Digest::of("strong" + std::to_string(n));
    r.entry_bytes = wire::encode_entry(entry, paths, [&](PathId id) { return paths.str(id); });
    r.stable_id = std::to_string(n) + ".o";
    r.blobs = {out.digest};
    return r;
  }
  void publish(unsigned n) {
    auto blobs = cas::BlobStore::open(cache_);
    ASSERT_TRUE(blobs && blobs->put_bytes(content(n)));
    auto store = MetadataStore::open(cache_);
    ASSERT_TRUE(store && (*store)->begin() && (*store)->publish(request(n)));
    ASSERT_TRUE((*store)->commit());
  }
  std::string object(unsigned n) {
    const std::string hex = Digest::of(content(n)).hex();
    return cache_ + "/objects/" + hex.substr(0, 2) + "/" + hex.substr(2);
  }
  void damage(unsigned n) {
    ASSERT_EQ(::chmod(object(n).c_str(), 0644), 0);
    auto fd = open_file(object(n), O_WRONLY);
    ASSERT_TRUE(fd && write_all(fd->get(), "C"));
  }
  void sql(const std::string& text) {
    auto db = Database::open(cache_ + "/metadata.sqlite", Database::Access::ReadWrite, false);
    ASSERT_TRUE(db && db->execute(text.c_str()));
  }
  Audit audit(AuditRequest request = {}) {
    auto done = cache::audit(cache_, request);
    EXPECT_TRUE(done) << done.error().to_string();
    return done ? *done : Audit();
  }
  static std::vector<std::string> kinds(const Audit& audit) {
    std::vector<std::string> out;
    for (const Problem& problem : audit.problems)
      out.push_back(std::string(name(problem.kind)) + " " + problem.subject);
    return out;
  }

  test::TempDir dir_;
  std::string cache_;
};

TEST_F(AuditTest, SoundCacheHasNoProblems) {
  Audit done = audit();
  EXPECT_THAT(kinds(done), IsEmpty());
  EXPECT_EQ(done.entries, 4u);
  EXPECT_EQ(done.path_sets, 4u);
  EXPECT_EQ(done.hashed_blobs, 4u);
  EXPECT_EQ(done.orphan_blobs, 0u);
}

TEST_F(AuditTest, DamagedBlobAndTheEntryThatNeedsItGo) {
  damage(1);
  EXPECT_THAT(kinds(audit()),
              ElementsAre("damagedBlob " + Digest::of(content(1)).hex(), "missingContent 1.o"));
  EXPECT_TRUE(stat_identity(cache_ + "/quarantine/" + Digest::of(content(1)).hex())->exists());
  Audit again = audit();
  EXPECT_THAT(kinds(again), IsEmpty());
  EXPECT_EQ(again.entries, 3u);
}

TEST_F(AuditTest, LookingChangesNothing) {
  damage(1);
  AuditRequest look;
  look.repair = false;
  for (int i = 0; i < 2; ++i) EXPECT_EQ(audit(look).problems.size(), 2u);
  EXPECT_TRUE(stat_identity(object(1))->exists());
}

TEST_F(AuditTest, WithoutHashingTheSizesAreCompared) {
  AuditRequest quick;
  quick.hash_percent = 0;
  damage(1);
  EXPECT_THAT(kinds(audit(quick)), IsEmpty());
  ASSERT_EQ(::truncate(object(2).c_str(), 1), 0);
  ASSERT_EQ(::unlink(object(3).c_str()), 0);
  EXPECT_THAT(kinds(audit(quick)), ElementsAre("missingContent 2.o", "missingContent 3.o"));
  EXPECT_EQ(audit(quick).orphan_blobs, 1u);
}

TEST_F(AuditTest, DamagedRowsAndWhatCannotBeReachedGo) {
  sql("UPDATE entries SET entry = zeroblob(9) WHERE stable_id = '0.o'");
  sql("UPDATE path_sets SET bytes = x'00' WHERE id = 2");
  sql("DELETE FROM path_sets WHERE id = 3");
  Audit done = audit();
  EXPECT_THAT(kinds(done), ElementsAre("damagedRow 0.o", "missingPathSet 2.o",
                                       "damagedRow " + Digest::of("path set 1").hex()));
  // The second entry lost its path set just now.
  EXPECT_THAT(kinds(audit()), ElementsAre("missingPathSet 1.o"));
  EXPECT_THAT(kinds(audit()), IsEmpty());
}

TEST_F(AuditTest, DamagedDatabaseIsSetAsideAndReplaced) {
  sql("PRAGMA wal_checkpoint(TRUNCATE)");  // the log would hide the damage
  {
    auto fd = open_file(cache_ + "/metadata.sqlite", O_WRONLY);
    ASSERT_TRUE(fd);
    for (off_t page = 1; page < 8; ++page)
      ASSERT_EQ(::pwrite(fd->get(), "garbage garbage", 15, page * 4096), 15);
  }
  Audit done = audit();
  ASSERT_FALSE(done.problems.empty());
  EXPECT_EQ(done.problems.front().kind, Problem::Kind::DamagedDatabase);
  EXPECT_TRUE(stat_identity(done.set_aside)->exists());
  Audit again = audit();
  EXPECT_THAT(kinds(again), IsEmpty());
  EXPECT_EQ(again.orphan_blobs, 4u);
}

TEST_F(AuditTest, ForeignFileIsNamedAndLeft) {
  const std::string foreign = std::string(parent_path(object(0))) + "/notes.txt";
  ASSERT_TRUE(replace_file(foreign, "mine"));
  EXPECT_THAT(kinds(audit()), ElementsAre("foreignFile " + foreign));
  EXPECT_TRUE(stat_identity(foreign)->exists());
}

TEST_F(AuditTest, NoCacheIsSaidAndNotMade) {
  auto done = cache::audit(dir_ / "nothing", {});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().errnum, ENOENT);
  EXPECT_FALSE(stat_identity(dir_ / "nothing")->exists());
}

}  // namespace
}  // namespace bxl::cache
