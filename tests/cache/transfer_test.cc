// Exports and imports: what arrives is what left, and bytes that nobody vouches for do no harm.
#include "cache/transfer.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "base/path_table.h"
#include "cache/audit.h"
#include "cache/export_file.h"
#include "cache/machine_salt.h"
#include "cache/metadata_store.h"
#include "cas/blob_store.h"
#include "os/file.h"
#include "support/temp_dir.h"
#include "wire/stream.h"

namespace bxl::cache {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class TransferTest : public testing::Test {
 protected:
  static std::string content(unsigned n) { return "content " + std::to_string(n); }

  static PublishRequest request(unsigned n, const std::string& mount = "%build%") {
    PathTable paths;
    wire::Entry entry;
    wire::Output out;
    out.path = paths.intern("/" + std::to_string(n) + ".o");
    out.size = content(n).size();
    out.digest = Digest::of(content(n));
    entry.outputs.push_back(out);
    entry.evidence = Digest::of("evidence " + std::to_string(n));
    PublishRequest r;
    r.weak = Digest::of("weak" + std::to_string(n));
    r.path_set_bytes = "path set " + std::to_string(n);
    r.path_set = Digest::of(r.path_set_bytes);
    r.strong = Digest::of("strong" + std::to_string(n));
    r.entry_bytes =
        wire::encode_entry(entry, paths, [&](PathId id) { return mount + paths.str(id); });
    r.stable_id = mount + "/" + std::to_string(n) + ".o";
    r.blobs = {out.digest, entry.evidence};
    return r;
  }
  static void publish(const std::string& cache, const PublishRequest& request) {
    auto store = MetadataStore::open(cache);
    ASSERT_TRUE(store && (*store)->begin() && (*store)->publish(request));
    ASSERT_TRUE((*store)->commit());
  }
  void publish(unsigned n) {
    auto blobs = cas::BlobStore::open(from_);
    ASSERT_TRUE(blobs && blobs->put_bytes(content(n)));
    ASSERT_TRUE(blobs->put_bytes("evidence " + std::to_string(n)));
    publish(from_, request(n));
  }
  Exported do_export(const std::string& file, const std::vector<std::string>& since = {},
                     std::optional<std::uint64_t> at_most = {}) {
    auto done = export_cache(from_, {file, since, at_most});
    EXPECT_TRUE(done) << done.error().to_string();
    return done ? *done : Exported();
  }
  Imported do_import(const std::string& file) {
    auto done = import_cache(to_, file);
    EXPECT_TRUE(done) << done.error().to_string();
    return done ? *done : Imported();
  }
  static std::vector<std::string> ids(const std::string& cache) {
    std::vector<std::string> out;
    auto store = MetadataStore::open(cache);
    const auto listed = (*store)->list(1000);
    for (const Listed& entry : *listed) out.push_back(entry.stable_id);
    std::sort(out.begin(), out.end());
    return out;
  }
  // Of the cache that was imported into.
  std::vector<std::string> problems() {
    auto done = audit(to_, {});
    EXPECT_TRUE(done) << done.error().to_string();
    std::vector<std::string> out;
    if (done)
      for (const Problem& problem : done->problems)
        out.push_back(std::string(name(problem.kind)) + " " + problem.text);
    return out;
  }
  // An export with these records, as a hostile hand could write it.
  std::string forged(const std::function<Result<void>(ExportWriter&)>& fill) {
    const std::string path = dir_ / "forged";
    auto fd = open_file(path, O_RDWR | O_CREAT | O_TRUNC);
    auto writer = ExportWriter::create(fd->get());
    EXPECT_TRUE(writer->write(ExportKind::Salt, machine_salt()) && fill(*writer) &&
                writer->write(ExportKind::End, {}));
    return path;
  }
  Result<void> add_blob(ExportWriter& writer, const Digest& name, const std::string& bytes) {
    BXL_TRY_ASSIGN(auto fd, unnamed_file(dir_ / "."));
    BXL_TRY(write_all(fd.get(), bytes));
    return writer.write_blob(name, fd.get(), bytes.size());
  }
  static ExportEntry entry_of(const PublishRequest& r) {
    return {r.weak, r.path_set, r.strong, r.stable_id, r.entry_bytes};
  }

  test::TempDir dir_;
  std::string from_ = dir_ / "from", to_ = dir_ / "to", file_ = dir_ / "export";
};

TEST_F(TransferTest, WhatIsImportedIsWhatWasExported) {
  for (unsigned n = 0; n < 100; ++n) publish(n);
  Exported out = do_export(file_);
  EXPECT_EQ(out.entries, 100u);
  EXPECT_EQ(out.blobs, 200u);
  EXPECT_EQ(out.bytes, fs::file_size(file_));
  Imported in = do_import(file_);
  EXPECT_TRUE(in.complete);
  EXPECT_EQ(in.entries, 100u);
  EXPECT_EQ(in.refused, 0u) << in.first_refusal;
  EXPECT_EQ(ids(to_), ids(from_));
  EXPECT_THAT(problems(), IsEmpty());
  auto store = MetadataStore::open(to_);
  const PublishRequest r = request(7);
  EXPECT_EQ(*(*store)->entry(r.weak, {r.path_set, r.strong}), r.entry_bytes);
  EXPECT_EQ(*(*store)->path_set(r.path_set), r.path_set_bytes);

  Imported again = do_import(file_);
  EXPECT_EQ(again.entries + again.blobs, 0u);
  EXPECT_EQ(again.already, 100u);
}

TEST_F(TransferTest, SinceLeavesOutWhatEarlierExportsHave) {
  publish(1);
  do_export(dir_ / "one");
  publish(2);
  EXPECT_EQ(do_export(dir_ / "two", {dir_ / "one"}).entries, 1u);
  publish(3);
  Exported third = do_export(dir_ / "three", {dir_ / "one", dir_ / "two"});
  EXPECT_EQ(third.entries, 1u);
  EXPECT_EQ(third.already, 2u);
  for (const char* name : {"one", "two", "three"}) EXPECT_EQ(do_import(dir_ / name).refused, 0u);
  EXPECT_THAT(ids(to_), ElementsAre("%build%/1.o", "%build%/2.o", "%build%/3.o"));
  EXPECT_THAT(problems(), IsEmpty());
}

TEST_F(TransferTest, RestOfAnExportThatNeverCameIsRefused) {
  publish(1);
  do_export(dir_ / "one");
  PublishRequest second = request(2);  // another result with the same content
  PublishRequest same = request(1);
  second.entry_bytes = same.entry_bytes;
  second.blobs = same.blobs;
  publish(from_, second);
  EXPECT_EQ(do_export(dir_ / "two", {dir_ / "one"}).entries, 1u);
  Imported in = do_import(dir_ / "two");
  EXPECT_EQ(in.refused, 1u);
  EXPECT_THAT(in.first_refusal, HasSubstr("content is missing"));
  EXPECT_THAT(ids(to_), IsEmpty());
}

TEST_F(TransferTest, LimitKeepsWhatWasUsedLast) {
  for (unsigned n = 0; n < 20; ++n) publish(n);
  const std::uint64_t all = do_export(file_).bytes;
  Exported half = do_export(file_, {}, all / 2);
  EXPECT_LE(half.bytes, all / 2 + 500);  // the evidence of the last one, and the end
  EXPECT_GT(half.entries, 5u);
  EXPECT_EQ(half.entries + half.over, 20u);
  EXPECT_EQ(do_import(file_).entries, half.entries);
}

TEST_F(TransferTest, LostContentAndForeignPlacesAreLeftOut) {
  publish(1);
  publish(2);
  publish(from_, request(3, ""));  // names /3.o, which is nobody's mount
  const std::string hex = Digest::of(content(1)).hex();
  ASSERT_EQ(::unlink((from_ + "/objects/" + hex.substr(0, 2) + "/" + hex.substr(2)).c_str()), 0);
  Exported out = do_export(file_);
  EXPECT_EQ(out.entries, 1u);
  EXPECT_EQ(out.left_out, 2u);
  EXPECT_EQ(do_import(file_).entries, 1u);
}

TEST_F(TransferTest, MarkersTravel) {
  publish(1);
  PublishRequest marker;
  marker.weak = request(1).weak;
  marker.path_set_bytes = "augmenting";
  marker.path_set = Digest::of(marker.path_set_bytes);
  marker.strong = kAugmentingMarker;
  marker.stable_id = "%build%/1.o";
  publish(from_, marker);
  EXPECT_EQ(do_export(file_).entries, 1u);
  EXPECT_EQ(do_import(file_).entries, 1u);
  auto store = MetadataStore::open(to_);
  EXPECT_EQ((*store)->candidates(marker.weak)->augmenting, marker.path_set);
}

TEST_F(TransferTest, AnotherMachinesResultsAreRefusedByName) {
  publish(1);
  auto fd = open_file(file_, O_RDWR | O_CREAT);
  auto writer = ExportWriter::create(fd->get());
  ASSERT_TRUE(writer->write(ExportKind::Salt, "architecture z80\n" + machine_salt()));
  auto done = import_cache(to_, file_);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().errnum, EPROTO);
  EXPECT_THAT(done.error().to_string(), HasSubstr("architecture"));
}

TEST_F(TransferTest, OtherFilesAreNoExports) {
  ASSERT_TRUE(replace_file(file_, "#!/bin/sh\n"));
  EXPECT_EQ(import_cache(to_, file_).error().errnum, EBADMSG);
  ASSERT_TRUE(replace_file(file_, "bxl-cache-export 2\n"));
  EXPECT_EQ(import_cache(to_, file_).error().errnum, EPROTO);
  EXPECT_EQ(import_cache(to_, dir_ / ".").error().errnum, EBADMSG);
  EXPECT_EQ(import_cache(to_, dir_ / "absent").error().errnum, ENOENT);
}

TEST_F(TransferTest, LyingBlobIsStoredUnderNoNameButItsOwn) {
  const PublishRequest r = request(1);
  const std::string file = forged([&](ExportWriter& writer) -> Result<void> {
    BXL_TRY(add_blob(writer, r.blobs[0], "CONTENT 1"));
    BXL_TRY(writer.write(ExportKind::PathSet, r.path_set_bytes));
    return writer.write(ExportKind::Entry, entry_of(r).encode());
  });
  Imported in = do_import(file);
  EXPECT_EQ(in.refused, 2u);  // the blob, and the entry that it was for
  EXPECT_THAT(in.first_refusal, HasSubstr(r.blobs[0].hex()));
  EXPECT_THAT(ids(to_), IsEmpty());
  EXPECT_FALSE(cas::BlobStore::open(to_)->contains(r.blobs[0]));
}

TEST_F(TransferTest, EntriesThatPointOutOfTheirMountAreRefused) {
  const std::string file = forged([&](ExportWriter& writer) -> Result<void> {
    BXL_TRY(add_blob(writer, Digest::of(content(1)), content(1)));
    for (const char* mount : {"%build%/..", "/etc", "%build%/./", ""}) {
      const PublishRequest r = request(1, mount);
      BXL_TRY(writer.write(ExportKind::PathSet, r.path_set_bytes));
      BXL_TRY(writer.write(ExportKind::Entry, entry_of(r).encode()));
    }
    return {};
  });
  EXPECT_EQ(do_import(file).refused, 4u);
  EXPECT_THAT(ids(to_), IsEmpty());
}

TEST_F(TransferTest, HalfAnExportIsImportedAsFarAsItGoes) {
  for (unsigned n = 0; n < 10; ++n) publish(n);
  do_export(file_);
  ASSERT_EQ(::truncate(file_.c_str(), static_cast<off_t>(fs::file_size(file_) / 2)), 0);
  Imported in = do_import(file_);
  EXPECT_FALSE(in.complete);
  EXPECT_GT(in.entries, 2u);
  EXPECT_LT(in.entries, 8u);
  EXPECT_THAT(problems(), IsEmpty());
}

// A flipped bit, or the end, at every seventh place (the fuzzer goes further): an error or a
// warning, never a wrong entry.
TEST_F(TransferTest, DamageAnywhereLeavesASoundCache) {
  publish(1);
  do_export(file_);
  const std::string good = *read_file(file_);
  const std::string bad = dir_ / "bad";
  const PublishRequest r = request(1);
  for (std::size_t at = 0; at < good.size(); at += 7) {
    std::string bytes = good;
    bytes[at] = static_cast<char>(bytes[at] ^ (1 << at % 8));
    if (at % 2 == 0) bytes.resize(at);
    ASSERT_TRUE(replace_file(bad, bytes));
    fs::remove_all(to_);
    auto done = import_cache(to_, bad);
    if (!done) continue;
    EXPECT_TRUE(!done->complete || done->refused != 0) << at;
    EXPECT_THAT(problems(), IsEmpty()) << at;
    auto entry = (*MetadataStore::open(to_))->entry(r.weak, {r.path_set, r.strong});
    EXPECT_EQ(entry && *entry, done->entries == 1) << at;
    if (*entry) {
      EXPECT_EQ(**entry, r.entry_bytes);
    }
  }
}

TEST_F(TransferTest, FailedExportLeavesTheOldFile) {
  publish(1);
  do_export(file_);
  const std::string before = *read_file(file_);
  ASSERT_TRUE(replace_file(dir_ / "no", "export"));
  auto done = export_cache(from_, {file_, {dir_ / "no"}, {}});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().errnum, EBADMSG);
  EXPECT_EQ(*read_file(file_), before);
  EXPECT_EQ(export_cache(dir_ / "nothing", {file_, {}, {}}).error().errnum, ENOENT);
  EXPECT_FALSE(fs::exists(dir_ / "nothing"));
}

}  // namespace
}  // namespace bxl::cache
