// Validation, order and reachability of pip graphs.
#include "graph/pip_graph.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace bxl::graph {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class PipGraphTest : public ::testing::Test {
 protected:
  // Adds a pip that makes /b/NAME and needs the pips numbered in `dependencies`.
  void add(const std::string& name, std::vector<std::uint32_t> dependencies = {}) {
    wire::Pip pip;
    pip.stable_id = name;
    pip.spec = "build.ninja:" + std::to_string(pips_.size() + 1);
    pip.outputs = {paths_.intern("/b/" + name)};
    pip.explicit_outputs = 1;
    for (std::uint32_t id : dependencies) pip.dependencies.push_back(PipId(id));
    pips_.push_back(std::move(pip));
  }
  Result<PipGraph> create() { return PipGraph::create(pips_, paths_); }
  std::string error() {
    auto graph = create();
    return graph ? "no error" : graph.error().message;
  }

  PathTable paths_;
  std::vector<wire::Pip> pips_;
};

TEST_F(PipGraphTest, DependenciesComeFirstAndTiesGoById) {
  add("a", {2});
  add("b");
  add("c", {1});
  add("d");
  auto graph = create();
  ASSERT_TRUE(graph);
  EXPECT_THAT(graph->topological_order(), ElementsAre(PipId(1), PipId(2), PipId(0), PipId(3)));
  EXPECT_EQ(graph->rank(PipId(0)), 2u);
  EXPECT_THAT(graph->consumers(PipId(1)), ElementsAre(PipId(2)));
  EXPECT_THAT(graph->roots(), ElementsAre(PipId(0), PipId(3)));
}

TEST_F(PipGraphTest, CycleIsNamed) {
  add("x", {1});
  add("a", {2});
  add("b", {3});
  add("c", {1});
  EXPECT_EQ(error(),
            "dependency cycle: a (build.ninja:2) -> b (build.ninja:3) -> c (build.ninja:4) -> a");
}

TEST_F(PipGraphTest, SelfDependencyIsACycle) {
  add("a", {0});
  EXPECT_EQ(error(), "dependency cycle: a (build.ninja:1) -> a");
}

TEST_F(PipGraphTest, LongCycleIsCutInItsMiddle) {
  for (std::uint32_t i = 0; i < 1000; ++i) add("p" + std::to_string(i), {(i + 1) % 1000});
  EXPECT_THAT(error(), HasSubstr("(980 more)"));
  EXPECT_LT(error().size(), 1000u);
}

TEST_F(PipGraphTest, TwoProducersOfOnePathAreNamed) {
  add("a");
  add("b");
  pips_[1].outputs.push_back(pips_[0].outputs[0]);
  EXPECT_EQ(error(), "two pips declare /b/a: a (build.ninja:1), b (build.ninja:2)");
}

TEST_F(PipGraphTest, EqualStableIdsAreRefused) {
  add("a");
  add("a");
  pips_[1].outputs = {paths_.intern("/b/other")};
  EXPECT_THAT(error(), HasSubstr("two pips have the stable id a"));
}

TEST_F(PipGraphTest, DeclaredOutputWinsOverOptionalOnes) {
  add("a");
  add("b");
  add("c");
  PathId shared = paths_.intern("/b/deps.d");
  pips_[0].optional_outputs = {pips_[2].outputs[0], shared};
  pips_[1].optional_outputs = {shared};
  auto graph = create();
  ASSERT_TRUE(graph) << graph.error().message;
  EXPECT_EQ(graph->producer(pips_[2].outputs[0]), PipId(2));
  EXPECT_EQ(graph->producer(shared), PipId(0));
}

TEST_F(PipGraphTest, PathsInternedLaterHaveNoProducer) {
  add("a");
  auto graph = create();
  ASSERT_TRUE(graph);
  EXPECT_EQ(graph->producer(paths_.intern("/later")), kNoPip);
  EXPECT_EQ(graph->producer(kNoPath), kNoPip);
}

TEST_F(PipGraphTest, IdsOutOfRangeAreRefused) {
  add("a");
  const wire::Pip good = pips_[0];
  auto refused = [&](auto change) {
    pips_[0] = good;
    change(pips_[0]);
    return !create().has_value();
  };
  const PathId bad{1000000};
  EXPECT_TRUE(refused([&](wire::Pip& p) { p.inputs = {bad}; }));
  EXPECT_TRUE(refused([&](wire::Pip& p) { p.order_only = {kNoPath}; }));
  EXPECT_TRUE(refused([&](wire::Pip& p) { p.outputs = {bad}; }));
  EXPECT_TRUE(refused([&](wire::Pip& p) { p.optional_outputs = {bad}; }));
  EXPECT_TRUE(refused([&](wire::Pip& p) { p.depfile = bad; }));
  EXPECT_TRUE(refused([&](wire::Pip& p) { p.rspfile = bad; }));
  EXPECT_TRUE(refused([&](wire::Pip& p) { p.working_directory = bad; }));
  EXPECT_TRUE(refused([&](wire::Pip& p) { p.dependencies = {PipId(1)}; }));
  EXPECT_TRUE(refused([&](wire::Pip& p) { p.explicit_outputs = 2; }));
  EXPECT_TRUE(refused([&](wire::Pip& p) { p.stable_id.clear(); }));
  EXPECT_FALSE(refused([](wire::Pip&) {}));
}

TEST_F(PipGraphTest, FindsByStableIdAlsoAfterAMove) {
  add("a");
  add("b/with/a/rather/long/name.o");
  auto graph = create();
  ASSERT_TRUE(graph);
  PipGraph moved = std::move(*graph);
  EXPECT_EQ(moved.find("a"), PipId(0));
  EXPECT_EQ(moved.find("b/with/a/rather/long/name.o"), PipId(1));
  EXPECT_EQ(moved.find("c"), kNoPip);
}

TEST_F(PipGraphTest, ClosureHoldsTargetsAndWhatTheyNeed) {
  add("a", {1});
  add("b", {2});
  add("c");
  add("d", {2});
  auto graph = create();
  ASSERT_TRUE(graph);
  EXPECT_THAT(graph->closure({PipId(0)}), ElementsAre(true, true, true, false));
  EXPECT_THAT(graph->closure({}), ElementsAre(false, false, false, false));
}

TEST_F(PipGraphTest, BothWaysToAskForReachabilityAgreeOnRandomGraphs) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    std::mt19937 random(seed);
    pips_.clear();
    paths_ = PathTable();
    for (std::uint32_t i = 0; i < 40; ++i) {
      std::vector<std::uint32_t> dependencies;
      for (std::uint32_t j = 0; j < i; ++j)
        if (random() % 12 == 0) dependencies.push_back(j);
      add("p" + std::to_string(i), dependencies);
    }
    auto graph = create();
    ASSERT_TRUE(graph);
    Reachability searching(*graph), remembering(*graph);
    for (std::uint32_t of = 0; of < 40; ++of) {
      const auto& all = remembering.upstream(PipId(of));
      EXPECT_TRUE(std::is_sorted(all.begin(), all.end()));
      for (std::uint32_t other = 0; other < 40; ++other) {
        bool member = std::count(all.begin(), all.end(), PipId(other)) == 1;
        EXPECT_EQ(searching.is_upstream(PipId(other), PipId(of)), member)
            << "seed " << seed << ": " << other << " of " << of;
      }
    }
  }
}

TEST_F(PipGraphTest, EmptyGraphIsValid) {
  auto graph = create();
  ASSERT_TRUE(graph);
  EXPECT_THAT(graph->topological_order(), IsEmpty());
  EXPECT_THAT(graph->roots(), IsEmpty());
}

}  // namespace
}  // namespace bxl::graph
