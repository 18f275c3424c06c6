// Reading a part of a file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/result.h"

namespace bxl {

// Up to `count` bytes from `offset` on; fewer only where the file ends. The descriptor's position
// stays. Errors: those of pread(2).
Result<std::string> read_at(int fd, std::uint64_t offset, std::size_t count);

}  // namespace bxl
