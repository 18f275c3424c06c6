// Which frame and which message carry which record. Internal to lib/wire.
#pragma once

#include "wire/codec.h"
#include "wire/frame.h"

namespace bxl::wire {

template <typename Schema, FrameKind Kind>
struct RecordFrame {
  using Message = Schema;
  static constexpr FrameKind kKind = Kind;
};

template <typename Record>
struct FrameOf;
template <>
struct FrameOf<PlanHeader> : RecordFrame<schema::PlanHeader, FrameKind::PlanHeader> {};
template <>
struct FrameOf<PlanPip> : RecordFrame<schema::PlanPip, FrameKind::PlanPip> {};
template <>
struct FrameOf<Basis> : RecordFrame<schema::Basis, FrameKind::Basis> {};
template <>
struct FrameOf<Scrub> : RecordFrame<schema::Scrub, FrameKind::Scrub> {};
template <>
struct FrameOf<PipResult> : RecordFrame<schema::PipResult, FrameKind::PipResult> {};
template <>
struct FrameOf<Stats> : RecordFrame<schema::Stats, FrameKind::Stats> {};
template <>
struct FrameOf<StateHeader> : RecordFrame<schema::StateHeader, FrameKind::StateHeader> {};
template <>
struct FrameOf<StateRow> : RecordFrame<schema::StateRow, FrameKind::StateRow> {};
template <>
struct FrameOf<PathSetBlob> : RecordFrame<schema::PathSetBlob, FrameKind::PathSetBlob> {};

}  // namespace bxl::wire
