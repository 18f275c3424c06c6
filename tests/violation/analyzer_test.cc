// Who is told what, over a small graph: gen makes gen.h, use and other stand beside it, after
// depends on gen.
#include "violation/analyzer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/graph_text.h"

namespace bxl::violation {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;

class AnalyzerTest : public testing::Test {
 protected:
  AnalyzerTest()
      : graph_(test::make_graph(
            {"gen.h : gen.in = gen", "use : a = use", "other : b = other", "after : gen.h = after"},
            paths_)),
        analyzer_(graph_, paths_, mounts_, [this](Analyzer& a) {
          ++loads_;
          if (load_) load_(a);
        }) {}

  PipId pip(const char* name) { return graph_.find(name); }
  PathId path(const std::string& name) { return paths_.intern("/w/b/" + name); }
  Touched touched(const std::string& name, Touch touch, const std::string& content = "x") {
    Touched t;
    t.path = path(name);
    t.fact.touch = touch;
    if (touch == Touch::Create) t.fact.content = Digest::of(content);
    return t;
  }

  PathTable paths_;
  graph::Mounts mounts_ = test::make_mounts();
  graph::PipGraph graph_;
  int loads_ = 0;
  std::function<void(Analyzer&)> load_;
  Analyzer analyzer_;
};

TEST_F(AnalyzerTest, TheOneWhoComesLastIsToldAndTheOtherIsNamed) {
  EXPECT_THAT(analyzer_.judge(pip("use"), {touched("side", Touch::AbsentProbe)}).violations,
              IsEmpty());
  auto told = analyzer_.judge(pip("other"), {touched("side", Touch::Create)}).violations;
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_EQ(told[0].code, "DX5026");
  EXPECT_EQ(told[0].letter, "MD");
  EXPECT_EQ(told[0].role, "W");
  EXPECT_EQ(told[0].pip, "other");
  EXPECT_EQ(told[0].related, "use");
  EXPECT_EQ(told[0].path, path("side"));
  EXPECT_EQ(told[0].message,
            "it made %build%/side, which use had looked for in vain without depending on it");
}

TEST_F(AnalyzerTest, TheReaderIsToldWhenItComesLast) {
  analyzer_.judge(pip("other"), {touched("side", Touch::Create)});
  auto told = analyzer_.judge(pip("use"), {touched("side", Touch::AbsentProbe)}).violations;
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_EQ(told[0].role, "R");
  EXPECT_EQ(told[0].related, "other");
}

TEST_F(AnalyzerTest, ADeclaredOutputNeedsNoRunOfItsPip) {
  Touched probe = touched("gen.h", Touch::AbsentProbe);
  probe.owner = pip("gen.h");
  probe.owner_declares = true;
  auto told = analyzer_.judge(pip("use"), {probe}).violations;
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_EQ(told[0].related, "gen.h");
  // Once it has run it is not told twice.
  Touched made = touched("gen.h", Touch::Create);
  made.fact.declared = true;
  analyzer_.judge(pip("gen.h"), {made});
  EXPECT_THAT(analyzer_.judge(pip("other"), {probe}).violations, SizeIs(1));
}

TEST_F(AnalyzerTest, DependentsMayFindWhatTheirDependenciesMake) {
  analyzer_.judge(pip("gen.h"), {touched("extra", Touch::Create)});
  EXPECT_THAT(analyzer_.judge(pip("after"), {touched("extra", Touch::Read)}).violations, IsEmpty());
}

TEST_F(AnalyzerTest, WhoListedTheDirectoryIsNotCached) {
  Touched list = touched("d", Touch::List);
  analyzer_.judge(pip("use"), {list});
  auto report = analyzer_.judge(pip("other"), {touched("d/new", Touch::Create)});
  EXPECT_THAT(report.violations, IsEmpty());
  EXPECT_THAT(report.uncached, ElementsAre(Pair(pip("use"), HasSubstr("it enumerates %build%/d"))));
}

TEST_F(AnalyzerTest, WhoListedADirectoryThatLostASourceIsNotCachedEither) {
  analyzer_.judge(pip("other"), {touched("d/source", Touch::Remove)});
  auto report = analyzer_.judge(pip("use"), {touched("d", Touch::List)});
  EXPECT_THAT(report.uncached, ElementsAre(Pair(pip("use"), HasSubstr("other"))));
}

TEST_F(AnalyzerTest, OthersAreAskedForOnceAndOnlyAfterASurprise) {
  load_ = [&](Analyzer& a) {
    Fact look;
    look.touch = Touch::Look;
    a.remember(pip("use"), path("side"), look);
  };
  Touched made = touched("gen.h", Touch::Create);
  made.fact.declared = true;
  analyzer_.judge(pip("gen.h"), {made, touched("a", Touch::Read)});
  Touched again = touched("gen.d", Touch::Create);
  again.recorded = true;
  analyzer_.judge(pip("gen.h"), {made, again});
  EXPECT_EQ(loads_, 0);
  EXPECT_FALSE(analyzer_.loaded());
  auto told = analyzer_.judge(pip("other"), {touched("side", Touch::Create)}).violations;
  EXPECT_EQ(loads_, 1);
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_EQ(told[0].related, "use");
  analyzer_.judge(pip("after"), {touched("more", Touch::Create)});
  EXPECT_EQ(loads_, 1);
}

TEST_F(AnalyzerTest, ALaterAttemptReplacesTheFirst) {
  analyzer_.judge(pip("use"), {touched("side", Touch::AbsentProbe)});
  analyzer_.judge(pip("use"), {});
  EXPECT_THAT(analyzer_.judge(pip("other"), {touched("side", Touch::Create)}).violations,
              IsEmpty());
}

TEST_F(AnalyzerTest, AThirdPipThatReadTheOwnersOutputIsAWitness) {
  Touched read = touched("gen.h", Touch::Read);
  read.owner = pip("gen.h");
  read.owner_declares = true;
  analyzer_.judge(pip("after"), {read});
  Touched write = touched("gen.h", Touch::Create, "else");
  write.owner = pip("gen.h");
  write.owner_declares = true;
  auto report = analyzer_.judge(pip("other"), {write});
  ASSERT_THAT(report.violations, SizeIs(1));
  EXPECT_EQ(report.violations[0].letter, "DW");
  EXPECT_EQ(report.violations[0].related, "gen.h");
  EXPECT_THAT(report.uncached, ElementsAre(Pair(pip("after"), HasSubstr("which other wrote too"))));
}

TEST_F(AnalyzerTest, ALateHitIsAskedForChangedSources) {
  analyzer_.judge(pip("gen.h"), {touched("source", Touch::Rewrite)});
  EXPECT_TRUE(analyzer_.sources_changed());
  EXPECT_EQ(analyzer_.changed_by(pip("use"), path("source")), pip("gen.h"));
  EXPECT_EQ(analyzer_.changed_by(pip("after"), path("source")), kNoPip);
  EXPECT_EQ(analyzer_.changed_by(pip("use"), path("another")), kNoPip);
}

}  // namespace
}  // namespace bxl::violation
