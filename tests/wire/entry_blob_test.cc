// Entries on their own, as the cache stores them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/golden.h"
#include "wire/random_records.h"

namespace bxl::wire::test {
namespace {

std::string plain(PathTable& paths, const Entry& entry) {
  return encode_entry(entry, paths, [&](PathId id) { return paths.str(id); });
}
Result<Entry> back(PathTable& paths, std::string_view bytes) {
  return decode_entry(bytes,
                      [&](std::string_view text) -> Result<PathId> { return paths.intern(text); });
}

TEST(EntryBlob, RoundTripsWithRandomValues) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    PathTable paths;
    RandomRecords random(seed, paths);
    Entry entry = random.entry();
    auto read = back(paths, plain(paths, entry));
    ASSERT_TRUE(read) << read.error().message;
    ASSERT_TRUE(*read == entry) << "seed " << seed;
  }
}

TEST(EntryBlob, TokensCarryAnEntryToAnotherRoot) {
  PathTable here, there;
  Entry entry;
  entry.outputs.push_back({here.intern("/w1/a.o")});
  entry.deleted = {here.intern("/w1/old")};
  auto bytes =
      encode_entry(entry, here, [&](PathId id) { return "%build%" + here.str(id).substr(3); });
  EXPECT_EQ(bytes.find("/w1"), std::string::npos);
  auto moved = decode_entry(bytes, [&](std::string_view text) -> Result<PathId> {
    return there.intern("/elsewhere" + std::string(text.substr(7)));
  });
  ASSERT_TRUE(moved);
  EXPECT_EQ(there.str(moved->outputs[0].path), "/elsewhere/a.o");
  EXPECT_EQ(there.str(moved->deleted[0]), "/elsewhere/old");
}

TEST(EntryBlob, SameEntryGivesSameBytesWhateverTheTable) {
  PathTable a, b;
  b.intern("/something/else/first");
  Entry one, two;
  one.outputs.push_back({a.intern("/w/x")});
  two.outputs.push_back({b.intern("/w/x")});
  EXPECT_EQ(plain(a, one), plain(b, two));
}

TEST(EntryBlob, ErrorOfExpandIsHandedOn) {
  PathTable paths;
  Entry entry;
  entry.outputs.push_back({paths.intern("/w/x")});
  auto refused = decode_entry(plain(paths, entry), [](std::string_view) -> Result<PathId> {
    return make_error(EINVAL, "unknown token");
  });
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().errnum, EINVAL);
  EXPECT_EQ(refused.error().message, "unknown token");
}

TEST(EntryBlob, EveryFlippedByteAndEveryPrefixIsRefused) {
  PathTable paths;
  RandomRecords random(9, paths);
  Entry entry = random.entry();
  while (entry.outputs.empty() || entry.deleted.empty()) entry = random.entry();
  const std::string good = plain(paths, entry);
  ASSERT_TRUE(back(paths, good));
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bytes = good;
    bytes[i] = static_cast<char>(~bytes[i]);
    auto flipped = back(paths, bytes);
    ASSERT_FALSE(flipped) << i;
    ASSERT_EQ(flipped.error().errnum, EBADMSG);
    auto cut = back(paths, std::string_view(good).substr(0, i));
    ASSERT_FALSE(cut) << i;
    ASSERT_EQ(cut.error().errnum, EBADMSG);
  }
  EXPECT_FALSE(back(paths, good + "x"));
}

TEST(EntryBlob, StreamIsNoEntryAndEntryIsNoStream) {
  PathTable paths;
  EXPECT_FALSE(back(paths, encode_stream({StreamKind::Plan}, paths, {})));
  EXPECT_FALSE(decode_stream(plain(paths, {}), StreamKind::Plan, paths));
}

}  // namespace
}  // namespace bxl::wire::test
