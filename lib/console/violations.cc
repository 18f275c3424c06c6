#include "console/violations.h"

#include <cstddef>
#include <map>
#include <set>

namespace bxl::console {

std::string violations_text(const wire::PipResult& result, const graph::PipGraph& graph,
                            const graph::Mounts& mounts, const PathTable& paths, bool all) {
  const wire::Pip& p = graph.pip(result.pip);
  static const std::map<std::string, std::string> legend = {
      {"P", "probed a path that another pip makes"},
      {"R", "read a file that another pip makes, without depending on that pip"},
      {"W", "wrote where it may not write"},
      {"DW", "wrote a file that another pip also writes"},
      {"MD", "read or wrote a source that another pip wrote or read"}};
  std::string text = "error DX0500: [" + p.stable_id +
                     "] - Disallowed file accesses were detected (" + p.spec + ")\n";
  // A command that empties the build directory meets every pip of the graph.
  const std::size_t shown = all ? result.violations.size() : 10;
  auto more = [&](std::size_t count) {
    return count <= shown ? "" : "  … and " + std::to_string(count - shown) + " more (-v: all)\n";
  };
  std::set<std::string> letters, related;
  for (const wire::Violation& v : result.violations) {
    letters.insert(v.letter);
    if (!v.related.empty()) related.insert(v.related);
    if (&v - result.violations.data() >= static_cast<std::ptrdiff_t>(shown)) continue;
    text += "  " + v.letter + (v.letter.size() < 2 ? " " : "") +
            (v.letter == "MD" ? " [" + v.role + "] " : " ") + mounts.tokenise(paths.str(v.path)) +
            "  (" + v.code + ": " + v.message + ")\n";
  }
  text += more(result.violations.size());
  for (const std::string& letter : letters)
    if (auto it = legend.find(letter); it != legend.end())
      text += "  " + letter + " = " + it->second + "\n";
  std::size_t named = 0;
  for (const std::string& id : related) {
    if (++named > shown) break;
    PipId other = graph.find(id);
    text +=
        "  Related pip: " + id + (other == kNoPip ? "" : " (" + graph.pip(other).spec + ")") + "\n";
  }
  text += more(related.size());
  if (related.size() == 1)
    text +=
        "  To fix it, name the file among the inputs (or outputs) of one of the two build "
        "statements.\n";
  else if (!related.empty())
    text +=
        "  To fix it, name each file among the inputs (or outputs) of one of the build statements "
        "that share it.\n";
  return text;
}

}  // namespace bxl::console
