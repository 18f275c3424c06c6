// Options of resolvers, read from configurations in memory.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "frontend/dsc_test_support.h"
#include "frontend/javascript/resolver.h"

namespace bxl::frontend::javascript {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct Read {
  dsc::test::Evaluated evaluated;
  std::vector<Resolver> resolvers;
  std::vector<std::string> without_effect;
  std::string error;
};

Read read(const std::string& kind, const std::string& options, const std::string& beside = "") {
  Read out;
  out.evaluated =
      dsc::test::evaluate({{"/w/config.dsc", "config({resolvers: [{kind: \"" + kind +
                                                 "\", root: d`.`, " + options + "}], " + beside + "});"}});
  out.error = out.evaluated.error;
  if (!out.evaluated.evaluation) return out;
  auto configuration = read_configuration(*out.evaluated.evaluation, "/w");
  if (!configuration) {
    out.error = configuration.error().message;
    return out;
  }
  out.resolvers = std::move(configuration->resolvers);
  out.without_effect = std::move(configuration->without_effect);
  return out;
}

TEST(JavaScriptOptions, PoliciesAreOfEachPip) {
  Read some = read("Yarn", R"(
      successExitCodes: [0, 5], uncacheableExitCodes: [3], retryExitCodes: [9], processRetries: 2,
      retryAttemptEnvironmentVariable: "TRY", writingToStandardErrorFailsExecution: true,
      warningRegex: "warn", errorRegex: "err", nestedProcessTerminationTimeoutMs: 5,
      childProcessesToBreakawayFromSandbox: [a`p`, {processName: "q"}, {processName: a`r`,
          requiredArguments: "--x", requiredArgumentsIgnoreCase: true}],
      blockWritesUnderNodeModules: true, doubleWritePolicy: "doubleWritesAreErrors")");
  ASSERT_EQ(some.error, "");
  EXPECT_THAT(some.without_effect, IsEmpty());
  PathTable paths;
  wire::Pip pip;
  pip.flags = wire::kPipSameContent;
  pip.working_directory = paths.intern("/w/packages/a");
  apply_policies(some.resolvers[0].policies, pip, paths);
  EXPECT_EQ(pip.flags, wire::kPipStderrFails);
  const wire::PipOptions& more = pip.more();
  EXPECT_THAT(more.success_exit_codes, ElementsAre(0u, 5u));
  EXPECT_THAT(more.uncacheable_exit_codes, ElementsAre(3u));
  EXPECT_THAT(more.retry_exit_codes, ElementsAre(9u));
  EXPECT_EQ(more.retries, 2u);
  EXPECT_EQ(more.retry_attempt_variable, "TRY");
  EXPECT_EQ(more.warning_regex, "warn");
  EXPECT_EQ(more.error_regex, "err");
  EXPECT_EQ(more.survivor_grace_ms, 5u);
  EXPECT_THAT(more.breakaway, ElementsAre("p", "q"));
  EXPECT_THAT(more.breakaway_calls, ElementsAre(wire::BreakawayCall{"r", "--x", true}));
  ASSERT_EQ(more.output_exclusions.size(), 1u);
  EXPECT_EQ(paths.str(more.output_exclusions[0]), "/w/packages/a/node_modules");
}

TEST(JavaScriptOptions, TrackingAStoreAlsoProtectsIt) {
  auto excluded = [](const char* kind, const std::string& options) {
    Read one = read(kind, options);
    EXPECT_EQ(one.error, "");
    return one.resolvers.empty() ? std::vector<std::string>()
                                 : one.resolvers[0].policies.output_exclusions;
  };
  EXPECT_THAT(excluded("Rush", "usePnpmStoreAwarenessTracking: true"),
              ElementsAre("/w/common/temp/node_modules/.pnpm"));
  EXPECT_THAT(excluded("Rush", "disallowWritesUnderPnpmStore: true"),
              ElementsAre("/w/common/temp/node_modules/.pnpm"));
  EXPECT_THAT(excluded("Rush",
                       "usePnpmStoreAwarenessTracking: true, "
                       "disallowWritesUnderPnpmStore: false"),
              IsEmpty());
  EXPECT_THAT(excluded("Lage", "useYarnStrictAwarenessTracking: true"), ElementsAre("/w/.store"));
}

TEST(JavaScriptOptions, KeysBesideResolversCountOrAreNamed) {
  Read some = read("Yarn", "", R"(
      mounts: [], engine: {defaultFilter: "tag='x'", useHardlinks: false}, logging: {},
      allowedEnvironmentVariables: ["A"], qualifiers: undefined, disableDefaultSourceResolver: true,
      sandbox: {maxTimeout: 3, unsafeSandboxConfiguration: {doubleWritePolicy:
          "doubleWritesAreErrors", sourceRewritePolicy: "sourceRewritesAreErrors", x: 1}})");
  ASSERT_EQ(some.error, "");
  EXPECT_THAT(some.without_effect,
              ElementsAre("mounts", "allowedEnvironmentVariables", "engine.defaultFilter",
                          "sandbox.maxTimeout", "sandbox.unsafeSandboxConfiguration.x"));
  EXPECT_FALSE(some.resolvers.at(0).policies.same_content);
  EXPECT_TRUE(some.resolvers[0].policies.keep_sources);
  const std::string strict =
      R"(sandbox: {unsafeSandboxConfiguration: {doubleWritePolicy: "doubleWritesAreErrors"}})";
  Read own = read("Yarn", R"(doubleWritePolicy: "allowSameContentDoubleWrites")", strict);
  EXPECT_TRUE(own.resolvers.at(0).policies.same_content) << "the resolver's own counts";
  auto error = [](const std::string& beside) { return read("Yarn", "", beside).error; };
  EXPECT_THAT(error("mount: []"), HasSubstr("did you mean 'mounts'?"));
  EXPECT_THAT(error(R"(sandbox: {unsafeSandboxConfiguration: {sourceRewritePolicy: "x"}})"),
              HasSubstr("'sourceRewritePolicy' cannot be \"x\""));
  EXPECT_THAT(error("engine: 1"), HasSubstr("'engine' must be an object"));
}

TEST(JavaScriptOptions, PlacesOfProgramsAreInFrontOfPath) {
  Read some = read("Yarn", "nodeExeLocation: f`n/node`, yarnLocation: [d`y`, d`z`]");
  ASSERT_EQ(some.error, "");
  ASSERT_EQ(some.resolvers.at(0).programs.size(), 2u);
  EXPECT_THAT(some.resolvers[0].programs[0].directories, ElementsAre("/w/n"));
  EXPECT_THAT(some.resolvers[0].programs[1].directories, ElementsAre("/w/y", "/w/z"));
  EXPECT_THAT(read("Yarn", "yarnLocation: f`y/yarn.js`").error,
              HasSubstr("'yarnLocation' names a program 'yarn'"));
  EXPECT_EQ(read("Nx", "nxLibLocation: d`tools`").resolvers.at(0).nx, "/w/tools");
  EXPECT_THAT(read("Rush",
                   "trackDependenciesWithShrinkwrapDepsFile: true, "
                   "usePnpmStoreAwarenessTracking: true")
                  .error,
              HasSubstr("exclude each other"));
}

TEST(JavaScriptOptions, WhatIsWrongIsNamedWithItsPlace) {
  for (auto [options, sentence] : {
           std::pair(R"(retryAttemptEnvironmentVariable: "A=B")", "'A=B' is no name of a variable"),
           std::pair(R"(retryAttemptEnvironmentVariable: "PATH")",
                     "the variable PATH is set by bxl for each pip"),
           std::pair(R"(warningRegex: "(")", "'(' is no regular expression"),
           std::pair(R"(childProcessesToBreakawayFromSandbox: [{}])", "'processName' is missing"),
           std::pair(R"(childProcessesToBreakawayFromSandbox: [{processNam: "x"}])",
                     "did you mean 'processName'?"),
           std::pair(R"(uncacheableExitCodes: [-1])", "must be a number without fraction"),
           std::pair(R"(writingToStandardErrorFailsExecution: 1)", "must be a boolean"),
       })
    EXPECT_THAT(read("Yarn", options).error,
                testing::AllOf(HasSubstr("config.dsc:1:"), HasSubstr(sentence)))
        << options;
}

}  // namespace
}  // namespace bxl::frontend::javascript
