// Small texts for people: counts, sizes, and bytes that must stay on one line.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace bxl {

// "1 file", "3 files".
std::string count_text(std::uint64_t n, std::string_view one, std::string_view many);

// "17.9 GB", powers of 1000; below 1 kB "17 bytes".
std::string size_text(std::uint64_t bytes);

// With control characters escaped as in JSON: one line of text stays one line, whatever a path
// holds, and no file name steers the terminal.
std::string printable(std::string_view text);

}  // namespace bxl
