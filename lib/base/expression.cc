// std::regex, over an iterator that counts.
#include "base/expression.h"

#include <algorithm>
#include <iterator>

namespace bxl {
namespace {

struct OutOfSteps {};

// The matcher backtracks without any bound of its own; but it must look at each character.
class Counting {
 public:
  using iterator_category = std::bidirectional_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  Counting() = default;
  Counting(const char* at, std::uint64_t* steps) : at_(at), steps_(steps) {}
  reference operator*() const {
    if ((*steps_)-- == 0) {
      *steps_ = 0;
      throw OutOfSteps();
    }
    return *at_;
  }
  Counting& operator++() {
    ++at_;
    return *this;
  }
  Counting operator++(int) { return Counting(at_++, steps_); }
  Counting& operator--() {
    --at_;
    return *this;
  }
  Counting operator--(int) { return Counting(at_--, steps_); }
  bool operator==(const Counting& other) const { return at_ == other.at_; }

 private:
  const char* at_ = nullptr;
  std::uint64_t* steps_ = nullptr;
};

template <typename Look>
bool within_bounds(std::string_view text, std::uint64_t& steps, Look look) {
  std::uint64_t left = std::min(steps, Expression::kMostSteps);
  const std::uint64_t before = left;
  bool found = false;
  try {
    found = look(Counting(text.data(), &left), Counting(text.data() + text.size(), &left));
  } catch (const OutOfSteps&) {
  } catch (const std::regex_error&) {
  }
  steps -= before - left;
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
