// What the user reads of a violation.
#include "violation/message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/graph_text.h"

namespace bxl::violation {
namespace {

using testing::HasSubstr;
using testing::Not;

class MessageTest : public testing::Test {
 protected:
  MessageTest()
      : graph_(test::make_graph({"gen.h : gen.in = gen", "m.o : m.c = cc", "out : a b c d e = cat",
                                 "late : m.o || gen.h = late"},
                                paths_)) {}

  wire::Violation violation(const char* code, const char* letter, const char* role, const char* pip,
                            const char* related, const std::string& path) {
    return {code, letter, role, pip, related, paths_.intern(path), "it did something"};
  }
  std::string advice(const wire::Violation& v) { return violation::advice(graph_, paths_, v); }

  PathTable paths_;
  graph::PipGraph graph_;
  graph::Mounts mounts_ = test::make_mounts();
};

TEST_F(MessageTest, TheReadersStatementGainsTheOutputWhoeverIsTold) {
  const char* fixed = "add gen.h to the inputs of m.o:\n  build m.o: RULE m.c || gen.h";
  EXPECT_EQ(advice(violation("DX5003", "R", "R", "m.o", "gen.h", "/w/b/gen.h")), fixed);
  EXPECT_EQ(advice(violation("DX5026", "MD", "W", "gen.h", "m.o", "/w/b/gen.h")), fixed);
}

TEST_F(MessageTest, ADeclaredOutputStandsForAnUndeclaredOne) {
  EXPECT_EQ(advice(violation("DX5009", "R", "R", "m.o", "gen.h", "/w/b/side.h")),
            "add gen.h to the inputs of m.o:\n  build m.o: RULE m.c || gen.h");
}

TEST_F(MessageTest, AnOutputOutsideIsDeclaredAndLongListsAreCut) {
  EXPECT_EQ(advice(violation("DX5008", "W", "W", "out", "", "/w/s/si de")),
            "declare ../s/si$ de as an output of out, if it is one:\n"
            "  build out | ../s/si$ de: RULE a b c d …");
  EXPECT_EQ(advice(violation("DX5008", "W", "W", "late", "", "/elsewhere/x")),
            "declare /elsewhere/x as an output of late, if it is one:\n"
            "  build late | /elsewhere/x: RULE m.o || gen.h");
}

TEST_F(MessageTest, EveryPairGetsAdvice) {
  for (const char* code : {"DX5002", "DX5003", "DX5007", "DX5009", "DX5025", "DX5026", "DX5032"})
    EXPECT_NE(advice(violation(code, "W", "W", "m.o", "gen.h", "/w/b/x")), "") << code;
}

TEST_F(MessageTest, OneMessagePerPipNamesLettersCodesPathsAndPips) {
  wire::PipResult result;
  result.pip = graph_.find("m.o");
  result.violations = {violation("DX5026", "MD", "R", "m.o", "gen.h", "/w/b/gen.h"),
                       violation("DX5008", "W", "W", "m.o", "", "/w/s/x")};
  std::string text = message(graph_, paths_, mounts_, result, 10, Tone::Error);
  EXPECT_THAT(text, HasSubstr("error DX0500: [m.o] - Disallowed file accesses were detected "
                              "(build.ninja:2)\n"));
  EXPECT_THAT(text, HasSubstr("  MD [R] %build%/gen.h  (DX5026: it did something)\n"));
  EXPECT_THAT(text, HasSubstr("  W  %src%/x  (DX5008: it did something)\n"));
  EXPECT_THAT(text, HasSubstr("\n  MD = "));
  EXPECT_THAT(text, HasSubstr("  Related pip: gen.h (build.ninja:1)\n"));
  EXPECT_THAT(text, HasSubstr("  To fix it, add gen.h to the inputs of m.o:\n"
                              "    build m.o: RULE m.c || gen.h\n"));
  std::string one = message(graph_, paths_, mounts_, result, 1, Tone::Warning);
  EXPECT_THAT(one, HasSubstr("warning DX0501: [m.o]"));
  EXPECT_THAT(one, HasSubstr("  … and 1 more (-v: all)\n"));
  EXPECT_THAT(one, Not(HasSubstr("%src%/x")));
}

TEST_F(MessageTest, PipsOfJsonGraphsAreToldTheirFields) {
  std::vector<wire::Pip> pips(2);
  pips[0].stable_id = "gen";
  pips[0].options.make().directory_outputs = {{paths_.intern("/w/b/gen"), true}};
  pips[1].stable_id = "use";
  for (wire::Pip& pip : pips) pip.flags = wire::kPipJson;
  auto made = graph::PipGraph::create(pips, paths_);
  ASSERT_TRUE(made);
  auto say = [&](const wire::Violation& v) { return violation::advice(*made, paths_, v); };
  EXPECT_EQ(say(violation("DX5009", "R", "R", "use", "gen", "/w/b/gen/x")),
            "add \"gen\" to \"dependencies\" of pip \"use\"");
  EXPECT_EQ(say(violation("DX5026", "MD", "W", "gen", "use", "/w/b/gen/x")),
            "add \"gen\" to \"dependencies\" of pip \"use\"");
  EXPECT_EQ(say(violation("DX5006", "R", "R", "use", "", "/w/b/x")),
            "add \"/w/b/x\" to \"inputs\" of pip \"use\", or a source seal that holds it");
  EXPECT_THAT(say(violation("DX5008", "W", "W", "use", "", "/w/b/x")),
              HasSubstr("add \"/w/b/x\" to \"outputs\" of pip \"use\", or a directory"));
  EXPECT_THAT(say(violation("DX14533", "W", "W", "use", "gen", "/w/b/gen/x")),
              HasSubstr("\"kind\": \"shared\""));
}

}  // namespace
}  // namespace bxl::violation
