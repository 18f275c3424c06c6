// Frames: length, kind, checksum, body. The layer below records; layout: FORMAT.md.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/digest.h"
#include "base/result.h"
#include "wire/source.h"
#include "wire/stream.h"

namespace bxl::wire {

inline constexpr std::uint32_t kMaxBodyBytes = 1u << 30;
inline constexpr std::size_t kFrameHeaderBytes = 16;

// Values are part of the format; a retired one is never reused.
enum class FrameKind : std::uint32_t {
  Header = 0x534c5842,  // "BXLS" in the file: the kind of the first frame is the magic
  End = 1,
  Paths = 2,
  Graph = 3,
  PlanHeader = 16,
  PlanPip = 17,
  Basis = 18,
  Scrub = 19,
  PipResult = 32,
  Stats = 33,
  StateHeader = 48,
  StateRow = 49,
  PathSetBlob = 50,
  EntryBlob = 0x454c5842,  // "BXLE", never in a stream: one cache entry on its own
};

struct Frame {
  FrameKind kind = FrameKind::End;
  std::string_view body;     // 8-aligned, a multiple of 8 long
  std::uint64_t offset = 0;  // of the frame in the stream, for messages
};

// What the end record says about the frames before it.
class FrameTally {
 public:
  void add(FrameKind kind, std::uint64_t checksum);
  std::uint64_t records() const { return records_; }
  Digest digest() const { return hasher_.finish(); }

 private:
  Hasher hasher_;
  std::uint64_t records_ = 0;
};

// Writes one frame. `body` must be a multiple of 8 long. Returns the checksum. Errors: EFBIG over 1
// GiB, the sink's.
Result<std::uint64_t> write_frame(Sink& sink, FrameKind kind, std::string_view body);

class FrameReader {
 public:
  // `first` is the magic: the kind of the first frame.
  explicit FrameReader(Source& source, FrameKind first = FrameKind::Header)
      : source_(source), first_(first) {}
  // The next frame, checksum verified. The body is valid until the next call. `tally` covers all
  // frames before it. Errors: EBADMSG (empty, cut, damaged, no bxl stream), the read's errno.
  Result<Frame> next();
  // EBADMSG unless the input ends here.
  Result<void> expect_end();
  const FrameTally& tally() const { return tally_; }

 private:
  Result<Frame> next_body(std::string_view head);
  Error incomplete(std::size_t have) const;

  Source& source_;
  FrameKind first_;
  FrameTally tally_;
  FrameKind last_kind_ = FrameKind::End;
  std::uint64_t last_checksum_ = 0;
  std::uint64_t offset_ = 0;
};

}  // namespace bxl::wire
