// Globs of workspaces.
#include <algorithm>
#include <set>

#include "base/path_table.h"
#include "frontend/javascript/workspaces.h"
#include "frontend/wildcard.h"

namespace bxl::frontend::javascript {
namespace {

constexpr std::size_t kMaxFolders = 100'000, kMaxAlternatives = 1000;
constexpr int kMaxDepth = 40;

using Parts = std::vector<std::string>;

Parts split(const std::string& glob) {
  Parts out;
  for (std::size_t begin = 0; begin <= glob.size();) {
    std::size_t end = std::min(glob.find('/', begin), glob.size());
    std::string part = glob.substr(begin, end - begin);
    begin = end + 1;
    if (!part.empty() && part != ".") out.push_back(std::move(part));
  }
  return out;
}

// a/{b,c} is a/b and a/c.
Result<void> expand(const std::string& glob, std::vector<std::string>& out) {
  if (out.size() >= kMaxAlternatives)
    return make_error(0, "the braces in '" + glob.substr(0, 60) + "' make too many alternatives");
  const std::size_t open = glob.find('{');
  const std::size_t close = open == std::string::npos ? open : glob.find('}', open);
  if (close == std::string::npos) {
    out.push_back(glob);
    return {};
  }
  for (std::size_t begin = open + 1; begin <= close;) {
    std::size_t end = std::min(glob.find(',', begin), close);
    BXL_TRY(expand(glob.substr(0, open) + glob.substr(begin, end - begin) + glob.substr(close + 1),
                   out));
    begin = end + 1;
  }
  return {};
}

// Row by row: reach[j] after i parts of the glob is whether the first j names are matched.
bool path_matches(const Parts& glob, const Parts& path) {
  std::vector<bool> reach(path.size() + 1, false);
  reach[0] = true;
  for (const std::string& part : glob) {
    std::vector<bool> next(path.size() + 1, false);
    for (std::size_t j = 0; j <= path.size(); ++j) {
      if (part == "**")
        next[j] = reach[j] || (j > 0 && next[j - 1]);
      else if (j > 0)
        next[j] = reach[j - 1] && matches_wildcard(part, path[j - 1]);
    }
    reach = std::move(next);
  }
  return reach[path.size()];
}

class Search {
 public:
  Search(const std::string& root, Reads& reads) : root_(root), reads_(reads) {}

  Result<void> walk(const std::string& folder, const Parts& glob, std::size_t at, int depth) {
    if (depth > kMaxDepth || found_.contains(folder)) return {};
    if (at == glob.size()) {
      if (found_.size() >= kMaxFolders)
        return make_error(0, root_ + ": more than " + std::to_string(kMaxFolders) + " packages");
      if (reads_.exists(folder + "/package.json")) found_.insert(folder);
      return {};
    }
    const std::string& part = glob[at];
    if (part.find_first_of("*?") == std::string::npos) {
      const std::string next = normalize_path(folder + "/" + part);
      return path_within(next, root_) ? walk(next, glob, at + 1, depth + 1) : Result<void>();
    }
    const bool any = part == "**";
    if (any) {
      if (!visited_.insert({at, folder}).second) return {};
      BXL_TRY(walk(folder, glob, at + 1, depth));
    }
    if (!reads_.exists(folder)) return {};
    auto names = reads_.listing(folder);
    if (!names) {
      if (names.error().errnum == ENOTDIR || names.error().errnum == ENOENT) return {};
      return std::move(names.error());
    }
    for (const std::string& name : *names) {
      if (name == "node_modules" || (name.front() == '.' && part.front() != '.')) continue;
      if (!any && !matches_wildcard(part, name)) continue;
      auto identity = stat_identity(folder + "/" + name);
      if (!identity || identity->kind != FileKind::Directory) {
        reads_.exists(folder + "/" + name);  // the listing stays the same should it become one
        continue;
      }
      BXL_TRY(walk(folder + "/" + name, glob, any ? at : at + 1, depth + 1));
    }
    return {};
  }

  std::set<std::string>& found() { return found_; }

 private:
  const std::string& root_;
  Reads& reads_;
  std::set<std::string> found_;
  std::set<std::pair<std::size_t, std::string>> visited_;
};

}  // namespace

Result<std::vector<std::string>> match_folders(const std::string& root,
                                               const std::vector<std::string>& globs,
                                               Reads& reads) {
  std::set<std::string> out;
  for (const std::string& spelled : globs) {
    const bool negative = spelled.starts_with('!');
    std::vector<std::string> alternatives;
    BXL_TRY(expand(negative ? spelled.substr(1) : spelled, alternatives));
    for (const std::string& glob : alternatives) {
      const Parts parts = split(glob);
      if (negative) {
        std::erase_if(out, [&](const std::string& folder) {
          return path_matches(parts, split(folder.substr(root.size())));
        });
        continue;
      }
      Search search(root, reads);
      BXL_TRY(search.walk(root, parts, 0, 0));
      out.merge(search.found());
    }
  }
  return std::vector<std::string>(out.begin(), out.end());
}

Result<std::vector<std::string>> pnpm_packages(const std::string& text, const std::string& file) {
  std::vector<std::string> out;
  bool within = false;
  std::size_t number = 0;
  auto wrong = [&](const std::string& what) {
    return make_error(0, file + ":" + std::to_string(number) + ": " + what);
  };
  auto unquoted = [&](std::string value) -> Result<std::string> {
    const std::size_t begin = value.find_first_not_of(" \t");
    value.erase(0, std::min(begin, value.size()));
    if (!value.empty() && (value.front() == '"' || value.front() == '\'')) {
      const std::size_t end = value.find(value.front(), 1);
      if (end == std::string::npos) return wrong("this string has no end");
      return value.substr(1, end - 1);
    }
    if (const std::size_t comment = value.find(" #"); comment != std::string::npos)
      value.resize(comment);
    value.resize(value.find_last_not_of(" \t\r") + 1);
    if (value.find_first_of("&*") == 0 && value.find('/') == std::string::npos &&
        value.size() > 1 && value[1] != '*')
      return wrong("anchors and aliases are not supported here");
    return value;
  };
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    std::string line = text.substr(begin, end - begin);
    begin = end + 1;
    ++number;
    const std::size_t first = line.find_first_not_of(" \t\r");
    if (first == std::string::npos || line[first] == '#') continue;
    if (within && line[first] == '-') {
      BXL_TRY_ASSIGN(std::string value, unquoted(line.substr(first + 1)));
      if (!value.empty()) out.push_back(std::move(value));
      continue;
    }
    if (within && first > 0) return wrong("expected '- folder'");
    within = false;
    if (first > 0) continue;
    for (std::string_view key : {"packages:", "\"packages\":", "'packages':"}) {
      if (!line.starts_with(key)) continue;
      within = true;
      std::string rest = line.substr(key.size());
      const std::size_t open = rest.find('[');
      const std::size_t value = rest.find_first_not_of(" \t\r");
      if (value != std::string::npos && value != open && rest[value] != '#')
        return wrong("'packages' must be a list of folders");
      if (value != open || open == std::string::npos) break;
      const std::size_t close = rest.find(']', open);
      if (close == std::string::npos) return wrong("a list in brackets must end on its line");
      for (std::size_t from = open + 1; from < close;) {
        const std::size_t to = std::min(rest.find(',', from), close);
        BXL_TRY_ASSIGN(std::string folder, unquoted(rest.substr(from, to - from)));
        if (!folder.empty()) out.push_back(std::move(folder));
        from = to + 1;
      }
      within = false;
    }
  }
  return out;
}

}  // namespace bxl::frontend::javascript
