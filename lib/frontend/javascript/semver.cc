// Versions and ranges as npm understands them.
#include "frontend/javascript/semver.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace bxl::frontend::javascript {
namespace {

struct Version {
  std::array<std::uint64_t, 3> parts{};
  std::size_t given = 0;  // how many of the parts are written: "1.x" gives 1
  std::string pre;        // after '-'
};

// Partial versions and x, X, * as parts are fine; build metadata is dropped.
std::optional<Version> parse(std::string_view text) {
  if (!text.empty() && (text.front() == 'v' || text.front() == '=')) text.remove_prefix(1);
  Version out;
  text = text.substr(0, text.find('+'));
  if (std::size_t dash = text.find('-'); dash != std::string_view::npos) {
    out.pre = text.substr(dash + 1);
    text = text.substr(0, dash);
  }
  if (text.empty()) return {};
  bool open = false;
  for (std::size_t i = 0; i < 3; ++i) {
    std::size_t dot = std::min(text.find('.'), text.size());
    std::string_view part = text.substr(0, dot);
    if (part == "x" || part == "X" || part == "*") {
      open = true;
    } else {
      auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), out.parts[i]);
      if (error != std::errc() || end != part.data() + part.size()) return {};
      if (!open) out.given = i + 1;
    }
    if (dot == text.size()) return out;
    text.remove_prefix(dot + 1);
  }
  return {};
}

// Numbers in pre-releases compare as numbers; a pre-release precedes its release.
int compare_pre(std::string_view a, std::string_view b) {
  if (a.empty() || b.empty()) return a.empty() == b.empty() ? 0 : a.empty() ? 1 : -1;
  while (!a.empty() || !b.empty()) {
    if (a.empty() || b.empty()) return a.empty() ? -1 : 1;
    std::string_view x = a.substr(0, a.find('.')), y = b.substr(0, b.find('.'));
    a.remove_prefix(std::min(x.size() + 1, a.size()));
    b.remove_prefix(std::min(y.size() + 1, b.size()));
    const bool nx = x.find_first_not_of("0123456789") == std::string_view::npos;
    const bool ny = y.find_first_not_of("0123456789") == std::string_view::npos;
    if (nx != ny) return nx ? -1 : 1;
    if (nx && x.size() != y.size()) return x.size() < y.size() ? -1 : 1;
    if (int order = x.compare(y); order != 0) return order;
  }
  return 0;
}

int compare(const Version& a, const Version& b) {
  for (std::size_t i = 0; i < 3; ++i)
    if (a.parts[i] != b.parts[i]) return a.parts[i] < b.parts[i] ? -1 : 1;
  return compare_pre(a.pre, b.pre);
}

// The first version that does not begin with the first `kept` parts of `v`.
Version bump(Version v, std::size_t kept) {
  for (std::size_t i = kept; i < 3; ++i) v.parts[i] = 0;
  if (kept > 0) ++v.parts[kept - 1];
  v.pre = "0";  // before its own pre-releases
  return v;
}

// One comparator; empty: it is none.
std::optional<bool> fits(const Version& version, std::string_view text) {
  std::string_view op;
  for (std::string_view one : {">=", "<=", ">", "<", "^", "~>", "~", "="})
    if (text.starts_with(one)) {
      op = one;
      break;
    }
  text.remove_prefix(op.size());
  if (text.empty() && op.empty()) return true;
  auto wanted = parse(text);
  if (!wanted) return {};
  const Version& w = *wanted;
  const bool from = compare(version, w) >= 0;
  if (op == ">=") return from;
  if (op == "<") return compare(version, w) < 0;
  if (op == ">")
    return w.given == 3 ? compare(version, w) > 0 : compare(version, bump(w, w.given)) >= 0;
  if (op == "<=")
    return w.given == 3 ? compare(version, w) <= 0
                        : w.given == 0 || compare(version, bump(w, w.given)) < 0;
  if (w.given == 0) return true;
  if (op == "^") {
    std::size_t kept = 1;
    while (kept < w.given && w.parts[kept - 1] == 0) ++kept;
    return from && compare(version, bump(w, kept)) < 0;
  }
  if (op == "~" || op == "~>")
    return from && compare(version, bump(w, std::min<std::size_t>(w.given, 2))) < 0;
  if (w.given == 3) return compare(version, w) == 0;
  return from && compare(version, bump(w, w.given)) < 0;
}

std::vector<std::string_view> words(std::string_view text) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    std::size_t end = std::min(text.find_first_of(" \t"), text.size());
    if (end > 0) out.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::optional<bool> fits_all(const Version& version, std::string_view set) {
  auto list = words(set);
  if (list.size() == 3 && list[1] == "-") {
    auto low = fits(version, ">=" + std::string(list[0]));
    auto high = fits(version, "<=" + std::string(list[2]));
    if (!low || !high) return {};
    return *low && *high;
  }
  bool all = true;
  for (std::size_t i = 0; i < list.size(); ++i) {
    std::string one(list[i]);
    // "> 1" is ">1".
    if (one.find_first_not_of("<>=^~") == std::string::npos && i + 1 < list.size())
      one += list[++i];
    auto fit = fits(version, one);
    if (!fit) return {};
    all = all && *fit;
  }
  return all;
}

}  // namespace

bool satisfies(std::string_view version, std::string_view range) {
  auto parsed = parse(version);
  if (!parsed) return words(range).empty() || range == "*";
  while (true) {
    std::size_t end = std::min(range.find("||"), range.size());
    auto fit = fits_all(*parsed, range.substr(0, end));
    if (!fit) return false;
    if (*fit) return true;
    if (end == range.size()) return false;
    range.remove_prefix(end + 2);
  }
}

}  // namespace bxl::frontend::javascript
