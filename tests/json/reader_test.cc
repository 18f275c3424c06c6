// json/reader: what is accepted, what is refused, and where the error is.
#include "json/reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bxl::json {
namespace {

using testing::HasSubstr;

Value parsed(std::string_view text) {
  auto value = parse(text);
  EXPECT_TRUE(value) << text << ": " << value.error().message;
  return value ? *value : Value();
}

std::string error_of(std::string_view text) {
  auto value = parse(text);
  EXPECT_FALSE(value) << "accepted: " << text;
  if (value) return "";
  EXPECT_EQ(value.error().errnum, EBADMSG);
  return value.error().message;
}

TEST(JsonReader, EveryTypeIsFoundByKey) {
  Value value = parsed(R"( {"s":"x","i":-7,"d":2.5,"b":true,"n":null,"a":[1,[2]],"o":{"k":{}}} )");
  EXPECT_EQ(*value.find("s")->string(), "x");
  EXPECT_EQ(*value.find("i")->integer(), -7);
  EXPECT_EQ(*value.find("d")->real(), 2.5);
  EXPECT_TRUE(*value.find("b")->boolean());
  EXPECT_TRUE(value.find("n")->is_null());
  EXPECT_EQ(*value.find("a")->array()->at(1).array()->at(0).integer(), 2);
  EXPECT_TRUE(value.find("o")->find("k")->object()->empty());
  EXPECT_EQ(value.find("absent"), nullptr);
  EXPECT_EQ(value.find("s")->find("k"), nullptr);
}

TEST(JsonReader, AccessorsOfAnotherTypeAreNull) {
  Value value = parsed("1");
  EXPECT_EQ(value.string(), nullptr);
  EXPECT_EQ(value.real(), nullptr);
  EXPECT_EQ(value.object(), nullptr);
  EXPECT_STREQ(value.type_name(), "an integer");
}

TEST(JsonReader, ScalarsAreTexts) {
  EXPECT_EQ(*parsed(" \"a\" ").string(), "a");
  EXPECT_TRUE(parsed("null").is_null());
  EXPECT_FALSE(*parsed("false").boolean());
}

TEST(JsonReader, OrderAndRepeatedKeysAreKept) {
  Value value = parsed(R"({"b":1,"a":2,"b":3})");
  ASSERT_EQ(value.object()->size(), 3u);
  EXPECT_EQ(value.object()->front().first, "b");
  EXPECT_EQ(*value.find("b")->integer(), 3);
}

TEST(JsonReader, IntegersStayExactAndLargeOnesBecomeDoubles) {
  EXPECT_EQ(*parsed("9223372036854775807").integer(), INT64_MAX);
  EXPECT_EQ(*parsed("-9223372036854775808").integer(), INT64_MIN);
  EXPECT_EQ(*parsed("9223372036854775808").real(), 9223372036854775808.0);
  EXPECT_EQ(*parsed("12345678901234567890123").real(), 12345678901234567890123.0);
  EXPECT_EQ(*parsed("1.0").real(), 1.0);
}

TEST(JsonReader, FractionsWithManyDigitsAreNotZero) {
  EXPECT_EQ(*parsed("1.8446744073709551615").real(), 1.8446744073709551615);
  EXPECT_EQ(*parsed("1234567890123456789012e3").real(), 1234567890123456789012e3);
}

TEST(JsonReader, EscapedBytesAndPairsAreUnescaped) {
  EXPECT_EQ(*parsed(R"("\udcff\u00e9\ud83d\ude00\n\/")").string(),
            "\xff\xc3\xa9\xf0\x9f\x98\x80\n/");
  EXPECT_EQ(*parsed(R"({"\udc80k":1})").find("\x80k")->integer(), 1);
}

TEST(JsonReader, ByteOrderMarkIsSkipped) {
  EXPECT_EQ(*parsed("\xef\xbb\xbf[1]").array()->at(0).integer(), 1);
}

TEST(JsonReader, MalformedTextsAreRefused) {
  for (std::string_view text : {"",
                                " ",
                                "nul",
                                "nullx",
                                "1 2",
                                "1,2",
                                "1],[2",
                                "[1,]",
                                "[,1]",
                                "[1,,2]",
                                "{\"a\":1,}",
                                "{\"a\" 1}",
                                "[1 2]",
                                "{'a':1}",
                                "[01]",
                                "[1.]",
                                "[.5]",
                                "[+1]",
                                "[1e]",
                                "[1e400]",
                                "[-]",
                                "\"\\x\"",
                                "\"\\ud800\"",
                                "\"\\udcff\\ud800\"",
                                "\"\\udc00\"",
                                "\"\\u12\"",
                                "\"\\udcff\\uzzzz\"",
                                "\"\x01\"",
                                "\"\xff\"",
                                "[}",
                                "{]",
                                "[",
                                "{",
                                "]",
                                "\"",
                                "{\"a\":",
                                "[1]]",
                                "{1:2}",
                                "[1] // c",
                                "[\"a\\\"]",
                                "NaN"})
    EXPECT_THAT(error_of(text), HasSubstr("not JSON: "));
}

TEST(JsonReader, EveryPrefixOfAnObjectIsRefused) {
  std::string_view text = R"({"a":[1,2.5,{"b":"\u00e9\udcff"}],"c":null,"d":true})";
  for (std::size_t n = 0; n < text.size(); ++n) error_of(text.substr(0, n));
  parsed(text);
}

TEST(JsonReader, ErrorsNameLineAndColumn) {
  EXPECT_THAT(error_of("{\n  \"a\": tru\n}"), HasSubstr("line 2, column 8 (byte 9)"));
  EXPECT_THAT(error_of("\xef\xbb\xbf[01]"), HasSubstr("line 1, column 5 (byte 4)"));
}

TEST(JsonReader, DeepNestingIsRefusedNotFollowed) {
  EXPECT_THAT(error_of(std::string(200000, '[')), HasSubstr("not JSON: "));
  EXPECT_THAT(error_of(std::string(300, '[') + std::string(300, ']')),
              HasSubstr("nested deeper than 256"));
  parsed(std::string(250, '[') + std::string(250, ']'));
}

TEST(JsonReader, EveryValueKnowsWhereItStarts) {
  const std::string text = "\xef\xbb\xbf{\n  \"a\": [1, {\"b\" : \"x\"}],\n \"c\": null}";
  auto parsed = parse(text);
  ASSERT_TRUE(parsed) << parsed.error().message;
  auto at = [&](const Value* value) { return line_and_column(text, value->offset()); };
  EXPECT_EQ(parsed->offset(), 3u);
  const Value* a = parsed->find("a");
  EXPECT_EQ(at(a), "2:8");
  EXPECT_EQ(at(&(*a->array())[0]), "2:9");
  EXPECT_EQ(at((*a->array())[1].find("b")), "2:19");
  EXPECT_EQ(at(parsed->find("c")), "3:7");
  EXPECT_EQ(line_and_column(text, 10'000), "3:12");
}

}  // namespace
}  // namespace bxl::json
