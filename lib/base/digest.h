// Digest: the XXH3-128 of some bytes, in canonical (big-endian) form. The only xxHash include is
// digest.cc.
//
// Reproduce one in a shell: `xxhsum -H2 FILE`.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace bxl {

struct Digest {
  std::array<std::uint8_t, 16> bytes{};

  auto operator<=>(const Digest&) const = default;
  bool is_zero() const { return *this == Digest{}; }
  std::string hex() const;  // 32 lower-case hex digits
  std::string_view view() const { return {reinterpret_cast<const char*>(bytes.data()), 16}; }
  // Empty unless `text` is exactly 32 hex digits.
  static std::optional<Digest> from_hex(std::string_view text);
  // Empty unless `raw` is exactly 16 bytes.
  static std::optional<Digest> from_bytes(std::string_view raw);
  static Digest of(std::string_view bytes);
};

// XXH3-64 with a seed; the checksum of stream frames and of log records.
std::uint64_t checksum64(std::string_view bytes, std::uint64_t seed = 0);

// Streaming XXH3-128. One thread at a time.
class Hasher {
 public:
  Hasher();
  ~Hasher();
  Hasher(const Hasher&) = delete;
  Hasher& operator=(const Hasher&) = delete;
  void update(std::string_view bytes);
  Digest finish() const;

 private:
  void* state_;  // XXH3_state_t*
};

}  // namespace bxl

template <>
struct std::hash<bxl::Digest> {
  std::size_t operator()(const bxl::Digest& d) const noexcept {
    std::size_t h;
    std::memcpy(&h, d.bytes.data(), sizeof h);
    return h;
  }
};
