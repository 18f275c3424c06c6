// bxl-cache as a process: results in, entries into the cache, the same results out.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <csignal>
#include <filesystem>

#include "cache/metadata_store.h"
#include "cas/blob_store.h"
#include "graph/mounts.h"
#include "support/temp_dir.h"
#include "wire/stream.h"

namespace bxl::cache {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using wire::Outcome;

struct Outcomes {
  int code = -1;
  std::string err;
};

class PublishTest : public ::testing::Test {
 protected:
  PublishTest() : cache_(dir_ / "cache") {
    header_.kind = wire::StreamKind::Results;
    header_.tool_version = "test";
    header_.workspace = "/w";
    header_.mounts = {{"%build%", "/w/build", wire::kMountOutput}, {"%src%", "/w", 0}};
    header_.graph = Digest::of("graph");
  }
  void SetUp() override { ASSERT_EQ(::access(kTool, X_OK), 0) << kTool << " is not built"; }

  cas::BlobStore blobs() { return std::move(*cas::BlobStore::open(cache_)); }
  std::unique_ptr<MetadataStore> metadata() { return std::move(*MetadataStore::open(cache_)); }

  // A finished run of pip `n` with one output, whose content is in the store.
  wire::PipResult ran(unsigned n, const std::string& content) {
    wire::PipResult r;
    r.pip = PipId{n};
    r.publishable = true;
    r.weak = Digest::of("weak" + std::to_string(n));
    r.strong = Digest::of("strong" + std::to_string(n));
    r.path_set_blob = "path set " + std::to_string(n);
    r.path_set = Digest::of(r.path_set_blob);
    wire::Output output;
    output.path = paths_.intern("/w/build/" + std::to_string(n) + ".o");
    output.size = content.size();
    output.digest = blobs().put_bytes(content)->digest;
    output.identity = {FileKind::File, false, 0100644, 1, n + 1, content.size(), 5, 6};
    r.entry.outputs = {output};
    return r;
  }
  std::string stream(const std::vector<wire::Record>& records, bool complete = true) {
    std::string bytes;
    auto sink = wire::string_sink(&bytes);
    auto writer = wire::StreamWriter::create(*sink, paths_, header_);
    for (const wire::Record& record : records) EXPECT_TRUE(writer->write(record));
    if (complete) {
      EXPECT_TRUE(writer->end({3, "a pip failed", 0}));
    }
    return bytes;
  }
  // Runs bxl-cache with files or the given descriptor as its output.
  Outcomes run(std::vector<std::string> args, const std::string& in, int out = -1) {
    EXPECT_TRUE(replace_file(dir_ / "in", in));
    const pid_t child = ::fork();
    if (child == 0) {
      ::dup2(open_file(dir_ / "in", O_RDONLY)->get(), 0);
      ::dup2(out >= 0 ? out : open_file(dir_ / "out", O_WRONLY | O_CREAT | O_TRUNC)->get(), 1);
      ::dup2(open_file(dir_ / "err", O_WRONLY | O_CREAT | O_TRUNC)->get(), 2);
      ::unsetenv("BXL_WRAPPER_PID");
      std::vector<char*> argv{const_cast<char*>(kTool)};
      args.insert(args.end(), {"--cache", cache_});
      for (std::string& arg : args) argv.push_back(arg.data());
      argv.push_back(nullptr);
      ::execv(kTool, argv.data());
      ::_exit(127);
    }
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status), *read_file(dir_ / "err")};
  }
  std::string output() { return *read_file(dir_ / "out"); }
  std::optional<std::string> entry_of(const wire::PipResult& r) {
    return *metadata()->entry(r.weak, {r.path_set, r.strong});
  }

  static constexpr const char* kTool = BXL_BIN_DIR "/bxl-cache";
  test::TempDir dir_;
  std::string cache_;
  PathTable paths_;
  wire::Header header_;
};

TEST_F(PublishTest, EntryIsStoredWithTokensAndWithoutIdentities) {
  const wire::PipResult r = ran(1, "object code");
  ASSERT_EQ(run({"publish"}, stream({r})).code, 0);
  auto bytes = entry_of(r);
  ASSERT_TRUE(bytes);
  EXPECT_THAT(*bytes, HasSubstr("%build%/1.o"));
  PathTable elsewhere;
  const graph::Mounts mounts({{"%build%", "/other/place", wire::kMountOutput}});
  auto entry = wire::decode_entry(*bytes, [&](std::string_view text) -> Result<PathId> {
    BXL_TRY_ASSIGN(auto path, mounts.expand(text));
    return elsewhere.intern(path);
  });
  ASSERT_TRUE(entry) << entry.error().to_string();
  ASSERT_EQ(entry->outputs.size(), 1u);
  EXPECT_EQ(elsewhere.str(entry->outputs[0].path), "/other/place/1.o");
  EXPECT_EQ(entry->outputs[0].digest, Digest::of("object code"));
  EXPECT_FALSE(entry->outputs[0].identity.exists());
  EXPECT_EQ(*metadata()->path_set(r.path_set), r.path_set_blob);
}

TEST_F(PublishTest, StreamPassesUnchangedButForTheCount) {
  wire::PipResult hit = ran(2, "hit");
  hit.outcome = Outcome::Hit;
  wire::Stats stats;
  stats.published = 100;
  const std::string in = stream({ran(1, "one"), hit, stats});
  ASSERT_EQ(run({"publish"}, in).code, 0);
  stats.published = 101;
  EXPECT_EQ(output(), stream({ran(1, "one"), hit, stats}));
  ASSERT_EQ(run({"publish"}, in).code, 0);
  EXPECT_EQ(output(), in) << "published again: nothing is new";
}

TEST_F(PublishTest, OnlyPublishableRunsAreStored) {
  wire::PipResult hit = ran(1, "a"), failed = ran(2, "b"), unfit = ran(3, "c"),
                  violated = ran(4, "d");
  hit.outcome = Outcome::Hit;
  failed.outcome = Outcome::Failed;
  unfit.publishable = false;
  unfit.why_not = "reads the network";
  violated.outcome = Outcome::Violated;
  const auto outcome = run({"publish"}, stream({hit, failed, unfit, violated}));
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.err, "");
  EXPECT_EQ(metadata()->counts()->entries, 0u);
}

TEST_F(PublishTest, LaterAttemptIsPublishedWhateverTheFirstWas) {
  wire::PipResult first = ran(1, "first"), second = ran(1, "second");
  first.publishable = false;
  second.attempt = 1;
  second.strong = Digest::of("another strong");
  ASSERT_EQ(run({"publish"}, stream({first, second})).code, 0);
  EXPECT_EQ(entry_of(first), std::nullopt);
  EXPECT_NE(entry_of(second), std::nullopt);
}

TEST_F(PublishTest, EntryWithoutItsContentCostsOneLine) {
  wire::PipResult lost = ran(1, "never stored");
  lost.entry.outputs[0].digest = Digest::of("something else");
  wire::PipResult wrong_size = ran(2, "stored");
  ++wrong_size.entry.outputs[0].size;
  wire::PipResult no_console = ran(3, "fine");
  no_console.entry.console = Digest::of("console");
  no_console.entry.console_bytes = 7;
  const auto outcome = run({"publish"}, stream({lost, wrong_size, no_console, ran(4, "good")}));
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 3);
  EXPECT_THAT(outcome.err, HasSubstr("bxl-cache: warning: not published: %build%/1.o"));
  EXPECT_EQ(metadata()->counts()->entries, 1u);
}

TEST_F(PublishTest, ContradictoryRecordIsNotPublished) {
  wire::PipResult r = ran(1, "x");
  r.path_set_blob += "!";
  EXPECT_THAT(run({"publish"}, stream({r})).err, HasSubstr("path set does not match"));
  r = ran(2, "x");
  r.weak = {};
  EXPECT_THAT(run({"publish"}, stream({r})).err, HasSubstr("no fingerprint"));
  EXPECT_EQ(metadata()->counts()->entries, 0u);
}

TEST_F(PublishTest, ConvergedEntryStaysUnlessItsContentIsLost) {
  const wire::PipResult first = ran(1, "first outcome"), second = ran(1, "second outcome");
  ASSERT_EQ(run({"publish"}, stream({first})).code, 0);
  const auto kept = entry_of(first);
  ASSERT_EQ(run({"publish"}, stream({second})).code, 0);
  EXPECT_EQ(entry_of(first), kept);
  const std::string hex = first.entry.outputs[0].digest.hex();
  ASSERT_TRUE(fs::remove(cache_ + "/objects/" + hex.substr(0, 2) + "/" + hex.substr(2)));
  ASSERT_EQ(run({"publish"}, stream({second})).code, 0);
  EXPECT_NE(entry_of(first), kept);
}

TEST_F(PublishTest, CutStreamIsExit8AndWhatArrivedIsPublished) {
  std::vector<wire::Record> records;
  for (unsigned n = 0; n < 20; ++n) records.push_back(ran(n, "content " + std::to_string(n)));
  const std::string cut = stream(records, false);
  EXPECT_EQ(run({"publish"}, cut).code, 8);
  EXPECT_EQ(metadata()->counts()->entries, 20u);
  PathTable paths;
  const std::string out = output();  // the reader borrows it
  auto reader = wire::StreamReader::open_bytes(out, wire::StreamKind::Results, paths);
  ASSERT_TRUE(reader);
  for (unsigned n = 0; n < 20; ++n) {
    auto record = reader->next();
    ASSERT_TRUE(record);
    EXPECT_TRUE(*record);
  }
  EXPECT_FALSE(reader->next()) << "downstream sees that the stream is incomplete";
}

TEST_F(PublishTest, EmptyInputIsExit8) {
  const auto outcome = run({"publish"}, "");
  EXPECT_EQ(outcome.code, 8);
  EXPECT_THAT(outcome.err, HasSubstr("bxl-cache: error: "));
}

TEST_F(PublishTest, StreamOfAnotherKindIsExit8) {
  header_.kind = wire::StreamKind::Plan;
  EXPECT_EQ(run({"publish"}, stream({})).code, 8);
}

TEST_F(PublishTest, DeadReaderIsExit8AfterEverythingIsPublished) {
  std::vector<wire::Record> records;
  for (unsigned n = 0; n < 50; ++n) records.push_back(ran(n, "content " + std::to_string(n)));
  int pipes[2];
  ASSERT_EQ(::pipe2(pipes, O_CLOEXEC), 0);
  ::close(pipes[0]);
  EXPECT_EQ(run({"publish"}, stream(records), pipes[1]).code, 8);
  ::close(pipes[1]);
  EXPECT_EQ(metadata()->counts()->entries, 50u);
}

TEST_F(PublishTest, UnusableCacheIsOneWarningAndTheStreamPasses) {
  const std::string in = stream({ran(1, "a"), ran(2, "b")});
  fs::remove_all(cache_);
  ASSERT_TRUE(replace_file(cache_, "a file"));
  const auto outcome = run({"publish"}, in);
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(output(), in);
  EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1);
}

TEST_F(PublishTest, DryRunOnlyPassesOn) {
  const std::string in = stream({ran(1, "a")});
  EXPECT_EQ(run({"publish", "-n"}, in).code, 0);
  EXPECT_EQ(output(), in);
  EXPECT_EQ(metadata()->counts()->entries, 0u);
}

TEST_F(PublishTest, DamagedDatabaseIsSetAsideAndPublishedTo) {
  const wire::PipResult r = ran(1, "a");
  ASSERT_TRUE(replace_file(cache_ + "/metadata.sqlite", std::string(9000, '#')));
  const auto outcome = run({"publish"}, stream({r}));
  EXPECT_EQ(outcome.code, 0);
  EXPECT_THAT(outcome.err, HasSubstr("metadata.sqlite.damaged-"));
  EXPECT_NE(entry_of(r), std::nullopt);
}

TEST_F(PublishTest, StatsAndListShowWhatIsThere) {
  ASSERT_EQ(run({"publish"}, stream({ran(1, "four")})).code, 0);
  ASSERT_EQ(run({"stats", "--json"}, "").code, 0);
  EXPECT_THAT(output(),
              HasSubstr(R"("entries":1,"pathSets":1,"weakFingerprints":1,"blobs":1,"bytes":4,)"));
  ASSERT_EQ(run({"ls"}, "").code, 0);
  EXPECT_THAT(output(), HasSubstr("%build%/1.o\n"));
  ASSERT_EQ(run({"ls", "--json"}, "").code, 0);
  EXPECT_THAT(output(), HasSubstr(R"("id":"%build%/1.o")"));
  EXPECT_EQ(run({}, "").code, 2);
}

TEST_F(PublishTest, CollectionIsMadeWhenTheCacheIsOverItsLimit) {
  std::vector<wire::Record> first;
  for (unsigned n = 0; n < 5; ++n) first.push_back(ran(n, std::string(100'000, char('a' + n))));
  ASSERT_EQ(run({"publish", "--cache-size", "1M"}, stream(first)).code, 0);
  for (const auto& file : fs::recursive_directory_iterator(cache_ + "/objects"))
    if (file.is_regular_file())
      fs::last_write_time(file, fs::file_time_type::clock::now() - std::chrono::hours(48));
  const wire::PipResult next = ran(9, "young");
  auto outcome = run({"publish", "--cache-size", "1M"}, stream({next}));
  EXPECT_EQ(outcome.err, "");
  EXPECT_EQ(metadata()->counts()->entries, 6u);
  outcome = run({"publish", "--cache-size", "200K"}, stream({next}));
  EXPECT_EQ(outcome.code, 0);
  EXPECT_THAT(outcome.err, HasSubstr("too small for what was built within a day"));
  EXPECT_LT(blobs().usage()->bytes, 200'000u);
  EXPECT_NE(entry_of(next), std::nullopt) << "published by this build";
}

TEST_F(PublishTest, GcTellsWhatItDid) {
  ASSERT_EQ(run({"publish"}, stream({ran(1, std::string(5000, 'x'))})).code, 0);
  ASSERT_EQ(run({"gc", "--cache-size", "1"}, "").code, 0);
  EXPECT_THAT(output(), HasSubstr("0 entries and 0 blobs removed, 0 bytes freed"));
  EXPECT_THAT(output(), HasSubstr("of at most 1 byte (the rest is in use"));
  for (const auto& file : fs::recursive_directory_iterator(cache_ + "/objects"))
    if (file.is_regular_file())
      fs::last_write_time(file, fs::file_time_type::clock::now() - std::chrono::hours(1));
  ASSERT_EQ(run({"gc", "--json", "--cache-size=1"}, "").code, 0);
  EXPECT_THAT(output(), HasSubstr(R"("entries":1,"blobs":1,"pathSets":0,"freedBytes":5000,)"));
  ASSERT_EQ(run({"stats", "--json", "--cache-size=5G"}, "").code, 0);
  EXPECT_THAT(output(), HasSubstr(R"("entries":0,"pathSets":0,"weakFingerprints":0,"blobs":0,)"));
  EXPECT_THAT(output(), HasSubstr(R"("limitBytes":5000000000)"));
}

TEST_F(PublishTest, AskingMakesNoCache) {
  EXPECT_EQ(run({"stats"}, "").code, 0);
  EXPECT_EQ(run({"gc"}, "").code, 0);
  EXPECT_EQ(run({"ls"}, "").code, 0);
  EXPECT_FALSE(fs::exists(cache_));
}

TEST_F(PublishTest, KilledPublisherLeavesACacheThatGoesOn) {
  std::vector<wire::Record> records;
  for (unsigned n = 0; n < 200; ++n) records.push_back(ran(n, "content " + std::to_string(n)));
  ASSERT_TRUE(replace_file(dir_ / "in", stream(records)));
  for (int round = 0; round < 20; ++round) {
    const pid_t child = ::fork();
    if (child == 0) {
      ::dup2(open_file("/dev/null", O_WRONLY)->get(), 1);
      ::execl(kTool, kTool, "publish", "--cache", cache_.c_str(), "--in", (dir_ / "in").c_str(),
              nullptr);
      ::_exit(127);
    }
    ::usleep(1000 + 500 * static_cast<unsigned>(round));
    ::kill(child, SIGKILL);
    ASSERT_EQ(::waitpid(child, nullptr, 0), child);
    EXPECT_TRUE(metadata()->set_aside().empty());
  }
  ASSERT_EQ(run({"publish"}, stream(records)).code, 0);
  EXPECT_EQ(metadata()->counts()->entries, 200u);
}

}  // namespace
}  // namespace bxl::cache
