// Dependencies written into package.json: only the line, where people would have put it.
#include "report/fix_dependencies.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bxl::report {
namespace {

using testing::HasSubstr;

std::string added(std::string_view text, const std::string& name = "m",
                  const std::string& range = "1.0.0") {
  auto out = with_dependency(text, name, range);
  return out ? *out : "error: " + out.error().message;
}

TEST(WithDependencyTest, TheLineGoesWhereItBelongs) {
  EXPECT_EQ(added("{\n  \"devDependencies\": {\n    \"a\": \"1\",\n    \"z\": \"1\"\n  }\n}\n"),
            "{\n  \"devDependencies\": {\n    \"a\": \"1\",\n    \"m\": \"1.0.0\",\n    \"z\": "
            "\"1\"\n  }\n}\n");
  EXPECT_EQ(added("{\n\t\"devDependencies\": {\n\t\t\"a\": \"1\"\n\t},\n\t\"x\": 1\n}"),
            "{\n\t\"devDependencies\": {\n\t\t\"a\": \"1\",\n\t\t\"m\": \"1.0.0\"\n\t},\n\t\"x\": "
            "1\n}");
  EXPECT_EQ(added("{\n  \"devDependencies\": {},\n  \"x\": {}\n}\n"),
            "{\n  \"devDependencies\": {\n    \"m\": \"1.0.0\"\n  },\n  \"x\": {}\n}\n");
}

TEST(WithDependencyTest, TheSectionIsMadeAtTheEnd) {
  EXPECT_EQ(added("{\n    \"name\": \"x\"\n}\n"),
            "{\n    \"name\": \"x\",\n    \"devDependencies\": {\n        \"m\": \"1.0.0\"\n    "
            "}\n}\n");
  EXPECT_EQ(added("{}", "@x/y", "workspace:*"),
            "{\n  \"devDependencies\": {\n    \"@x/y\": \"workspace:*\"\n  }\n}");
}

TEST(WithDependencyTest, OneLineStaysOneLine) {
  EXPECT_EQ(added(R"({"devDependencies": {"a": "1", "z": "1"}})"),
            R"({"devDependencies": {"a": "1", "m": "1.0.0", "z": "1"}})");
  EXPECT_EQ(added(R"({"devDependencies": {"a": "1"}})"),
            R"({"devDependencies": {"a": "1", "m": "1.0.0"}})");
}

TEST(WithDependencyTest, WhatIsThereIsNotWrittenTwice) {
  EXPECT_THAT(added(R"({"dependencies": {"m": "^2.0.0"}})"),
              HasSubstr("'m' stands among the dependencies already, as ^2.0.0"));
  EXPECT_THAT(added("[]"), HasSubstr("it is no object"));
  EXPECT_THAT(added(R"({"devDependencies": []})"), HasSubstr("must be an object"));
  EXPECT_THAT(added("{"), HasSubstr("error: "));
}

TEST(InsertionDiffTest, ShowsTheLinesWithTheirNeighbours) {
  const std::string before = "{\n  \"devDependencies\": {\n    \"a\": \"1\"\n  }\n}\n";
  EXPECT_EQ(insertion_diff("p/package.json", before, added(before)),
            "--- p/package.json\n+++ p/package.json\n@@ -2,3 +2,4 @@\n   \"devDependencies\": {\n-"
            "    \"a\": \"1\"\n+    \"a\": \"1\",\n+    \"m\": \"1.0.0\"\n   }\n");
}

}  // namespace
}  // namespace bxl::report
