// Names against patterns with * and ?.
#pragma once

#include <string_view>

namespace bxl::frontend {

// `*` stands for any characters, also none, `?` for one; everything else for itself. A pattern
// speaks of one name: '/' is a character like others. Linear for one star, quadratic at worst.
bool matches_wildcard(std::string_view pattern, std::string_view name);

}  // namespace bxl::frontend
