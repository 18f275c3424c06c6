#include "fingerprint/projection.h"

#include <algorithm>
#include <cstring>
#include <functional>

namespace bxl::fingerprint {
namespace {

// The layout of glibc's cache, new format (glibc sysdeps/generic/dl-cache.h): magic+version 20
// bytes, u32 nlibs, u32 len_strings, u8 flags, 3 bytes, u32 extension_offset, 12 bytes; then
// entries {s32 flags, u32 key, u32 value, u32 osversion, u64 hwcap}, offsets relative to the
// header.
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
  std::string_view cache =
      start == std::string_view::npos ? std::string_view() : bytes.substr(start);
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
    lines.push_back(std::string(name) + ' ' + std::string(string_at(cache, u32_at(cache, at + 8))) +
                    ' ' + std::to_string(u32_at(cache, at)) + ' ' + std::to_string(hwcap) + '\n');
  }
  std::sort(lines.begin(), lines.end());
  std::string text;
  for (const std::string& line : lines) text += line;
  return text;
}

namespace {

std::uint32_t be32(std::string_view s, std::size_t at) {
  std::uint32_t v = 0;
  for (std::size_t i = 0; i < 4; ++i) v = v << 8 | static_cast<unsigned char>(s[at + i]);
  return v;
}

struct IndexEntry {
  std::uint32_t mode, flags, extended;
  std::string_view oid, name;
};

// gitformat-index(5). False: not that format.
bool read_entries(std::string_view bytes, const std::function<void(const IndexEntry&)>& each) {
  constexpr std::size_t kStatBytes = 40, kOidBytes = 20;
  if (bytes.size() < 12 || bytes.substr(0, 4) != "DIRC") return false;
  std::uint32_t version = be32(bytes, 4), count = be32(bytes, 8);
  if (version < 2 || version > 4) return false;
  std::size_t at = 12;
  std::string name;
  for (std::uint32_t i = 0; i < count; ++i) {
    std::size_t start = at;
    if (at + kStatBytes + kOidBytes + 4 > bytes.size()) return false;
    std::uint32_t mode = be32(bytes, at + 24);
    std::string oid = std::string(bytes.substr(at + kStatBytes, kOidBytes));
    at += kStatBytes + kOidBytes;
    std::uint32_t flags = be32(bytes, at) >> 16;
    at += 2;
    std::uint32_t extended = 0;
    if (flags & 0x4000) {
      extended = be32(bytes, at) >> 16;
      at += 2;
    }
    if (version == 4) {
      std::size_t strip = 0;
      for (bool more = true, first = true; more; first = false) {
        if (at >= bytes.size()) return false;
        unsigned char c = static_cast<unsigned char>(bytes[at++]);
        strip = (first ? 0 : (strip + 1) << 7) + (c & 0x7f);
        more = (c & 0x80) != 0;
      }
      if (strip > name.size()) return false;
      name.resize(name.size() - strip);
    } else {
      name.clear();
    }
    std::size_t end = bytes.find('\0', at);
    if (end == std::string_view::npos) return false;
    name.append(bytes.substr(at, end - at));
    // Versions 2 and 3 pad the entry with 1 to 8 NULs to a multiple of eight.
    at = version == 4 ? end + 1 : start + ((end - start) / 8 + 1) * 8;
    each({mode, flags, extended, oid, name});
  }
  return at <= bytes.size();
}

}  // namespace

std::string project_git_index(std::string_view bytes) {
  std::string text;
  const bool known = read_entries(bytes, [&](const IndexEntry& entry) {
    static const char* digits = "0123456789abcdef";
    for (unsigned char c : entry.oid) {
      text += digits[c >> 4];
      text += digits[c & 15];
    }
    text += ' ' + std::to_string(entry.mode) + ' ' + std::to_string(entry.flags & 0xf000) + ' ' +
            std::to_string(entry.extended) + ' ' + std::to_string(entry.name.size()) + ' ';
    text.append(entry.name).append("\n");
  });
  if (!known) return "unknown format " + Digest::of(bytes).hex() + "\n";
  return text;
}

std::optional<std::vector<std::string>> git_index_paths(std::string_view bytes) {
  std::vector<std::string> names;
  if (!read_entries(bytes, [&](const IndexEntry& entry) { names.emplace_back(entry.name); }))
    return std::nullopt;
  return names;
}

bool is_git_index(const PathTable& paths, PathId path) {
  return paths.name(path) == "index" && paths.name(paths.parent(path)) == ".git";
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
