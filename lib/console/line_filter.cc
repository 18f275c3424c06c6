// Line by line, within a budget for all of them.
#include "console/line_filter.h"

#include <algorithm>

#include "base/expression.h"
#include "console/terminal.h"

namespace bxl::console {
namespace {

// About a second, on the thread that also starts pips.
constexpr std::uint64_t kMostSteps = 100'000'000;

}  // namespace

Selected select_lines(std::string_view output, const std::string& expression) {
  Selected out;
  auto compiled = Expression::compile(expression);
  if (!compiled) return out;
  std::uint64_t steps = kMostSteps;
  while (!output.empty()) {
    if (steps == 0) {
      out.complete = false;
      return out;
    }
    const std::size_t end = std::min(output.find('\n'), output.size());
    std::string_view line = output.substr(0, end);
    output.remove_prefix(std::min(end + 1, output.size()));
    // Escapes are short: of a line that is a whole file the rest is never looked at.
    std::string plain = without_escapes(line.substr(0, 2 * Expression::kMaxText));
    if (plain.ends_with('\r')) plain.pop_back();
    if (!compiled->found_in(plain, steps)) continue;
    out.text.append(line).push_back('\n');
    ++out.lines;
  }
  return out;
}

}  // namespace bxl::console
