// Reading logs and evidence: untrusted bytes give what is good in them and never crash.
#include "report/build_log.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "fingerprint/path_set.h"
#include "report/facts.h"
#include "support/graph_text.h"
#include "support/temp_dir.h"
#include "wire/stream.h"

namespace bxl::report {
namespace {

const std::string kId = "20261123T092419.123Z-4711";

class LoadBuild : public ::testing::Test {
 protected:
  // Two pips; `a` runs twice, the second time only to withdraw what the first said.
  LoadBuild() {
    wire::GraphRecord record;
    PathTable paths;
    record.pips = test::make_graph({"a : in = cc", "b : a = ld"}, paths).take_pips();
    wire::Header header;
    header.workspace = "/w/b";
    header.mounts = test::make_mounts().all();
    auto sink = wire::string_sink(&graph_);
    header.graph = *wire::write_graph(*sink, header, paths, record);
    header.kind = wire::StreamKind::Results;
    sink = wire::string_sink(&results_);
    auto writer = wire::StreamWriter::create(*sink, paths, header);
    wire::PipResult r;
    r.pip = PipId{0};
    r.publishable = true;
    r.lane = 2;
    r.started_unix_us = 10;
    r.ended_unix_us = 20;
    r.reason = "never seen";
    r.path_set_blob = "set";
    r.entry.outputs = {test::file_output(paths.intern("/w/b/a"), "x"),
                       test::file_output(paths.intern("/w/b/a.log"), "y")};
    EXPECT_TRUE(writer->write(r));
    after_first_ = results_.size();
    wire::PipResult withdrawn = r;
    withdrawn.attempt = 1;
    withdrawn.publishable = false;
    withdrawn.why_not = "another pip wrote there";
    withdrawn.lane = 0;
    withdrawn.started_unix_us = withdrawn.ended_unix_us = 0;
    withdrawn.reason = withdrawn.path_set_blob = "";
    EXPECT_TRUE(writer->write(withdrawn));
    r.pip = PipId{1};
    r.entry.outputs = {};
    EXPECT_TRUE(writer->write(r));
    EXPECT_TRUE(writer->end({1, "1 pips failed", 0}));
    std::filesystem::create_directories(dir_ / kId);
  }
  Result<Build> load(std::string_view graph, std::string_view results) {
    (void)replace_file(dir_ / (kId + "/graph"), graph);
    (void)replace_file(dir_ / (kId + "/results"), results);
    return load_build(dir_.path(), kId);
  }
  test::TempDir dir_;
  std::string graph_, results_;
  std::size_t after_first_ = 0;
};

TEST_F(LoadBuild, LaterRecordSupersedesAndKeepsTheTimes) {
  auto build = load(graph_, results_);
  ASSERT_TRUE(build) << build.error().to_string();
  EXPECT_TRUE(build->complete);
  EXPECT_EQ(build->end.exit_code, 1);
  const wire::PipResult* a = build->find("a");
  ASSERT_TRUE(a);
  EXPECT_FALSE(a->publishable);
  EXPECT_EQ(a->why_not, "another pip wrote there");
  EXPECT_EQ(a->lane, 2u);
  EXPECT_EQ(a->ended_unix_us, 20);
  EXPECT_EQ(a->reason, "never seen");
  EXPECT_EQ(a->path_set_blob, "set");
  EXPECT_EQ(build->find("c"), nullptr);
}

TEST_F(LoadBuild, MakersAreKnownForDeclaredAndOtherOutputs) {
  auto build = load(graph_, results_);
  ASSERT_TRUE(build);
  auto maker = [&](const char* path) {
    const std::string* id = build->maker(build->paths->find(path));
    return id ? *id : "";
  };
  EXPECT_EQ(maker("/w/b/a"), "a");
  EXPECT_EQ(maker("/w/b/a.log"), "a");
  EXPECT_EQ(maker("/w/b/b"), "b");
  EXPECT_EQ(maker("/w/b/in"), "");
  EXPECT_EQ(maker("/never/heard/of"), "");
}

TEST_F(LoadBuild, TornEndLeavesWhatCameBefore) {
  for (std::size_t size = 0; size < results_.size(); size += 11) {
    auto build = load(graph_, results_.substr(0, size));
    if (!build) continue;  // the header itself is cut
    EXPECT_FALSE(build->complete);
    EXPECT_EQ(build->find("a") != nullptr, size >= after_first_);
  }
}

TEST_F(LoadBuild, FlippedBytesNeverCrash) {
  for (std::size_t at = 0; at < results_.size(); at += 13) {
    std::string damaged = results_;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x41);
    auto build = load(graph_, damaged);
    EXPECT_FALSE(build && build->complete) << at;
  }
}

TEST_F(LoadBuild, GraphOfAnotherBuildIsRefused) {
  PathTable paths;
  wire::GraphRecord other;
  other.pips = test::make_graph({"x : y = z"}, paths).take_pips();
  std::string graph;
  auto sink = wire::string_sink(&graph);
  ASSERT_TRUE(wire::write_graph(*sink, {}, paths, other));
  auto build = load(graph, results_);
  ASSERT_FALSE(build);
  EXPECT_EQ(build.error().errnum, EBADMSG);
}

class DecodeFacts : public ::testing::Test {
 protected:
  DecodeFacts() {
    mounts_ = test::make_mounts();
    set_ = fingerprint::encode_path_set({{paths_.intern("/w/s/a.h"), fingerprint::kContent},
                                         {paths_.intern("/w/s/d"), fingerprint::kEnumerate}},
                                        paths_, mounts_);
    field("command", "cc -O1");
    field("env", "A=x=y");
    field("env", "B=");
    field("input", "%src%/a b.c R 0123456789abcdef0123456789abcdef");
    field("input", "%src%/tool R 0123456789abcdef0123456789abcdef x");
    field("input", "%src%/gone P");
    evidence_ += "path-set " + Digest::of(set_).hex() + "\nR 111111111111\n";
    evidence_ += std::string("E 222222222222 4 a\0b\0\n", 22);
  }
  void field(const std::string& name, const std::string& value) {
    evidence_ += name + " " + std::to_string(value.size()) + " " + value + "\n";
  }
  PathTable paths_;
  graph::Mounts mounts_;
  std::string set_, evidence_ = "bxl-evidence 1\n";
};

TEST_F(DecodeFacts, FieldsInputsAndObservationsHavePaths) {
  auto facts = decode_facts(evidence_, set_, mounts_);
  ASSERT_TRUE(facts) << facts.error().to_string();
  EXPECT_EQ(facts->fields,
            (std::vector<std::pair<std::string, std::string>>{{"command", "cc -O1"}}));
  EXPECT_EQ(facts->environment, (std::map<std::string, std::string>{{"A", "x=y"}, {"B", ""}}));
  EXPECT_EQ(facts->inputs.at("/w/s/a b.c").value, "R 0123456789ab");
  EXPECT_EQ(facts->inputs.at("/w/s/tool").value, "R x 0123456789ab");
  EXPECT_EQ(facts->inputs.at("/w/s/gone").value, "P");
  EXPECT_TRUE(facts->observed_known);
  EXPECT_EQ(facts->observed.at("/w/s/a.h").value, "R 111111111111");
  EXPECT_EQ(facts->observed.at("/w/s/d").members, (std::vector<std::string>{"a", "b"}));

  auto declared_only = decode_facts(evidence_, "", mounts_);
  ASSERT_TRUE(declared_only);
  EXPECT_FALSE(declared_only->observed_known);
  EXPECT_EQ(declared_only->inputs.size(), 3u);
}

TEST_F(DecodeFacts, PathSetOfAnotherRunIsRefused) {
  std::string other = fingerprint::encode_path_set({{paths_.intern("/w/s/z"), fingerprint::kProbe}},
                                                   paths_, mounts_);
  auto facts = decode_facts(evidence_, other, mounts_);
  ASSERT_FALSE(facts);
  EXPECT_EQ(facts.error().errnum, EBADMSG);
}

TEST_F(DecodeFacts, DamageNeverCrashes) {
  for (std::size_t size = 0; size < evidence_.size(); ++size)
    (void)decode_facts(std::string_view(evidence_).substr(0, size), set_, mounts_);
  std::size_t refused = 0;
  for (std::size_t at = 0; at < evidence_.size(); ++at) {
    std::string damaged = evidence_;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x15);
    refused += decode_facts(damaged, set_, mounts_) ? 0 : 1;
  }
  EXPECT_GT(refused, 0u);
}

}  // namespace
}  // namespace bxl::report
