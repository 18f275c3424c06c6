// bxl-graph as a program: exit codes, streams, subcommands.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "frontend/ninja_test_support.h"
#include "os/file.h"
#include "support/temp_dir.h"

namespace bxl {
namespace {

using test::write_file;
using ::testing::HasSubstr;

class ToolTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!lstat_identity(tool_)->exists()) GTEST_SKIP() << tool_ << " is not built";
  }
  struct Run {
    int status = -1;
    std::string out, err;
  };
  Run run(const std::string& arguments) {
    Run result;
    result.out = test::shell(
        dir_.path(), "'" + tool_ + "' " + arguments + " 2>'" + dir_ / "err" + "'", &result.status);
    result.err = read_file(dir_ / "err").value();
    return result;
  }
  test::TempDir dir_;
  std::string tool_ = BXL_BIN_DIR "/bxl-graph";
};

TEST_F(ToolTest, GraphPassesThroughAPipeIntoShow) {
  write_file(dir_ / "w/build.ninja", "rule r\n  command = run $in\nbuild out: r in\n");
  Run cold = run("-C w | '" + tool_ + "' show --json");
  EXPECT_EQ(cold.status, 0) << cold.err;
  EXPECT_THAT(cold.out, HasSubstr("\"run in\""));
  EXPECT_EQ(run("-C w | '" + tool_ + "' show --json").out, cold.out);
}

TEST_F(ToolTest, ManifestErrorIsExitThreeWithTheLine) {
  write_file(dir_ / "w/build.ninja", "build a: r\n");
  Run failed = run("-C w");
  EXPECT_EQ(failed.status, 3);
  EXPECT_EQ(failed.out, "");
  EXPECT_EQ(failed.err,
            "bxl-graph: error: build.ninja:1:10: unknown build rule 'r'\nbuild a: r\n         ^\n");
}

TEST_F(ToolTest, NothingToBuildIsExitTwo) {
  write_file(dir_ / "w/.git/x", "");
  Run none = run("-C w");
  EXPECT_EQ(none.status, 2);
  EXPECT_THAT(none.err, HasSubstr("no build.ninja, graph.bxl.json, config.dsc or JavaScript"));
  write_file(dir_ / "w/config.dsc", "");
  Run dsc = run("-C w");
  EXPECT_EQ(dsc.status, 3);
  EXPECT_THAT(dsc.err, HasSubstr("config({...}) is missing"));
  EXPECT_EQ(run("-C missing").status, 2);
  EXPECT_EQ(run("-C / ").status, 2);
}

TEST_F(ToolTest, RootIsPrintedAndASearchAnnounced) {
  write_file(dir_ / "w/build.ninja", "");
  write_file(dir_ / "w/sub/x", "");
  EXPECT_EQ(run("root -C w").out, dir_ / "w" + "\n");
  EXPECT_EQ(run("root -C w/sub").out, dir_ / "w" + "\n");
  EXPECT_EQ(run("-C w --out g").err, "");
  EXPECT_THAT(run("-C w/sub --out g").err,
              HasSubstr("front end: ninja, " + dir_ / "w/build.ninja"));
}

TEST_F(ToolTest, CompdbListsProcessPips) {
  write_file(dir_ / "w/build.ninja",
             "rule r\n  command = run \"$in\"\nbuild out: r in\nbuild all: phony out\n");
  Run result = run("compdb -C w");
  EXPECT_EQ(result.out, "[\n  {\n    \"directory\": \"" + dir_ / "w" +
                            "\",\n    \"command\": \"run \\\"in\\\"\",\n    \"file\": \"in\",\n"
                            "    \"output\": \"out\"\n  }\n]\n");
}

TEST_F(ToolTest, CompdbNamesTheOrderOnlyInputWhereThereIsNoOther) {
  write_file(dir_ / "w/build.ninja", "rule r\n  command = run\nbuild out: r || late\n");
  EXPECT_THAT(run("compdb -C w").out, HasSubstr("\"file\": \"late\""));
}

TEST_F(ToolTest, GeneratorOutputStaysOffTheStream) {
  write_file(dir_ / "w/build.ninja",
             "rule g\n  command = echo chatter; touch build.ninja\nbuild build.ninja: g in\n");
  write_file(dir_ / "w/in", "");
  Run result = run("-C w | '" + tool_ + "' show");
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_THAT(result.out, ::testing::Not(HasSubstr("chatter\n")));
}

TEST_F(ToolTest, FullDiskIsALocalResource) {
  write_file(dir_ / "w/build.ninja", "");
  Run result = run("-C w --out /dev/full");
  EXPECT_EQ(result.status, 6) << result.err;
}

}  // namespace
}  // namespace bxl
