// The option table: spellings, precedence, mistakes and what is printed about them.
#include "cli/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "base/version.h"
#include "cli/option_table.h"
#include "os/file.h"
#include "wire/records.h"

namespace bxl::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

static_assert(kStreamSchemaMajor == wire::kSchemaMajor && kStreamSchemaMinor == wire::kSchemaMinor,
              "--version must print what the streams carry");

class OptionsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const OptionRow& r : option_table())
      if (r.environment[0] != '\0') ::unsetenv(r.environment);
    ::unsetenv("BXL_WRAPPER_PID");
    ::unsetenv("XDG_CACHE_HOME");
    ::setenv("HOME", "/home/somebody", 1);
  }

  Parsed parse_all(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), tool_.name);
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    ::testing::internal::CaptureStdout();
    ::testing::internal::CaptureStderr();
    Parsed parsed = parse(static_cast<int>(argv.size()), argv.data(), tool_);
    ::fflush(stdout);
    out_ = ::testing::internal::GetCapturedStdout();
    err_ = ::testing::internal::GetCapturedStderr();
    return parsed;
  }
  Options options(std::vector<std::string> arguments) {
    Parsed parsed = parse_all(std::move(arguments));
    EXPECT_FALSE(parsed.exit) << err_;
    return parsed.options;
  }
  // Expects exit 2 and returns what was said.
  std::string refused(std::vector<std::string> arguments) {
    Parsed parsed = parse_all(std::move(arguments));
    EXPECT_TRUE(parsed.exit);
    EXPECT_EQ(parsed.code, kUsage);
    EXPECT_EQ(out_, "");
    return err_;
  }

  ToolInfo tool_{"bxl-plan", "decides what is left to do.", {"show"}, "  bxl-plan show < plan\n"};
  std::string out_, err_;
};

TEST_F(OptionsTest, NothingGivenMeansTheDocumentedDefaults) {
  Options o = options({});
  EXPECT_EQ(o.directory, ".");
  EXPECT_EQ(o.keep_going, 1);
  EXPECT_GE(o.jobs, 1);
  EXPECT_EQ(o.lazy, Lazy::Requested);
  EXPECT_EQ(o.violations, Violations::Error);
  EXPECT_EQ(o.cache, "/home/somebody/.cache/bxl");
  EXPECT_EQ(o.verbosity, 0);
  EXPECT_FALSE(o.dry_run || o.json || o.no_wait);
  EXPECT_THAT(o.targets, IsEmpty());
}

TEST_F(OptionsTest, EveryOptionArrives) {
  Options o = options({"-C",
                       "d",
                       "-c",
                       "x.dsc",
                       "-f",
                       "tag='t'",
                       "-j3",
                       "-k",
                       "0",
                       "--lazy=minimal",
                       "--cache",
                       "/c//d/",
                       "--summary",
                       "/tmp/s.json",
                       "--pass-env",
                       "B,A",
                       "--pass-env=C,A",
                       "--violations",
                       "warn",
                       "-vv",
                       "-n",
                       "--json",
                       "--no-wait",
                       "--explain",
                       "a.o",
                       "--in",
                       "i",
                       "--out",
                       "o",
                       "t1",
                       "t2"});
  EXPECT_EQ(o.directory, "d");
  EXPECT_EQ(o.config, "x.dsc");
  EXPECT_EQ(o.filter, "tag='t'");
  EXPECT_EQ(o.jobs, 3);
  EXPECT_EQ(o.keep_going, 0);
  EXPECT_EQ(o.lazy, Lazy::Minimal);
  EXPECT_EQ(o.cache, "/c/d");
  EXPECT_EQ(o.summary, "/tmp/s.json");
  EXPECT_THAT(o.pass_env, ElementsAre("A", "B", "C"));
  EXPECT_EQ(o.violations, Violations::Warn);
  EXPECT_EQ(o.verbosity, 2);
  EXPECT_TRUE(o.dry_run && o.json && o.no_wait);
  EXPECT_EQ(o.explain, "a.o");
  EXPECT_EQ(o.in, "i");
  EXPECT_EQ(o.out, "o");
  EXPECT_THAT(o.targets, ElementsAre("t1", "t2"));
}

TEST_F(OptionsTest, BuildXlSpellingsMeanTheSame) {
  Options o = options({"/c:conf.dsc", "/filter:output='*/x'", "/enableLazyOutputs-"});
  EXPECT_EQ(o.config, "conf.dsc");
  EXPECT_EQ(o.filter, "output='*/x'");
  EXPECT_EQ(o.lazy, Lazy::All);
  EXPECT_EQ(options({"/f:a"}).filter, "a");
  EXPECT_EQ(options({"/F:a"}).filter, "a");
  EXPECT_EQ(options({"--lazy=all", "/enableLazyOutputs"}).lazy, Lazy::Requested);
  EXPECT_EQ(options({"/enableLazyOutputs:minimal"}).lazy, Lazy::Minimal);
  EXPECT_EQ(options({"/enablelazyoutputs:MINIMAL"}).lazy, Lazy::Minimal);
}

TEST_F(OptionsTest, PathsAreNeverTakenForBuildXlSpellings) {
  std::vector<std::string> paths{"/abs/target",
                                 "/c",
                                 "/c/main.o",
                                 "/f/x",
                                 "/filter/a:b",
                                 "/enableLazy",
                                 "/enableLazyOutputs/x",
                                 "/enableLazyOutputsX"};
  EXPECT_THAT(options(paths).targets, ::testing::ElementsAreArray(paths));
}

TEST_F(OptionsTest, ValuesOfOptionsAreNotRewritten) {
  EXPECT_EQ(options({"-C", "/f:odd"}).directory, "/f:odd");
  EXPECT_EQ(options({"--explain", "/c:odd"}).explain, "/c:odd");
}

TEST_F(OptionsTest, EverythingAfterTwoDashesIsATarget) {
  EXPECT_THAT(options({"a", "--", "-j9", "/f:x", "--", "--help"}).targets,
              ElementsAre("a", "-j9", "/f:x", "--", "--help"));
}

TEST_F(OptionsTest, BracketsAndBackslashesSurviveInValuesAndTargets) {
  Options o = options({"--filter", "[x]", "[a,b]", "a\\b", "with space"});
  EXPECT_EQ(o.filter, "[x]");
  EXPECT_THAT(o.targets, ElementsAre("[a,b]", "a\\b", "with space"));
}

TEST_F(OptionsTest, TheLastOfARepeatedOptionWins) {
  EXPECT_EQ(options({"-j", "2", "-j", "5"}).jobs, 5);
  EXPECT_EQ(options({"-C", "a", "--directory=b"}).directory, "b");
}

TEST_F(OptionsTest, VerboseAndQuietCancel) {
  EXPECT_EQ(options({"-v", "-q"}).verbosity, 0);
  EXPECT_EQ(options({"-q"}).verbosity, -1);
}

TEST_F(OptionsTest, ATimeoutIsSecondsWithDecimals) {
  EXPECT_FALSE(options({}).share_checkouts);
  EXPECT_TRUE(options({"--share-checkouts"}).share_checkouts);
  EXPECT_EQ(options({}).pip_timeout_ms, 0u);
  EXPECT_EQ(options({"--pip-timeout", "1.5"}).pip_timeout_ms, 1500u);
  EXPECT_EQ(options({"--pip-timeout=0.0001"}).pip_timeout_ms, 1u);
  ::setenv("BXL_PIP_TIMEOUT", "60", 1);
  EXPECT_EQ(options({}).pip_timeout_ms, 60'000u);
  EXPECT_EQ(options({"--pip-timeout=0"}).pip_timeout_ms, 0u);
  for (const char* wrong : {"5m", "-1", "nan", "inf", "1e99", "99999999"})
    EXPECT_THAT(refused({"--pip-timeout", wrong}), HasSubstr("is not a number of seconds"))
        << wrong;
}

TEST_F(OptionsTest, FlagBeatsEnvironmentBeatsDefault) {
  ::setenv("BXL_JOBS", "7", 1);
  ::setenv("BXL_LAZY", "all", 1);
  ::setenv("BXL_PASS_ENV", "X,,Y", 1);
  ::setenv("BXL_CACHE_DIR", "/from/env", 1);
  Options o = options({"--lazy", "minimal"});
  EXPECT_EQ(o.jobs, 7);
  EXPECT_EQ(o.lazy, Lazy::Minimal);
  EXPECT_THAT(o.pass_env, ElementsAre("X", "Y"));
  EXPECT_EQ(o.cache, "/from/env");
  EXPECT_EQ(options({"-j", "2"}).jobs, 2);
}

TEST_F(OptionsTest, AnEmptyVariableCountsAsUnset) {
  ::setenv("BXL_JOBS", "", 1);
  ::setenv("BXL_CACHE_DIR", "", 1);
  Options o = options({});
  EXPECT_GE(o.jobs, 1);
  EXPECT_EQ(o.cache, "/home/somebody/.cache/bxl");
}

TEST_F(OptionsTest, AnAbsoluteXdgCacheHomeIsUsedARelativeOneIgnored) {
  ::setenv("XDG_CACHE_HOME", "/x/", 1);
  EXPECT_EQ(options({}).cache, "/x/bxl");
  ::setenv("XDG_CACHE_HOME", "x", 1);
  EXPECT_EQ(options({}).cache, "/home/somebody/.cache/bxl");
}

TEST_F(OptionsTest, RelativeCacheAndSummaryBecomeAbsolute) {
  Options o = options({"-C", "elsewhere", "--cache", "c", "--summary", "../s.json"});
  EXPECT_EQ(o.cache, current_directory() + "/c");
  EXPECT_THAT(o.summary, StartsWith("/"));
  EXPECT_THAT(o.summary, ::testing::Not(HasSubstr("..")));
}

TEST_F(OptionsTest, AnUnknownOptionIsRefusedWithTheNearestName) {
  EXPECT_EQ(refused({"--sumary", "x"}),
            "bxl-plan: error: unknown option --sumary; did you mean --summary? (see --help)\n");
  EXPECT_THAT(refused({"--violation=warn"}), HasSubstr("did you mean --violations?"));
  EXPECT_EQ(refused({"--completely-different"}),
            "bxl-plan: error: unknown option --completely-different (see --help)\n");
  EXPECT_THAT(refused({"-Z"}), HasSubstr("unknown option -Z"));
}

TEST_F(OptionsTest, BadValuesAreRefusedByTheNameOfWhatSetThem) {
  EXPECT_THAT(refused({"-j", "many"}), HasSubstr("--jobs: 'many' is not a number"));
  EXPECT_THAT(refused({"-j", "-2"}), HasSubstr("--jobs: '-2' is not a number"));
  EXPECT_THAT(refused({"-k", "99999999999999"}), HasSubstr("--keep-going"));
  EXPECT_THAT(refused({"--lazy=some"}), HasSubstr("'some' is none of all, requested, minimal"));
  EXPECT_THAT(refused({"/enableLazyOutputs:most"}), HasSubstr("/enableLazyOutputs:most"));
  EXPECT_THAT(refused({"--pass-env", "A=1"}), HasSubstr("'A=1' is not the name of a variable"));
  ::setenv("BXL_VIOLATIONS", "ignore", 1);
  EXPECT_THAT(refused({}), HasSubstr("BXL_VIOLATIONS: 'ignore' is none of error, warn"));
}

TEST_F(OptionsTest, SizesHaveUnitsOfADiskOrOfMemory) {
  const std::pair<const char*, std::uint64_t> kSizes[] = {{"0", 0},
                                                          {"1", 1},
                                                          {"500M", 500'000'000},
                                                          {"5G", 5'000'000'000},
                                                          {"5GB", 5'000'000'000},
                                                          {"2k", 2000},
                                                          {"3Ki", 3072},
                                                          {"1GiB", 1ull << 30},
                                                          {"2T", 2'000'000'000'000}};
  for (const auto& [text, bytes] : kSizes) {
    const Options o = options({"--cache-size", text});
    ASSERT_TRUE(o.cache_size) << text;
    EXPECT_EQ(*o.cache_size, bytes) << text;
  }
  EXPECT_FALSE(options({}).cache_size);
  for (const char* wrong :
       {"G", "-5G", "5 G", "1.5G", "5X", "5Gi i", "i", "5i", "99999999T", "5GG"})
    EXPECT_THAT(refused({std::string("--cache-size=") + wrong}), HasSubstr("is no size")) << wrong;
  ::setenv("BXL_CACHE_SIZE", "lots", 1);
  EXPECT_THAT(refused({}), HasSubstr("BXL_CACHE_SIZE: 'lots' is no size"));
}

TEST_F(OptionsTest, AMissingOrEmptyValueIsRefused) {
  EXPECT_THAT(refused({"--cache"}), HasSubstr("option --cache needs a value"));
  EXPECT_THAT(refused({"-C", ""}), HasSubstr("option -C needs a value"));
  EXPECT_THAT(refused({"--cache=", "x"}), HasSubstr("option --cache needs a value"));
  EXPECT_THAT(refused({"/f:"}), HasSubstr("option /f: needs a value"));
}

TEST_F(OptionsTest, AFlagTakesNoValue) { EXPECT_NE(refused({"--json=maybe"}), ""); }

TEST_F(OptionsTest, LeadingBuildIsDroppedOnceAndEndsSubcommands) {
  EXPECT_THAT(options({"build", "build"}).targets, ElementsAre("build"));
  Parsed parsed = parse_all({"build", "show"});
  EXPECT_EQ(parsed.subcommand, "");
  EXPECT_THAT(parsed.options.targets, ElementsAre("show"));
}

TEST_F(OptionsTest, TheFirstPositionalMayBeASubcommand) {
  Parsed parsed = parse_all({"--json", "show", "x"});
  EXPECT_EQ(parsed.subcommand, "show");
  EXPECT_THAT(parsed.options.targets, ElementsAre("x"));
  parsed = parse_all({"show", "build", "show"});
  EXPECT_EQ(parsed.subcommand, "show");
  EXPECT_THAT(parsed.options.targets, ElementsAre("show"));
  EXPECT_THAT(options({"x", "show"}).targets, ElementsAre("x", "show"));
}

TEST_F(OptionsTest, HelpShowsExamplesFirstAndEveryOption) {
  Parsed parsed = parse_all({"--help"});
  EXPECT_TRUE(parsed.exit);
  EXPECT_EQ(parsed.code, 0);
  EXPECT_THAT(out_, StartsWith("Examples:\n  bxl-plan show < plan\n"));
  for (const OptionRow& r : option_table()) EXPECT_THAT(out_, HasSubstr(r.long_name));
  EXPECT_EQ(err_, "");
}

TEST_F(OptionsTest, VersionNamesToolAndSchema) {
  EXPECT_EQ(parse_all({"--version"}).code, 0);
  EXPECT_THAT(out_, ::testing::MatchesRegex("bxl-plan [0-9.]+ \\(streams [0-9.]+\\)\n"));
  EXPECT_THAT(out_, HasSubstr("(streams " + std::to_string(kStreamSchemaMajor) + "." +
                              std::to_string(kStreamSchemaMinor) + ")"));
}

TEST_F(OptionsTest, BelowTheWrapperOnlyTheFirstStageReportsAMistake) {
  ::setenv("BXL_WRAPPER_PID", std::to_string(::getppid()).c_str(), 1);
  EXPECT_EQ(refused({"--sumary=x"}), "");
  tool_.name = "bxl-graph";
  EXPECT_THAT(refused({"--sumary=x"}), StartsWith("bxl-graph: error: unknown option --sumary"));
}

TEST_F(OptionsTest, WhatIsPlannedOnlyIsRefusedByName) {
  for (const char* typed : {"--remote", "--remote=x", "--remote-role=read"})
    EXPECT_THAT(refused({typed}), HasSubstr("this version has no remote cache"));
  EXPECT_THAT(refused({"--remote", "grpc://h:1"}), StartsWith("bxl-plan: error: --remote: this"));
  ::setenv("BXL_REMOTE", "grpc://h:1", 1);
  EXPECT_THAT(refused({}), HasSubstr("BXL_REMOTE: this version has no remote cache"));
  ::unsetenv("BXL_REMOTE");
}

TEST_F(OptionsTest, CommandsAreThoseTheWrapperKnows) {
  EXPECT_EQ(nearest_command("wyh"), "");
  ::setenv("BXL_COMMANDS", "  build why fix-deps ", 1);
  EXPECT_EQ(nearest_command("wyh"), "why");
  EXPECT_EQ(nearest_command("fixdeps"), "fix-deps");
  EXPECT_EQ(nearest_command("why"), "why");
  EXPECT_EQ(nearest_command("app"), "");
  ::unsetenv("BXL_COMMANDS");
}

TEST_F(OptionsTest, NoArgumentVectorMakesTheParserThrow) {
  // Every short token in every position: a parse ends as options or as a refusal, never as an
  // exception.
  const std::vector<std::string> tokens{"",    "-",   "--",     "---",   "-j",
                                        "=",   "--=", "-=x",    "[]",    "/",
                                        "/c:", "-jx", "--json", "build", "\xff\xfe"};
  for (const std::string& a : tokens)
    for (const std::string& b : tokens)
      for (const std::string& c : tokens) {
        Parsed parsed = parse_all({a, b, c});
        EXPECT_TRUE(!parsed.exit || parsed.code == kUsage) << a << "|" << b << "|" << c;
      }
}

}  // namespace
}  // namespace bxl::cli
