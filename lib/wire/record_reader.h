// Records one by one from the frames after a header. Internal to lib/wire: what StreamReader and
// printing share.
#pragma once

#include <cstdint>
#include <optional>

#include "wire/frame.h"
#include "wire/path_map.h"
#include "wire/stream.h"

namespace bxl::wire {

class RecordReader {
 public:
  RecordReader(FrameReader& frames, PathTable& paths) : frames_(frames), paths_(paths) {}
  void expect_pips(std::uint32_t count) { pip_count_ = count; }
  // As StreamReader::next().
  Result<std::optional<Record>> next();
  // Set once next() returned an empty optional.
  const std::optional<End>& end() const { return end_; }

 private:
  // Empty: a frame that is no record for the caller, or the end.
  Result<std::optional<Record>> step();
  template <typename T>
  Result<std::optional<Record>> record(const Frame& frame);

  FrameReader& frames_;
  PathsIn paths_;
  std::uint64_t pip_count_ = std::uint64_t{1} << 32;  // every id
  std::optional<End> end_;
  std::optional<Error> failed_;
};

}  // namespace bxl::wire
