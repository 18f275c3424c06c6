// "Did you mean": the known name closest to one that is not.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace bxl {

// Characters to insert, delete or replace, and neighbours to swap, to get from one to the other
// (optimal string alignment: no character is touched twice).
std::size_t edit_distance(std::string_view a, std::string_view b);
// The first of `names` with the least distance to `name`, if that is at most 3 and less than the
// length of `name`; else empty: farther names are noise.
std::string_view nearest(std::string_view name, const std::vector<std::string_view>& names);
// The same for words of a few letters, such as commands, where a third of the letters is no
// likeness: one slip, or two in a word of more than four.
std::string_view nearest_word(std::string_view word, const std::vector<std::string_view>& words);

}  // namespace bxl
