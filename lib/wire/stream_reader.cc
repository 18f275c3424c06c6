// StreamReader: a header, then records from frames.
#include "base/assert.h"
#include "wire/record_reader.h"
#include "wire/stream.h"
#include "wire/stream_frames.h"

namespace bxl::wire {

struct StreamReader::Impl {
  Impl(std::unique_ptr<Source> from, PathTable& paths)
      : source(std::move(from)), frames(*source), records(frames, paths) {}

  std::unique_ptr<Source> source;
  FrameReader frames;
  RecordReader records;
  Header header;
};

StreamReader::StreamReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
StreamReader::StreamReader(StreamReader&&) noexcept = default;
StreamReader& StreamReader::operator=(StreamReader&&) noexcept = default;
StreamReader::~StreamReader() = default;

Result<StreamReader> StreamReader::open(int fd, StreamKind expected, PathTable& paths) {
  auto impl = std::make_unique<Impl>(fd_source(fd), paths);
  BXL_TRY_ASSIGN(impl->header, read_header(impl->frames, expected));
  return StreamReader(std::move(impl));
}

Result<StreamReader> StreamReader::open_bytes(std::string_view bytes, StreamKind expected,
                                              PathTable& paths) {
  auto impl = std::make_unique<Impl>(memory_source(bytes), paths);
  BXL_TRY_ASSIGN(impl->header, read_header(impl->frames, expected));
  return StreamReader(std::move(impl));
}

const Header& StreamReader::header() const { return impl_->header; }
void StreamReader::expect_pips(std::uint32_t count) { impl_->records.expect_pips(count); }
Result<std::optional<Record>> StreamReader::next() { return impl_->records.next(); }

const End& StreamReader::end() const {
  BXL_ASSERT(impl_->records.end().has_value());
  return *impl_->records.end();
}

Result<Header> peek_header(std::string_view bytes) {
  auto source = memory_source(bytes);
  FrameReader frames(*source);
  return read_header(frames, std::nullopt);
}

}  // namespace bxl::wire
