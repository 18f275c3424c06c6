// wire/print: whatever is read can be shown, and what is damaged is shown up to the damage.
#include "wire/print.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "wire/random_records.h"

namespace bxl::wire::test {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

struct Printed {
  std::string text;
  std::string error;
};
Printed print(std::string_view bytes, PrintFormat format) {
  UniqueFd file(::memfd_create("test", MFD_CLOEXEC));
  EXPECT_TRUE(write_all(file.get(), bytes));
  ::lseek(file.get(), 0, SEEK_SET);
  std::ostringstream out;
  auto done = print_stream(file.get(), format, out);
  return {out.str(), done ? "" : done.error().message};
}

TEST(Print, JsonHasOneLinePerRecord) {
  PathTable paths;
  RandomRecords random(1, paths);
  auto printed = print(encode_stream(random.header(StreamKind::Results), paths, random.records(30)),
                       PrintFormat::Json);
  EXPECT_EQ(printed.error, "");
  EXPECT_EQ(std::count(printed.text.begin(), printed.text.end(), '\n'), 32);
  std::istringstream lines(printed.text);
  for (std::string line; std::getline(lines, line);)
    EXPECT_THAT(line, StartsWith("{\"record\":\""));
}

TEST(Print, TextNeverSteersTheTerminal) {
  PathTable paths;
  PipResult result;
  result.console = "\x1b]0;title\x07\r\n";
  auto printed = print(encode_stream({StreamKind::Results}, paths, {result}), PrintFormat::Text);
  EXPECT_THAT(printed.text, HasSubstr("console: \"\\u001b]0;title\\u0007\\r\\n\"\n"));
  EXPECT_THAT(printed.text, Not(HasSubstr("\x1b")));
}

TEST(Print, PipZeroIsNamed) {
  PathTable paths;
  auto printed =
      print(encode_stream({StreamKind::Plan}, paths, {PlanPip{PipId{0}}}), PrintFormat::Text);
  EXPECT_THAT(printed.text, HasSubstr("planPip\n  pip: 0\n  action: miss\nend\n"));
}

TEST(Print, CutStreamIsShownUpToTheCut) {
  PathTable paths;
  std::string bytes = encode_stream({StreamKind::State}, paths, {StateHeader{41}, StateHeader{42}});
  auto printed = print(std::string_view(bytes).substr(0, bytes.size() - 8), PrintFormat::Text);
  EXPECT_THAT(printed.text, HasSubstr("generation: 42"));
  EXPECT_THAT(printed.error, HasSubstr("upstream incomplete"));
}

TEST(Print, GraphWithoutABodyIsIncomplete) {
  PathTable paths;
  EXPECT_THAT(print(encode_stream({StreamKind::Graph}, paths, {}), PrintFormat::Text).error,
              HasSubstr("no graph"));
}

TEST(Print, ForeignBytesAreNamed) {
  EXPECT_THAT(print("hello, world", PrintFormat::Json).error, HasSubstr("not a bxl stream"));
  EXPECT_EQ(print("", PrintFormat::Json).text, "");
}

TEST(Print, FailingOutputIsAnError) {
  PathTable paths;
  UniqueFd file(::memfd_create("test", MFD_CLOEXEC));
  ASSERT_TRUE(write_all(file.get(), encode_stream({StreamKind::Plan}, paths, {})));
  ::lseek(file.get(), 0, SEEK_SET);
  std::ostringstream out;
  out.setstate(std::ios::badbit);
  auto done = print_stream(file.get(), PrintFormat::Text, out);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().errnum, EIO);
}

}  // namespace
}  // namespace bxl::wire::test
