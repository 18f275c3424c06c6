// Text that a POSIX shell reads back as one word.
#pragma once

#include <string>
#include <string_view>

namespace bxl {

// In single quotes, whatever `text` holds; it must not hold zero bytes.
std::string shell_quoted(std::string_view text);
// The same without quotes where none are needed: for command lines that people read.
std::string shell_word(std::string_view word);

}  // namespace bxl
