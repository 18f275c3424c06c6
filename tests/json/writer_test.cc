// base/json_writer: well-formed text for any bytes.
#include <gtest/gtest.h>

#include <random>

#include "base/json_writer.h"
#include "json/reader.h"

namespace bxl {
namespace {

std::string json_text(std::string_view bytes) {
  std::string out;
  append_json_string(out, bytes);
  return out;
}

TEST(JsonWriter, PutsCommasBetweenSiblingsOnly) {
  std::string out;
  JsonWriter json(&out);
  json.begin_object().key("a").begin_array().integer(-1).natural(2).end_array();
  json.key("b").begin_object().end_object().key("c").null().key("d").boolean(true).end_object();
  EXPECT_EQ(out, R"({"a":[-1,2],"b":{},"c":null,"d":true})");
}

TEST(JsonWriter, NumbersReadBackTheSame) {
  std::string out;
  JsonWriter json(&out);
  json.begin_array().real(0.1).real(1e300).real(-2.0).natural(~0ull).integer(INT64_MIN).end_array();
  EXPECT_EQ(out, "[0.1,1e+300,-2,18446744073709551615,-9223372036854775808]");
}

TEST(JsonWriter, NumbersThatJsonLacksAreNull) {
  std::string out;
  JsonWriter json(&out);
  json.begin_array().real(1.0 / 0.0).real(0.0 / 0.0).end_array();
  EXPECT_EQ(out, "[null,null]");
}

TEST(JsonString, ValidTextStaysReadable) {
  EXPECT_EQ(json_text("a/\"b\"\\\n\t\x01\x7f é€😀"),
            "\"a/\\\"b\\\"\\\\\\n\\t\\u0001\\u007f é€😀\"");
}

TEST(JsonString, InvalidBytesBecomeLoneSurrogates) {
  EXPECT_EQ(json_text("a\xff"), R"("a\udcff")");
  EXPECT_EQ(json_text("\xc3"), R"("\udcc3")");                      // cut
  EXPECT_EQ(json_text("\xc0\xaf"), R"("\udcc0\udcaf")");            // overlong
  EXPECT_EQ(json_text("\xed\xb3\xbf"), R"("\udced\udcb3\udcbf")");  // a surrogate, encoded
  EXPECT_EQ(json_text("\xf4\x90\x80\x80"), R"("\udcf4\udc90\udc80\udc80")");  // beyond U+10FFFF
}

TEST(JsonString, AnyBytesReadBackTheSame) {
  std::mt19937 random(7);
  const std::string_view hard[] = {"\xed", "\xb3", "\xbf", "\xe2\x82", "\xac", "\xf0\x9f\x98\x80",
                                   "\\",   "\"",   "u",    {"\0", 1}};
  for (int round = 0; round < 2000; ++round) {
    std::string bytes;
    for (unsigned n = random() % 12; n > 0; --n) {
      if (random() % 2)
        bytes += static_cast<char>(random());
      else
        bytes += hard[random() % std::size(hard)];
    }
    auto value = json::parse(json_text(bytes));
    ASSERT_TRUE(value) << value.error().message << json_text(bytes);
    ASSERT_TRUE(value->string());
    ASSERT_EQ(*value->string(), bytes) << json_text(bytes);
  }
}

}  // namespace
}  // namespace bxl
