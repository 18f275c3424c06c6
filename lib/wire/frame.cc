// Frames on a sink and from a source.
#include "wire/frame.h"

#include <bit>
#include <cstring>
#include <string>

#include "base/assert.h"

namespace bxl::wire {
namespace {

static_assert(std::endian::native == std::endian::little,
              "the format is little-endian and mapped in place");

struct Head {
  std::uint32_t length;
  std::uint32_t kind;
  std::uint64_t checksum;
};
static_assert(sizeof(Head) == kFrameHeaderBytes);

// Seeding with length and kind lets a flip in those two be noticed as well as one in the body.
std::uint64_t checksum_of(std::uint32_t kind, std::string_view body) {
  return checksum64(body, std::uint64_t{kind} << 32 | body.size());
}

std::string excerpt(std::string_view bytes) {
  std::string out;
  for (char c : bytes) out += c >= ' ' && c <= '~' ? c : '.';
  return out;
}

}  // namespace

void FrameTally::add(FrameKind kind, std::uint64_t checksum) {
  hasher_.update({reinterpret_cast<const char*>(&checksum), sizeof checksum});
  if (kind != FrameKind::Header && kind != FrameKind::Paths) ++records_;
}

Result<std::uint64_t> write_frame(Sink& sink, FrameKind kind, std::string_view body) {
  BXL_ASSERT(body.size() % 8 == 0);
  if (body.size() > kMaxBodyBytes)
    return make_error(EFBIG, "a record of the stream is larger than 1 GiB");
  Head head{static_cast<std::uint32_t>(body.size()), static_cast<std::uint32_t>(kind), 0};
  head.checksum = checksum_of(head.kind, body);
  BXL_TRY(sink.write({reinterpret_cast<const char*>(&head), sizeof head}));
  BXL_TRY(sink.write(body));
  return head.checksum;
}

Error FrameReader::incomplete(std::size_t have) const {
  return make_error(EBADMSG, "upstream incomplete: the stream stops at byte " +
                                 std::to_string(offset_ + have) + " without an end record");
}

Result<Frame> FrameReader::next() {
  // The previous frame counts only now, so that an end record can be compared with what came before
  // it.
  if (offset_ > 0) tally_.add(last_kind_, last_checksum_);
  BXL_TRY_ASSIGN(std::string_view head, source_.take(kFrameHeaderBytes));
  if (offset_ == 0) {
    if (head.empty()) return make_error(EBADMSG, "empty input: the upstream tool wrote nothing");
    std::string_view magic(reinterpret_cast<const char*>(&first_), sizeof first_);
    if (head.size() < 8 || head.substr(4, 4) != magic)
      return make_error(EBADMSG,
                        "not a bxl stream: the input starts with \"" + excerpt(head) + "\"");
  }
  if (head.size() < kFrameHeaderBytes) return incomplete(head.size());
  return next_body(head);
}

Result<Frame> FrameReader::next_body(std::string_view raw) {
  Head head;
  std::memcpy(&head, raw.data(), sizeof head);
  std::string at = " at byte " + std::to_string(offset_);
  if (head.length % 8 != 0 || head.length > kMaxBodyBytes)
    return make_error(
        EBADMSG, "stream damaged: impossible record length " + std::to_string(head.length) + at);
  BXL_TRY_ASSIGN(std::string_view body, source_.take(head.length));
  if (body.size() < head.length) return incomplete(kFrameHeaderBytes + body.size());
  if (checksum_of(head.kind, body) != head.checksum)
    return make_error(EBADMSG, "stream damaged: wrong checksum of the record" + at);
  Frame frame{static_cast<FrameKind>(head.kind), body, offset_};
  last_kind_ = frame.kind;
  last_checksum_ = head.checksum;
  offset_ += kFrameHeaderBytes + body.size();
  return frame;
}

Result<void> FrameReader::expect_end() {
  BXL_TRY_ASSIGN(std::string_view more, source_.take(1));
  if (!more.empty())
    return make_error(
        EBADMSG, "stream damaged: bytes after the end record at byte " + std::to_string(offset_));
  return {};
}

}  // namespace bxl::wire
