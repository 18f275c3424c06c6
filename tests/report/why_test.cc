// Explanations over builds in memory.
#include "report/why.h"

#include <gmock/gmock.h>

#include "memory_history.h"
#include "report/words.h"

namespace bxl::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using wire::Outcome;

const std::vector<std::string> kChain = {"gen.h : gen.in = gen", "a.o : gen.h = cc",
                                         "b.o : b.c = cc", "app : a.o b.o = ld"};

void first_build(MemoryHistory& h) {
  h.add(kChain);
  h.ran("gen.h", rests_on({{"gen.in", "1"}}));
  h.ran("a.o", rests_on({{"gen.h", "1"}}));
  h.ran("b.o", rests_on({{"b.c", "1"}}));
  h.ran("app", rests_on({{"a.o", "1"}, {"b.o", "1"}}));
}

std::string text(MemoryHistory& h, const std::string& pip) {
  return to_text(explain(h, pip), pip, h, false);
}

TEST(Why, UnknownPipIsInNoBuild) {
  MemoryHistory h;
  EXPECT_THAT(text(h, "x"), HasSubstr("in no build on record"));
  first_build(h);
  EXPECT_FALSE(explain(h, "x").found);
}

TEST(Why, FirstBuildHasNothingToCompareWith) {
  MemoryHistory h;
  first_build(h);
  h.result("app").reason = "never seen with this command";
  Explanation e = explain(h, "app");
  EXPECT_TRUE(e.event && e.current && e.step.causes.empty());
  EXPECT_THAT(text(h, "app"),
              HasSubstr("first build of it on record: never seen with this command"));
}

TEST(Why, EditIsFollowedThroughTheChain) {
  MemoryHistory h;
  first_build(h);
  h.add(kChain);
  h.ran("gen.h", rests_on({{"gen.in", "2"}}));
  h.ran("a.o", rests_on({{"gen.h", "2"}}));
  h.ran("app", rests_on({{"a.o", "2"}, {"b.o", "1"}}));
  Explanation e = explain(h, "app");
  ASSERT_EQ(e.step.causes.size(), 1u);
  EXPECT_EQ(e.step.makers, std::vector<std::string>{"a.o"});
  ASSERT_EQ(e.roots.size(), 1u);
  EXPECT_EQ(e.roots[0].cause.subject, "/w/b/gen.in");
  EXPECT_EQ(e.roots[0].through, (std::vector<std::string>{"gen.h", "a.o"}));
  EXPECT_THAT(text(h, "app"), HasSubstr("why: a.o changed; made by a.o\n"));
  EXPECT_THAT(text(h, "app"), HasSubstr("root cause: gen.in changed (through gen.h, a.o)\n"));
}

TEST(Why, ChangedCommandUpstreamIsTheRoot) {
  MemoryHistory h;
  first_build(h);
  h.add(kChain);
  h.ran("b.o", rests_on({{"b.c", "1"}}, "cc -O2"));
  h.ran("app", rests_on({{"a.o", "1"}, {"b.o", "2"}}));
  EXPECT_THAT(text(h, "app"),
              HasSubstr("root cause: b.o: its command has gained \"-O2\" (through b.o)\n"));
}

TEST(Why, TwoEditsAreTwoRoots) {
  MemoryHistory h;
  first_build(h);
  h.add(kChain);
  h.ran("b.o", rests_on({{"b.c", "2"}}));
  h.ran("gen.h", rests_on({{"gen.in", "2"}}));
  h.ran("a.o", rests_on({{"gen.h", "2"}}));
  h.ran("app", rests_on({{"a.o", "2"}, {"b.o", "2"}}));
  EXPECT_EQ(explain(h, "app").roots.size(), 2u);
}

TEST(Why, RunThatGaveAnotherResultForTheSameInputsIsARoot) {
  MemoryHistory h;
  first_build(h);
  h.result("b.o").publishable = false;
  h.result("b.o").why_not = "it reads the clock";
  h.add(kChain);
  h.ran("b.o", rests_on({{"b.c", "1"}}));
  h.ran("app", rests_on({{"a.o", "1"}, {"b.o", "2"}}));
  EXPECT_THAT(
      text(h, "app"),
      HasSubstr("root cause: b.o: its inputs are the same; its earlier result was not cached: "
                "it reads the clock (through b.o)\n"));
}

TEST(Why, UpToDatePipTellsItsLastEvent) {
  MemoryHistory h;
  first_build(h);
  h.add(kChain);
  Explanation e = explain(h, "a.o");
  EXPECT_TRUE(e.clean && e.event && !e.current);
  EXPECT_THAT(text(h, "a.o"), HasSubstr("a.o is up to date; it ran ("));
}

TEST(Why, PipThatWasNeverTouchedIsUpToDate) {
  MemoryHistory h;
  h.add(kChain);
  Explanation e = explain(h, "a.o");
  EXPECT_TRUE(e.found && !e.event);
  EXPECT_THAT(text(h, "a.o"), HasSubstr("was up to date in every build on record"));
}

TEST(Why, ReplayWithoutADifferenceRestoredOutputs) {
  MemoryHistory h;
  first_build(h);
  h.add(kChain);
  h.ran("b.o", rests_on({{"b.c", "1"}}), Outcome::Hit);
  EXPECT_THAT(text(h, "b.o"),
              HasSubstr("outputs were missing or changed on disk and were restored"));
}

TEST(Why, RunWithoutADifferenceLostItsEntry) {
  MemoryHistory h;
  first_build(h);
  h.add(kChain);
  h.ran("b.o", rests_on({{"b.c", "1"}})).reason =
      "never seen with this command, environment and declared inputs";
  EXPECT_THAT(text(h, "b.o"), HasSubstr("the cache no longer has its entry"));
}

TEST(Why, ContentThatWasLostIsSaidAsTheLookupSaidIt) {
  MemoryHistory h;
  first_build(h);
  h.add(kChain);
  h.ran("b.o", rests_on({{"b.c", "1"}})).reason = "content of its cached outputs is lost";
  EXPECT_THAT(text(h, "b.o"),
              HasSubstr("its inputs are the same; content of its cached outputs is lost"));
}

TEST(Why, FailuresAndViolationsAreNeverCached) {
  for (Outcome outcome : {Outcome::Failed, Outcome::Violated}) {
    MemoryHistory h;
    h.add(kChain);
    h.ran("b.o", rests_on({{"b.c", "1"}}), outcome);
    h.add(kChain);
    h.ran("b.o", rests_on({{"b.c", "1"}}));
    EXPECT_THAT(text(h, "b.o"), HasSubstr("never cached"));
  }
}

TEST(Why, ViolationIsTold) {
  MemoryHistory h;
  h.add(kChain);
  wire::Violation v;
  v.code = "DX5009";
  v.message = "reads gen.h, which it does not depend on";
  h.ran("b.o", rests_on({{"b.c", "1"}}), Outcome::Violated).violations = {v};
  EXPECT_THAT(text(h, "b.o"),
              HasSubstr("violation DX5009: reads gen.h, which it does not depend on\n"));
}

TEST(Why, SkippedRunsAreNotWhatALaterOneIsComparedWith) {
  MemoryHistory h;
  first_build(h);
  h.add(kChain);
  h.result("b.o").outcome = Outcome::Skipped;
  h.result("b.o").why_not = "app was not reached";
  EXPECT_THAT(text(h, "b.o"), HasSubstr("b.o was skipped"));
  h.add(kChain);
  h.ran("b.o", rests_on({{"b.c", "2"}}));
  Explanation e = explain(h, "b.o");
  EXPECT_TRUE(e.step.compared);
  EXPECT_EQ(e.step.previous, 2u);
  EXPECT_THAT(text(h, "b.o"), HasSubstr("why: b.c changed\n"));
}

TEST(Why, LostEvidenceIsAdmitted) {
  MemoryHistory h;
  first_build(h);
  h.result("b.o").weak = Digest::of("1");
  h.add(kChain);
  h.ran("b.o", rests_on({{"b.c", "2"}})).weak = Digest::of("2");
  h.evict_facts();
  EXPECT_THAT(
      text(h, "b.o"),
      HasSubstr("a declared input differs from its previous result (what that rested on is no "
                "longer on record)"));
}

TEST(Why, UnreadableBuildsArePassedOver) {
  class OneIsDamaged : public MemoryHistory {
   public:
    const Build* build(std::size_t index) override {
      return index == 0 ? nullptr : MemoryHistory::build(index);
    }
  } h;
  first_build(h);
  h.add(kChain);
  Explanation e = explain(h, "b.o");
  EXPECT_TRUE(e.found && e.event && !e.current);
}

TEST(Why, ChainsThatMeetAgainAreFollowedOnce) {
  // 40 layers of two pips that both read both of the layer below: 2^40 ways, one edit.
  std::vector<std::string> lines = {"p0 : in = x", "q0 : in = x"};
  for (int i = 1; i < 40; ++i)
    for (const char* name : {"p", "q"})
      lines.push_back(name + std::to_string(i) + " : p" + std::to_string(i - 1) + " q" +
                      std::to_string(i - 1) + " = x");
  MemoryHistory h;
  for (const char* content : {"1", "2"}) {
    h.add(lines);
    for (const char* name : {"p", "q"}) {
      h.ran(name + std::string("0"), rests_on({{"in", content}}));
      for (int i = 1; i < 40; ++i)
        h.ran(name + std::to_string(i), rests_on({{"p" + std::to_string(i - 1), content},
                                                  {"q" + std::to_string(i - 1), content}}));
    }
  }
  Explanation e = explain(h, "p39");
  ASSERT_EQ(e.roots.size(), 1u);
  EXPECT_EQ(e.roots[0].cause.subject, "/w/b/in");
}

TEST(Words, NamesAreRelativeToTheWorkspaceWhereThatIsShorter) {
  graph::Mounts mounts = test::make_mounts();
  Names names("/w/b", mounts);
  EXPECT_EQ(names("/w/b"), ".");
  EXPECT_EQ(names("/w/b/x/y"), "x/y");
  EXPECT_EQ(names("/w/s/a.h"), "../s/a.h");
  EXPECT_EQ(names("/usr/include/a.h"), "/usr/include/a.h");
  EXPECT_EQ(names("/elsewhere/a.h"), "/elsewhere/a.h");
}

TEST(Words, ControlCharactersCannotSteerTheTerminal) {
  EXPECT_EQ(printable("a.c"), "a.c");
  EXPECT_THAT(printable("a\x1b[2J\n"), Not(HasSubstr("\x1b")));
  graph::Mounts mounts = test::make_mounts();
  Cause cause{CauseKind::Read, "/w/b/a\x1b]0;x\x07", "P", "F"};
  EXPECT_THAT(sentence(cause, Names("/w/b", mounts)), Not(HasSubstr("\x1b")));
}

TEST(Words, ManyCausesAreCutShortUnlessAllAreWanted) {
  MemoryHistory h;
  std::map<std::string, std::string> before, after;
  for (int i = 10; i < 40; ++i) {
    before["i" + std::to_string(i)] = "1";
    after["i" + std::to_string(i)] = "2";
  }
  h.add({"o : i10 = cc"});
  h.ran("o", rests_on(before));
  h.add({"o : i10 = cc"});
  h.ran("o", rests_on(after));
  Explanation e = explain(h, "o");
  EXPECT_THAT(to_text(e, "o", h, false), HasSubstr("and 20 more (-v shows all)"));
  EXPECT_THAT(to_text(e, "o", h, true), HasSubstr("why: i39 changed\n"));
}

TEST(Words, JsonHasTheSameStory) {
  MemoryHistory h;
  first_build(h);
  h.add(kChain);
  h.ran("b.o", rests_on({{"b.c", "2"}}));
  std::string json;
  JsonWriter writer(&json);
  to_json(writer, explain(h, "b.o"), "b.o", h);
  EXPECT_THAT(
      json,
      HasSubstr("\"causes\":[{\"kind\":\"input\",\"subject\":\"b.c\",\"text\":\"b.c changed\""));
}

}  // namespace
}  // namespace bxl::report
