// Of what a pip printed, the lines that its declaration asks for.
#pragma once

#include <string>
#include <string_view>

namespace bxl::console {

struct Selected {
  std::string text;       // whole lines, each with its newline
  std::size_t lines = 0;  // of `text`
  bool complete = true;   // false: looking at the rest would have taken seconds
};

// The lines in which `expression` (base/expression.h) is found, escape sequences apart. One that
// is none, as in a damaged stream, selects nothing.
Selected select_lines(std::string_view output, const std::string& expression);

}  // namespace bxl::console
