// One text file in memory, and errors that point into it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace bxl::frontend {

struct Source {
  std::string name;  // as the user knows it, for messages
  std::string text;
};

struct Position {
  std::uint32_t line = 1, column = 1;  // columns count bytes
};
Position position_of(const Source& source, std::size_t offset);

// "build.ninja:12:7: expected ':', got newline", then the source line (cut around the place,
// control characters replaced: it is foreign text on its way to a terminal) and a caret below it.
// errnum is 0: the message says it all.
Error error_at(const Source& source, std::size_t offset, const std::string& message);

}  // namespace bxl::frontend
