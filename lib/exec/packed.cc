#include "exec/packed.h"

#include <elf.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "os/read_at.h"

namespace bxl::exec {
namespace {

using namespace std::string_view_literals;

// A part of a file; reads beyond its end give less.
class Part {
 public:
  Part(int fd, std::uint64_t begin, std::uint64_t size) : fd_(fd), begin_(begin), size_(size) {}
  std::uint64_t size() const { return size_; }
  Part part(std::uint64_t at, std::uint64_t size) const {
    at = std::min(at, size_);
    return {fd_, begin_ + at, std::min(size, size_ - at)};
  }
  Result<std::string> read(std::uint64_t at, std::size_t most) const {
    if (at >= size_) return std::string();
    return read_at(fd_, begin_ + at,
                   static_cast<std::size_t>(std::min<std::uint64_t>(most, size_ - at)));
  }

 private:
  int fd_;
  std::uint64_t begin_, size_;
};

bool starts(std::string_view text, std::string_view with) {
  return text.substr(0, with.size()) == with;
}

// By the first bytes. What can also lie inside of other files is found by RootScan.
std::string by_magic(std::string_view head) {
  struct Known {
    std::string_view magic;
    const char* name;
  };
  static constexpr Known kKnown[] = {
      {"BC\xc0\xde"sv, "LLVM bitcode"},
      {"\xde\xc0\x17\x0b"sv, "LLVM bitcode"},
      {"CPCH"sv, "a precompiled module"},
      {"rust\x00\x00"sv, "Rust metadata"},
      {"\x1f\x9d"sv, "compress data"},
      {"\x1f\xa0"sv, "compress data"},
      {"%PDF-"sv, "a PDF file"},
      {"\x5d\x00\x00"sv, "lzma data"},
      {"LZIP"sv, "lzip data"},
      {"\x89LZO"sv, "lzop data"},
      {"wOFF"sv, "a WOFF file"},
      {"\xed\xab\xee\xdb"sv, "an RPM package"},
      {"MSCF"sv, "a cabinet file"},
      {"\xff\xd8\xff"sv, "a JPEG file"},
      {"GIF8"sv, "a GIF file"},
      {"OggS"sv, "Ogg data"},
      {"\xff\x06\x00\x00sNaPpY"sv, "snappy data"},
  };
  for (const Known& known : kKnown)
    if (starts(head, known.magic)) return known.name;
  // zlib: deflate with a window of at most 32 KiB, and a check of these two bytes.
  if (head.size() >= 2) {
    const auto cmf = static_cast<unsigned char>(head[0]), flg = static_cast<unsigned char>(head[1]);
    if ((cmf & 0x0f) == 8 && (cmf >> 4) <= 7 && (cmf * 256 + flg) % 31 == 0) return "zlib data";
  }
  return {};
}

// Sections that hold their content packed. GCC writes its bytecode with zstd or zlib of its own.
bool is_packed_section(std::string_view name) {
  return starts(name, ".gnu.lto_") || starts(name, ".gnu.debuglto_") || starts(name, ".zdebug_") ||
         starts(name, ".llvm.lto") || starts(name, ".llvmbc") || starts(name, ".rustc") ||
         name == ".gnu_debugdata";
}

template <typename Header, typename Section>
Result<std::string> of_elf(const Part& file) {
  BXL_TRY_ASSIGN(auto bytes, file.read(0, sizeof(Header)));
  Header header;
  if (bytes.size() < sizeof header) return std::string();
  std::memcpy(&header, bytes.data(), sizeof header);
  if (header.e_shoff == 0 || header.e_shentsize != sizeof(Section)) return std::string();
  auto section = [&](std::uint64_t i) -> Result<Section> {
    BXL_TRY_ASSIGN(auto at, file.read(header.e_shoff + i * sizeof(Section), sizeof(Section)));
    Section out{};
    std::memcpy(&out, at.data(), std::min(at.size(), sizeof out));
    return out;
  };
  // With 65,280 sections and more the first one tells the numbers.
  BXL_TRY_ASSIGN(Section first, section(0));
  std::uint64_t count = header.e_shnum != 0 ? header.e_shnum : first.sh_size;
  const std::uint64_t names = header.e_shstrndx == SHN_XINDEX ? first.sh_link : header.e_shstrndx;
  count = std::min<std::uint64_t>(count, file.size() / sizeof(Section));
  BXL_TRY_ASSIGN(auto table, file.read(header.e_shoff, count * sizeof(Section)));
  BXL_TRY_ASSIGN(Section strings, section(names));
  constexpr std::size_t kMostNames = 16 << 20;
  BXL_TRY_ASSIGN(auto text, file.read(strings.sh_offset,
                                      std::min<std::uint64_t>(strings.sh_size, kMostNames)));
  for (std::size_t at = 0; at + sizeof(Section) <= table.size(); at += sizeof(Section)) {
    Section one;
    std::memcpy(&one, table.data() + at, sizeof one);
    if (one.sh_flags & SHF_COMPRESSED) return std::string("compressed sections");
    if (one.sh_name >= text.size()) continue;
    const std::string_view name(text.c_str() + one.sh_name);
    if (is_packed_section(name)) return "the packed section " + std::string(name);
  }
  return std::string();
}

Result<std::string> of_part(const Part& file, bool archives);

// System V archives, as ar writes them.
Result<std::string> of_archive(const Part& file) {
  constexpr std::size_t kHeader = 60;
  for (std::uint64_t at = 8; at + kHeader <= file.size();) {
    BXL_TRY_ASSIGN(auto header, file.read(at, kHeader));
    if (header.size() < kHeader || header.substr(58) != "`\n")
      return std::string("a damaged archive");
    const std::uint64_t size = std::strtoull(header.substr(48, 10).c_str(), nullptr, 10);
    BXL_TRY_ASSIGN(auto found, of_part(file.part(at + kHeader, size), false));
    if (!found.empty()) return found;
    at += kHeader + std::min(size, file.size()) + (size & 1);
  }
  return std::string();
}

Result<std::string> of_part(const Part& file, bool archives) {
  BXL_TRY_ASSIGN(auto head, file.read(0, 64));
  if (starts(head,
             "\x7f"
             "ELF")) {
    if (head.size() <= EI_DATA || head[EI_DATA] != ELFDATA2LSB)
      return std::string("an ELF file of another byte order");
    if (head[EI_CLASS] == ELFCLASS64) return of_elf<Elf64_Ehdr, Elf64_Shdr>(file);
    return of_elf<Elf32_Ehdr, Elf32_Shdr>(file);
  }
  if (archives && starts(head, "!<arch>\n")) return of_archive(file);
  return by_magic(head);
}

}  // namespace

Result<std::string> packed_content(int fd) {
  struct stat st;
  if (::fstat(fd, &st) != 0) return errno_error("fstat");
  return of_part({fd, 0, static_cast<std::uint64_t>(st.st_size)}, true);
}

}  // namespace bxl::exec
