// Dependency files in make's syntax, as compilers and generators write them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace bxl::frontend::ninja {

// The prerequisites of all rules in `text`, in order. Backslash escapes spaces, '#', ':' and
// newlines; "$$" is '$'. Text that is no depfile gives some names or none, never an error: a
// missing file among them makes the edge dirty.
std::vector<std::string> parse_depfile(std::string_view text);

}  // namespace bxl::frontend::ninja
