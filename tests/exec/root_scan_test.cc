// The search for the workspace's path in outputs: every spelling, wherever pieces end; nothing
// where there is nothing; and what cannot be searched is said to be so.
#include "exec/root_scan.h"

#include <elf.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <random>

#include "exec/packed.h"
#include "os/file.h"
#include "support/temp_dir.h"

namespace bxl::exec {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string kRoot = "/home/someone/check out/pröject-1";

std::string utf16(std::string_view text, bool little, std::size_t unit) {
  // The test's roots have no characters beyond U+00FF.
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x80)
      c = static_cast<unsigned char>((c & 0x1f) << 6 |
                                     (static_cast<unsigned char>(text[++i]) & 0x3f));
    std::string one(unit, '\0');
    one[little ? 0 : unit - 1] = static_cast<char>(c);
    out += one;
  }
  return out;
}

std::string base64(std::string_view text) {
  const char* digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  std::uint32_t bits = 0;
  int have = 0;
  for (unsigned char c : text) {
    bits = bits << 8 | c;
    for (have += 8; have >= 6; have -= 6) out += digits[bits >> (have - 6) & 63];
  }
  return out;
}

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size())
    text.replace(at, what.size(), with);
  return text;
}

struct Noise {
  std::mt19937 bits;
  std::size_t below(std::size_t n) { return bits() % n; }
  // Text without any of the root's words, and no noise of high entropy.
  std::string text(std::size_t size) {
    std::string out;
    while (out.size() < size) out += "abcdefgh /\\%\0\n0123"[below(19)];
    return out;
  }
};

std::vector<std::string> spellings(Noise& noise) {
  std::vector<std::string> out = {
      kRoot,
      kRoot + "/src/a.c",
      utf16(kRoot, true, 2),
      utf16(kRoot, false, 2),
      utf16(kRoot, true, 4),
      utf16(kRoot, false, 4),
      replaced(kRoot, "/", "\\/"),
      replaced(kRoot, "/", "\\\\"),
      replaced(kRoot, "/", "\\"),
      replaced(kRoot, "/", "//"),
      "file://" + replaced(replaced(kRoot, " ", "%20"), "ö", "%C3%B6"),
      replaced(replaced(replaced(kRoot, " ", "%20"), "ö", "%c3%b6"), "/", "%2f"),
      replaced(replaced(replaced(kRoot, " ", "%20"), "ö", "%C3%B6"), "/", "%2F"),
      replaced(kRoot, "ö", "\\303\\266"),
      replaced(kRoot, "ö", "\\u00f6"),
      replaced(kRoot, " ", "\\ "),
      replaced(kRoot, " ", "\\\\\\ "),
      replaced(kRoot, "/", "#"),
      replaced(kRoot, "/", "_").substr(1),
      replaced(kRoot, "/", "!"),
      "_home_someone_check_out_pr__ject_1",
      // A constant that the compiler copies with a vector and the rest with another.
      kRoot.substr(0, 16) + "\x0f\x11\x04\x24",
      kRoot.substr(10, 16),
      // movabs $"/home/so", %rax
      "\x48\xb8" + kRoot.substr(0, 8) + "\x48\x89\x04\x24",
      "\x49\xbf" + kRoot.substr(8, 8),
  };
  const std::string before = noise.text(noise.below(4));
  out.push_back(base64(before + kRoot + noise.text(2)));
  return out;
}

std::string found_in(const RootPatterns& patterns, const std::string& bytes, Noise& noise,
                     std::vector<bool>* words = nullptr) {
  RootScan scan(patterns);
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t size = 1 + noise.below(noise.below(3) == 0 ? 100'000 : 20);
    scan.feed(std::string_view(bytes).substr(at, size));
    at += size;
  }
  scan.finish();
  if (words) *words = scan.words();
  return scan.found();
}

TEST(RootScan, EverySpellingIsFoundWhereverPiecesEnd) {
  const RootPatterns patterns({kRoot, "/data/other-root"});
  for (unsigned seed = 1; seed <= 60; ++seed) {
    Noise noise{std::mt19937(seed)};
    for (const std::string& spelled : spellings(noise)) {
      const std::size_t before = noise.below(seed % 10 == 0 ? 200'000 : 300);
      const std::string bytes = noise.text(before) + spelled + noise.text(noise.below(300));
      EXPECT_THAT(found_in(patterns, bytes, noise), HasSubstr(kRoot))
          << "seed " << seed << ": " << ::testing::PrintToString(spelled);
    }
    const std::string plain = noise.text(noise.below(100'000));
    EXPECT_THAT(found_in(patterns, plain, noise), IsEmpty()) << "seed " << seed;
  }
}

TEST(RootScan, WhatLooksSimilarIsNotTheRoot) {
  const RootPatterns patterns({"/w/ws"});
  for (const char* text : {"/w/w", "w/ws2", "/W/WS", "/x/ws", "\x48\xb9/w/ws"}) {
    Noise noise{std::mt19937(1)};
    const bool is_it = std::string(text).find("/w/ws") != std::string::npos;
    EXPECT_EQ(!found_in(patterns, text, noise).empty(), is_it) << text;
  }
}

TEST(RootScan, WordsOfTheRootAreNotedAsWordsOnly) {
  const RootPatterns patterns({"/home/someone/leveldb/out", "/home/someone/leveldb"});
  EXPECT_EQ(patterns.words(), (std::vector<std::string>{"home", "someone", "leveldb", "out"}));
  const std::pair<std::string, std::vector<bool>> cases[] = {
      {"leveldb", {false, false, true, false}},
      {"xleveldb leveldbx leveldb_1", {false, false, false, false}},
      {std::string("\0leveldb\0out", 12), {false, false, true, true}},
      {"(home)", {true, false, false, false}},
      {"someone", {false, true, false, false}},
  };
  for (const auto& [text, expected] : cases) {
    for (unsigned seed = 1; seed < 10; ++seed) {
      Noise noise{std::mt19937(seed)};
      std::vector<bool> words;
      EXPECT_THAT(found_in(patterns, text, noise, &words), IsEmpty());
      EXPECT_EQ(words, expected) << text;
    }
  }
}

TEST(RootScan, NestedRootsAreOne) {
  const RootPatterns patterns({"/data/src/build", "/data/src"});
  EXPECT_EQ(scan_text(patterns, "x=/data/src/build/y").why, "the path /data/src");
}

TEST(RootScan, RandomBytesCannotBeSearched) {
  const RootPatterns patterns({kRoot});
  std::mt19937 bits(5);
  for (std::size_t size : {300, 700, 1500, 3000, 5000, 100'000}) {
    std::string bytes;
    while (bytes.size() < size) bytes += static_cast<char>(bits());
    EXPECT_THAT(scan_text(patterns, bytes).why, HasSubstr("looks compressed")) << size;
  }
  auto program = open_file("/bin/sh", O_RDONLY);
  ASSERT_TRUE(program);
  EXPECT_THAT(scan_file(patterns, program->get()).why, IsEmpty());
}

class PackedTest : public testing::Test {
 protected:
  std::string of(const std::string& bytes) {
    EXPECT_TRUE(replace_file(dir_ / "file", bytes));
    auto fd = open_file(dir_ / "file", O_RDONLY);
    EXPECT_TRUE(fd);
    const RootPatterns patterns({kRoot});
    return scan_file(patterns, fd->get()).why;
  }
  // An object with one section beside the names of sections.
  static std::string elf(const std::string& section, std::uint64_t flags) {
    const std::string names = std::string(1, '\0') + ".shstrtab" + '\0' + section + '\0';
    Elf64_Ehdr header{};
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_shentsize = sizeof(Elf64_Shdr);
    header.e_shnum = 3;
    header.e_shstrndx = 1;
    header.e_shoff = sizeof header + names.size();
    Elf64_Shdr sections[3]{};
    sections[1].sh_name = 1;
    sections[1].sh_offset = sizeof header;
    sections[1].sh_size = names.size();
    sections[2].sh_name = 11;
    sections[2].sh_flags = flags;
    std::string out(reinterpret_cast<const char*>(&header), sizeof header);
    out += names;
    return out.append(reinterpret_cast<const char*>(sections), sizeof sections);
  }
  static std::string archive(const std::string& member) {
    char header[61];
    std::snprintf(header, sizeof header, "%-16s%-12d%-6d%-6d%-8o%-10zu`\n", "first.txt/", 0, 0, 0,
                  0644, std::size_t{3});
    std::string out = std::string("!<arch>\n") + header + "abc\n";
    std::snprintf(header, sizeof header, "%-16s%-12d%-6d%-6d%-8o%-10zu`\n", "m.o/", 0, 0, 0, 0644,
                  member.size());
    return out + header + member;
  }
  test::TempDir dir_;
};

TEST_F(PackedTest, CompressedFormatsAreKnown) {
  using namespace std::string_literals;
  for (const std::string& bytes :
       {"\x1f\x8b\x08\x00rest"s, "PK\x03\x04rest"s, "\x28\xb5\x2f\xfdrest"s,
        "\xfd"
        "7zXZ\x00rest"s,
        "BZh91AY&SYrest"s, "\x78\x9crest"s, "\x78\xdarest"s, "BC\xc0\xderest"s,
        "rust\x00\x00\x00\x08rest"s, "%PDF-1.7"s, "\x89PNG\r\n\x1a\nrest"s,
        "\x5d\x00\x00\x80rest"s})
    EXPECT_THAT(of(bytes), HasSubstr("cannot be searched")) << ::testing::PrintToString(bytes);
  EXPECT_THAT(of("text, then " + "\x1f\x8b\x08\x08more"s), HasSubstr("gzip"));
  EXPECT_THAT(of("plain text\n"), IsEmpty());
  EXPECT_THAT(of(""), IsEmpty());
}

TEST_F(PackedTest, SectionsOfObjectsAndOfArchiveMembers) {
  EXPECT_THAT(of(elf(".debug_info", 0)), IsEmpty());
  EXPECT_THAT(of(elf(".debug_info", SHF_COMPRESSED)), HasSubstr("compressed sections"));
  EXPECT_THAT(of(elf(".zdebug_info", 0)), HasSubstr(".zdebug_info"));
  EXPECT_THAT(of(elf(".gnu.lto_main.1", 0)), HasSubstr("lto"));
  EXPECT_THAT(of(archive(elf(".text", 0))), IsEmpty());
  EXPECT_THAT(of(archive(elf(".debug_str", SHF_COMPRESSED))), HasSubstr("compressed sections"));
  EXPECT_THAT(of(archive("\x28\xb5\x2f\xfd zstd")), HasSubstr("zstd"));
}

TEST_F(PackedTest, TablesInObjectsAreNoCompressedData) {
  std::mt19937 bits(11);
  std::string random;
  while (random.size() < 64 << 10) random += static_cast<char>(bits());
  const std::string zeros(6000, '\0');
  EXPECT_THAT(of(elf(".rodata", 0) + zeros + random.substr(0, 4096) + zeros), IsEmpty());
  EXPECT_THAT(of(elf(".rodata", 0) + zeros + random.substr(0, 9000) + zeros), IsEmpty());
  EXPECT_THAT(of(elf(".rodata", 0) + zeros + random.substr(0, 17'000) + zeros),
              HasSubstr("looks compressed"));
  EXPECT_THAT(of(zeros + random.substr(0, 9000) + zeros), HasSubstr("looks compressed"));
}

TEST_F(PackedTest, DamagedObjectsAndArchivesAreJudgedAndNothingElse) {
  std::mt19937 bits(3);
  const std::string good = archive(elf(".debug_str", SHF_COMPRESSED));
  for (int i = 0; i < 400; ++i) {
    std::string bytes = good.substr(0, 1 + bits() % good.size());
    for (int n = 0; n < 4; ++n) bytes[bits() % bytes.size()] = static_cast<char>(bits());
    EXPECT_TRUE(replace_file(dir_ / "file", bytes));
    auto fd = open_file(dir_ / "file", O_RDONLY);
    ASSERT_TRUE(fd);
    EXPECT_TRUE(packed_content(fd->get()));
  }
}

}  // namespace
}  // namespace bxl::exec
