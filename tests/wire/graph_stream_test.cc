// wire/graph_stream: whole graphs, mapped and spooled.
#include "wire/graph_stream.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "support/temp_dir.h"
#include "wire/random_records.h"

namespace bxl::wire::test {
namespace {

using testing::HasSubstr;

std::string error_of(const Result<GraphReader>& reader, int errnum = EBADMSG) {
  EXPECT_FALSE(reader);
  if (reader) return "";
  EXPECT_EQ(reader.error().errnum, errnum) << reader.error().message;
  return reader.error().message;
}

GraphRecord whole(const GraphReader& reader) {
  GraphRecord graph = reader.frame();
  for (std::uint32_t i = 0; i < reader.pip_count(); ++i) graph.pips.push_back(reader.pip(PipId{i}));
  return graph;
}

TEST(GraphStream, RoundTripsWithRandomValues) {
  for (unsigned seed = 0; seed < 100; ++seed) {
    PathTable paths, again, third;
    RandomRecords random(seed, paths);
    Header header = random.header(StreamKind::Graph);
    GraphRecord graph = random.graph(random.below(20));
    std::string bytes = encode_graph(header, paths, graph);
    auto reader = open_graph(bytes, again);
    ASSERT_TRUE(reader) << reader.error().message;
    ASSERT_TRUE(reader->header() == header);
    EXPECT_EQ(reader->bytes(), bytes);
    // Ids differ from ours, but written again from the new table the bytes are the same: ids follow
    // first use.
    GraphRecord back = whole(*reader);
    ASSERT_EQ(encode_graph(header, again, back), bytes);
    // And nothing was lost: texts compared through a table that already knows our paths.
    auto remapped = [&](std::vector<PathId> list) {
      for (PathId& id : list) id = paths.find(again.str(id));
      return list;
    };
    for (std::size_t i = 0; i < graph.pips.size(); ++i) {
      Pip pip = back.pips[i];
      for (auto* list : {&pip.inputs, &pip.order_only, &pip.outputs, &pip.optional_outputs})
        *list = remapped(*list);
      for (PathId* id : {&pip.working_directory, &pip.depfile, &pip.rspfile, &pip.dyndep})
        if (*id != kNoPath) *id = paths.find(again.str(*id));
      if (pip.options) {
        PipOptions& more = pip.options.make();
        for (auto* list : {&more.untracked, &more.temporary_directories, &more.output_exclusions})
          *list = remapped(*list);
        for (PathId* id : {&more.stdin_file, &more.stdout_file, &more.stderr_file})
          if (*id != kNoPath) *id = paths.find(again.str(*id));
        for (DirectoryOutput& one : more.directory_outputs)
          one.path = paths.find(again.str(one.path));
        for (ReadScope& one : more.read_scopes) one.path = paths.find(again.str(one.path));
      }
      ASSERT_TRUE(pip == graph.pips[i]) << "seed " << seed << " pip " << i;
    }
    ASSERT_EQ(back.environment, graph.environment);
    ASSERT_EQ(back.reads.size(), graph.reads.size());
    ASSERT_EQ(back.default_targets, graph.default_targets);
  }
}

TEST(GraphStream, DigestIsThatOfTheBodyAlone) {
  PathTable paths, a, b;
  RandomRecords random(1, paths);
  GraphRecord graph = random.graph(5);
  std::string bytes;
  auto sink = string_sink(&bytes);
  auto digest = write_graph(*sink, {StreamKind::Graph}, paths, graph);
  ASSERT_TRUE(digest);
  EXPECT_EQ(*digest, Digest::of(std::string_view(split(bytes)[1]).substr(kFrameHeaderBytes)));
  auto reader = open_graph(bytes, a);
  ASSERT_TRUE(reader);
  EXPECT_EQ(reader->digest(), *digest);
  Header other{StreamKind::Graph};
  other.tool_version = "another";
  auto same = open_graph(encode_graph(other, paths, graph), b);
  ASSERT_TRUE(same);
  EXPECT_EQ(same->digest(), *digest);
}

TEST(GraphStream, PathIdsAreDenseInOrderOfFirstUse) {
  PathTable paths, again;
  paths.intern("/never/used");
  GraphRecord graph;
  graph.pips.resize(1);
  graph.pips[0].inputs = {paths.intern("/b/in")};
  graph.pips[0].outputs = {paths.intern("/a")};
  auto reader = open_graph(encode_graph({StreamKind::Graph}, paths, graph), again);
  ASSERT_TRUE(reader);
  EXPECT_EQ(again.size(), 4u);  // "/", "/b", "/b/in", "/a"
  EXPECT_EQ(reader->pip(PipId{0}).inputs, std::vector<PathId>{PathId{2}});
  EXPECT_EQ(reader->pip(PipId{0}).outputs, std::vector<PathId>{PathId{3}});
}

TEST(GraphStream, PipeIsReadLikeAFile) {
  PathTable paths, again;
  RandomRecords random(2, paths);
  std::string bytes = encode_graph({StreamKind::Graph}, paths, random.graph(300));
  ASSERT_GT(bytes.size(), 100000u);  // more than a pipe holds
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  UniqueFd out(ends[0]), in(ends[1]);
  std::thread write([&] {
    EXPECT_TRUE(write_all(in.get(), bytes));
    in.reset();
  });
  auto reader = GraphReader::open(out.get(), again);
  write.join();
  ASSERT_TRUE(reader) << reader.error().message;
  EXPECT_EQ(reader->pip_count(), 300u);
  EXPECT_EQ(reader->bytes(), bytes);
}

TEST(GraphStream, FileReadFromTheMiddleIsSpooled) {
  PathTable paths, again;
  RandomRecords random(2, paths);
  std::string bytes = encode_graph({StreamKind::Graph}, paths, random.graph(3));
  UniqueFd file(::memfd_create("test", MFD_CLOEXEC));
  ASSERT_TRUE(write_all(file.get(), "skipped" + bytes));
  ::lseek(file.get(), 7, SEEK_SET);
  auto reader = GraphReader::open(file.get(), again);
  ASSERT_TRUE(reader) << reader.error().message;
  EXPECT_EQ(reader->bytes(), bytes);
}

TEST(GraphStream, FileMayBeReplacedWhileMapped) {
  bxl::test::TempDir dir;
  PathTable paths, again;
  RandomRecords random(4, paths);
  std::string bytes = encode_graph({StreamKind::Graph}, paths, random.graph(3));
  ASSERT_TRUE(replace_file(dir.path() + "/graph", bytes));
  auto file = open_file(dir.path() + "/graph", O_RDONLY);
  ASSERT_TRUE(file);
  auto reader = GraphReader::open(file->get(), again);
  ASSERT_TRUE(reader);
  file->reset();
  ASSERT_TRUE(replace_file(dir.path() + "/graph", "other"));
  EXPECT_EQ(reader->bytes(), bytes);
}

TEST(GraphStream, ManyReadsAreAllowed) {
  PathTable paths, again;
  RandomRecords random(6, paths);
  auto reader = open_graph(encode_graph({StreamKind::Graph}, paths, random.graph(2)), again);
  ASSERT_TRUE(reader);
  // Far more words than the message has: a traversal limit would stop this.
  for (int i = 0; i < 20000; ++i) ASSERT_TRUE(reader->pip(PipId{1}) == reader->pip(PipId{1}));
}

TEST(GraphStream, ThreadsReadAtOnce) {
  PathTable paths, again;
  RandomRecords random(8, paths);
  auto reader = open_graph(encode_graph({StreamKind::Graph}, paths, random.graph(50)), again);
  ASSERT_TRUE(reader);
  GraphRecord expected = whole(*reader);
  std::vector<std::thread> threads;
  std::atomic<int> same{0};
  for (int t = 0; t < 4; ++t) threads.emplace_back([&] { same += whole(*reader) == expected; });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(same, 4);
}

TEST(GraphStream, WrongInputsAreNamed) {
  PathTable paths;
  EXPECT_EQ(error_of(open_graph("", paths)), "empty input: the upstream tool wrote nothing");
  EXPECT_THAT(error_of(open_graph("rule cc\n  command = gcc", paths)),
              HasSubstr("not a bxl stream"));
  EXPECT_EQ(error_of(open_graph(encode_stream({StreamKind::Plan}, paths, {}), paths), EPROTO),
            "this is a plan stream, expected graph");
  EXPECT_THAT(error_of(open_graph(encode_stream({StreamKind::Graph}, paths, {}), paths)),
              HasSubstr("no graph"));
}

TEST(GraphStream, EndlessForeignInputIsRefusedAtOnce) {
  UniqueFd zero(::open("/dev/zero", O_RDONLY | O_CLOEXEC));
  ASSERT_TRUE(zero);
  PathTable paths;
  EXPECT_THAT(error_of(GraphReader::open(zero.get(), paths)), HasSubstr("not a bxl stream"));
}

}  // namespace
}  // namespace bxl::wire::test
