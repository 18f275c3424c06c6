// What becomes of edges: paths, dependencies, flags, late values.
#include "frontend/ninja/pips.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "frontend/ninja_test_support.h"

namespace bxl::frontend::ninja {
namespace {

using test::make_pips;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using wire::PipKind;

const std::string kRule = "rule r\n  command = run $in : $out\n";

TEST(PipsTest, PathsAreAbsoluteAndIdsRelative) {
  auto pips = make_pips(
      kRule +
      "build ./x/../o | imp: r a ../s/b | c || d\nbuild /b/abs: r /etc/f\nbuild ../out: r\n");
  const wire::Pip& pip = pips->at("o");
  EXPECT_THAT(pips->names(pip.outputs), ElementsAre("/b/o", "/b/imp"));
  EXPECT_EQ(pip.explicit_outputs, 1u);
  EXPECT_THAT(pips->names(pip.inputs), ElementsAre("/b/a", "/s/b", "/b/c"));
  EXPECT_THAT(pips->names(pip.order_only), ElementsAre("/b/d"));
  EXPECT_EQ(pips->paths.str(pip.working_directory), "/b");
  EXPECT_EQ(pip.spec, "build.ninja:3");
  EXPECT_EQ(pip.rule, "r");
  EXPECT_THAT(pips->names(pips->at("abs").outputs), ElementsAre("/b/abs"));
  EXPECT_THAT(pips->names(pips->at("../out").outputs), ElementsAre("/out"));
}

TEST(PipsTest, DependenciesAreProducersOfInputsAndOrderOnlyInputs) {
  auto pips = make_pips(kRule +
                        "build a: r src\nbuild b: r src | a\nbuild c: r b b || a\nbuild al: phony "
                        "c\nbuild d: r al\n");
  EXPECT_THAT(pips->dependencies("b"), ElementsAre("a"));
  EXPECT_THAT(pips->dependencies("c"), ElementsAre("a", "b"));
  EXPECT_THAT(pips->dependencies("al"), ElementsAre("c"));
  EXPECT_THAT(pips->dependencies("d"), ElementsAre("al"));
  EXPECT_EQ(pips->at("al").kind, PipKind::Alias);
  EXPECT_EQ(pips->command("al"), "");
}

TEST(PipsTest, ValidationsAreNeitherInputsNorDependencies) {
  auto pips =
      make_pips(kRule + "build a: r src | i || o |@ v late v src\nbuild late: r a\nbuild v: r\n");
  const wire::Pip& pip = pips->at("a");
  EXPECT_THAT(pips->dependencies("a"), IsEmpty());
  EXPECT_THAT(pips->names(pip.order_only), ElementsAre("/b/o"));
  ASSERT_EQ(pip.validations.size(), 2u);
  EXPECT_EQ(pips->set.pips.at(index(pip.validations[0])).stable_id, "late");
  EXPECT_EQ(pips->set.pips.at(index(pip.validations[1])).stable_id, "v");
}

TEST(PipsTest, RuleVariablesHaveTheFinalValuesOfTheFile) {
  auto pips = make_pips(
      "v = 1\nrule r\n  command = echo $v $w\nbuild a: r\n  w = $v\nv = 2\nbuild b: r\nv = 3\n");
  EXPECT_EQ(pips->command("a"), "echo 3 1");
  EXPECT_EQ(pips->command("b"), "echo 3 ");
}

TEST(PipsTest, FlagsFollowBindings) {
  auto pips = make_pips(
      "rule r\n  command = x\n  restat = $rs\n  generator = $g\n  depfile = $d\n  deps = $de\n"
      "build plain: r\n"
      "build a: r\n  rs = 0\n  g = 1\n  d = $out\n  de = gcc\n"
      "build b: r\n  d = b.d\n"
      "build c: r\n  pool = console\n");
  EXPECT_EQ(pips->at("plain").flags, 0u);
  EXPECT_EQ(pips->at("a").flags, wire::kPipRestat | wire::kPipGenerator);
  EXPECT_EQ(pips->at("b").flags, 0u);
  EXPECT_THAT(pips->names(pips->at("b").optional_outputs), ElementsAre("/b/b.d"));
  EXPECT_EQ(pips->at("c").flags, wire::kPipConsole | wire::kPipAction);
  EXPECT_EQ(pips->at("c").pool, "console");
  EXPECT_EQ(pips->at("c").pool_depth, 1u);
}

TEST(PipsTest, AbsorbedDepfileIsNoOptionalOutput) {
  auto pips = make_pips("rule r\n  command = x\n  depfile = $out.d\n  deps = gcc\nbuild a$ b: r\n");
  const wire::Pip& pip = pips->at("a b");
  EXPECT_EQ(pip.flags, wire::kPipDepsGcc);
  EXPECT_EQ(pips->paths.str(pip.depfile), "/b/a b.d");  // a file name: no shell quotes
  EXPECT_THAT(pip.optional_outputs, IsEmpty());
}

TEST(PipsTest, ResponseFileHasQuotedContentAndPlainName) {
  auto pips = make_pips(
      "rule r\n  command = x @$rspfile\n  rspfile = $out.rsp\n  rspfile_content = $in_newline\n"
      "build a$ b: r c$ d e\n");
  const wire::Pip& pip = pips->at("a b");
  EXPECT_EQ(pips->paths.str(pip.rspfile), "/b/a b.rsp");
  EXPECT_EQ(pip.rspfile_content, "'c d'\ne");
}

TEST(PipsTest, MissingPhonyMakesItsUsersAlwaysDirty) {
  auto pips = make_pips(kRule +
                        "build force: phony\n"
                        "build via: phony force\n"
                        "build a: r force\nbuild b: r via\nbuild c: r || force\nbuild d: r a\n");
  EXPECT_TRUE(pips->at("a").flags & wire::kPipAlwaysDirty);
  EXPECT_TRUE(pips->at("b").flags & wire::kPipAlwaysDirty);
  EXPECT_TRUE(pips->at("via").flags & wire::kPipAlwaysDirty);
  EXPECT_FALSE(pips->at("c").flags & wire::kPipAlwaysDirty);  // order-only never dirties
  EXPECT_FALSE(pips->at("d").flags & wire::kPipAlwaysDirty);  // the content of a decides
}

TEST(PipsTest, PhonyOfAnExistingFileIsASource) {
  auto pips = make_pips(kRule + "build h: phony\nbuild o: r h\n", {"/b/h"});
  EXPECT_EQ(pips->find("h"), nullptr);
  EXPECT_EQ(pips->at("o").flags, 0u);
  EXPECT_THAT(pips->dependencies("o"), IsEmpty());
}

TEST(PipsTest, OneMissingNameOfAPhonyDirtiesUsersOfAll) {
  auto pips = make_pips(kRule + "build there gone: phony\nbuild a: r there\nbuild b: r gone\n",
                        {"/b/there"});
  EXPECT_TRUE(pips->at("a").flags & wire::kPipAlwaysDirty);
  EXPECT_TRUE(pips->at("b").flags & wire::kPipAlwaysDirty);
  EXPECT_THAT(pips->dependencies("a"), IsEmpty());
  EXPECT_THAT(pips->dependencies("b"), ElementsAre("gone"));
}

TEST(PipsTest, PhonyNamingItselfIsTolerated) {
  auto pips = make_pips(kRule + "build x: phony x y\nbuild y: r\n");
  EXPECT_THAT(pips->dependencies("x"), ElementsAre("y"));
}

TEST(PipsTest, TwoSpellingsOfOneOutputAreOneFile) {
  auto pips = make_pips(kRule + "build o | /b/o: r a /b/a\nbuild p: phony /b/p\nbuild /b/p: r\n");
  EXPECT_THAT(pips->names(pips->at("o").outputs), ElementsAre("/b/o"));
  EXPECT_THAT(pips->names(pips->at("o").inputs), ElementsAre("/b/a"));
  EXPECT_EQ(pips->at("p").kind, PipKind::Process);
}

TEST(PipsTest, OtherSpellingsOfTheBuildDirectoryAreResolved) {
  auto pips =
      make_pips(test::Files{{"build.ninja", kRule + "build /link/o: r /link/../x /linked/y\n"}}, {},
                {{"/link", "/b"}});
  EXPECT_THAT(pips->names(pips->at("o").outputs), ElementsAre("/b/o"));
  EXPECT_THAT(pips->names(pips->at("o").inputs), ElementsAre("/x", "/linked/y"));
}

TEST(PipsTest, DefaultTargetsAreTheirProducers) {
  auto pips = make_pips(kRule + "build a: r s\nbuild b: r\ndefault b s\ndefault b\n");
  ASSERT_EQ(pips->set.default_targets.size(), 1u);
  EXPECT_EQ(pips->set.pips[index(pips->set.default_targets[0])].stable_id, "b");
}

TEST(PipsTest, CycleOfRuleVariablesIsNamed) {
  auto pips = make_pips("rule r\n  command = $description\n  description = $command\nbuild a: r\n");
  EXPECT_EQ(pips->error,
            "build.ninja:4: command: cycle in rule variables: command -> description -> command: "
            "Invalid argument");
}

TEST(PipsTest, RepeatedRuleVariableIsNoCycle) {
  auto pips =
      make_pips("rule r\n  command = $description $description\n  description = d\nbuild a: r\n");
  EXPECT_EQ(pips->command("a"), "d d");
}

}  // namespace
}  // namespace bxl::frontend::ninja
