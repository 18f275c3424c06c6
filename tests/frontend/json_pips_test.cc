// From declarations to pips: paths, dependencies, environments, and places with two owners.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "frontend/json/pips.h"
#include "frontend/json_test_support.h"

namespace bxl::frontend::json_graph {
namespace {

using test::make;
using test::with_pips;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

TEST(JsonPips, AProcessKeepsWhatItSays) {
  auto made = make(with_pips(
      R"({"id": "a", "command": ["cc", "-c", "a b.c", "it's"], "cwd": "sub/../dir",
          "description": "CC", "module": "m", "value": "v", "tags": ["t"], "weight": 3,
          "inputs": ["a b.c", "/usr/include/x.h"], "outputs": ["out/a.o"],
          "optionalOutputs": ["out/a.d"], "timeoutMs": 5, "retryExitCodes": [75, 7, 75],
          "successExitCodes": [0, 1], "responseFile": {"path": "r", "content": "c"},
          "stdin": {"text": "in"}, "stdout": "log", "stderr": "log", "pool": "p",
          "untracked": ["cache"], "cacheable": false, "undeclaredReads": "deny",
          "doubleWrites": "allowSameContent"})",
      R"("pools": {"p": 2},)"));
  ASSERT_EQ(made->error, "");
  const wire::Pip& pip = *made->find("a");
  EXPECT_EQ(pip.spec, "graph.bxl.json:3");
  EXPECT_EQ(pip.command, "cc -c 'a b.c' 'it'\\''s'");
  EXPECT_THAT(pip.more().argv, ElementsAre("cc", "-c", "a b.c", "it's"));
  EXPECT_EQ(made->paths.str(pip.working_directory), "/w/dir");
  EXPECT_THAT(made->names(pip.inputs), ElementsAre("/w/a b.c", "/usr/include/x.h"));
  EXPECT_THAT(made->names(pip.outputs), ElementsAre("/w/out/a.o", "/w/log"));
  EXPECT_THAT(made->names(pip.optional_outputs), ElementsAre("/w/out/a.d"));
  EXPECT_EQ(made->paths.str(pip.rspfile), "/w/r");
  EXPECT_EQ(pip.rspfile_content, "c");
  EXPECT_EQ(pip.pool, "p");
  EXPECT_EQ(pip.pool_depth, 2u);
  EXPECT_EQ(pip.rule, "v");
  EXPECT_EQ(pip.flags, wire::kPipJson | wire::kPipUncacheable | wire::kPipDeclaredReads |
                           wire::kPipSameContent);
  const wire::PipOptions& more = pip.more();
  EXPECT_EQ(more.module, "m");
  EXPECT_THAT(more.tags, ElementsAre("t"));
  EXPECT_EQ(more.timeout_ms, 5u);
  EXPECT_EQ(more.weight, 3u);
  EXPECT_EQ(more.retries, 2u);
  EXPECT_THAT(more.retry_exit_codes, ElementsAre(7, 75));
  EXPECT_THAT(more.success_exit_codes, ElementsAre(0, 1));
  EXPECT_EQ(more.stdin_text, "in");
  EXPECT_EQ(more.stdout_file, more.stderr_file);
  EXPECT_THAT(made->names(more.untracked), ElementsAre("/w/cache"));
}

TEST(JsonPips, AProcessMayBeRestrictedAndLetGo) {
  auto made = make(with_pips(
      R"({"id": "a", "command": "x", "undeclaredReads": {"within": ["src", "/opt/x"]},
          "undeclaredWrites": "deny", "sourceRewrites": "deny", "network": "deny",
          "temporaryDirectories": ["tmp"], "survivingProcesses": ["s"],
          "breakawayProcesses": ["b", "c"]},
         {"id": "t", "command": "x", "network": "trusted", "uncacheableExitCodes": [3],
          "failOnStderr": true, "retryAttemptVariable": "N", "outputExclusions": ["d/x"],
          "breakawayProcesses": ["b", {"program": "c", "arguments": "-s"}],
          "survivorGraceMs": 7, "warningRegex": "w", "errorRegex": "e"})"));
  ASSERT_EQ(made->error, "");
  const wire::Pip& pip = *made->find("a");
  EXPECT_EQ(pip.flags, wire::kPipJson | wire::kPipDeclaredReads | wire::kPipRestrictedReads |
                           wire::kPipDenyWrites | wire::kPipKeepSources | wire::kPipDenyNetwork);
  const wire::PipOptions& more = pip.more();
  ASSERT_EQ(more.read_scopes.size(), 2u);
  EXPECT_EQ(made->paths.str(more.read_scopes[0].path), "/w/src");
  EXPECT_TRUE(more.read_scopes[0].recursive);
  EXPECT_EQ(made->paths.str(more.read_scopes[1].path), "/opt/x");
  EXPECT_THAT(made->names(more.temporary_directories), ElementsAre("/w/tmp"));
  EXPECT_THAT(more.surviving, ElementsAre("s"));
  EXPECT_THAT(more.breakaway, ElementsAre("b", "c"));
  const wire::Pip& other = *made->find("t");
  EXPECT_EQ(other.flags, wire::kPipJson | wire::kPipTrustNetwork | wire::kPipStderrFails);
  EXPECT_THAT(other.more().uncacheable_exit_codes, ElementsAre(3u));
  EXPECT_EQ(other.more().retry_attempt_variable, "N");
  EXPECT_THAT(other.more().breakaway, ElementsAre("b"));
  EXPECT_THAT(other.more().breakaway_calls, ElementsAre(wire::BreakawayCall{"c", "-s", false}));
  EXPECT_EQ(other.more().survivor_grace_ms, 7u);
  EXPECT_EQ(other.more().warning_regex + other.more().error_regex, "we");
  EXPECT_THAT(made->names(other.more().output_exclusions), ElementsAre("/w/d/x"));
}

TEST(JsonPips, WhoMakesAnInputIsADependency) {
  auto made = make(with_pips(R"(
    {"id": "use", "command": "x", "inputs": ["gen/a", "shared", "made"], "dependencies": ["other"]},
    {"id": "made", "command": "x", "outputs": ["made"]},
    {"id": "gen", "command": "x", "outputDirectories": [{"path": "gen", "kind": "exclusive"}]},
    {"id": "s1", "command": "x", "outputDirectories": [{"path": "shared", "kind": "shared"}]},
    {"id": "s2", "command": "x", "outputDirectories": [{"path": "shared", "kind": "shared"}],
                 "inputs": ["shared/x"]},
    {"id": "other", "command": "x"},
    {"id": "aside", "command": "x", "outputs": ["genuine/a"]})"));
  ASSERT_EQ(made->error, "");
  EXPECT_THAT(made->dependencies("use"), ElementsAre("made", "gen", "s1", "s2", "other"));
  EXPECT_THAT(made->dependencies("s2"), ElementsAre("s1"));
  EXPECT_THAT(made->dependencies("aside"), IsEmpty());
}

TEST(JsonPips, WhoCopiesADirectoryNeedsAllThatIsMadeThere) {
  auto made = make(with_pips(R"(
    {"id": "copy", "kind": "copy-directory", "from": "out", "to": "dist"},
    {"id": "file", "command": "x", "outputs": ["out/bin/a"]},
    {"id": "tree", "command": "x", "outputDirectories": [{"path": "out/gen", "kind": "shared"}]},
    {"id": "part", "kind": "copy-directory", "from": "out/gen/sub", "to": "part"},
    {"id": "one", "kind": "copy-file", "from": "dist/bin/a", "to": "a"})"));
  ASSERT_EQ(made->error, "");
  EXPECT_THAT(made->dependencies("copy"), ElementsAre("file", "tree"));
  EXPECT_THAT(made->dependencies("part"), ElementsAre("tree"));
  EXPECT_THAT(made->dependencies("one"), ElementsAre("copy"));
  EXPECT_EQ(made->find("copy")->kind, wire::PipKind::CopyFile);
  EXPECT_TRUE(made->find("copy")->more().directory_outputs.at(0).exclusive);
}

TEST(JsonPips, SealsAreGroupsOfFilesOrPlacesOfSources) {
  auto made = make(with_pips(
      R"({"id": "gen", "command": "x", "outputs": ["out/a.h"]},
         {"id": "use", "command": "x", "inputs": [{"seal": "some"}, {"seal": "src"}]})",
      R"("seals": [{"id": "some", "kind": "partial", "path": "out", "files": ["out/a.h", "out/b.h"]},
                   {"id": "src", "kind": "source", "path": "src", "recursive": false}],)"));
  ASSERT_EQ(made->error, "");
  const wire::Pip& use = *made->find("use");
  EXPECT_THAT(made->dependencies("use"), ElementsAre("gen"));
  // Not in the weak fingerprint: a member counts when it is read.
  EXPECT_THAT(use.inputs, IsEmpty());
  EXPECT_THAT(made->names(use.order_only), ElementsAre("/w/out/a.h", "/w/out/b.h"));
  EXPECT_EQ(made->paths.str(use.more().read_scopes.at(0).path), "/w/src");
  EXPECT_FALSE(use.more().read_scopes.at(0).recursive);
}

TEST(JsonPips, AnEnvironmentIsTheGraphsAndThePips) {
  auto made = make(
      with_pips(R"({"id": "a", "command": "x", "env": {"LANG": "de"}, "passEnv": ["WHO", "EMPTY",
                   "UNSET"]}, {"id": "b", "command": "x"})",
                R"("env": {"LANG": "en", "B": "2"}, "passEnv": ["WHOLE", "ABSENT"],)"));
  ASSERT_EQ(made->error, "");
  EXPECT_THAT(made->set.environment, ElementsAre(Pair("B", "2"), Pair("LANG", "en"),
                                                 Pair("PATH", "/usr/bin"), Pair("WHOLE", "no")));
  EXPECT_THAT(made->find("a")->more().environment,
              ElementsAre(Pair("EMPTY", ""), Pair("LANG", "de"), Pair("WHO", "me")));
  EXPECT_THAT(made->find("b")->more().environment, IsEmpty());
}

TEST(JsonPips, DefaultsAreIds) {
  auto made = make(with_pips(R"({"id": "a", "command": "x"}, {"id": "b", "command": "x"})",
                             R"("defaults": ["b"],)"));
  EXPECT_THAT(made->set.default_targets, ElementsAre(PipId{1}));
}

struct Refused {
  const char* name;
  const char* pips;
  const char* more;
  const char* message;
};
class JsonPipsRefuses : public ::testing::TestWithParam<Refused> {};

TEST_P(JsonPipsRefuses, WithBothSidesNamed) {
  EXPECT_THAT(make(with_pips(GetParam().pips, GetParam().more))->error,
              HasSubstr(GetParam().message));
}

#define GEN \
  R"({"id": "gen", "command": "x", "outputDirectories": [{"path": "gen", "kind": "exclusive"}]},)"
#define SHARED \
  R"({"id": "s", "command": "x", "outputDirectories": [{"path": "gen", "kind": "shared"}]},)"

INSTANTIATE_TEST_SUITE_P(
    Json, JsonPipsRefuses,
    ::testing::Values(
        Refused{"TwoPipsOfOneId", R"({"id": "a", "command": "x"}, {"id": "a", "command": "x"})", "",
                "/pips/1/id: \"a\" is also the id of pip \"a\" (graph.bxl.json:3)"},
        Refused{"AnUnknownDependency",
                R"({"id": "main", "command": "x"}, {"id": "b", "command": "x",
                   "dependencies": ["mian"]})",
                "", "no pip has the id \"mian\"; did you mean \"main\"?"},
        Refused{"APipThatNeedsItself", R"({"id": "a", "command": "x", "dependencies": ["a"]})", "",
                "a pip cannot depend on itself"},
        Refused{"ACycle",
                R"({"id": "a", "command": "x", "dependencies": ["b"]},
                   {"id": "b", "command": "x", "dependencies": ["a"]})",
                "", "cycle: a (graph.bxl.json:3) -> b (graph.bxl.json:4) -> a"},
        Refused{"TwoMakersOfOneFile",
                R"({"id": "a", "command": "x", "outputs": ["o"]},
                   {"id": "b", "kind": "write-file", "path": "./o", "content": ""})",
                "", "o is also an output of pip \"a\" (graph.bxl.json:3)"},
        Refused{"OneOutputNamedTwice",
                R"({"id": "a", "command": "x", "outputs": ["o"], "optionalOutputs": ["o"]})", "",
                "o is named twice among the outputs of this pip"},
        Refused{"AnInputThatIsAnOutput",
                R"({"id": "a", "command": "x", "outputs": ["o"], "inputs": ["o"]})", "",
                "o is an output of this pip, too"},
        Refused{"TheWorkspaceAsOutput",
                R"({"id": "a", "command": "x", "outputDirectories": [{"path": ".", "kind":
                   "shared"}]})",
                "", ". is or holds the workspace"},
        Refused{"BxlsOwnFiles", R"({"id": "a", "command": "x", "outputs": [".bxl/state"]})", "",
                ".bxl/state belongs to bxl"},
        Refused{"TheGraphItself", R"({"id": "a", "command": "x", "outputs": ["graph.bxl.json"]})",
                "", "graph.bxl.json is the graph"},
        Refused{"AnEmptyPath", R"({"id": "a", "command": "x", "outputs": [""]})", "",
                "/pips/0/outputs/0: a path is not empty"},
        Refused{"AFileInAnExclusiveDirectory",
                GEN R"({"id": "a", "command": "x", "outputs": ["gen/sub/x"]})", "",
                "gen/sub/x lies in gen, the exclusive output directory of pip \"gen\""},
        Refused{"ADirectoryInAnExclusiveOne",
                GEN
                R"({"id": "a", "command": "x", "outputDirectories": [{"path": "gen/s", "kind":
                   "shared"}]})",
                "", "gen/s lies in gen, the exclusive output directory of pip \"gen\""},
        Refused{"AnExclusiveDirectoryInASharedOne",
                SHARED R"({"id": "a", "kind": "copy-directory", "from": "f", "to": "gen/t"})", "",
                "gen/t lies in gen, an output directory of pip \"s\""},
        Refused{"ADirectorySharedByOneSide",
                SHARED
                R"({"id": "a", "command": "x", "outputDirectories": [{"path": "gen", "kind":
                   "exclusive"}]})",
                "", "gen is also an output directory of pip \"s\""},
        Refused{"AFileThatIsADirectory",
                SHARED R"({"id": "a", "command": "x", "outputs": ["gen"]})", "",
                "gen is an output directory of pip \"s\""},
        Refused{"AnOutputInASourceSeal",
                R"({"id": "a", "command": "x", "outputs": ["src/deep/x"]})",
                R"("seals": [{"id": "src", "kind": "source", "path": "src"}],)",
                "src/deep/x lies in the source seal \"src\""},
        Refused{"AnOutputDirectlyInATopSeal",
                R"({"id": "a", "command": "x", "outputs": ["src/x"]})",
                R"("seals": [{"id": "src", "kind": "source", "path": "src", "recursive": false}],)",
                "src/x lies in the source seal \"src\""},
        Refused{"AStrangerInAFullSeal",
                R"({"id": "a", "command": "x", "outputs": ["out/x", "out/y"]})",
                R"("seals": [{"id": "f", "kind": "full", "path": "out", "files": ["out/x"]}],)",
                "out/y lies in the full seal \"f\" (graph.bxl.json:1), and is no member of it"},
        Refused{"ASealInAnOutputDirectory", SHARED R"({"id": "a", "command": "x"})",
                R"("seals": [{"id": "f", "kind": "source", "path": "gen/src"}],)",
                "gen/src lies in gen, an output directory of pip \"s\""},
        Refused{"AMemberOutsideOfItsSeal", R"({"id": "a", "command": "x"})",
                R"("seals": [{"id": "f", "kind": "partial", "path": "out", "files": ["x"]}],)",
                "x does not lie below out"},
        Refused{"AnUnknownSeal", R"({"id": "a", "command": "x", "inputs": [{"seal": "headers"}]})",
                R"("seals": [{"id": "header", "kind": "source", "path": "i"}],)",
                "no seal has the id \"headers\"; did you mean \"header\"?"},
        Refused{"AnUnknownPool", R"({"id": "a", "command": "x", "pool": "p"})", "",
                "\"p\" is not among the \"pools\" of the graph"},
        Refused{"AnUntrackedWorkspace", R"({"id": "a", "command": "x", "untracked": ["/"]})", "",
                "/ is or holds the workspace"},
        Refused{"AnUntrackedOutput",
                R"({"id": "a", "command": "x", "untracked": ["out"], "outputs": ["out/x"]})", "",
                "out/x is an output of this pip, too"},
        Refused{
            "AnOutputInATemporaryDirectory",
            R"({"id": "a", "command": "x", "temporaryDirectories": ["out"], "outputs": ["out/x"]})",
            "", "out/x is an output of this pip, too"},
        Refused{"ATemporaryDirectoryInAnOutputDirectory",
                SHARED R"({"id": "a", "command": "x", "temporaryDirectories": ["gen/tmp"]})", "",
                "gen/tmp lies in an output directory"},
        Refused{"AWorkspaceAsTemporaryDirectory",
                R"({"id": "a", "command": "x", "temporaryDirectories": ["."]})", "",
                "is or holds the workspace"},
        Refused{"ACopyIntoItself",
                R"({"id": "a", "kind": "copy-directory", "from": "out", "to": "out/copy"})", "",
                "out and out/copy hold one another"}),
    [](const auto& one) { return one.param.name; });

TEST(JsonPips, OnesOwnFilesMayLieInOnesDirectories) {
  auto made = make(with_pips(
      R"({"id": "a", "command": "x", "outputs": ["gen/x"],
          "outputDirectories": [{"path": "gen", "kind": "exclusive"}]},
         {"id": "b", "command": "x", "outputs": ["shared/in/x"],
          "outputDirectories": [{"path": "shared", "kind": "shared"},
                                {"path": "shared/in", "kind": "shared"}]},
         {"id": "c", "command": "x", "outputs": ["src/deep/x"], "inputs": [{"seal": "top"}]})",
      R"("seals": [{"id": "top", "kind": "source", "path": "src", "recursive": false}],)"));
  EXPECT_EQ(made->error, "");
}

}  // namespace
}  // namespace bxl::frontend::json_graph
