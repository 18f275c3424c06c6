// The header frame and the end frame of every stream.
#include "wire/stream_frames.h"

#include "wire/codec.h"

namespace bxl::wire {
namespace {

std::string version(unsigned major, unsigned minor) {
  return std::to_string(major) + "." + std::to_string(minor);
}

std::string describe(StreamKind kind) {
  std::string number = std::to_string(static_cast<std::uint32_t>(kind));
  return std::string(name(kind)) == "unknown" ? "stream of unknown kind " + number
                                              : std::string(name(kind)) + " stream";
}

Result<void> judge(const Header& header, std::optional<StreamKind> expected) {
  if (header.major != kSchemaMajor) {
    std::string age = header.major > kSchemaMajor ? "newer" : "older";
    return make_error(EPROTO, "stream schema " + version(header.major, header.minor) + " is " +
                                  age + " than this tool's " + version(kSchemaMajor, kSchemaMinor));
  }
  bool known = std::string(name(header.kind)) != "unknown";
  if (expected ? header.kind == *expected : known) return {};
  return make_error(EPROTO,
                    "this is a " + describe(header.kind) +
                        (expected ? std::string(", expected ") + name(*expected) : std::string()));
}

}  // namespace

Result<void> write_header(Sink& sink, FrameTally& tally, const Header& header) {
  BXL_TRY_ASSIGN(Words words,
                 encode<schema::Header>([&](schema::Header::Builder to) { put(to, header); }));
  BXL_TRY_ASSIGN(std::uint64_t checksum, write_frame(sink, FrameKind::Header, bytes_of(words)));
  tally.add(FrameKind::Header, checksum);
  return sink.flush();
}

Result<void> write_end(Sink& sink, const FrameTally& tally, End end) {
  Digest digest = tally.digest();
  BXL_TRY_ASSIGN(Words words, encode<schema::End>([&](schema::End::Builder to) {
                   to.setExitCode(end.exit_code);
                   to.setMessage(blob(end.message));
                   to.setRecords(tally.records());
                   to.setDigest(blob(digest.view()));
                 }));
  BXL_TRY(write_frame(sink, FrameKind::End, bytes_of(words)));
  return sink.flush();
}

Result<Header> read_header(FrameReader& frames, std::optional<StreamKind> expected) {
  BXL_TRY_ASSIGN(Frame frame, frames.next());
  BXL_TRY_ASSIGN(Header header,
                 decode<schema::Header>(frame.body, [](auto from) { return get(from); }));
  BXL_TRY(judge(header, expected));
  return header;
}

Result<End> read_end(FrameReader& frames, const Frame& frame) {
  struct Decoded {
    End end;
    Digest digest;
  };
  BXL_TRY_ASSIGN(Decoded read, decode<schema::End>(frame.body, [](schema::End::Reader from) {
                   return Decoded{{from.getExitCode(), str(from.getMessage()), from.getRecords()},
                                  digest(from.getDigest())};
                 }));
  if (read.end.records != frames.tally().records())
    return make_error(EBADMSG, "upstream incomplete: the stream has " +
                                   std::to_string(frames.tally().records()) + " of " +
                                   std::to_string(read.end.records) + " records");
  if (read.digest != frames.tally().digest())
    return make_error(EBADMSG,
                      "upstream incomplete: records were lost, added or reordered on the way");
  BXL_TRY(frames.expect_end());
  return read.end;
}

}  // namespace bxl::wire
