// StreamWriter: records become frames.
#include "wire/record_frames.h"
#include "wire/stream.h"
#include "wire/stream_frames.h"

namespace bxl::wire {

// --- writing -------------------------------------------------------------------------------------

struct StreamWriter::Impl {
  Impl(Sink& s, const PathTable& table) : sink(s), paths(table) {}

  Sink& sink;
  PathsOut paths;
  FrameTally tally;
  std::optional<Error> failed;
  bool ended = false;

  Result<void> frame(FrameKind kind, const Words& words) {
    BXL_TRY_ASSIGN(std::uint64_t checksum, write_frame(sink, kind, bytes_of(words)));
    tally.add(kind, checksum);
    return {};
  }

  Result<void> record(FrameKind kind, const Words& words) {
    if (!paths.parents().empty()) {
      BXL_TRY_ASSIGN(Words definitions,
                     encode<schema::Paths>([&](schema::Paths::Builder to) { put(to, paths); }));
      BXL_TRY(frame(FrameKind::Paths, definitions));
      paths.clear_pending();
    }
    BXL_TRY(frame(kind, words));
    // Results are acted on downstream as they come; everything else is only read in bulk.
    return kind == FrameKind::PipResult ? sink.flush() : Result<void>();
  }
};

StreamWriter::StreamWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
StreamWriter::StreamWriter(StreamWriter&&) noexcept = default;
StreamWriter& StreamWriter::operator=(StreamWriter&&) noexcept = default;
StreamWriter::~StreamWriter() = default;

Result<StreamWriter> StreamWriter::create(Sink& sink, const PathTable& paths,
                                          const Header& header) {
  auto impl = std::make_unique<Impl>(sink, paths);
  BXL_TRY(write_header(sink, impl->tally, header));
  return StreamWriter(std::move(impl));
}

Result<void> StreamWriter::write(const Record& record) {
  BXL_ASSERT(!impl_->ended);
  if (impl_->failed) return *impl_->failed;
  return std::visit(
      [&](const auto& value) -> Result<void> {
        using Map = FrameOf<std::decay_t<decltype(value)>>;
        BXL_TRY_ASSIGN(Words words,
                       encode<typename Map::Message>([&](typename Map::Message::Builder to) {
                         put(to, value, impl_->paths);
                       }));
        if (words.size() * sizeof(capnp::word) > kMaxBodyBytes)
          return make_error(EFBIG, "cannot write record: it is larger than 1 GiB");
        Result<void> done = impl_->record(Map::kKind, words);
        if (!done) impl_->failed = done.error();
        return done;
      },
      record);
}

Result<void> StreamWriter::end(End end) {
  BXL_ASSERT(!impl_->ended);
  if (impl_->failed) return *impl_->failed;
  impl_->ended = true;
  return write_end(impl_->sink, impl_->tally, std::move(end));
}

}  // namespace bxl::wire
