// What is refused in a JSON graph, and how it is said: file, line, column, pointer.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "frontend/json/base64.h"
#include "frontend/json/declaration.h"
#include "frontend/json_test_support.h"

namespace bxl::frontend::json_graph {
namespace {

using test::make;
using test::with_pips;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string error_of(const std::string& text) { return make(text)->error; }
std::string error_of_pip(const std::string& pip) { return error_of(with_pips(pip)); }

TEST(JsonDeclaration, AnErrorNamesFileLineColumnAndPointer) {
  EXPECT_EQ(error_of("{\n \"version\": 1,\n \"pips\": [\n  {\"id\": \"a\", \"command\": 3}]}"),
            "graph.bxl.json:4:26: /pips/0/command: this is an integer, and should be an array of "
            "words, or a string for /bin/sh");
}

TEST(JsonDeclaration, AllErrorsAreToldAtOnceAndTheFirstTwentyInFull) {
  std::string pips;
  for (int i = 0; i < 30; ++i) pips += (i ? ",\n" : "") + std::string("{\"id\": \"\"}");
  const std::string error = error_of(with_pips(pips));
  EXPECT_THAT(error, HasSubstr("graph.bxl.json:3:8: /pips/0/id: this is empty\n"));
  EXPECT_THAT(error, HasSubstr("/pips/9: a process pip needs the field \"command\"\n"));
  EXPECT_THAT(error, EndsWith("… and 40 more errors"));
}

TEST(JsonDeclaration, AnUnknownFieldNamesTheNearestKnownOne) {
  EXPECT_THAT(error_of_pip(R"({"id": "a", "comand": "x", "command": "y"})"),
              HasSubstr("/pips/0/comand: a process pip has no such field; did you mean "
                        "\"command\"?"));
  EXPECT_THAT(error_of_pip(R"({"id": "a", "kind": "copy-file", "from": "x", "to": "y",
                               "outputs": []})"),
              HasSubstr("/pips/0/outputs: a copy-file pip has no such field"));
  EXPECT_THAT(error_of(R"({"version": 1, "pips": [], "a/b~": 1})"),
              HasSubstr("/a~1b~0: a graph has no such field"));
}

TEST(JsonDeclaration, AFieldMayStandThereOnce) {
  EXPECT_THAT(error_of_pip(R"({"id": "a", "command": "x", "command": "y"})"),
              HasSubstr("/pips/0/command: this field stands there twice"));
  EXPECT_THAT(error_of_pip(R"({"id": "a", "command": "x", "env": {"A": "1", "A": "2"}})"),
              HasSubstr("/pips/0/env/A: this name stands there twice"));
}

TEST(JsonDeclaration, WhatIsNoJsonIsSaidWithItsPlace) {
  EXPECT_THAT(error_of("{\"version\": 1,\n\"pips\": [}"), StartsWith("graph.bxl.json: not JSON: "));
  EXPECT_THAT(error_of("{\"version\": 1,\n\"pips\": [}"), HasSubstr("line 2"));
  EXPECT_THAT(error_of(""), StartsWith("graph.bxl.json: not JSON: "));
  EXPECT_THAT(error_of("[]"), HasSubstr("this is an array, and should be a graph: an object"));
  std::string deep(100'000, '[');
  EXPECT_THAT(error_of(deep), HasSubstr("nested deeper than 256"));
}

TEST(JsonDeclaration, TheVersionIsAskedFor) {
  EXPECT_THAT(error_of(R"({"pips": []})"), HasSubstr("a graph needs the field \"version\": 1"));
  EXPECT_THAT(error_of(R"({"version": 2, "pips": []})"), HasSubstr("2 is not between 1 and 1"));
}

TEST(JsonDeclaration, ValuesOutsideOfTheirRangeAreRefused) {
  const std::pair<const char*, const char*> cases[] = {
      {R"("timeoutMs": 0)", "0 is not between 1 and 604800000"},
      {R"("timeoutMs": -1)", "-1 is not between"},
      {R"("timeoutMs": 1.5)", "this is a number, and should be an integer"},
      {R"("weight": 0)", "0 is not between 1 and"},
      {R"("retryExitCodes": [256])", "an exit code is an integer between 0 and 255"},
      {R"("retryExitCodes": [0])", "0 is an exit code of success"},
      {R"("successExitCodes": [0, 3], "retryExitCodes": [3])", "3 is an exit code of success"},
      {R"("uncacheableExitCodes": [3], "retryExitCodes": [3])", "3 is an exit code of success"},
      {R"("failOnStderr": true, "stdout": "o", "stderr": "o")", "cannot be told apart in one file"},
      {R"("failOnStderr": true, "console": true)", "a pip at the console has no"},
      {R"("warningRegex": "(")", "'(' is no regular expression"},
      {R"("breakawayProcesses": [{"program": "a"}])", "\"arguments\""},
      {R"("survivorGraceMs": 3600001)", "survivorGraceMs"},
      {R"("retryAttemptVariable": "PWD")", "is set by bxl for each pip"},
      {R"("retries": 2)", "\"retries\" counts only with \"retryExitCodes\""},
      {R"("undeclaredReads": "maybe")", "\"maybe\" is not one of \"allow\", \"deny\""},
      {R"("undeclaredReads": {"in": []})", "this needs the field \"within\""},
      {R"("network": "open")", "\"open\" is not one of \"report\", \"deny\", \"trusted\""},
      {R"("survivingProcesses": ["/bin/a"])", "programs are named by the last part of their path"},
      {R"("breakawayProcesses": [""])", "programs are named by the last part of their path"},
      {R"("env": {"A=B": ""})", "\"A=B\" is no name of a variable"},
      {R"("env": {"LD_PRELOAD": ""})", "\"LD_PRELOAD\" is set by bxl for each pip"},
      {R"("passEnv": ["PWD"])", "\"PWD\" is set by bxl for each pip"},
      {R"("env": {"A": "\u0000"})", "a zero byte has no place here"},
      {R"("cacheable": "no")", "this is a string, and should be true or false"},
      {R"("inputs": "x")", "this is a string, and should be an array"},
      {R"("inputs": [1])", "should be a path, or {\"seal\": \"ID\"}"},
      {R"("outputDirectories": [{"path": "x"}])", "an output directory needs the field \"kind\""},
      {R"("tags": ["a\nb"])", "control characters have no place here"},
      {R"("console": true, "stdout": "x")", "has no stdin, stdout or stderr of its own"},
      {R"("responseFile": {"path": "x"})", "a response file needs the field \"content\""},
      {R"("stdin": {})", "this needs the field \"text\""},
      {R"("stdout": "")", "this is empty"},
  };
  for (const auto& [field, message] : cases)
    EXPECT_THAT(error_of_pip(std::string(R"({"id": "a", "command": "x", )") + field + "}"),
                HasSubstr(message))
        << field;
}

TEST(JsonDeclaration, AWriteFilePipHasItsContentOnce) {
  const std::string start = R"({"id": "a", "kind": "write-file", "path": "x")";
  EXPECT_THAT(error_of_pip(start + "}"), HasSubstr("either \"content\" or \"contentBase64\""));
  EXPECT_THAT(error_of_pip(start + R"(, "content": "", "contentBase64": ""})"),
              HasSubstr("either \"content\" or \"contentBase64\""));
  EXPECT_THAT(error_of_pip(start + R"(, "contentBase64": "A"})"), HasSubstr("this is not base64"));
  auto made = make(with_pips(start + R"(, "contentBase64": "AP8="})"));
  EXPECT_EQ(made->error, "");
  EXPECT_EQ(made->find("a")->more().content, std::string("\0\xff", 2));
}

TEST(JsonDeclaration, Base64IsWhatAnEncoderWrites) {
  EXPECT_EQ(decode_base64(""), "");
  EXPECT_EQ(decode_base64("Zm9vYmFy"), "foobar");
  EXPECT_EQ(decode_base64("Zm9vYg=="), "foob");
  EXPECT_EQ(decode_base64("Zm9vYmE="), "fooba");
  for (const char* bad : {"Zg", "Zh==", "Z===", "====", "Zm9 ", "Zm=v", "Zm9vYmF="})
    EXPECT_FALSE(decode_base64(bad)) << bad;
}

TEST(JsonDeclaration, BytesThatAreNoUtf8AreWrittenAsLoneSurrogates) {
  auto made = make(with_pips(R"({"id": "a", "command": ["x", "\udcff"], "outputs": ["o\udc80"]})"));
  EXPECT_EQ(made->error, "");
  EXPECT_EQ(made->find("a")->more().argv.at(1), "\xff");
  EXPECT_EQ(made->paths.str(made->find("a")->outputs.at(0)), "/w/o\x80");
}

}  // namespace
}  // namespace bxl::frontend::json_graph
