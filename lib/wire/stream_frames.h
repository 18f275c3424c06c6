// What all kinds of streams share: the header frame, the end frame. Internal to lib/wire.
#pragma once

#include <optional>

#include "wire/frame.h"
#include "wire/stream.h"

namespace bxl::wire {

Result<void> write_header(Sink& sink, FrameTally& tally, const Header& header);
// Fills in end.records and the digest, then flushes.
Result<void> write_end(Sink& sink, const FrameTally& tally, End end);

// Reads the first frame and judges magic, major and kind (any known kind when `expected` is empty).
Result<Header> read_header(FrameReader& frames, std::optional<StreamKind> expected);
// `frame` is of kind End: compares it with what was read, then expects the end of the input.
Result<End> read_end(FrameReader& frames, const Frame& frame);

}  // namespace bxl::wire
