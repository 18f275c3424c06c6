// wire/stream: what is written is read, as it comes, and errors are named.
#include "wire/stream.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/resource.h>

#include <csignal>
#include <thread>

#include "os/file.h"
#include "wire/frame.h"
#include "wire/random_records.h"
#include "wire/stream_frames.h"

namespace bxl::wire::test {
namespace {

using testing::HasSubstr;

struct Pipe {
  Pipe() {
    int ends[2];
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    out.reset(ends[0]);
    in.reset(ends[1]);
  }
  UniqueFd out, in;  // read from `out`, write to `in`
};

std::string error_of(const Result<Content>& content, int errnum = EBADMSG) {
  EXPECT_FALSE(content);
  if (content) return "";
  EXPECT_EQ(content.error().errnum, errnum) << content.error().message;
  return content.error().message;
}

class EveryRecordKind : public testing::TestWithParam<std::size_t> {};

TEST_P(EveryRecordKind, RoundTripsWithRandomValues) {
  for (unsigned seed = 0; seed < 100; ++seed) {
    PathTable paths;
    RandomRecords random(seed, paths);
    Content content;
    content.header = random.header(StreamKind::Results);
    for (unsigned n = 0; n < 4; ++n) content.records.push_back(random.record(GetParam()));
    content.end = {static_cast<int>(random.number()), random.bytes(), content.records.size()};
    // The same table on both sides: ids must come back as they were.
    auto back = decode_stream(encode_stream(content.header, paths, content.records, content.end),
                              StreamKind::Results, paths);
    ASSERT_TRUE(back) << back.error().message;
    ASSERT_TRUE(*back == content) << "seed " << seed;
  }
}
INSTANTIATE_TEST_SUITE_P(Wire, EveryRecordKind,
                         testing::Range(std::size_t{0}, std::variant_size_v<Record>));

TEST(Stream, PathsAreTheSameTextInAnotherTable) {
  PathTable ours, theirs;
  theirs.intern("/already/here");
  PathId path = ours.intern("/w/\xff/a.o");
  auto bytes = encode_stream({StreamKind::Plan}, ours,
                             {Basis{path}, Scrub{ours.intern("/w")}, Basis{kRootPath}});
  auto content = decode_stream(bytes, StreamKind::Plan, theirs);
  ASSERT_TRUE(content) << content.error().message;
  EXPECT_EQ(theirs.str(std::get<Basis>(content->records[0]).path), "/w/\xff/a.o");
  EXPECT_EQ(theirs.str(std::get<Scrub>(content->records[1]).path), "/w");
  EXPECT_EQ(std::get<Basis>(content->records[2]).path, kRootPath);
}

TEST(Stream, PathsAreWrittenOnce) {
  PathTable paths;
  PathId path = paths.intern("/a/long/path/that/costs/something/when/repeated");
  std::string once = encode_stream({StreamKind::Plan}, paths, {Basis{path}});
  std::string twice = encode_stream({StreamKind::Plan}, paths, {Basis{path}, Basis{path}});
  std::string thrice =
      encode_stream({StreamKind::Plan}, paths, {Basis{path}, Basis{path}, Basis{path}});
  EXPECT_EQ(thrice.size() - twice.size(), twice.size() - once.size());
  EXPECT_LT(twice.size() - once.size(), 120u);
}

TEST(Stream, SameInputGivesSameBytes) {
  PathTable first, second;
  RandomRecords a(5, first), b(5, second);
  EXPECT_EQ(encode_stream(a.header(StreamKind::Plan), first, a.records(50)),
            encode_stream(b.header(StreamKind::Plan), second, b.records(50)));
}

TEST(Stream, EndIsRepeatedAndSoIsAnError) {
  PathTable paths;
  auto bytes = encode_stream({StreamKind::State}, paths, {StateHeader{3}});
  auto reader = StreamReader::open_bytes(bytes, StreamKind::State, paths);
  ASSERT_TRUE(reader);
  EXPECT_TRUE(reader->next()->has_value());
  EXPECT_FALSE(reader->next()->has_value());
  EXPECT_FALSE(reader->next()->has_value());
  EXPECT_EQ(reader->end().records, 1u);

  auto cut = StreamReader::open_bytes(std::string_view(bytes).substr(0, bytes.size() - 8),
                                      StreamKind::State, paths);
  ASSERT_TRUE(cut);
  EXPECT_TRUE(cut->next()->has_value());
  EXPECT_FALSE(cut->next());
  EXPECT_FALSE(cut->next());
}

TEST(Stream, AnotherKindIsRefusedByName) {
  PathTable paths;
  auto content =
      decode_stream(encode_stream({StreamKind::Plan}, paths, {}), StreamKind::Results, paths);
  EXPECT_EQ(error_of(content, EPROTO), "this is a plan stream, expected results");
  auto unknown = decode_stream(encode_stream({static_cast<StreamKind>(9)}, paths, {}),
                               StreamKind::Plan, paths);
  EXPECT_EQ(error_of(unknown, EPROTO), "this is a stream of unknown kind 9, expected plan");
}

TEST(Stream, NewerMajorIsRefusedAndNewerMinorRead) {
  PathTable paths;
  Header header{StreamKind::Plan};
  header.minor = 7;
  auto minor = decode_stream(encode_stream(header, paths, {Basis{}}), StreamKind::Plan, paths);
  ASSERT_TRUE(minor) << minor.error().message;
  EXPECT_EQ(minor->header.minor, 7);
  header.major = 2;
  EXPECT_EQ(
      error_of(decode_stream(encode_stream(header, paths, {}), StreamKind::Plan, paths), EPROTO),
      "stream schema 2.7 is newer than this tool's 1.8");
  // Even when the kind does not fit: the version is what the user must know first.
  EXPECT_THAT(
      error_of(decode_stream(encode_stream(header, paths, {}), StreamKind::State, paths), EPROTO),
      HasSubstr("newer"));
}

TEST(Stream, RecordKindsOfNewerMinorsAreSkipped) {
  PathTable paths;
  std::string bytes;
  auto sink = string_sink(&bytes);
  FrameTally tally;
  ASSERT_TRUE(write_header(*sink, tally, {StreamKind::State}));
  auto checksum = write_frame(*sink, static_cast<FrameKind>(999), "whatever it says");
  ASSERT_TRUE(checksum);
  tally.add(static_cast<FrameKind>(999), *checksum);
  ASSERT_TRUE(write_end(*sink, tally, {}));
  auto content = decode_stream(bytes, StreamKind::State, paths);
  ASSERT_TRUE(content) << content.error().message;
  EXPECT_TRUE(content->records.empty());
  EXPECT_EQ(content->end.records, 1u);
}

TEST(Stream, InputThatIsNoStreamIsNamed) {
  PathTable paths;
  EXPECT_EQ(error_of(decode_stream("", StreamKind::Plan, paths)),
            "empty input: the upstream tool wrote nothing");
  EXPECT_EQ(error_of(decode_stream("bash: bxl-plan: not found\n", StreamKind::Plan, paths)),
            "not a bxl stream: the input starts with \"bash: bxl-plan: \"");
  EXPECT_THAT(error_of(decode_stream("x", StreamKind::Plan, paths)), HasSubstr("not a bxl stream"));
}

TEST(Stream, MissingEndIsUpstreamIncomplete) {
  PathTable paths;
  std::string bytes;
  auto sink = string_sink(&bytes);
  auto writer = StreamWriter::create(*sink, paths, {StreamKind::Plan});
  ASSERT_TRUE(writer && writer->write(Basis{}));
  EXPECT_EQ(error_of(decode_stream(bytes, StreamKind::Plan, paths)),
            "upstream incomplete: the stream stops at byte " + std::to_string(bytes.size()) +
                " without an end record");
}

TEST(Stream, LostDoubledAndSwappedFramesAreNoticed) {
  PathTable paths;
  auto frames = split(
      encode_stream({StreamKind::State}, paths, {StateHeader{1}, StateHeader{2}, StateHeader{3}}));
  ASSERT_EQ(frames.size(), 5u);
  auto join = [&](std::vector<int> order) {
    std::string bytes;
    for (int i : order) bytes += frames[static_cast<std::size_t>(i)];
    return decode_stream(bytes, StreamKind::State, paths);
  };
  EXPECT_TRUE(join({0, 1, 2, 3, 4}));
  EXPECT_THAT(error_of(join({0, 1, 3, 4})),
              HasSubstr("upstream incomplete: the stream has 2 of 3 records"));
  EXPECT_THAT(error_of(join({0, 1, 2, 2, 3, 4})), HasSubstr("upstream incomplete"));
  EXPECT_THAT(error_of(join({0, 2, 1, 3, 4})), HasSubstr("lost, added or reordered"));
  EXPECT_THAT(error_of(join({0, 1, 1, 3, 4})), HasSubstr("lost, added or reordered"));
  EXPECT_THAT(error_of(join({0, 1, 2, 3, 4, 4})), HasSubstr("bytes after the end record"));
  EXPECT_THAT(error_of(join({0, 0, 1, 2, 3, 4})), HasSubstr("second header"));
}

TEST(Stream, PipIdsBeyondTheGraphAreRefusedOnRequest) {
  PathTable paths;
  PipResult result;
  result.pip = PipId{7};
  auto bytes = encode_stream({StreamKind::Results}, paths, {result});
  for (std::uint32_t count : {7u, 8u}) {
    auto reader = StreamReader::open_bytes(bytes, StreamKind::Results, paths);
    ASSERT_TRUE(reader);
    reader->expect_pips(count);
    EXPECT_EQ(reader->next().has_value(), count == 8);
  }
}

TEST(Stream, RecordsFlowThroughASlowPipe) {
  PathTable paths;
  RandomRecords random(3, paths);
  Header header = random.header(StreamKind::Results);
  auto records = random.records(40);
  std::string bytes = encode_stream(header, paths, records);
  Pipe pipe;
  PathTable ours;
  std::thread dribble([&] {
    // Odd pieces, so that every boundary falls inside something.
    for (std::size_t at = 0, n = 1; at < bytes.size(); at += n, n = n % 37 + 1)
      EXPECT_TRUE(write_all(pipe.in.get(), std::string_view(bytes).substr(at, n)));
    pipe.in.reset();
  });
  auto content = read_all(StreamReader::open(pipe.out.get(), StreamKind::Results, ours));
  dribble.join();
  ASSERT_TRUE(content) << content.error().message;
  EXPECT_EQ(content->records.size(), records.size());
}

TEST(Stream, ResultIsReadBeforeTheNextOneIsWritten) {
  PathTable paths, ours;
  Pipe pipe;
  auto sink = fd_sink(pipe.in.get());
  auto writer = StreamWriter::create(*sink, paths, {StreamKind::Results});
  ASSERT_TRUE(writer);
  auto reader = StreamReader::open(pipe.out.get(), StreamKind::Results, ours);
  ASSERT_TRUE(reader);
  // One thread: if a result stayed in a buffer on either side, next() would block for good.
  for (std::uint32_t i = 0; i < 3; ++i) {
    PipResult result;
    result.pip = PipId{i};
    ASSERT_TRUE(writer->write(result));
    auto record = reader->next();
    ASSERT_TRUE(record && *record);
    EXPECT_EQ(std::get<PipResult>(**record).pip, PipId{i});
  }
}

TEST(Stream, PlanRecordsAreBatched) {
  PathTable paths;
  Pipe pipe;
  auto sink = fd_sink(pipe.in.get());
  auto writer = StreamWriter::create(*sink, paths, {StreamKind::Plan});
  ASSERT_TRUE(writer);
  char drained[4096];
  ASSERT_GT(::read(pipe.out.get(), drained, sizeof drained), 0);  // the header leaves at once
  ASSERT_TRUE(writer->write(Basis{}));
  struct pollfd waiting{pipe.out.get(), POLLIN, 0};
  EXPECT_EQ(::poll(&waiting, 1, 0), 0);
  ASSERT_TRUE(writer->end({}));
  EXPECT_EQ(::poll(&waiting, 1, 0), 1);
}

TEST(Stream, DeadReaderIsAnErrorAndTheStreamStaysWithoutEnd) {
  ::signal(SIGPIPE, SIG_IGN);
  PathTable paths;
  Pipe pipe;
  auto sink = fd_sink(pipe.in.get());
  auto writer = StreamWriter::create(*sink, paths, {StreamKind::Results});
  ASSERT_TRUE(writer);
  pipe.out.reset();
  auto written = writer->write(PipResult{});
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().errnum, EPIPE);
  auto ended = writer->end({});
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().errnum, EPIPE);
}

TEST(Stream, FullDiskIsAnError) {
  UniqueFd full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  if (!full) GTEST_SKIP() << "no /dev/full";
  PathTable paths;
  auto sink = fd_sink(full.get());
  auto writer = StreamWriter::create(*sink, paths, {StreamKind::Plan});
  ASSERT_FALSE(writer);
  EXPECT_EQ(writer.error().errnum, ENOSPC);
}

TEST(Stream, NonBlockingPipesAreWaitedFor) {
  PathTable paths;
  Pipe pipe;
  ASSERT_EQ(::fcntl(pipe.in.get(), F_SETFL, O_NONBLOCK), 0);
  ASSERT_EQ(::fcntl(pipe.out.get(), F_SETFL, O_NONBLOCK), 0);
  PipResult result;
  result.console.assign(1 << 20, 'x');  // more than a pipe holds
  std::thread write([&] {
    auto sink = fd_sink(pipe.in.get());
    auto writer = StreamWriter::create(*sink, paths, {StreamKind::Results});
    EXPECT_TRUE(writer && writer->write(result) && writer->end({}));
    pipe.in.reset();
  });
  PathTable ours;
  auto content = read_all(StreamReader::open(pipe.out.get(), StreamKind::Results, ours));
  write.join();
  ASSERT_TRUE(content) << content.error().message;
  EXPECT_EQ(std::get<PipResult>(content->records[0]).console, result.console);
}

long peak_kib() {
  struct rusage usage;
  ::getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

TEST(Stream, ForgedLengthCostsNoMemory) {
  PathTable paths;
  std::string bytes = split(encode_stream({StreamKind::Plan}, paths, {})).front();
  std::uint32_t head[4] = {1u << 30, 17, 0, 0};
  bytes.append(reinterpret_cast<const char*>(head), sizeof head);
  Pipe pipe;
  ASSERT_TRUE(write_all(pipe.in.get(), bytes));
  pipe.in.reset();
  long before = peak_kib();
  auto content = read_all(StreamReader::open(pipe.out.get(), StreamKind::Plan, paths));
  EXPECT_THAT(error_of(content), HasSubstr("upstream incomplete"));
  EXPECT_LT(peak_kib() - before, 64 * 1024);
}

TEST(Stream, LengthsBeyondTheBoundAreRefusedUnread) {
  PathTable paths;
  std::string bytes = split(encode_stream({StreamKind::Plan}, paths, {})).front();
  for (std::uint32_t length : {(1u << 30) + 8, 0xfffffff8u, 12u}) {
    std::uint32_t head[4] = {length, 17, 0, 0};
    std::string forged = bytes + std::string(reinterpret_cast<const char*>(head), sizeof head);
    EXPECT_THAT(error_of(decode_stream(forged, StreamKind::Plan, paths)),
                HasSubstr("impossible record length"));
  }
}

TEST(Stream, PathsNoSystemCouldHaveAreNotWritten) {
  PathTable paths;
  PathId deep = kRootPath;
  for (int i = 0; i < 400; ++i) deep = paths.child(deep, std::string(200, 'x'));
  std::string bytes;
  auto sink = string_sink(&bytes);
  auto writer = StreamWriter::create(*sink, paths, {StreamKind::Plan});
  ASSERT_TRUE(writer);
  auto written = writer->write(Basis{deep});
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().errnum, ENAMETOOLONG);
  // The stream goes on without that record.
  ASSERT_TRUE(writer->write(Basis{paths.intern("/short")}) && writer->end({}));
  auto content = decode_stream(bytes, StreamKind::Plan, paths);
  ASSERT_TRUE(content) << content.error().message;
  EXPECT_EQ(content->records.size(), 1u);
}

TEST(PeekHeader, TellsTheKindFromTheFirstBytes) {
  PathTable paths;
  auto bytes = encode_stream({StreamKind::State}, paths, {StateHeader{1}});
  auto header = peek_header(std::string_view(bytes).substr(0, split(bytes).front().size()));
  ASSERT_TRUE(header) << header.error().message;
  EXPECT_EQ(header->kind, StreamKind::State);
}

}  // namespace
}  // namespace bxl::wire::test
