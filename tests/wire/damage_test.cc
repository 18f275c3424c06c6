// Damage: no flipped bit and no cut goes unnoticed, and bytes forged with good checksums never
// crash a reader.
#include <gtest/gtest.h>

#include "wire/random_records.h"

namespace bxl::wire::test {
namespace {

// A small stream of each kind: what its readers meet in practice.
std::string small_stream(StreamKind kind) {
  PathTable paths;
  RandomRecords random(11, paths);
  Header header = random.header(kind);
  switch (kind) {
    case StreamKind::Graph:
      return encode_graph(header, paths, random.graph(3));
    case StreamKind::Plan:
      return encode_stream(
          header, paths, {random.record(0), random.record(1), random.record(2), random.record(3)});
    case StreamKind::Results:
      return encode_stream(header, paths, {random.record(4), random.record(5)}, {1, "failed", 0});
    case StreamKind::State:
      return encode_stream(header, paths, {random.record(6), random.record(7), random.record(8)});
  }
  return "";
}

struct Read {
  Content content;
  GraphRecord graph;
  bool operator==(const Read&) const = default;
};

// Everything the stream says. The path table is part of the comparison through `paths`.
Result<Read> read_whole(std::string_view bytes, StreamKind kind, PathTable& paths) {
  Read read;
  if (kind != StreamKind::Graph) {
    BXL_TRY_ASSIGN(read.content, decode_stream(bytes, kind, paths));
    return read;
  }
  BXL_TRY_ASSIGN(GraphReader reader, open_graph(bytes, paths));
  read.content.header = reader.header();
  read.graph = reader.frame();
  for (std::uint32_t i = 0; i < reader.pip_count(); ++i)
    read.graph.pips.push_back(reader.pip(PipId{i}));
  return read;
}

class Damage : public testing::TestWithParam<StreamKind> {};

TEST_P(Damage, EveryFlippedBitIsRefused) {
  const std::string good = small_stream(GetParam());
  {
    PathTable paths;
    ASSERT_TRUE(read_whole(good, GetParam(), paths));
  }
  std::string bytes = good;
  for (std::size_t i = 0; i < bytes.size(); ++i)
    for (unsigned mask : {1u, 2u, 4u, 8u, 16u, 32u, 64u, 128u, 255u}) {
      bytes[i] = static_cast<char>(good[i] ^ static_cast<char>(mask));
      PathTable paths;
      auto read = read_whole(bytes, GetParam(), paths);
      ASSERT_FALSE(read) << "byte " << i << " mask " << mask;
      ASSERT_TRUE(read.error().errnum == EBADMSG || read.error().errnum == EPROTO)
          << read.error().to_string();
      bytes[i] = good[i];
    }
}

TEST_P(Damage, EveryPrefixIsRefused) {
  const std::string good = small_stream(GetParam());
  for (std::size_t n = 0; n < good.size(); ++n) {
    PathTable paths;
    auto read = read_whole(std::string_view(good).substr(0, n), GetParam(), paths);
    ASSERT_FALSE(read) << n << " bytes";
    ASSERT_EQ(read.error().errnum, EBADMSG) << read.error().to_string();
  }
}

TEST_P(Damage, AppendedBytesAreRefused) {
  const std::string good = small_stream(GetParam());
  for (const std::string& more : {std::string("x"), std::string(16, '\0'), good}) {
    PathTable paths;
    EXPECT_FALSE(read_whole(good + more, GetParam(), paths));
  }
}

// The checksums are no signature: whoever forges bytes can forge them too. What is then read may be
// anything, but it is read without a crash (run under the sanitizers), and ids are in range.
TEST_P(Damage, ForgedBodiesNeverCrash) {
  const auto frames = split(small_stream(GetParam()));
  unsigned accepted = 0, refused = 0;
  for (std::size_t f = 0; f + 1 < frames.size(); ++f)
    for (std::size_t i = kFrameHeaderBytes; i < frames[f].size(); ++i)
      for (unsigned mask : {1u, 4u, 16u, 128u, 255u}) {
        auto forged = frames;
        forged[f][i] = static_cast<char>(forged[f][i] ^ static_cast<char>(mask));
        PathTable paths;
        auto read = read_whole(seal(forged), GetParam(), paths);
        read ? ++accepted : ++refused;
        if (!read) {
          ASSERT_TRUE(read.error().errnum == EBADMSG || read.error().errnum == EPROTO);
        }
      }
  EXPECT_GT(accepted, 0u);  // a changed letter of a string
  EXPECT_GT(refused, 0u);   // a changed pointer
}

TEST_P(Damage, ForgedKindsNeverCrash) {
  const auto frames = split(small_stream(GetParam()));
  for (std::size_t f = 1; f + 1 < frames.size(); ++f)
    for (std::uint32_t kind = 0; kind < 70; ++kind) {
      auto forged = frames;
      std::memcpy(forged[f].data() + 4, &kind, 4);
      PathTable paths;
      auto read = read_whole(seal(forged), GetParam(), paths);
      if (!read) {
        ASSERT_TRUE(read.error().errnum == EBADMSG || read.error().errnum == EPROTO);
      }
    }
}

INSTANTIATE_TEST_SUITE_P(Wire, Damage,
                         testing::Values(StreamKind::Graph, StreamKind::Plan, StreamKind::Results,
                                         StreamKind::State),
                         [](const auto& one) { return std::string(name(one.param)); });

}  // namespace
}  // namespace bxl::wire::test
