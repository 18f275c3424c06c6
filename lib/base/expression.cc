// std::regex, over an iterator that counts.
#include "base/expression.h"

#include <algorithm>
#include <iterator>

namespace bxl {
namespace {

struct OutOfBounds {};

// Beyond what may be left of a stack of 4 MiB it would be a crash: between two looks at a character
// the matcher goes at most as deep as the expression is long, 1 MiB.
constexpr std::uintptr_t kMostStack = 2u << 20;

struct Budget {
  std::uint64_t steps = 0;
  std::uintptr_t stack = 0;  // where it begins; it grows downwards
};

std::uintptr_t frame() { return reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)); }

// The matcher backtracks and recurses, several frames for a character, without any bound of its
// own; but it must look at each character.
class Counting {
 public:
  using iterator_category = std::bidirectional_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  Counting() = default;
  Counting(const char* at, Budget* budget) : at_(at), budget_(budget) {}
  reference operator*() const {
    if (budget_->steps == 0 || budget_->stack - frame() > kMostStack) throw OutOfBounds();
    --budget_->steps;
    return *at_;
  }
  Counting& operator++() {
    ++at_;
    return *this;
  }
  Counting operator++(int) { return Counting(at_++, budget_); }
  Counting& operator--() {
    --at_;
    return *this;
  }
  Counting operator--(int) { return Counting(at_--, budget_); }
  bool operator==(const Counting& other) const { return at_ == other.at_; }

 private:
  const char* at_ = nullptr;
  Budget* budget_ = nullptr;
};

template <typename Look>
bool within_bounds(std::string_view text, std::uint64_t& steps, Look look) {
  Budget budget{std::min(steps, Expression::kMostSteps), frame()};
  const std::uint64_t before = budget.steps;
  bool found = false;
  try {
    found = look(Counting(text.begin(), &budget), Counting(text.end(), &budget));
  } catch (const OutOfBounds&) {
    found = false;
  } catch (const std::regex_error&) {
    found = false;  // too complex for the library
  }
  steps -= before - budget.steps;
  return found;
}

}  // namespace

Result<Expression> Expression::compile(std::string_view text) {
  if (text.size() > kMaxLength)
    return make_error(0, "this expression is longer than " + std::to_string(kMaxLength) + " bytes");
  try {
    return Expression(std::regex(text.begin(), text.end(), std::regex::ECMAScript));
  } catch (const std::regex_error&) {
    return make_error(0, "'" + std::string(text) + "' is no regular expression");
  }
}

bool Expression::matches(std::string_view text) const {
  if (text.size() > kMaxText) return false;
  std::uint64_t steps = kMostSteps;
  return within_bounds(text, steps, [&](Counting begin, Counting end) {
    return std::regex_match(begin, end, *regex_);
  });
}

bool Expression::found_in(std::string_view text, std::uint64_t& steps) const {
  return within_bounds(text.substr(0, kMaxText), steps, [&](Counting begin, Counting end) {
    return std::regex_search(begin, end, *regex_);
  });
}

}  // namespace bxl
