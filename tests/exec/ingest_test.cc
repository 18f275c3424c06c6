// Which inputs are too young to be believed, whatever the clock did meanwhile (rule 12).
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "exec/recorder.h"
#include "support/temp_dir.h"

namespace bxl::exec {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::int64_t kHour = 3'600'000'000'000;

class IngestTest : public testing::Test {
 protected:
  IngestTest() : memo_(*cas::HashMemo::open("")) {
    EXPECT_TRUE(replace_file(dir_ / "in", "1"));
    access_.path = dir_ / "in";
    access_.ops = access_.first_ops = sandbox::kRead;
    access_.first = *lstat_identity(access_.path);
    access_.first_seq = access_.first_content_seq = 1;
  }
  // The inputs that are too young for a run that started then, by the wall clock.
  std::unordered_set<std::string> young(std::int64_t start_ns) {
    sandbox::Outcome outcome;
    outcome.accesses = {access_};
    return ingest(outcome, start_ns, {}, graph::Mounts(std::vector<wire::Mount>{}), nullptr, *memo_)
        .young;
  }

  test::TempDir dir_;
  std::unique_ptr<cas::HashMemo> memo_;
  sandbox::Access access_;
};

TEST_F(IngestTest, AFileChangedWithinAClockTickOfTheStartIsTooYoung) {
  EXPECT_THAT(young(access_.first.ctime_ns + kClockGranularityNs), ElementsAre(access_.path));
}

TEST_F(IngestTest, AFileFromBeforeTheStartIsBelieved) {
  EXPECT_THAT(young(access_.first.ctime_ns + kClockGranularityNs + 1), IsEmpty());
}

// The clock was set back between the edit and the start: the stamp says nothing about which came
// first, and the same stamp may be given again.
TEST_F(IngestTest, AFileFromTheFutureIsTooYoung) {
  EXPECT_THAT(young(access_.first.ctime_ns - kHour), ElementsAre(access_.path));
}

// The clock was set forward: no later change can get the stamp of the earlier one.
TEST_F(IngestTest, AFileFromBeforeALeapOfTheClockIsBelievedAsItWasSeen) {
  EXPECT_THAT(young(access_.first.ctime_ns + kHour), IsEmpty());
  ::usleep(20'000);
  ASSERT_TRUE(replace_file(access_.path, "2"));
  EXPECT_NE(*lstat_identity(access_.path), access_.first);
}

// A digest that was remembered for exactly this identity needs no clock at all.
TEST_F(IngestTest, WhatWasHashedBeforeIsKnownWhateverTheClockSays) {
  ::usleep(100'000);  // old enough to be remembered
  ASSERT_TRUE(memo_->digest(access_.path, access_.first));
  ASSERT_TRUE(memo_->find(access_.first));
  EXPECT_THAT(young(access_.first.ctime_ns - kHour), IsEmpty());
}

}  // namespace
}  // namespace bxl::exec
