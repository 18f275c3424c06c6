// Two rows at a time, and a third for swapped neighbours.
#include "base/nearest.h"

#include <algorithm>

namespace bxl {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> two_before(b.size() + 1), before(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::swap(two_before, before);
    std::swap(before, row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({before[j] + 1, row[j - 1] + 1, before[j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], two_before[j - 2] + 1);
    }
  }
  return row[b.size()];
}

namespace {

// The first with a distance below `limit`.
std::string_view nearest_below(std::size_t limit, std::string_view name,
                               const std::vector<std::string_view>& names) {
  std::string_view best;
  std::size_t best_distance = limit;
  for (std::string_view other : names) {
    if (other.size() > name.size() + 3 || name.size() > other.size() + 3) continue;
    const std::size_t distance = edit_distance(name, other);
    if (distance >= best_distance) continue;
    best_distance = distance;
    best = other;
  }
  return best;
}

}  // namespace

std::string_view nearest(std::string_view name, const std::vector<std::string_view>& names) {
  return nearest_below(std::min<std::size_t>(4, name.size()), name, names);
}

std::string_view nearest_word(std::string_view word, const std::vector<std::string_view>& words) {
  return nearest_below(std::min<std::size_t>(word.size() > 4 ? 3 : 2, word.size()), word, words);
}

}  // namespace bxl
