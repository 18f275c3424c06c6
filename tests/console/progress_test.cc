// What the status line says, and the estimate behind it.
#include "console/progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/graph_text.h"

namespace bxl::console {
namespace {

using namespace std::chrono_literals;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using wire::Outcome;

class ProgressTest : public testing::Test {
 protected:
  ProgressTest()
      : graph_(test::make_graph({"a : = cc a", "b : = cc b", "c : = cc c", "d : = cc d"}, paths_)),
        progress_(graph_, 4, 2, start_) {}

  PipId pip(const char* id) { return graph_.find(id); }
  void finish(const char* id, Outcome outcome, std::uint64_t ms = 0) {
    wire::PipResult result;
    result.pip = pip(id);
    result.outcome = outcome;
    result.lane = ms != 0;
    result.entry.wall_ms = ms;
    progress_.finished(result, ++done_, 4);
  }

  PathTable paths_;
  graph::PipGraph graph_;
  Clock::time_point start_ = Clock::time_point{} + 1h;
  Progress progress_;
  std::size_t done_ = 0;
};

TEST_F(ProgressTest, NamesThePipThatHasBeenRunningForLongest) {
  for (const char* id : {"a", "b", "c"}) progress_.planned(pip(id), false, 0);
  progress_.started(pip("b"), start_);
  progress_.started(pip("a"), start_ + 3s);
  EXPECT_EQ(progress_.status(start_ + 7s, 80, true), "[0/4]:  cc b (7 s, +1)");
  finish("b", Outcome::Ran, 7000);
  EXPECT_THAT(progress_.status(start_ + 8s, 80, true), HasSubstr(":  cc a (5 s)"));
}

TEST_F(ProgressTest, CountsWhatWasReusedAndWhatRan) {
  finish("a", Outcome::Clean);
  finish("b", Outcome::Hit);
  finish("c", Outcome::Ran, 10);
  EXPECT_EQ(progress_.status(start_, 80, true), "[3/4] 2 reused, 1 ran");
  finish("d", Outcome::Failed, 10);
  EXPECT_EQ(progress_.status(start_, 80, true), "[4/4] 1 failed, 2 reused, 1 ran");
}

TEST_F(ProgressTest, NothingIsEstimatedBeforeAnyTimeIsKnown) {
  progress_.planned(pip("a"), false, 0);
  progress_.started(pip("a"), start_);
  EXPECT_EQ(progress_.left_ms(start_ + 5s), std::nullopt);
}

TEST_F(ProgressTest, TimesOfEarlierRunsAreSharedOutAmongTheJobs) {
  progress_.planned(pip("a"), false, 10'000);
  progress_.planned(pip("b"), false, 6'000);
  progress_.planned(pip("c"), false, 4'000);
  EXPECT_EQ(progress_.left_ms(start_), 10'000u);
  progress_.started(pip("a"), start_);
  progress_.started(pip("b"), start_);
  EXPECT_EQ(progress_.left_ms(start_ + 4s), (6'000u + 2'000u + 4'000u) / 2);
}

TEST_F(ProgressTest, TheLongestRunningIsALowerBound) {
  progress_.planned(pip("a"), false, 60'000);
  progress_.started(pip("a"), start_);
  EXPECT_EQ(progress_.left_ms(start_ + 10s), 50'000u);
}

TEST_F(ProgressTest, APipThatNeverRanTakesTheAverageOfThisBuild) {
  progress_.planned(pip("a"), false, 0);
  progress_.planned(pip("b"), false, 0);
  progress_.started(pip("a"), start_);
  finish("a", Outcome::Ran, 8'000);
  EXPECT_EQ(progress_.left_ms(start_ + 8s), 8'000u / 2);
}

TEST_F(ProgressTest, DeferredPipsCountAsFarAsTheyHadToRunSoFar) {
  for (const char* id : {"a", "b", "c", "d"}) progress_.planned(pip(id), true, 12'000);
  EXPECT_EQ(progress_.left_ms(start_), 48'000u / 2);
  finish("a", Outcome::Clean);
  finish("b", Outcome::Hit);
  EXPECT_EQ(progress_.left_ms(start_), 24'000u / 3 / 2);
}

TEST_F(ProgressTest, ASecondAttemptIsNotCountedTwice) {
  progress_.planned(pip("a"), false, 4'000);
  progress_.started(pip("a"), start_);
  progress_.started(pip("a"), start_ + 4s);
  EXPECT_EQ(progress_.running(), 1u);
  EXPECT_EQ(progress_.left_ms(start_ + 5s), 3'000u);
}

TEST_F(ProgressTest, FitsEveryWidth) {
  progress_.planned(pip("a"), false, 30'000);
  progress_.started(pip("a"), start_);
  finish("b", Outcome::Hit);
  for (std::size_t width = 1; width < 100; ++width)
    EXPECT_LE(progress_.status(start_ + 5s, width, true).size(), width);
  EXPECT_EQ(progress_.status(start_ + 5s, 99, true), "[1/4] ~25 s left, 1 reused:  cc a (5 s)");
}

TEST_F(ProgressTest, TheNameOutlivesTheCountsWhenItGetsNarrow) {
  progress_.planned(pip("a"), false, 30'000);
  progress_.started(pip("a"), start_);
  finish("b", Outcome::Hit);
  EXPECT_THAT(progress_.status(start_ + 5s, 40, true), Not(HasSubstr("reused")));
  EXPECT_THAT(progress_.status(start_ + 5s, 40, true), EndsWith("cc a (5 s)"));
}

TEST_F(ProgressTest, TheSentenceForLogsSaysWhatIsStillRunning) {
  finish("b", Outcome::Hit);
  progress_.started(pip("a"), start_ + 15s);
  EXPECT_EQ(progress_.keep_alive(start_ + 60s, true),
            "still running after 1 min 0 s:  cc a (45 s), 3 to do");
}

}  // namespace
}  // namespace bxl::console
