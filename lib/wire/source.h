// Source: bytes taken in order from a descriptor or from memory, for the frame reader.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/result.h"

namespace bxl::wire {

class Source {
 public:
  virtual ~Source() = default;
  // The next `n` bytes, or fewer when the input ends. The view is valid until the next call, and
  // 8-aligned as long as every earlier `n` was a multiple of 8. Memory grows with what has arrived,
  // never with `n`. Errors: the read's errno.
  virtual Result<std::string_view> take(std::size_t n) = 0;
};

// Reads `fd` (not owned) as bytes arrive: a record is returned as soon as its last byte is there.
std::unique_ptr<Source> fd_source(int fd);
// `bytes` must outlive the source; aligned input is not copied.
std::unique_ptr<Source> memory_source(std::string_view bytes);
// Passes `inner` on and appends all that is taken to `copy_fd` (neither is owned).
std::unique_ptr<Source> tee_source(Source& inner, int copy_fd);

}  // namespace bxl::wire
