// One automaton (Aho and Corasick) for all spellings: 2 ns for each byte, whatever their number.
#include "exec/root_scan.h"

#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdio>
#include <queue>
#include <utility>

#include "base/assert.h"
#include "base/path_table.h"
#include "exec/packed.h"
#include "os/file.h"

namespace bxl::exec {
namespace {

constexpr std::size_t kVector = 16;    // bytes that compilers copy at once from a constant
constexpr std::size_t kImmediate = 8;  // bytes of a constant within an x86 instruction
constexpr std::size_t kBlock = 4096;   // bytes of which the randomness is measured

// Magic numbers that are looked for anywhere: archives, and files within files. A false alarm costs
// one result that is not shared: 2^-32 for each byte of noise.
struct Magic {
  std::string_view bytes;
  const char* name;
};
using namespace std::string_view_literals;
constexpr Magic kMagics[] = {
    {"\x1f\x8b\x08\x00"sv, "gzip"},
    {"\x1f\x8b\x08\x01"sv, "gzip"},
    {"\x1f\x8b\x08\x04"sv, "gzip"},
    {"\x1f\x8b\x08\x08"sv, "gzip"},
    {"\x1f\x8b\x08\x0c"sv, "gzip"},
    {"\x1f\x8b\x08\x10"sv, "gzip"},
    {"\x1f\x8b\x08\x18"sv, "gzip"},
    {"PK\x03\x04"sv, "zip"},
    {"\x28\xb5\x2f\xfd"sv, "zstd"},
    {"\xfd"
     "7zXZ\x00"sv,
     "xz"},
    {"\x04\x22\x4d\x18"sv, "lz4"},
    {"7z\xbc\xaf\x27\x1c"sv, "7z"},
    {"UPX!"sv, "UPX"},
    {"MEI\014\013\012\013\016"sv, "PyInstaller"},
    {"1AY&SY"sv, "bzip2"},
    {"\x89PNG\r\n\x1a\n"sv, "PNG"},
    {"hsqs\x07"sv, "squashfs"},
    {"wOF2\x00\x01"sv, "WOFF"},
};

bool is_word_byte(unsigned char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c >= 0x80;
}

std::string with_separator(std::string_view path, std::string_view separator) {
  std::string out;
  for (char c : path) {
    if (c == '/')
      out += separator;
    else
      out += c;
  }
  return out;
}

// As in a file: URI. `keep`: left as they are, beside letters and digits.
std::string percent_encoded(std::string_view path, std::string_view keep, bool upper) {
  std::string out;
  for (char ch : path) {
    const auto c = static_cast<unsigned char>(ch);
    if (c < 0x80 && (std::isalnum(c) || keep.find(ch) != std::string_view::npos)) {
      out += ch;
      continue;
    }
    char text[4];
    std::snprintf(text, sizeof text, upper ? "%%%02X" : "%%%02x", c);
    out += text;
  }
  return out;
}

// As in a C string or in what `ls -b` prints: octal.
std::string octal_escaped(std::string_view path) {
  std::string out;
  for (char ch : path) {
    const auto c = static_cast<unsigned char>(ch);
    char text[5];
    std::snprintf(text, sizeof text, "\\%03o", c);
    if (c >= 0x80)
      out += text;
    else
      out += ch;
  }
  return out;
}

// As shells and dependency files write them.
std::string backslashed(std::string_view path) {
  std::string out;
  for (char c : path) {
    if (std::string_view(" \t\\\"'$`#&()<>|;*?[]{}~!:=").find(c) != std::string_view::npos)
      out += '\\';
    out += c;
  }
  return out;
}

// Code points; bytes that are no UTF-8 stand for themselves.
std::vector<std::uint32_t> code_points(std::string_view text) {
  std::vector<std::uint32_t> out;
  for (std::size_t i = 0; i < text.size();) {
    const auto c = static_cast<unsigned char>(text[i]);
    const std::size_t length = c < 0x80 ? 1 : c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc0 ? 2 : 1;
    std::uint32_t point = length == 1 ? c : c & (0xffu >> (length + 1));
    bool whole = i + length <= text.size();
    for (std::size_t k = 1; whole && k < length; ++k) {
      const auto next = static_cast<unsigned char>(text[i + k]);
      whole = (next & 0xc0) == 0x80;
      point = point << 6 | (next & 0x3f);
    }
    out.push_back(whole ? point : c);
    i += whole ? length : 1;
  }
  return out;
}

std::string wide(std::string_view text, std::size_t bytes, bool little) {
  std::string out;
  auto unit = [&](std::uint32_t value) {
    for (std::size_t k = 0; k < bytes; ++k) {
      const std::size_t shift = 8 * (little ? k : bytes - 1 - k);
      out += static_cast<char>(value >> shift & 0xff);
    }
  };
  for (std::uint32_t point : code_points(text)) {
    if (bytes == 2 && point >= 0x10000) {
      unit(0xd800 + ((point - 0x10000) >> 10));
      unit(0xdc00 + ((point - 0x10000) & 0x3ff));
    } else {
      unit(point);
    }
  }
  return out;
}

// As in JSON with nothing but ASCII.
std::string u_escaped(std::string_view text) {
  std::string out;
  for (std::uint32_t point : code_points(text)) {
    char escaped[16];
    if (point < 0x80) {
      if (point == '"' || point == '\\') out += '\\';
      out += static_cast<char>(point);
    } else if (point >= 0x10000) {
      std::snprintf(escaped, sizeof escaped, "\\u%04x\\u%04x", 0xd800 + ((point - 0x10000) >> 10),
                    0xdc00 + ((point - 0x10000) & 0x3ff));
      out += escaped;
    } else {
      std::snprintf(escaped, sizeof escaped, "\\u%04x", point);
      out += escaped;
    }
  }
  return out;
}

// The digits that `text` always gives in base64 when it starts at `offset` (0 to 2) of a group.
std::string base64_inside(std::string_view text, std::size_t offset, bool url) {
  const char* digits = url ? "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
                           : "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes(offset, '\0');
  bytes += text;
  const std::size_t first = offset == 0 ? 0 : offset + 1;  // digits that mix with what is before
  const std::size_t last = bytes.size() * 8 / 6;           // whole digits
  std::string out;
  for (std::size_t i = first; i < last; ++i) {
    const std::size_t bit = i * 6;
    std::uint32_t pair = static_cast<unsigned char>(bytes[bit / 8]) << 8;
    if (bit / 8 + 1 < bytes.size()) pair |= static_cast<unsigned char>(bytes[bit / 8 + 1]);
    out += digits[pair >> (10 - bit % 8) & 0x3f];
  }
  return out;
}

}  // namespace

RootPatterns::RootPatterns(const std::vector<std::string>& roots) {
  for (const std::string& root : roots) {
    for (std::size_t at = 1; at < root.size();) {
      const std::size_t end = std::min(root.find('/', at), root.size());
      const std::string word = root.substr(at, end - at);
      if (std::find(words_.begin(), words_.end(), word) == words_.end()) {
        add(word, {Match::Kind::Word, static_cast<std::uint16_t>(word.size()),
                   static_cast<std::uint16_t>(words_.size())});
        words_.push_back(word);
      }
      at = end + 1;
    }
    // Who names a directory within another root names that root.
    if (std::any_of(roots.begin(), roots.end(), [&](const std::string& other) {
          return other != root && path_within(root, other);
        }))
      continue;
    add_spellings(root, static_cast<std::uint16_t>(roots_.size()));
    roots_.push_back(root);
  }
  for (std::size_t i = 0; i < std::size(kMagics); ++i)
    add(kMagics[i].bytes,
        {Match::Kind::Compressed, static_cast<std::uint16_t>(kMagics[i].bytes.size()),
         static_cast<std::uint16_t>(i)});
  finish();
}

void RootPatterns::add(std::string_view bytes, Match match) {
  match.length = static_cast<std::uint16_t>(bytes.size());
  patterns_.emplace_back(bytes, match);
}

void RootPatterns::add_spellings(const std::string& root, std::uint16_t which) {
  const Match whole{Match::Kind::Root, 0, which};
  std::vector<std::string> spelled;
  const std::size_t piece = std::min(root.size(), kVector);
  for (std::size_t at = 0; at + piece <= root.size(); ++at)
    spelled.push_back(root.substr(at, piece));
  for (bool little : {true, false})
    for (std::size_t bytes : {2, 4}) spelled.push_back(wide(root, bytes, little));
  for (const char* separator : {"\\/", "\\", "\\\\", "//"})
    spelled.push_back(with_separator(root, separator));
  for (bool upper : {true, false})
    for (const char* keep : {"-._~", "-._~/", "-._~/!$&'()*+,;=:@"})
      spelled.push_back(percent_encoded(root, keep, upper));
  spelled.push_back(octal_escaped(root));
  spelled.push_back(backslashed(root));
  spelled.push_back(backslashed(backslashed(root)));
  spelled.push_back(u_escaped(root));
  spelled.push_back(with_separator(u_escaped(root), "\\/"));
  // Names made from paths: without the first separator, which may be anything.
  if (root.find('/', 1) != std::string::npos) {
    const std::string_view names = std::string_view(root).substr(1);
    for (const char* separator : {"_", "-", "#", "!", ".", "+", "@", "%", ":", "|", "__", "--"})
      spelled.push_back(with_separator(names, separator));
    std::string identifier(names);
    for (char& c : identifier)
      if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
    spelled.push_back(identifier);
  }
  // Shorter digits than these are found by chance.
  constexpr std::size_t kDigits = 6;
  for (std::size_t offset : {0, 1, 2})
    for (bool url : {false, true})
      if (auto digits = base64_inside(root, offset, url); digits.size() >= kDigits)
        spelled.push_back(std::move(digits));
  std::sort(spelled.begin(), spelled.end());
  spelled.erase(std::unique(spelled.begin(), spelled.end()), spelled.end());
  for (const std::string& text : spelled) add(text, whole);
  for (std::size_t at = 0; at + kImmediate <= root.size(); ++at)
    add(std::string_view(root).substr(at, kImmediate), {Match::Kind::Immediate, 0, which});
}

void RootPatterns::finish() {
  for (const auto& [bytes, match] : patterns_)
    for (char c : bytes)
      if (auto& of = class_[static_cast<unsigned char>(c)]; of == 0)
        of = static_cast<std::uint16_t>(classes_++);
  constexpr std::uint32_t kNone = ~std::uint32_t{0};
  next_.assign(classes_, kNone);
  nodes_.emplace_back();
  std::vector<std::vector<std::uint32_t>> ends(1);  // of each node: its matches, 1-based
  for (const auto& [bytes, match] : patterns_) {
    std::uint32_t at = 0;
    for (char c : bytes) {
      const std::size_t slot = at * classes_ + class_[static_cast<unsigned char>(c)];
      if (next_[slot] == kNone) {
        next_[slot] = static_cast<std::uint32_t>(nodes_.size());
        nodes_.emplace_back();
        ends.emplace_back();
        next_.resize(nodes_.size() * classes_, kNone);
      }
      at = next_[slot];
    }
    matches_.push_back(match);
    ends[at].push_back(static_cast<std::uint32_t>(matches_.size()));
  }
  patterns_.clear();
  patterns_.shrink_to_fit();
  // Breadth first, so that the suffix of a node is finished before it. Several matches of one node
  // become a chain of nodes that no byte leads to.
  std::vector<std::uint32_t> suffix(nodes_.size(), 0);
  std::queue<std::uint32_t> order;
  auto settle = [&](std::uint32_t node) {
    const std::uint32_t back = suffix[node];
    std::uint32_t chain = nodes_[back].match != 0 ? back : nodes_[back].further;
    for (std::size_t i = ends[node].size(); i > 1; --i) {
      nodes_.push_back({ends[node][i - 1], chain});
      chain = static_cast<std::uint32_t>(nodes_.size() - 1);
    }
    nodes_[node] = {ends[node].empty() ? 0 : ends[node].front(), chain};
  };
  const std::size_t real = nodes_.size();
  for (std::size_t c = 0; c < classes_; ++c) {
    std::uint32_t& to = next_[c];
    if (to == kNone) {
      to = 0;
      continue;
    }
    order.push(to);
  }
  while (!order.empty()) {
    const std::uint32_t at = order.front();
    order.pop();
    BXL_ASSERT(at < real);
    settle(at);
    for (std::size_t c = 0; c < classes_; ++c) {
      std::uint32_t& to = next_[at * classes_ + c];
      const std::uint32_t fallback = next_[suffix[at] * classes_ + c];
      if (to == kNone) {
        to = fallback;
      } else {
        suffix[to] = fallback;
        order.push(to);
      }
    }
  }
}

void RootScan::feed(std::string_view bytes) {
  constexpr std::size_t kPiece = 64 << 10;
  while (!bytes.empty()) {
    const std::string_view piece = bytes.substr(0, kPiece);
    bytes.remove_prefix(piece.size());
    measure(piece);
    // The longest look back: a word (255 bytes, as names are) and the byte before it.
    constexpr std::size_t kBack = 260;
    if (buffer_.size() > kBack) buffer_.erase(0, buffer_.size() - kBack);
    const std::size_t begin = buffer_.size();
    buffer_ += piece;
    for (std::size_t i = begin; i < buffer_.size(); ++i) {
      const auto byte = static_cast<unsigned char>(buffer_[i]);
      if (!open_words_.empty()) {
        if (!is_word_byte(byte))
          for (std::uint16_t word : open_words_) words_[word] = true;
        open_words_.clear();
      }
      state_ = patterns_.next_[state_ * patterns_.classes_ + patterns_.class_[byte]];
      const auto& node = patterns_.nodes_[state_];
      if (node.match != 0) matched(node.match, i + 1);
      for (std::uint32_t at = node.further; at != 0; at = patterns_.nodes_[at].further)
        matched(patterns_.nodes_[at].match, i + 1);
    }
  }
}

void RootScan::matched(std::uint32_t number, std::size_t end) {
  using Kind = RootPatterns::Match::Kind;
  const RootPatterns::Match& match = patterns_.matches_[number - 1];
  const std::size_t begin = end - match.length;
  auto before = [&](std::size_t back) {
    return begin >= back ? static_cast<unsigned char>(buffer_[begin - back]) : 0;
  };
  switch (match.kind) {
    case Kind::Word:
      if (!is_word_byte(static_cast<unsigned char>(before(1)))) open_words_.push_back(match.which);
      return;
    case Kind::Immediate:
      // REX.W B8+r: mov r64, imm64.
      if ((before(2) & 0xfe) != 0x48 || (before(1) & 0xf8) != 0xb8) return;
      [[fallthrough]];
    case Kind::Root:
      names_root_ = true;
      if (found_.empty()) found_ = "the path " + patterns_.roots_[match.which];
      return;
    case Kind::Compressed:
      if (found_.empty())
        found_ = std::string(kMagics[match.which].name) + " data, which cannot be searched";
      return;
  }
}

void RootScan::measure(std::string_view bytes) {
  for (char c : bytes) {
    ++counts_[static_cast<unsigned char>(c)];
    if (++counted_ == kBlock) judge_block();
  }
}

// Compressed and encrypted data look random; text, code and tables do not. Of n random bytes the
// entropy is 8 bits less (256 - 1) / (2 n ln 2); shorter blocks than 256 bytes tell nothing.
void RootScan::judge_block() {
  const auto n = static_cast<double>(counted_);
  if (counted_ >= 256 && found_.empty()) {
    double entropy = 0;
    for (std::uint32_t count : counts_)
      if (count != 0) entropy -= count / n * std::log2(count / n);
    const double random =
        counted_ >= 1024 ? 8 - 255 / (2 * n * std::log(2.0)) : 7.17 + (std::log2(n) - 8) * 0.32;
    random_run_ = entropy > random - 0.16 ? random_run_ + 1 : 0;
    if (random_run_ >= random_blocks_) found_ = "data that looks compressed or encrypted";
  }
  counts_.fill(0);
  counted_ = 0;
}

void RootScan::finish() {
  for (std::uint16_t word : open_words_) words_[word] = true;
  open_words_.clear();
  judge_block();
  random_run_ = 0;
  buffer_.clear();
  state_ = 0;
}

namespace {

// Feeds the file until `enough` says so. False: it cannot be read.
template <typename Enough>
bool feed_file(RootScan& scan, int fd, Enough enough) {
  std::string piece(256 << 10, '\0');
  for (off_t at = 0; !enough();) {
    const ssize_t got = ::pread(fd, piece.data(), piece.size(), at);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return false;
    if (got == 0) break;
    scan.feed(std::string_view(piece).substr(0, static_cast<std::size_t>(got)));
    at += got;
  }
  scan.finish();
  return true;
}

}  // namespace

RootFinding scan_text(const RootPatterns& patterns, std::string_view bytes) {
  RootScan scan(patterns);
  scan.feed(bytes);
  scan.finish();
  return {scan.found(), scan.words(), true};
}

RootFinding scan_file(const RootPatterns& patterns, int fd) {
  auto packed = packed_content(fd);
  if (!packed)
    return {"content that cannot be read (" + packed.error().to_string() + ")", {}, true};
  if (!packed->empty()) return {*packed + ", which cannot be searched", {}, true};
  // Tables of checksums look random, too: the four of a CRC have 4 KiB in any object that has them.
  char head[8] = {};
  const std::string_view start(head, ::pread(fd, head, sizeof head, 0) == sizeof head ? 8 : 0);
  const bool object = start == "!<arch>\n" || start.substr(0, 4) ==
                                                  "\x7f"
                                                  "ELF";
  RootScan scan(patterns, object ? 3 : 1);
  if (!feed_file(scan, fd, [&] { return !scan.found().empty(); }))
    return {"content that cannot be read", {}, true};
  return {scan.found(), scan.words(), true};
}

bool names_root(const RootPatterns& patterns, int fd) {
  RootScan scan(patterns);
  return !feed_file(scan, fd, [&] { return scan.names_root(); }) || scan.names_root();
}

}  // namespace bxl::exec
