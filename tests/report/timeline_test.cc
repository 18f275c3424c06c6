// Slices, lanes, the critical path and the trace.
#include "report/timeline.h"

#include <gmock/gmock.h>

#include "json/reader.h"
#include "memory_history.h"

namespace bxl::report {
namespace {

struct Run {
  const char* pip;
  std::uint32_t lane;
  std::int64_t start_us, end_us;
};

// a and b feed c; d stands alone. The clock begins at 5 s.
MemoryHistory history(const std::vector<Run>& runs) {
  MemoryHistory h;
  h.add({"a : in = x", "b : in = y", "c : a b = z", "d : in = w"});
  for (const Run& run : runs) {
    wire::PipResult& r = h.ran(run.pip, {});
    r.lane = run.lane;
    r.started_unix_us = 5'000'000 + run.start_us;
    r.ended_unix_us = 5'000'000 + run.end_us;
  }
  return h;
}

std::vector<std::string> critical(const Timeline& t) {
  std::vector<std::string> names;
  for (std::size_t i : t.critical) names.push_back(t.slices[i].pip);
  return names;
}

TEST(Timeline, CriticalPathIsTheLongestDependentChain) {
  MemoryHistory h = history({{"a", 1, 0, 10}, {"b", 2, 0, 30}, {"c", 1, 31, 41}, {"d", 2, 31, 66}});
  Timeline t = timeline(*h.build(0));
  EXPECT_EQ(critical(t), (std::vector<std::string>{"b", "c"}));
  EXPECT_EQ(t.critical_us, 40);
  EXPECT_EQ(t.length_us, 66);
  EXPECT_EQ(t.busy_us, 85);
  EXPECT_EQ(t.lanes, 2u);
  EXPECT_EQ(t.slices.front().start_us, 0);
}

TEST(Timeline, WhatDidNotRunCostsNothingOnThePath) {
  MemoryHistory h = history({{"a", 1, 0, 10}, {"d", 1, 10, 30}});
  EXPECT_EQ(critical(timeline(*h.build(0))), std::vector<std::string>{"d"});
}

TEST(Timeline, BuildWithoutRunsIsEmpty) {
  MemoryHistory h = history({});
  Timeline t = timeline(*h.build(0));
  EXPECT_TRUE(t.slices.empty() && t.critical.empty());
  EXPECT_EQ(t.length_us, 0);
  EXPECT_TRUE(json::parse(trace_json(*h.build(0), t)));
}

TEST(Timeline, HitsAreTimeSaved) {
  MemoryHistory h = history({{"a", 1, 0, 10}});
  h.result("a").entry.wall_ms = 7;  // ran: took it, saved nothing
  h.ran("b", {}, wire::Outcome::Hit).entry.wall_ms = 1500;
  EXPECT_EQ(timeline(*h.build(0)).saved_ms, 1500u);
}

TEST(Timeline, OverlapInOneSlotGetsALaneOfItsOwn) {
  MemoryHistory h = history({{"a", 1, 0, 20}, {"b", 1, 10, 30}, {"c", 1, 20, 40}});
  Timeline t = timeline(*h.build(0));
  EXPECT_EQ(t.lanes, 2u);
  std::map<std::string, std::uint32_t> lane;
  for (const Slice& slice : t.slices) lane[slice.pip] = slice.lane;
  EXPECT_EQ(lane, (std::map<std::string, std::uint32_t>{{"a", 1}, {"b", 2}, {"c", 1}}));
}

TEST(Timeline, DamagedTimesAndSlotsAreHarmless) {
  MemoryHistory h = history({{"a", 4'000'000'000u, 0, 20}, {"b", 1, 30, 10}});
  Timeline t = timeline(*h.build(0));
  ASSERT_EQ(t.slices.size(), 1u);
  EXPECT_LE(t.lanes, 1u);
}

TEST(Timeline, TraceHasOneCompleteEventPerRunAndFlowsAlongThePath) {
  MemoryHistory h = history({{"a", 1, 0, 10}, {"b", 2, 0, 30}, {"c", 1, 31, 41}});
  auto trace = json::parse(trace_json(*h.build(0), timeline(*h.build(0))));
  ASSERT_TRUE(trace);
  std::map<std::string, int> phases;
  for (const json::Value& event : *trace->find("traceEvents")->array()) {
    const std::string& phase = *event.find("ph")->string();
    ++phases[phase];
    if (phase != "X" || *event.find("name")->string() != "c") continue;
    EXPECT_EQ(*event.find("ts")->integer(), 31);
    EXPECT_EQ(*event.find("dur")->integer(), 10);
    EXPECT_EQ(*event.find("args")->find("command")->string(), " z");
  }
  EXPECT_EQ(phases, (std::map<std::string, int>{{"M", 3}, {"X", 3}, {"s", 1}, {"f", 1}}));
}

}  // namespace
}  // namespace bxl::report
