// Content compressed with zstd, the only place that knows of it. Private to this module.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "base/digest.h"
#include "base/result.h"

namespace bxl::cas {

// Below this a file system block is saved at most.
inline constexpr std::uint64_t kLeastPacked_bytes = 4096;

struct Packed {
  std::uint64_t size = 0;  // of the content
  Digest digest;           // of the content
  std::uint64_t packed_bytes = 0;
  // An eighth less, at least: what is compressed already is better kept as it is.
  bool is_worthwhile() const { return packed_bytes < size - size / 8; }
};

// Compresses the file open at `from`, whole, into the empty file `to`: one zstd frame that states
// the content's size. Errors: those of reading and writing (ENOSPC); EAGAIN when `from` changed its
// size meanwhile.
Result<Packed> pack(int from, int to);
Result<Packed> pack(std::string_view bytes, int to);

// The content size that a frame states; empty: no such frame. Reads a few bytes.
std::optional<std::uint64_t> packed_content_size(int from);

// Decompresses the file open at `from` and hands its content on in pieces. Never more than the
// frame states. Errors: EBADMSG for bytes that are no such frame, those of reading and of `sink`.
struct Unpacked {
  std::uint64_t size = 0;
  Digest digest;
};
using PieceSink = std::function<Result<void>(std::string_view)>;
Result<Unpacked> unpack(int from, const PieceSink& sink);

}  // namespace bxl::cas
