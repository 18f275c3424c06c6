// The table of what disturbs what.
#include "violation/rules.h"

#include <gtest/gtest.h>

#include <string>

namespace bxl::violation {

std::ostream& operator<<(std::ostream& out, const Verdict& v) {
  return out << v.code << ' ' << v.letter << ' ' << v.role;
}

namespace {

struct Case {
  const char* name;
  Fact reader, writer;
  Order order;  // MineFirst: the reader (first of two writers) is upstream of the other
  // "" nothing, "uncached" the reader is not published, "DX5003 R" a violation.
  const char* expected;
};

Fact did(Touch touch) {
  Fact fact;
  fact.touch = touch;
  return fact;
}
Fact made(const std::string& content = "x") {
  Fact fact = did(Touch::Create);
  fact.content = Digest::of(content);
  return fact;
}
Fact declared() {
  Fact fact = made();
  fact.declared = true;
  return fact;
}
Fact directory() {
  Fact fact = did(Touch::Create);
  fact.directory = true;
  return fact;
}
Fact left_in_tmp() {
  Fact fact = made();
  fact.scratch = true;
  return fact;
}
Fact at(Fact fact, std::int64_t start, std::int64_t end) {
  fact.start_ns = start;
  fact.end_ns = end;
  return fact;
}

constexpr Order kNone = Order::None, kFirst = Order::MineFirst, kLast = Order::TheirsFirst;

const Case kReaderAndWriter[] = {
    {"read of a declared output", did(Touch::Read), declared(), kNone, "DX5003 R"},
    {"read of an undeclared output", did(Touch::Read), made(), kNone, "DX5009 R"},
    {"existence of an output", did(Touch::Probe), declared(), kNone, "DX5003 R"},
    {"read of what a dependent makes", did(Touch::Read), made(), kFirst, "DX5007 R"},
    {"read of what a dependency makes", did(Touch::Read), made(), kLast, ""},
    {"output looked for in vain", did(Touch::AbsentProbe), made(), kNone, "DX5026 MD"},
    {"declared output looked for in vain", did(Touch::AbsentProbe), declared(), kNone, "DX5026 MD"},
    {"looked for before the dependent makes it", did(Touch::AbsentProbe), made(), kFirst, ""},
    {"looked for after the dependency made it", did(Touch::AbsentProbe), made(), kLast, ""},
    {"a path set's look at what comes into being", did(Touch::Look), made(), kNone, "DX5026 MD"},
    {"a path set's look at what goes", did(Touch::Look), did(Touch::Remove), kNone, "DX5025 MD"},
    {"a path set's look at what is rewritten", did(Touch::Look), did(Touch::Rewrite), kNone, ""},
    {"directory looked for in vain", did(Touch::AbsentProbe), directory(), kNone, "uncached"},
    {"directory looked for before a dependent", did(Touch::AbsentProbe), directory(), kFirst, ""},
    {"directory that is there", did(Touch::Probe), directory(), kNone, ""},
    {"source rewritten", did(Touch::Read), did(Touch::Rewrite), kNone, "DX5025 MD"},
    {"source removed", did(Touch::Read), did(Touch::Remove), kNone, "DX5025 MD"},
    {"removed source looked for", did(Touch::AbsentProbe), did(Touch::Remove), kNone, "DX5025 MD"},
    {"source rewritten by a dependent", did(Touch::Read), did(Touch::Rewrite), kFirst, ""},
    {"source rewritten by a dependency", did(Touch::Read), did(Touch::Rewrite), kLast, ""},
    {"existence of a rewritten source", did(Touch::Probe), did(Touch::Rewrite), kNone, ""},
    {"listing that gains a name", did(Touch::List), made(), kNone, "uncached"},
    {"listing that gains a directory", did(Touch::List), directory(), kNone, "uncached"},
    {"listing that loses a name", did(Touch::List), did(Touch::Remove), kNone, "uncached"},
    {"listing of rewritten members", did(Touch::List), did(Touch::Rewrite), kNone, ""},
    {"listing before a dependent", did(Touch::List), made(), kFirst, ""},
    {"listing after a dependency", did(Touch::List), made(), kLast, ""},
    {"scratch that is read", did(Touch::Read), left_in_tmp(), kNone, "DX5009 R"},
    {"scratch that a dependent reads", did(Touch::Read), left_in_tmp(), kLast, "DX5009 R"},
    {"scratch that is looked for", did(Touch::AbsentProbe), left_in_tmp(), kNone, ""},
    {"temporary of a pip at the same time", at(did(Touch::AbsentProbe), 1, 5),
     at(did(Touch::Temporary), 4, 9), kNone, "uncached"},
    {"temporary of a pip before", at(did(Touch::AbsentProbe), 5, 6),
     at(did(Touch::Temporary), 1, 5), kNone, ""},
};

Order reversed(Order order) { return order == kFirst ? kLast : order == kLast ? kFirst : order; }

std::string text(const std::optional<Verdict>& verdict) {
  if (!verdict) return "";
  if (verdict->severity == Severity::Uncached) return "uncached";
  return std::string(verdict->code) + " " + std::string(verdict->letter);
}

TEST(Rules, ReaderAndWriterWhoeverComesLast) {
  for (const Case& c : kReaderAndWriter) {
    auto reader_last = judge(c.reader, c.writer, c.order);
    EXPECT_EQ(text(reader_last), c.expected) << c.name;
    auto writer_last = judge(c.writer, c.reader, reversed(c.order));
    EXPECT_EQ(text(writer_last), c.expected) << c.name << ", told to the writer";
    if (!reader_last || !writer_last) continue;
    EXPECT_EQ(reader_last->kind, writer_last->kind) << c.name;
    if (reader_last->severity == Severity::Uncached) {
      EXPECT_EQ(reader_last->whom, Whom::Mine) << c.name;
      EXPECT_EQ(writer_last->whom, Whom::Theirs) << c.name;
    } else {
      EXPECT_EQ(reader_last->role, 'R') << c.name;
      EXPECT_EQ(writer_last->role, 'W') << c.name;
    }
  }
}

const Case kTwoWriters[] = {
    {"two outputs", made("a"), made("b"), kNone, "DX5002 DW"},
    {"two outputs in an order", made("a"), made("b"), kFirst, "DX5002 DW"},
    {"the same bytes in no order", made("a"), made("a"), kNone, "DX5002 DW"},
    {"the same bytes over a declared output", declared(), declared(), kLast, "DX5002 DW"},
    {"the same bytes, again", made("a"), made("a"), kLast, "uncached"},
    {"a removed output", did(Touch::Remove), made(), kNone, "DX5002 DW"},
    {"a dependent's removal", did(Touch::Remove), made(), kLast, "DX5002 DW"},
    {"removal of what a dependent will make", did(Touch::Remove), made(), kFirst, ""},
    {"a directory that two make", directory(), directory(), kNone, ""},
    {"a directory that goes", did(Touch::Remove), directory(), kNone, "DX5002 DW"},
    {"two changes of a source", did(Touch::Rewrite), did(Touch::Rewrite), kNone, "DX5002 DW"},
    {"two changes in an order", did(Touch::Rewrite), did(Touch::Rewrite), kFirst, ""},
    {"one temporary name at one time", at(did(Touch::Temporary), 1, 5),
     at(did(Touch::Temporary), 4, 9), kNone, "DX5032 W"},
    {"one temporary name, one after the other", at(did(Touch::Temporary), 1, 4),
     at(did(Touch::Temporary), 4, 9), kNone, ""},
    {"an output that another removes meanwhile", at(did(Touch::Temporary), 1, 5),
     at(did(Touch::Remove), 4, 9), kNone, "DX5002 DW"},
    {"one temporary name in an order", at(did(Touch::Temporary), 1, 5),
     at(did(Touch::Temporary), 4, 9), kFirst, ""},
    {"scratch of two", left_in_tmp(), left_in_tmp(), kNone, ""},
};

TEST(Rules, TwoWriters) {
  for (const Case& c : kTwoWriters)
    EXPECT_EQ(text(judge(c.reader, c.writer, c.order)), c.expected) << c.name;
}

TEST(Rules, OnlyTheLaterOfTwoEqualWritersIsNotPublished) {
  EXPECT_EQ(judge(made("a"), made("a"), kLast)->whom, Whom::Mine);
  // The first one finds the second already there: that is not the order of the graph.
  EXPECT_EQ(text(judge(made("a"), made("a"), kFirst)), "DX5002 DW");
}

TEST(Rules, TheSameContentInNoOrderIsForBothToAllow) {
  Fact allows = made("a"), declares = declared(), other = made("b");
  for (Fact* fact : {&allows, &declares, &other}) fact->same_content = true;
  EXPECT_EQ(text(judge(allows, allows, kNone)), "uncached");
  EXPECT_EQ(judge(allows, allows, kNone)->whom, Whom::Mine);
  EXPECT_EQ(text(judge(allows, made("a"), kNone)), "DX5002 DW");
  EXPECT_EQ(text(judge(made("a"), allows, kNone)), "DX5002 DW");
  EXPECT_EQ(text(judge(allows, other, kNone)), "DX5002 DW");
  EXPECT_EQ(text(judge(declares, declares, kNone)), "DX5002 DW");
}

TEST(Rules, ReadersNeverDisturbEachOther) {
  for (Touch a : {Touch::Read, Touch::Probe, Touch::AbsentProbe, Touch::Look, Touch::List})
    for (Touch b : {Touch::Read, Touch::Probe, Touch::AbsentProbe, Touch::Look, Touch::List})
      EXPECT_FALSE(judge(did(a), did(b), kNone));
}

TEST(Rules, FactsWithoutTimesDoNotOverlap) {
  EXPECT_FALSE(overlap(did(Touch::Temporary), at(did(Touch::Temporary), 1, 9)));
  EXPECT_TRUE(overlap(at(did(Touch::Temporary), 3, 4), at(did(Touch::Temporary), 1, 9)));
  EXPECT_FALSE(overlap(at(did(Touch::Temporary), 9, 10), at(did(Touch::Temporary), 1, 9)));
}

}  // namespace
}  // namespace bxl::violation
