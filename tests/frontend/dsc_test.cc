// The configuration language: what each construct is worth, and what is refused where.
#include <gtest/gtest.h>

#include "frontend/dsc_test_support.h"

namespace bxl::frontend::dsc {
namespace {

using test::evaluate;
using test::evaluate_text;
using test::worth;

struct Case {
  const char* expression;
  const char* worth;
};

TEST(DscTest, LiteralsAndOperators) {
  const Case cases[] = {
      {"\"a\\n\\u00e9\\x41\"", "a\n\u00e9A"},
      {"'it''s'", "config.dsc:1:16: expected ',' or '}', got a string"},
      {"`1 + 2 = ${1 + 2}, ${true}`", "1 + 2 = 3, true"},
      {"`a${`b${\"c\"}`}d`", "abcd"},
      {"0x10 + 2 * 3 - 4 / 2 % 3", "20"},
      {"-3 + +5", "2"},
      {"7 & 3 | 8", "11"},
      {"\"a\" + 1 + true", "a1true"},
      {"1 < 2 && \"a\" < \"b\"", "true"},
      {"undefined ?? \"d\"", "d"},
      {"\"\" || \"e\"", "e"},
      {"!1", "false"},
      {"1 === 1 ? \"y\" : \"n\"", "y"},
      {"f`a` === f`./a`", "true"},
      {"[1] === [1]", "false"},
      {"typeof \"s\" + typeof undefined", "stringundefined"},
      {"false ? 1 : true ? 2 : 3", "2"},
      {"(1, 2)", "config.dsc:1:14: expected ')', got ','"},
      {"\"a\" as string", "a"},
      {"<string>\"a\"", "a"},
      {"[1, ...[2, 3],].length", "3"},
      {"{a: 1, ...{b: 2, a: 3}}.a", "3"},
      {"{[\"a\" + 1]: 5}[\"a1\"]", "5"},
      {"[4, 5][1]", "5"},
      {"[4, 5][2]", "undefined"},
      {"{a: {}}.a.b?.c.d", "undefined"},
      {"1 /* one */ + // two\n 2", "3"},
  };
  for (const Case& one : cases) EXPECT_EQ(worth(one.expression), one.worth) << one.expression;
}

TEST(DscTest, PathsAreFoldedAndRelativeToTheirFile) {
  const Case cases[] = {
      {"f`a/b.c`", "/w/a/b.c"},
      {"d`.`", "/w"},
      {"d`..`", "/"},
      {"p`a\\b\\..\\c`", "/w/a/c"},
      {"d`/x//y/`", "/x/y"},
      {"r`a/./b/../../..`", ".."},
      {"a`x.js`", "x.js"},
      {"f`${d`x`}/y`", "/w/x/y"},
      {"f`${d`x`}/${a`y`}${\".z\"}`", "/w/x/y.z"},
      {"f`x/${d`y`}`", "config.dsc:1:18: an absolute path can only begin a path"},
      {"f`a``b`", "/w/a`b"},
      {"f`a$b`", "/w/a$b"},
      {"a`x/y`", "config.dsc:1:12: a path atom is one name, without separators"},
      {"r`/x`", "config.dsc:1:12: a relative path does not begin with a separator"},
      {"d``", "config.dsc:1:12: a path is never empty; write . for this directory"},
      {"q`x`",
       "config.dsc:1:12: unknown kind of literal: there are f`file`, d`directory`, p`path`, "
       "r`relative/path` and a`atom`"},
      {"f`C:\\x`", "config.dsc:1:12: paths with a drive letter do not exist here"},
      {"f`a/b.js`.name", "b.js"},
      {"f`a/b.js`.nameWithoutExtension", "b"},
      {"f`a/b.js`.extension", ".js"},
      {"f`a/b.js`.parent", "/w/a"},
      {"d`a`.combine(\"b\").combine(r`c/d`)", "/w/a/b/c/d"},
      {"p`a/b.js`.changeExtension(\".d.ts\")", "/w/a/b.d.ts"},
      {"f`a/b`.isWithin(d`a`)", "true"},
      {"d`a`.getRelative(f`a/b/c`)", "b/c"},
  };
  for (const Case& one : cases) EXPECT_EQ(worth(one.expression), one.worth) << one.expression;
}

TEST(DscTest, MethodsOfStringsArraysMapsAndObjects) {
  const Case cases[] = {
      {"\"aXb\".toLowerCase().toUpperCase()", "AXB"},
      {"\"a-b-c\".replace(\"-\", \"+\")", "a+b+c"},
      {"\"a,b,c\".split(\",\").reverse().join(\"-\")", "c-b-a"},
      {"\" a \".trim().length", "1"},
      {"\"abcd\".slice(1, -1)", "bc"},
      {"\"abc\".startsWith(\"ab\") && \"abc\".endsWith(\"bc\") && \"abc\".contains(\"b\")", "true"},
      {"[1, 2, 3].map(x => x * 2).filter((x: number): boolean => x > 2).reduce((a, b) => a + b, 0)",
       "10"},
      {"[1, 2].mapMany(x => [x, x]).unique().join()", "1,2"},
      {"[1, 2].concat([3], [4]).some(x => x === 4)", "true"},
      {"[1, 2].every(x => x > 1)", "false"},
      {"[\"b\"].indexOf(\"b\") + [f`a`].indexOf(f`b`)", "-1"},
      {"Map.empty<string, string>().add(\"k\", \"v\").add(\"k\", \"w\").get(\"k\")", "w"},
      {"Map.empty<Directory, {a: number}>().add(d`x`, {a: 4}).get(d`./x`).a", "4"},
      {"Map.empty().add(\"a\", 1).remove(\"a\").count()", "0"},
      {"Map.empty().add([], 1)",
       "config.dsc:1:24: the key of a map must be a string, path or number, not an array"},
      {"{b: 1, a: 2}.keys().join()", "b,a"},
      {"{a: [1], b: {c: 1}}.merge<Object>({a: [2], b: {d: 2}}).a.length", "2"},
      {"{a: [1]}.override({a: 7}).a", "7"},
      {"[...addIf(true, 1, 2), ...addIf(false, 3)].length", "2"},
      {"Unit.unit()", "Unit.unit()"},
      {"String.join(\"/\", [\"a\", r`b/c`])", "a/b/c"},
      {"\"a\".toUperCase()",
       "config.dsc:1:16: a string has no member 'toUperCase'; did you mean 'toUpperCase'?"},
      {"\"a\".slice(1, 2, 3)", "config.dsc:1:16: slice takes 0 to 2 arguments, not 3"},
      {"\"a\".startsWith(1)",
       "config.dsc:1:16: argument 1 of startsWith must be a string, not a number"},
      {"\"a\"()", "config.dsc:1:12: the function is a string, not a function"},
  };
  for (const Case& one : cases) EXPECT_EQ(worth(one.expression), one.worth) << one.expression;
}

TEST(DscTest, FunctionsAndStatements) {
  EXPECT_EQ(worth("f(3)", {}, "const f = (n: number) => n <= 1 ? 1 : n * f(n - 1);\n"), "6");
  EXPECT_EQ(worth("f([1, 2, 3])", {}, R"(
    // Declared below its use, with types everywhere.
    const limit: number = other + 1;
    const other = 1;
    interface X { a: string; b?: { c: number }; }
    type Y = X | (a: string) => Map<string, Array<number>>[];
    @@public
    export function f(list: number[], unused?: {a: X}): number {
      let sum = 0;
      for (const x of list) {
        if (x > limit) { sum += 10 * x; continue_(); } else sum++
      }
      return sum;
    }
    const continue_ = function () { return; };
  )"),
            "32");
  EXPECT_EQ(worth("((...rest) => rest.length)(1, ...[2, 3])"), "3");
  EXPECT_EQ(worth("((a, b) => b)(1)"), "undefined");
  EXPECT_EQ(worth("x", {}, "const x = y; const y = x;\n"),
            "config.dsc:1:7: 'x' needs its own value");
  EXPECT_EQ(worth("n()", {}, "const n = () => { const a = 1; a = 2; return a; };\n"),
            "config.dsc:1:32: 'a' is a constant");
  EXPECT_EQ(worth("Foo.bar", {}, "import {Foo} from \"Sdk.Foo\";\n"),
            "config.dsc:1:1: 'Foo' comes from module \"Sdk.Foo\"; modules cannot be imported here");
  EXPECT_EQ(worth("1", {}, "import {Foo} from \"Sdk.Foo\";\n"), "1");
}

TEST(DscTest, EnvironmentVariablesAreValuesAndRecorded) {
  const std::map<std::string, std::string> variables = {
      {"S", "text"}, {"P", "/usr/../bin"}, {"L", "/a:b:/c/"}, {"Y", "True"}, {"N", "4.5"}};
  EXPECT_EQ(worth("Environment.getStringValue(\"S\")", variables), "text");
  EXPECT_EQ(worth("Environment.getStringValue(\"Z\", \"else\")", variables), "else");
  EXPECT_EQ(worth("Environment.getPathValue(\"P\")", variables), "/bin");
  EXPECT_EQ(worth("Environment.getPathValues(\"L\", \";\").map(p => p.name).join()", variables),
            "a,c");
  EXPECT_EQ(worth("Environment.getFlag(\"Y\") && !Environment.getFlag(\"Z\")", variables), "true");
  EXPECT_EQ(worth("Environment.getFlag(\"S\")", variables),
            "config.dsc:1:24: the environment variable S must be 1 or 0, true or false");
  EXPECT_EQ(worth("Environment.getFileValue(\"S\")", variables),
            "config.dsc:1:24: the environment variable S must be an absolute path");
  EXPECT_EQ(worth("Environment.getStrngValue(\"S\")", variables),
            "config.dsc:1:24: there is no 'getStrngValue' here; did you mean 'getStringValue'?");

  auto out = evaluate_text(
      "config({a: Environment.hasVariable(\"S\"), b: Environment.getStringValue(\"Z\")});",
      variables);
  ASSERT_TRUE(out.evaluation) << out.error;
  const std::map<std::string, std::optional<std::string>> expected = {{"S", "text"},
                                                                      {"Z", std::nullopt}};
  EXPECT_EQ(out.evaluation->variables(), expected);
  const Value& value = out.evaluation->configuration().object->find("b")->value;
  EXPECT_EQ(out.evaluation->variable(value.origin), "Z");
  EXPECT_EQ(out.evaluation->place(value.origin), "config.dsc:1:57");
}

TEST(DscTest, OtherFilesAreImported) {
  auto out = evaluate({{"/w/config.dsc",
                        "const h = importFile(f`lib/h.dsc`);\n"
                        "config({x: h.scripts(\"p\").get(\"build\"), y: h.root, z: h.shared});"},
                       {"/w/lib/h.dsc",
                        "export const root = d`.`;\n"
                        "export function scripts(p: string) {\n"
                        "  return Map.empty<string, FileContent>().add(\"build\", `do ${p}`);\n"
                        "}\n"
                        "export const shared = importFile(f`../s.dsc`).value;\n"},
                       {"/w/s.dsc", "export const value = 5;"}});
  EXPECT_EQ(out.text("x"), "do p");
  EXPECT_EQ(out.text("y"), "/w/lib");
  EXPECT_EQ(out.text("z"), "5");
  EXPECT_EQ(worth("importFile(f`none.dsc`).x"),
            "config.dsc:1:12: cannot import: open /w/none.dsc: No such file or directory");
  EXPECT_EQ(evaluate({{"/w/config.dsc", "config({x: importFile(f`h.dsc`).y});"},
                      {"/w/h.dsc", "\n  export const z = 1 +;\n"}})
                .error,
            "h.dsc:2:23: expected a value, got ';'\n  export const z = 1 +;\n"
            "                      ^");
  EXPECT_EQ(evaluate({{"/w/config.dsc", "config({x: importFile(f`h.dsc`).y});"},
                      {"/w/h.dsc", "export const x = 1;"}})
                .error.substr(0, 58),
            "config.dsc:1:33: there is no 'y' here\nconfig({x: importFil");
}

TEST(DscTest, GlobsFindFilesAndFolders) {
  const std::map<std::string, std::string> files = {
      {"/w/config.dsc",
       "const names = (l: File[]) => l.map(f => d`.`.getRelative(f)).join(\" \");\n"
       "config({a: names(glob(d`src`, \"*.c\")), b: names(globR(d`src`, \"*.c\")),\n"
       "        c: names(globFolders(d`src`, \"*\", true)), d: names(glob(d`src`, \"*/*.c\")),\n"
       "        e: names(glob(d`none`))});"},
      {"/w/src/a.c", ""},
      {"/w/src/a.h", ""},
      {"/w/src/x/b.c", ""},
      {"/w/src/x/y/c.c", ""}};
  auto out = evaluate(files);
  EXPECT_EQ(out.text("a"), "src/a.c");
  EXPECT_EQ(out.text("b"), "src/a.c src/x/b.c src/x/y/c.c");
  EXPECT_EQ(out.text("c"), "src/x src/x/y");
  EXPECT_EQ(out.text("d"), "src/x/b.c");
  EXPECT_EQ(out.text("e"), "");
}

TEST(DscTest, ErrorsQuoteTheLine) {
  EXPECT_EQ(evaluate_text("config({\n  resolvers: [ kind: 1 ],\n});").error,
            "config.dsc:2:20: expected ',' or ']', got ':'\n"
            "  resolvers: [ kind: 1 ],\n"
            "                   ^");
  EXPECT_EQ(evaluate_text("config({x: unknwon});\nconst unknown = 1;").error,
            "config.dsc:1:12: unknown name 'unknwon'; did you mean 'unknown'?\n"
            "config({x: unknwon});\n"
            "           ^");
  const Case cases[] = {
      {"", "config.dsc: config({...}) is missing"},
      {"config({}); config({});", "config.dsc:1:13: config({...}) stands here for the second time"},
      {"config(1);", "config.dsc:1:1: the argument of config must be an object, not a number"},
      {"konfig({});",
       "config.dsc:1:1: expected config({...}); nothing else can be called at the top"},
      {"config({", "config.dsc:1:9: expected a key, got the end of the file"},
      {"/* open", "config.dsc:1:1: this comment has no end"},
      {"config({x: \"a\n\"});", "config.dsc:1:12: this string has no end on its line"},
      {"config({x: `a});", "config.dsc:1:12: this literal has no closing backtick"},
      {"config({x: \"\\uD800\"});", "config.dsc:1:13: half of a surrogate pair is no character"},
      {"config({x: #});", "config.dsc:1:12: this character means nothing here"},
      {"config({x: 1z});", "config.dsc:1:12: this is no number"},
      {"config({x: {}.a.b});",
       "config.dsc:1:17: cannot take 'b' of undefined, which comes from config.dsc:1:15"},
      {"while (true) {}", "config.dsc:1:1: 'while' is not supported in configurations"},
      {"const a = 1; const a = 2;", "config.dsc:1:20: 'a' is declared twice"},
  };
  for (const Case& one : cases) {
    std::string error = evaluate_text(one.expression).error;
    EXPECT_EQ(error.substr(0, error.find('\n')), one.worth) << one.expression;
  }
}

TEST(DscTest, NoFileTakesTimeOrMemoryWithoutEnd) {
  EXPECT_NE(worth("f(1)", {}, "const f = x => f(x + 1);\n").find("recursion without end"),
            std::string::npos);
  EXPECT_NE(worth("f(30)", {}, "const f = x => x < 2 ? 1 : f(x - 1) + f(x - 2) + f(x - 2);\n")
                .find("takes more than"),
            std::string::npos);
  EXPECT_NE(worth("f([1], 60)", {}, "const f = (x, n) => n > 0 ? f([...x, ...x], n - 1) : x;\n")
                .find("MB of memory"),
            std::string::npos);
  EXPECT_NE(worth("f(\"ab\", 60)", {}, "const f = (x, n) => n > 0 ? f(x + x, n - 1) : x;\n")
                .find("MB of memory"),
            std::string::npos);
  EXPECT_NE(worth(std::string(5000, '[')).find("nested more than"), std::string::npos);
  EXPECT_NE(worth(std::string(5000, '!') + "1").find("nested more than"), std::string::npos);
  EXPECT_NE(worth("<" + std::string(5000, '(')).find("nested more than"), std::string::npos);
  std::string sum = "0", map = "Map.empty()";
  for (int i = 0; i < 5000; ++i) sum += "+1";
  for (int i = 0; i < 500; ++i) map += ".add(" + std::to_string(i) + ", 1)";
  EXPECT_EQ(worth(sum), "5000");
  EXPECT_EQ(worth(map + ".count()"), "500");
}

TEST(DscTest, FunctionsOfTheConfigurationCanBeCalledLater) {
  auto out = evaluate_text(
      "const base = \"run \";\n"
      "config({f: (name, where) => name === \"skip\" ? undefined : {build: base + name}});");
  ASSERT_TRUE(out.evaluation) << out.error;
  const Value function = out.evaluation->configuration().object->find("f")->value;
  Value name = out.evaluation->text(Type::String, "p").value();
  auto made = out.evaluation->call(function, {name});
  ASSERT_TRUE(made) << made.error().to_string();
  EXPECT_EQ(*made->object->find("build")->value.text, "run p");
  name = out.evaluation->text(Type::String, "skip").value();
  EXPECT_TRUE(out.evaluation->call(function, {name}).value().is_undefined());
  // Beyond the evaluation itself the bounds still hold.
  EXPECT_FALSE(out.evaluation->call(name, {}));
}

}  // namespace
}  // namespace bxl::frontend::dsc
