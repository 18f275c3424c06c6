// Differences between what two results of a pip rested on.
#include "report/compare.h"

#include <gtest/gtest.h>

namespace bxl::report {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

Facts facts() {
  Facts f;
  f.fields = {{"command", "cc -O1 -c a.c"}, {"output", "%build%/a.o"}};
  f.environment = {{"PATH", "/usr/bin"}};
  f.inputs["/w/a.c"].value = "R 111111111111";
  f.observed["/w/a.h"].value = "R 222222222222";
  f.observed["/w/opt.h"].value = "P";
  f.observed_known = true;
  return f;
}

Cause only(const Facts& before, const Facts& after) {
  auto causes = compare(before, after);
  EXPECT_EQ(causes.size(), 1u);
  return causes.empty() ? Cause{} : causes.front();
}

TEST(WordDifference, NamesOnlyTheWordsThatDiffer) {
  EXPECT_EQ(word_difference("cc -O1 -g a.c", "cc -O2 -g a.c"), (Pairs{{"-O1", "-O2"}}));
  EXPECT_EQ(word_difference("cc a.c", "cc -Wall a.c"), (Pairs{{"", "-Wall"}}));
  EXPECT_EQ(word_difference("cc -g a.c", "cc a.c"), (Pairs{{"-g", ""}}));
  EXPECT_EQ(word_difference("a b c d e", "a X c Y e"), (Pairs{{"b", "X"}, {"d", "Y"}}));
  EXPECT_EQ(word_difference("same", "same"), Pairs{});
}

TEST(WordDifference, QuotedTextIsOneWord) {
  EXPECT_EQ(word_difference("cc '-DA=x y' a.c", "cc '-DA=x z' a.c"),
            (Pairs{{"'-DA=x y'", "'-DA=x z'"}}));
}

TEST(WordDifference, WhiteSpaceAloneIsADifferenceWithoutWords) {
  EXPECT_EQ(word_difference("a  b", "a b"), (Pairs{{"", ""}}));
}

TEST(WordDifference, LongCommandsThatDifferEverywhereAreOnePair) {
  std::string a, b;
  for (int i = 0; i < 3000; ++i) {
    a += "x" + std::to_string(i) + " ";
    b += "y" + std::to_string(i) + " ";
  }
  EXPECT_EQ(word_difference(a, b).size(), 1u);
}

TEST(Compare, EqualFactsHaveNoCause) { EXPECT_TRUE(compare(facts(), facts()).empty()); }

TEST(Compare, CommandIsNamedByItsWords) {
  Facts now = facts();
  now.fields[0].second = "cc -O2 -c a.c";
  EXPECT_EQ(only(facts(), now), (Cause{CauseKind::Command, "command", "-O1", "-O2"}));
}

TEST(Compare, EnvironmentVariablesAreNamed) {
  Facts now = facts();
  now.environment["PATH"] = "/bin";
  EXPECT_EQ(only(facts(), now), (Cause{CauseKind::Environment, "PATH", "/usr/bin", "/bin"}));
  now = facts();
  now.environment["A"] = "";
  EXPECT_EQ(only(facts(), now), (Cause{CauseKind::Environment, "A", "", "", false, true}));
  EXPECT_EQ(only(now, facts()), (Cause{CauseKind::Environment, "A", "", "", true, false}));
}

TEST(Compare, DeclaredInputsAreNamed) {
  Facts now = facts();
  now.inputs["/w/a.c"].value = "R 999999999999";
  EXPECT_EQ(only(facts(), now),
            (Cause{CauseKind::Input, "/w/a.c", "R 111111111111", "R 999999999999"}));
}

TEST(Compare, ADeclaredInputThatIsAlsoObservedIsToldOnce) {
  Facts before = facts(), now = facts();
  before.observed["/w/a.c"].value = "R 111111111111";
  now.observed["/w/a.c"].value = now.inputs["/w/a.c"].value = "R 999999999999";
  EXPECT_EQ(only(before, now).kind, CauseKind::Input);
}

TEST(Compare, AddedAndRemovedInputsAreNamed) {
  Facts now = facts();
  now.inputs["/w/b.c"].value = "R 333333333333";
  Cause cause = only(facts(), now);
  EXPECT_EQ(cause.subject, "declared inputs");
  EXPECT_EQ(cause.added, std::vector<std::string>{"/w/b.c"});
  EXPECT_EQ(only(now, facts()).removed, std::vector<std::string>{"/w/b.c"});
}

TEST(Compare, UndeclaredReadsAndAppearingFilesAreReads) {
  Facts now = facts();
  now.observed["/w/opt.h"].value = "R 444444444444";
  Cause cause = only(facts(), now);
  EXPECT_EQ(cause.kind, CauseKind::Read);
  EXPECT_EQ(change_of(cause), Change::Appeared);
  EXPECT_EQ(change_of(only(now, facts())), Change::Gone);
}

TEST(Compare, ListingsNameTheirMembers) {
  Facts before = facts(), now = facts();
  before.observed["/w/d"] = {"E aaaaaaaaaaaa", true, {"a", "b"}};
  now.observed["/w/d"] = {"E bbbbbbbbbbbb", true, {"b", "c"}};
  Cause cause = only(before, now);
  EXPECT_EQ(cause.kind, CauseKind::Listing);
  EXPECT_EQ(cause.added, std::vector<std::string>{"c"});
  EXPECT_EQ(cause.removed, std::vector<std::string>{"a"});
  now.observed["/w/d"].listed = false;
  EXPECT_TRUE(only(before, now).added.empty());
}

TEST(Compare, LookingCloserAtTheSameThingIsNoCause) {
  Facts before = facts(), now = facts();
  before.observed["/w/f"].value = "F";
  now.observed["/w/f"].value = "R 555555555555";
  before.observed["/w/d"].value = "D";
  now.observed["/w/d"].value = "E 666666666666";
  EXPECT_TRUE(compare(before, now).empty());
}

TEST(Compare, OtherPathsCountOnlyWhenNothingElseDiffers) {
  Facts now = facts();
  now.observed["/w/new.h"].value = "R 777777777777";
  Cause cause = only(facts(), now);
  EXPECT_EQ(cause.kind, CauseKind::Consequence);
  EXPECT_EQ(cause.subject, "/w/new.h");
  now.observed["/w/a.h"].value = "R 888888888888";
  cause = only(facts(), now);
  EXPECT_EQ(cause.kind, CauseKind::Read);
  EXPECT_EQ(cause.subject, "/w/a.h");
}

TEST(Compare, WithoutPathsOnlyTheDeclarationIsCompared) {
  Facts now = facts();
  now.observed["/w/a.h"].value = "R 888888888888";
  now.observed_known = false;
  EXPECT_TRUE(compare(facts(), now).empty());
}

TEST(Compare, TheCommandComesBeforeWhatWasRead) {
  Facts now = facts();
  now.observed["/w/a.h"].value = "R 888888888888";
  now.fields[0].second = "cc -O2 -c a.c";
  auto causes = compare(facts(), now);
  ASSERT_EQ(causes.size(), 2u);
  EXPECT_EQ(causes[0].kind, CauseKind::Command);
  EXPECT_EQ(causes[1].kind, CauseKind::Read);
}

TEST(ChangeOf, TellsContentModeAndKindApart) {
  auto change = [](const char* before, const char* after) {
    return change_of({CauseKind::Read, "/w/f", before, after});
  };
  EXPECT_EQ(change("R 111111111111", "R 222222222222"), Change::Content);
  EXPECT_EQ(change("R 111111111111", "R x 111111111111"), Change::Executable);
  EXPECT_EQ(change("R x 111111111111", "R x 222222222222"), Change::Content);
  EXPECT_EQ(change("R link 111111111111", "R link 222222222222"), Change::LinkTarget);
  EXPECT_EQ(change("R 111111111111", "R link 222222222222"), Change::Kind);
  EXPECT_EQ(change("R 111111111111", "D"), Change::Kind);
}

}  // namespace
}  // namespace bxl::report
