// StreamWriter and StreamReader: records over frames.
#include "wire/stream.h"

#include "wire/codec.h"
#include "wire/frame.h"
#include "wire/stream_frames.h"

namespace bxl::wire {

// --- writing
// ------------------------------------------------------------------------------------------------------

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

namespace {

template <typename Schema, FrameKind Kind>
struct Wire {
  using Message = Schema;
  static constexpr FrameKind kKind = Kind;
};
template <typename T>
struct WireOf;
template <>
struct WireOf<PlanHeader> : Wire<schema::PlanHeader, FrameKind::PlanHeader> {};
template <>
struct WireOf<PlanPip> : Wire<schema::PlanPip, FrameKind::PlanPip> {};
template <>
struct WireOf<Basis> : Wire<schema::Basis, FrameKind::Basis> {};
template <>
struct WireOf<Scrub> : Wire<schema::Scrub, FrameKind::Scrub> {};
template <>
struct WireOf<PipResult> : Wire<schema::PipResult, FrameKind::PipResult> {};
template <>
struct WireOf<Stats> : Wire<schema::Stats, FrameKind::Stats> {};
template <>
struct WireOf<StateHeader> : Wire<schema::StateHeader, FrameKind::StateHeader> {};
template <>
struct WireOf<StateRow> : Wire<schema::StateRow, FrameKind::StateRow> {};
template <>
struct WireOf<PathSetBlob> : Wire<schema::PathSetBlob, FrameKind::PathSetBlob> {};

}  // namespace

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
        using Map = WireOf<std::decay_t<decltype(value)>>;
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

// --- reading
// ------------------------------------------------------------------------------------------------------

struct StreamReader::Impl {
  Impl(std::unique_ptr<Source> s, PathTable& table)
      : source(std::move(s)), frames(*source), paths(table) {}

  std::unique_ptr<Source> source;
  FrameReader frames;
  PathsIn paths;
  Header header;
  std::uint64_t pip_count = std::uint64_t{1} << 32;  // all ids
  std::optional<End> end;
  std::optional<Error> failed;

  template <typename T>
  Result<std::optional<Record>> record(const Frame& frame) {
    return decode<typename WireOf<T>::Message>(frame.body, [&](auto from) -> std::optional<Record> {
      T value = get(from, paths);
      if constexpr (requires { PipId{value.pip}; })
        if (index(value.pip) >= pip_count) throw BadRecord{"a pip id is out of range"};
      return Record(std::move(value));
    });
  }

  // Empty: a frame that is no record for the caller, or the end.
  Result<std::optional<Record>> step() {
    BXL_TRY_ASSIGN(Frame frame, frames.next());
    switch (frame.kind) {
      case FrameKind::PlanHeader:
        return record<PlanHeader>(frame);
      case FrameKind::PlanPip:
        return record<PlanPip>(frame);
      case FrameKind::Basis:
        return record<Basis>(frame);
      case FrameKind::Scrub:
        return record<Scrub>(frame);
      case FrameKind::PipResult:
        return record<PipResult>(frame);
      case FrameKind::Stats:
        return record<Stats>(frame);
      case FrameKind::StateHeader:
        return record<StateHeader>(frame);
      case FrameKind::StateRow:
        return record<StateRow>(frame);
      case FrameKind::PathSetBlob:
        return record<PathSetBlob>(frame);
      case FrameKind::Paths: {
        BXL_TRY(decode<schema::Paths>(frame.body, [&](auto from) { define(paths, from); }));
        return std::optional<Record>();
      }
      case FrameKind::End: {
        BXL_TRY_ASSIGN(end, read_end(frames, frame));
        return std::optional<Record>();
      }
      case FrameKind::Header:
        return make_error(EBADMSG, "stream damaged: a second header");
      case FrameKind::Graph:
        return make_error(EBADMSG, "stream damaged: a graph inside a stream of records");
      case FrameKind::EntryBlob:
        return make_error(EBADMSG, "stream damaged: a stored entry inside a stream");
    }
    return std::optional<Record>();  // of a newer minor
  }
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
void StreamReader::expect_pips(std::uint32_t count) { impl_->pip_count = count; }

Result<std::optional<Record>> StreamReader::next() {
  if (impl_->failed) return *impl_->failed;
  while (!impl_->end) {
    auto record = impl_->step();
    if (!record) impl_->failed = record.error();
    if (!record || *record) return record;
  }
  return std::optional<Record>();
}

const End& StreamReader::end() const {
  BXL_ASSERT(impl_->end.has_value());
  return *impl_->end;
}

Result<Header> peek_header(std::string_view bytes) {
  auto source = memory_source(bytes);
  FrameReader frames(*source);
  return read_header(frames, std::nullopt);
}

}  // namespace bxl::wire
