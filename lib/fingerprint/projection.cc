#include "fingerprint/projection.h"

#include <algorithm>
#include <cstring>

namespace bxl::fingerprint {
namespace {

// The layout of glibc's cache, new format (glibc sysdeps/generic/dl-cache.h): magic+version 20 bytes, u32 nlibs,
// u32 len_strings, u8 flags, 3 bytes, u32 extension_offset, 12 bytes; then entries {s32 flags, u32 key, u32 value,
// u32 osversion, u64 hwcap}, offsets relative to the header.
constexpr std::string_view kMagic = "glibc-ld.so.cache1.1";
constexpr std::size_t kHeaderBytes = 48, kEntryBytes = 24;

std::uint32_t u32_at(std::string_view bytes, std::size_t offset) {
  std::uint32_t v = 0;
  if (offset + 4 <= bytes.size()) std::memcpy(&v, bytes.data() + offset, 4);
  return v;
}

std::string_view string_at(std::string_view bytes, std::size_t offset) {
  if (offset >= bytes.size()) return {};
  std::string_view rest = bytes.substr(offset);
  return rest.substr(0, rest.find('\0'));
}

}  // namespace

std::string project_ld_so_cache(std::string_view bytes, const std::vector<std::string>& sonames) {
  std::size_t start = bytes.find(kMagic);
  std::string_view cache = start == std::string_view::npos ? std::string_view() : bytes.substr(start);
  std::uint64_t count = u32_at(cache, 20);
  if (cache.size() < kHeaderBytes || kHeaderBytes + count * kEntryBytes > cache.size())
    return "unknown format " + Digest::of(bytes).hex() + "\n";
  std::vector<std::string> lines;
  for (std::uint64_t i = 0; i < count; ++i) {
    std::size_t at = kHeaderBytes + i * kEntryBytes;
    std::string_view name = string_at(cache, u32_at(cache, at + 4));
    if (!std::binary_search(sonames.begin(), sonames.end(), name)) continue;
    std::uint64_t hwcap;
    std::memcpy(&hwcap, cache.data() + at + 16, 8);
    lines.push_back(std::string(name) + ' ' + std::string(string_at(cache, u32_at(cache, at + 8))) + ' ' +
                    std::to_string(u32_at(cache, at)) + ' ' + std::to_string(hwcap) + '\n');
  }
  std::sort(lines.begin(), lines.end());
  std::string text;
  for (const std::string& line : lines) text += line;
  return text;
}

std::vector<std::string> sonames_of(const PathSet& set, const PathTable& paths) {
  std::vector<std::string> names;
  for (const Observation& o : set.observations) {
    std::string_view name = paths.name(o.path);
    std::size_t so = name.find(".so");
    if (so != std::string_view::npos && (so + 3 == name.size() || name[so + 3] == '.'))
      names.emplace_back(name);
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

}  // namespace bxl::fingerprint
