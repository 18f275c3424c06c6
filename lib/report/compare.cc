// Comparing facts: declaration first, then inputs, then observations.
#include "report/compare.h"

#include <algorithm>
#include <cstdint>

namespace bxl::report {
namespace {

// Words beyond this many are compared as one: the table below is quadratic. A link of some thousand
// objects has its names in a response file or differs in few places, which the trimming of equal
// ends finds.
constexpr std::size_t kMaxWords = 1000;

// Splits like a shell would, keeping the quotes: a word is what people recognise.
std::vector<std::string> words(const std::string& text) {
  std::vector<std::string> out;
  std::string word;
  char quote = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (quote == 0 && (c == ' ' || c == '\t' || c == '\n')) {
      if (!word.empty()) out.push_back(std::move(word));
      word.clear();
      continue;
    }
    word += c;
    if (c == '\\' && quote != '\'' && i + 1 < text.size())
      word += text[++i];
    else if (quote != 0 && c == quote)
      quote = 0;
    else if (quote == 0 && (c == '\'' || c == '"'))
      quote = c;
  }
  if (!word.empty()) out.push_back(std::move(word));
  return out;
}

std::string join(const std::vector<std::string>& list, std::size_t from, std::size_t to) {
  std::string out;
  for (std::size_t i = from; i < to; ++i) {
    if (!out.empty()) out += ' ';
    out += list[i];
  }
  return out;
}

const char* declaration_name(const std::string& field) {
  if (field == "directory") return "working directory";
  if (field == "output" || field == "optional-output") return "declared outputs";
  if (field == "depfile") return "depfile";
  if (field == "rspfile" || field == "rspfile-content") return "response file";
  if (field == "mounts") return "mounts";
  if (field == "flags") return "kind of edge";
  if (field == "pip") return "name";
  return "bxl";  // versions of fingerprints and projections
}

using Values = std::map<std::string, std::vector<std::string>>;
Values by_name(const Facts& facts) {
  Values out;
  for (const auto& [name, value] : facts.fields) out[name].push_back(value);
  return out;
}

void compare_declaration(const Facts& before, const Facts& after, std::vector<Cause>& out) {
  Values a = by_name(before), b = by_name(after);
  auto first = [](const Values& values, const char* name) {
    auto found = values.find(name);
    return found == values.end() ? std::string() : found->second.front();
  };
  for (auto& [removed, added] : word_difference(first(a, "command"), first(b, "command"))) {
    Cause cause{CauseKind::Command, "command", removed, added};
    out.push_back(std::move(cause));
  }
  for (auto i = before.environment.begin(), j = after.environment.begin();
       i != before.environment.end() || j != after.environment.end();) {
    bool only_before =
        j == after.environment.end() || (i != before.environment.end() && i->first < j->first);
    bool only_after = !only_before && (i == before.environment.end() || j->first < i->first);
    if (only_before) {
      out.push_back({CauseKind::Environment, i->first, i->second, "", true, false});
      ++i;
    } else if (only_after) {
      out.push_back({CauseKind::Environment, j->first, "", j->second, false, true});
      ++j;
    } else {
      if (i->second != j->second)
        out.push_back({CauseKind::Environment, i->first, i->second, j->second});
      ++i;
      ++j;
    }
  }
  for (const auto& [name, values] : a) b.try_emplace(name);
  for (auto& [name, now] : b) {
    if (name == "command") continue;
    std::vector<std::string> old = a.count(name) ? a[name] : std::vector<std::string>();
    if (old == now) continue;
    if (name == "rspfile-content") {
      for (auto& [removed, added] :
           word_difference(old.empty() ? "" : old.front(), now.empty() ? "" : now.front()))
        out.push_back({CauseKind::Declaration, "response file", removed, added});
      continue;
    }
    Cause cause{CauseKind::Declaration, declaration_name(name)};
    std::vector<std::string> sorted_old = old, sorted_now = now;
    std::sort(sorted_old.begin(), sorted_old.end());
    std::sort(sorted_now.begin(), sorted_now.end());
    std::set_difference(sorted_now.begin(), sorted_now.end(), sorted_old.begin(), sorted_old.end(),
                        std::back_inserter(cause.added));
    std::set_difference(sorted_old.begin(), sorted_old.end(), sorted_now.begin(), sorted_now.end(),
                        std::back_inserter(cause.removed));
    out.push_back(std::move(cause));
  }
}

void compare_observed(const std::string& path, const Observed& before, const Observed& after,
                      CauseKind kind, std::vector<Cause>& out) {
  if (before.value == after.value) return;
  // Looking closer at the same thing (probe or content, directory or listing) is the pip's own
  // doing.
  auto same = [](const std::string& x, const std::string& y) {
    return (x == "F" && y.starts_with("R ") && !y.starts_with("R link ")) ||
           (x == "D" && y.starts_with("E "));
  };
  if (same(before.value, after.value) || same(after.value, before.value)) return;
  Cause cause{kind, path, before.value, after.value};
  if (before.value.starts_with("E ") && after.value.starts_with("E ")) {
    cause.kind = CauseKind::Listing;
    if (before.listed && after.listed) {
      std::set_difference(after.members.begin(), after.members.end(), before.members.begin(),
                          before.members.end(), std::back_inserter(cause.added));
      std::set_difference(before.members.begin(), before.members.end(), after.members.begin(),
                          after.members.end(), std::back_inserter(cause.removed));
    }
  }
  out.push_back(std::move(cause));
}

}  // namespace

const char* name(CauseKind kind) {
  switch (kind) {
    case CauseKind::Command:
      return "command";
    case CauseKind::Environment:
      return "environment";
    case CauseKind::Declaration:
      return "declaration";
    case CauseKind::Input:
      return "input";
    case CauseKind::Read:
      return "read";
    case CauseKind::Listing:
      return "listing";
    case CauseKind::Consequence:
      return "consequence";
  }
  return "unknown";
}

std::vector<std::pair<std::string, std::string>> word_difference(const std::string& before,
                                                                 const std::string& after) {
  std::vector<std::pair<std::string, std::string>> out;
  if (before == after) return out;
  std::vector<std::string> a = words(before), b = words(after);
  std::size_t head = 0, tail = 0;
  while (head < a.size() && head < b.size() && a[head] == b[head]) ++head;
  while (tail < a.size() - head && tail < b.size() - head &&
         a[a.size() - 1 - tail] == b[b.size() - 1 - tail])
    ++tail;
  std::size_t n = a.size() - head - tail, m = b.size() - head - tail;
  if (n > kMaxWords || m > kMaxWords || n == 0 || m == 0) {
    out.emplace_back(join(a, head, head + n), join(b, head, head + m));
    return out;  // both empty: only white space differs
  }
  // Longest common subsequence, from the end.
  std::vector<std::vector<std::uint16_t>> common(n + 1, std::vector<std::uint16_t>(m + 1, 0));
  for (std::size_t i = n; i-- > 0;)
    for (std::size_t j = m; j-- > 0;)
      common[i][j] = a[head + i] == b[head + j]
                         ? static_cast<std::uint16_t>(common[i + 1][j + 1] + 1)
                         : std::max(common[i + 1][j], common[i][j + 1]);
  std::size_t i = 0, j = 0;
  while (i < n || j < m) {
    std::size_t from_i = i, from_j = j;
    while ((i < n || j < m) && !(i < n && j < m && a[head + i] == b[head + j])) {
      if (j == m || (i < n && common[i + 1][j] >= common[i][j + 1]))
        ++i;
      else
        ++j;
    }
    if (i > from_i || j > from_j)
      out.emplace_back(join(a, head + from_i, head + i), join(b, head + from_j, head + j));
    while (i < n && j < m && a[head + i] == b[head + j]) {
      ++i;
      ++j;
    }
  }
  return out;
}

std::vector<Cause> compare(const Facts& before, const Facts& after) {
  std::vector<Cause> causes, consequences;
  compare_declaration(before, after, causes);
  for (const auto& [path, now] : after.inputs) {
    auto old = before.inputs.find(path);
    if (old != before.inputs.end()) {
      compare_observed(path, old->second, now, CauseKind::Input, causes);
      continue;
    }
    Cause cause{CauseKind::Declaration, "declared inputs"};
    cause.added = {path};
    causes.push_back(std::move(cause));
  }
  for (const auto& [path, old] : before.inputs) {
    if (after.inputs.count(path)) continue;
    Cause cause{CauseKind::Declaration, "declared inputs"};
    cause.removed = {path};
    causes.push_back(std::move(cause));
  }
  if (before.observed_known && after.observed_known) {
    for (const auto& [path, now] : after.observed) {
      auto old = before.observed.find(path);
      if (old == before.observed.end()) {
        consequences.push_back({CauseKind::Consequence, path, "", now.value, false, true});
        continue;
      }
      // A declared input that is also observed differs in both; it is told once.
      auto declared_now = after.inputs.find(path), declared_old = before.inputs.find(path);
      if (declared_now != after.inputs.end() && declared_old != before.inputs.end() &&
          declared_now->second.value != declared_old->second.value)
        continue;
      compare_observed(path, old->second, now, CauseKind::Read, causes);
    }
    for (const auto& [path, old] : before.observed)
      if (!after.observed.count(path))
        consequences.push_back({CauseKind::Consequence, path, old.value, "", true, false});
  }
  std::stable_sort(causes.begin(), causes.end(),
                   [](const Cause& x, const Cause& y) { return x.kind < y.kind; });
  return causes.empty() ? consequences : causes;
}

Change change_of(const Cause& cause) {
  auto content = [](const std::string& value) { return value.starts_with("R "); };
  auto stripped = [](const std::string& value) {
    return value.starts_with("R x ") ? "R " + value.substr(4) : value;
  };
  auto link = [](const std::string& value) { return value.starts_with("R link "); };
  if (cause.before == "P") return Change::Appeared;
  if (cause.after == "P") return Change::Gone;
  if (link(cause.before) && link(cause.after)) return Change::LinkTarget;
  if (link(cause.before) != link(cause.after)) return Change::Kind;
  if (content(cause.before) && content(cause.after))
    return stripped(cause.before) == stripped(cause.after) ? Change::Executable : Change::Content;
  return Change::Kind;
}

}  // namespace bxl::report
