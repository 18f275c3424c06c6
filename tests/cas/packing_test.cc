// Compressed blobs: the same content comes out, and damaged frames are damage, never content.
#include "cas/packing.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <random>

#include "cas/blob_store.h"
#include "cas/sweep.h"
#include "os/file.h"
#include "support/temp_dir.h"

namespace bxl::cas {
namespace {

UniqueFd file_of(std::string_view bytes) {
  UniqueFd fd(::memfd_create("test", MFD_CLOEXEC));
  EXPECT_TRUE(write_all(fd.get(), bytes));
  return fd;
}
std::string bytes_of(int fd) {
  EXPECT_EQ(::lseek(fd, 0, SEEK_SET), 0);
  return *read_fd(fd);
}
std::string text_of(std::size_t size) {
  std::string text;
  for (unsigned n = 0; text.size() < size; ++n) text += "line " + std::to_string(n * n) + "\n";
  text.resize(size);
  return text;
}
std::string noise(std::size_t size) {
  std::mt19937 random(7);
  std::string bytes(size, '\0');
  for (char& c : bytes) c = static_cast<char>(random());
  return bytes;
}
Result<std::string> unpacked(int fd) {
  std::string out;
  BXL_TRY(unpack(fd, [&](std::string_view piece) -> Result<void> {
    out += piece;
    return {};
  }));
  return out;
}

TEST(PackingTest, ContentSurvivesAtEverySizeAroundTheBuffers) {
  for (std::size_t size : {1u, 4096u, (1u << 17) - 1, 1u << 17, (1u << 17) + 1, 1u << 20, 5000000u})
    for (const std::string& bytes : {text_of(size), noise(size)}) {
      UniqueFd from = file_of(bytes), to = file_of("");
      auto packed = pack(from.get(), to.get());
      ASSERT_TRUE(packed) << packed.error().to_string();
      EXPECT_EQ(packed->digest, Digest::of(bytes));
      EXPECT_EQ(packed->packed_bytes, bytes_of(to.get()).size());
      EXPECT_EQ(packed_content_size(to.get()), size);
      auto out = unpacked(to.get());
      EXPECT_TRUE(out && *out == bytes) << size;
      UniqueFd again = file_of("");
      ASSERT_TRUE(pack(bytes, again.get()));
      out = unpacked(again.get());
      EXPECT_TRUE(out && *out == bytes) << size;
    }
  UniqueFd to = file_of("");
  EXPECT_FALSE(pack(noise(100000), to.get())->is_worthwhile());
}

TEST(PackingTest, DamagedFramesAreErrorsAndNeverLonger) {
  const std::string text = text_of(20000);
  UniqueFd whole = file_of("");
  ASSERT_TRUE(pack(text, whole.get()));
  const std::string good = bytes_of(whole.get());
  for (std::size_t at = 0; at < good.size(); at += 5) {
    std::string bytes = good;
    bytes[at] = static_cast<char>(bytes[at] ^ (1 << at % 8));
    UniqueFd fd = file_of(bytes);
    std::size_t got = 0;
    auto done = unpack(fd.get(), [&](std::string_view piece) -> Result<void> {
      got += piece.size();
      return {};
    });
    EXPECT_TRUE(done ? done->digest != Digest::of(text) || got == text.size()
                     : done.error().errnum == EBADMSG);
    auto stated = packed_content_size(fd.get());
    EXPECT_LE(got, stated ? *stated : 0);
  }
  for (std::size_t cut : {std::size_t{0}, std::size_t{5}, good.size() / 2, good.size() - 1}) {
    UniqueFd torn = file_of(good.substr(0, cut));
    auto out = unpacked(torn.get());
    ASSERT_FALSE(out) << cut;
    EXPECT_EQ(out.error().errnum, EBADMSG);
  }
  UniqueFd more = file_of(good + "x");
  EXPECT_FALSE(unpacked(more.get()));
  UniqueFd foreign = file_of("no frame at all, but long enough");
  EXPECT_FALSE(unpacked(foreign.get()));
}

TEST(PackingTest, SinkThatFailsIsTheError) {
  UniqueFd fd = file_of("");
  ASSERT_TRUE(pack(text_of(20000), fd.get()));
  auto done =
      unpack(fd.get(), [](std::string_view) -> Result<void> { return make_error(ENOSPC, "full"); });
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().errnum, ENOSPC);
}

class PackedStoreTest : public testing::Test {
 protected:
  PackedStoreTest() { EXPECT_TRUE(BlobStore::set_compression(root_, true)); }
  BlobStore store() { return std::move(*BlobStore::open(root_)); }
  std::string object(const std::string& content) {
    const std::string hex = Digest::of(content).hex();
    return root_ + "/objects/" + hex.substr(0, 2) + "/" + hex.substr(2);
  }
  std::uint64_t on_disk(const std::string& content) {
    return lstat_identity(object(content))->size;
  }

  test::TempDir dir_;
  std::string root_ = dir_ / "cache";
};

TEST_F(PackedStoreTest, BlobsAreSmallerAndTheSame) {
  const std::string text = text_of(100000), random = noise(100000), tiny = "tiny";
  BlobStore s = store();
  ASSERT_TRUE(s.compresses());
  UniqueFd source = file_of(text);
  auto put = s.put(source.get());
  ASSERT_TRUE(put && s.put_bytes(random) && s.put_bytes(tiny));
  EXPECT_EQ(put->digest, Digest::of(text));
  EXPECT_EQ(put->size, text.size());
  EXPECT_LT(on_disk(text), text.size() / 3);
  EXPECT_EQ(on_disk(random), random.size());  // not worth it
  EXPECT_EQ(on_disk(tiny), tiny.size());
  for (const std::string& content : {text, random, tiny}) {
    const Digest digest = Digest::of(content);
    EXPECT_TRUE(s.contains(digest, content.size()));
    EXPECT_FALSE(s.contains(digest, content.size() + 1));
    EXPECT_TRUE(s.rely_on(digest, content.size()));
    EXPECT_EQ(**s.read(digest), content);
    EXPECT_EQ(*s.verify(digest), BlobStore::Content::Good);
    UniqueFd out = file_of("");
    EXPECT_TRUE(*s.copy_out(digest, out.get()));
    EXPECT_EQ(bytes_of(out.get()), content);
  }
  EXPECT_TRUE(s.put_bytes(text)->existed);
  // The running sum counts what is on disk.
  ASSERT_TRUE(s.usage_file().flush());
  std::int64_t sum = 0;
  const auto slices = s.usage_file().read();
  for (const Slice& slice : *slices) sum += slice.bytes;
  EXPECT_EQ(static_cast<std::uint64_t>(sum), s.usage()->bytes);
}

TEST_F(PackedStoreTest, BothKindsLiveInOneStore) {
  const std::string packed = text_of(50000), plain = text_of(60000);
  ASSERT_TRUE(store().put_bytes(packed));
  ASSERT_TRUE(BlobStore::set_compression(root_, false));
  BlobStore s = store();
  EXPECT_FALSE(s.compresses());
  ASSERT_TRUE(s.put_bytes(plain));
  EXPECT_EQ(on_disk(plain), plain.size());
  EXPECT_EQ(**s.read(Digest::of(packed)), packed);
  EXPECT_TRUE(s.put_bytes(packed)->existed);  // the other kind is the same blob
}

TEST_F(PackedStoreTest, DamagedOneGoesToQuarantine) {
  const std::string text = text_of(50000);
  const Digest digest = Digest::of(text);
  for (int way = 0; way < 3; ++way) {
    BlobStore s = store();
    ASSERT_TRUE(s.put_bytes(text));
    ASSERT_EQ(::chmod(object(text).c_str(), 0744), 0);
    auto fd = open_file(object(text), O_WRONLY);
    ASSERT_EQ(::pwrite(fd->get(), "garbage", 7, 500), 7);
    if (way == 0) {
      EXPECT_FALSE(*s.read(digest));
    } else if (way == 1) {
      UniqueFd out = file_of("");
      EXPECT_FALSE(*s.copy_out(digest, out.get()));
      EXPECT_EQ(bytes_of(out.get()), "");
    } else {
      EXPECT_EQ(*s.verify(digest), BlobStore::Content::Damaged);
    }
    EXPECT_FALSE(s.contains(digest));
    EXPECT_TRUE(lstat_identity(root_ + "/quarantine/" + digest.hex())->exists());
  }
}

TEST_F(PackedStoreTest, TornOneIsReplaced) {
  const std::string text = text_of(50000);
  BlobStore s = store();
  ASSERT_TRUE(s.put_bytes(text));
  ASSERT_EQ(::chmod(object(text).c_str(), 0744), 0);
  ASSERT_EQ(::truncate(object(text).c_str(), 0), 0);  // as a power loss leaves it
  EXPECT_FALSE(s.contains(Digest::of(text), text.size()));
  EXPECT_FALSE(s.put_bytes(text)->existed);
  EXPECT_EQ(**s.read(Digest::of(text)), text);
}

}  // namespace
}  // namespace bxl::cas
