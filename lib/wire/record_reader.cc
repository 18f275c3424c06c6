// Records one by one from the frames after a header.
#include "wire/record_reader.h"

#include "wire/record_frames.h"
#include "wire/stream_frames.h"

namespace bxl::wire {

template <typename T>
Result<std::optional<Record>> RecordReader::record(const Frame& frame) {
  return decode<typename FrameOf<T>::Message>(frame.body, [&](auto from) -> std::optional<Record> {
    T value = get(from, paths_);
    if constexpr (requires { PipId{value.pip}; })
      if (index(value.pip) >= pip_count_) throw BadRecord{"a pip id is out of range"};
    return Record(std::move(value));
  });
}

Result<std::optional<Record>> RecordReader::step() {
  BXL_TRY_ASSIGN(Frame frame, frames_.next());
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
    case FrameKind::Paths:
      BXL_TRY(decode<schema::Paths>(frame.body, [&](auto from) { define(paths_, from); }));
      return std::optional<Record>();
    case FrameKind::End: {
      BXL_TRY_ASSIGN(end_, read_end(frames_, frame));
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

Result<std::optional<Record>> RecordReader::next() {
  if (failed_) return *failed_;
  while (!end_) {
    auto record = step();
    if (!record) failed_ = record.error();
    if (!record || *record) return record;
  }
  return std::optional<Record>();
}

}  // namespace bxl::wire
