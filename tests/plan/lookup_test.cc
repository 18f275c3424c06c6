// Lookups in the cache: how many path sets they visit, and that what was published is found again.
#include "plan/lookup.h"

#include <gtest/gtest.h>

#include "support/graph_text.h"
#include "support/memory_tree.h"
#include "support/temp_dir.h"
#include "wire/stream.h"

namespace bxl::plan {
namespace {

using fingerprint::kContent;
using fingerprint::kProbe;
using fingerprint::Observation;
using wire::Action;

// One pip with one declared input; what it reads beside that is up to each run.
class LookupTest : public testing::Test {
 protected:
  LookupTest()
      : blobs_(std::move(*cas::BlobStore::open(dir_ / "cache"))),
        metadata_(std::move(*cache::MetadataStore::open(dir_ / "cache"))),
        graph_(test::make_graph({"o : i = cc i"}, paths_)),
        mounts_(test::make_mounts()) {
    tree_.file("/w/b/i", "int main;");
    start();
  }

  // As a new process does.
  void start() {
    view_.emplace(graph_, paths_, mounts_, tree_, records_);
    lookup_.emplace(*view_, fingerprint::Salts{},
                    Lookup::Stores{metadata_.get(), &blobs_, nullptr, &records_});
  }
  Decision decide() {
    start();
    return lookup_->decide(PipId{0});
  }

  // What bxl-exec and `bxl-cache publish` do after a run that read `files`.
  void publish(const Digest& weak, const std::vector<std::string>& files,
               const wire::Entry& entry = {}) {
    std::vector<Observation> observations;
    for (const std::string& file : files) observations.push_back({paths_.intern(file), kContent});
    cache::PublishRequest request;
    request.path_set_bytes = fingerprint::encode_path_set(observations, paths_, mounts_);
    auto set = fingerprint::decode_path_set(request.path_set_bytes, paths_, mounts_);
    ASSERT_TRUE(set) << set.error().to_string();
    auto strong = fingerprint::strong_fingerprint(*view_, PipId{0}, weak, *set);
    ASSERT_EQ(strong.status, fingerprint::Computed::Status::Ok) << strong.why;
    const wire::Filed filed = lookup_->file(PipId{0}, weak, set->digest);
    request.weak = filed.weak.is_zero() ? weak : filed.weak;
    request.path_set = set->digest;
    request.strong = strong.digest;
    request.entry_bytes =
        wire::encode_entry(entry, paths_, [&](PathId path) { return paths_.str(path); });
    ASSERT_TRUE(metadata_->publish(request));
    if (filed.path_set_blob.empty()) return;
    ++markers_;
    cache::PublishRequest marker;
    marker.weak = filed.from;
    marker.path_set_bytes = filed.path_set_blob;
    marker.path_set = Digest::of(filed.path_set_blob);
    marker.strong = cache::kAugmentingMarker;
    ASSERT_TRUE(metadata_->publish(marker));
  }

  test::TempDir dir_;
  cas::BlobStore blobs_;
  std::unique_ptr<cache::MetadataStore> metadata_;
  PathTable paths_;
  graph::PipGraph graph_;
  graph::Mounts mounts_;
  test::MemoryTree tree_;
  graph::OutputRecords records_;
  std::optional<fingerprint::View> view_;
  std::optional<Lookup> lookup_;
  int markers_ = 0;
};

// Each edit of h.h makes it read another file.
TEST_F(LookupTest, FiftyPathSetsAreNotVisitedOneByOne) {
  const auto edit = [&](int n) {
    tree_.file("/w/b/h.h", "version " + std::to_string(n));
    tree_.file("/w/b/x" + std::to_string(n) + ".h", "same");
  };
  const auto name = [](int n) { return "/w/b/x" + std::to_string(n) + ".h"; };
  Digest weak;
  for (int n = 0; n < 50; ++n) {
    edit(n);
    const Decision miss = decide();
    ASSERT_EQ(miss.action, Action::Miss) << n;
    EXPECT_LE(lookup_->visits().most, kPathSetThreshold + 1) << n;
    weak = miss.weak;
    publish(weak, {"/w/b/h.h", name(n)});
  }
  EXPECT_EQ(markers_, 1);
  EXPECT_EQ(metadata_->candidates(weak)->path_sets.size(), kPathSetThreshold);
  EXPECT_EQ(metadata_->counts()->entries, 50u) << "markers do not count";
  for (int n = 0; n < 50; ++n) {
    edit(n);
    const Decision hit = decide();
    EXPECT_EQ(hit.action, Action::Hit) << n << ": " << hit.reason;
    EXPECT_EQ(hit.weak, weak) << "results are the same wherever they lie";
    EXPECT_LE(lookup_->visits().most, kPathSetThreshold + 1) << n;
  }
  EXPECT_NE(lookup_->explain(PipId{0}).find("augmented weak fingerprint"), std::string::npos);
}

// The file that is edited came only after the augmenting path set was made.
TEST_F(LookupTest, WhatIsReadSinceTheFirstAugmentationAugmentsAgain) {
  const auto name = [](const char* stem, int n) {
    return std::string("/w/b/") + stem + std::to_string(n) + ".h";
  };
  tree_.file("/w/b/h.h", "0");
  for (int n = 0; n < 6; ++n) {
    tree_.file("/w/b/h.h", std::to_string(n));
    tree_.file(name("x", n), "same");
    publish(decide().weak, {"/w/b/h.h", name("x", n)});
  }
  ASSERT_EQ(markers_, 1);
  tree_.file("/w/b/h.h", "reads later.h from now on");
  for (int n = 0; n < 50; ++n) {
    tree_.file("/w/b/later.h", std::to_string(n));
    tree_.file(name("y", n), "same");
    const Decision miss = decide();
    ASSERT_EQ(miss.action, Action::Miss) << n;
    EXPECT_LE(lookup_->visits().most, 2 * (kPathSetThreshold + 1)) << n;
    publish(miss.weak, {"/w/b/h.h", "/w/b/later.h", name("y", n)});
  }
  EXPECT_EQ(markers_, 2);
  for (int n = 0; n < 50; n += 7) {
    tree_.file("/w/b/later.h", std::to_string(n));
    EXPECT_EQ(decide().action, Action::Hit) << n;
  }
}

// Edits that change no path set leave one to visit, however many results there are.
TEST_F(LookupTest, OnePathSetIsVisitedOnce) {
  for (int n = 0; n < 100; ++n) {
    tree_.file("/w/b/h.h", std::to_string(n));
    publish(decide().weak, {"/w/b/h.h"});
  }
  EXPECT_EQ(metadata_->counts()->path_sets, 1u);
  EXPECT_EQ(markers_, 0);
  for (int n = 0; n < 100; n += 9) {
    tree_.file("/w/b/h.h", std::to_string(n));
    EXPECT_EQ(decide().action, Action::Hit) << n;
    EXPECT_EQ(lookup_->visits().most, 1u);
  }
}

TEST_F(LookupTest, LostAugmentingPathSetCostsNoHitOfTheOthers) {
  for (int n = 0; n < 7; ++n) {
    tree_.file("/w/b/h.h", std::to_string(n));
    tree_.file("/w/b/x" + std::to_string(n) + ".h", "same");
    publish(decide().weak, {"/w/b/h.h", "/w/b/x" + std::to_string(n) + ".h"});
  }
  ASSERT_EQ(markers_, 1);
  tree_.file("/w/b/h.h", "2");
  const Digest weak = decide().weak;
  const auto augmenting = metadata_->candidates(weak)->augmenting;
  ASSERT_TRUE(augmenting);
  ASSERT_TRUE(metadata_->forget(weak, {*augmenting, cache::kAugmentingMarker}));
  EXPECT_EQ(decide().action, Action::Hit) << "published before there was one";
  tree_.file("/w/b/h.h", "6");
  EXPECT_EQ(decide().action, Action::Miss);
}

TEST_F(LookupTest, ReasonsToldApart) {
  tree_.file("/w/b/h.h", "0");
  const Decision first = decide();
  EXPECT_TRUE(first.reason.starts_with("never seen")) << first.reason;
  publish(first.weak, {"/w/b/h.h"});
  tree_.file("/w/b/h.h", "1");
  const Decision second = decide();
  EXPECT_TRUE(second.reason.starts_with("an observed input differs")) << second.reason;
}

// Entries come from anywhere. What is not this pip's to make is a miss, wherever it lies.
TEST_F(LookupTest, ResultsWriteOnlyWhereTheirPipMay) {
  const auto with = [&](const std::vector<std::pair<std::string, std::string>>& outputs) {
    wire::Entry entry;
    for (const auto& [path, link] : outputs) {
      wire::Output out = test::file_output(paths_.intern(path), "content");
      if (!link.empty()) {
        out.kind = wire::OutputKind::Symlink;
        out.link_target = link;
        out.digest = Digest::of(link);
        out.size = 0;
      }
      entry.outputs.push_back(out);
    }
    return entry;
  };
  ASSERT_TRUE(blobs_.put_bytes("content"));
  tree_.file("/w/b/.git/HEAD", "ref");
  int n = 0;
  const auto reason = [&](const wire::Entry& entry) {
    tree_.file("/w/b/h.h", std::to_string(n++));
    publish(decide().weak, {"/w/b/h.h"}, entry);
    const Decision decision = decide();
    return decision.action == Action::Hit ? "hit" : decision.reason;
  };
  EXPECT_EQ(reason(with({{"/w/b/o", ""}})), "hit");
  EXPECT_EQ(reason(with({{"/w/b/o", ""}, {"/w/b/beside", ""}})), "hit");
  EXPECT_EQ(reason(with({{"/w/b/o", "../s/anything"}})), "hit") << "a link writes nothing";
  EXPECT_EQ(reason(with({{"/w/b/cloned/.git/HEAD", ""}})), "hit") << "which the pip made";
  for (const char* path :
       {"/home/u/.bash_profile", "/usr/lib/x.so", "/w/s/source.c", "/w/bb", "/w/b/.bxl/outputs.log",
        "/w/b/sub/.bxl/state", "/w/b/.git/hooks/post-commit", "/w/b/.bxl-tmp-1-0"})
    EXPECT_NE(reason(with({{"/w/b/o", ""}, {path, ""}})).find(path), std::string::npos) << path;
  EXPECT_NE(reason(with({{"/w/b/d", "/home/u"}, {"/w/b/d/e/x", ""}})).find("behind a link"),
            std::string::npos);
  wire::Entry lying = with({{"/w/b/o", "target"}});
  lying.outputs[0].link_target = "other";
  EXPECT_NE(reason(lying).find("digest"), std::string::npos);
}

}  // namespace
}  // namespace bxl::plan
