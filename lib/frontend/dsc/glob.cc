// glob, globR, globRecursively and globFolders.
#include <algorithm>

#include "frontend/dsc/natives.h"
#include "frontend/wildcard.h"

namespace bxl::frontend::dsc {
namespace {

constexpr std::size_t kMaxGlobEntries = 200'000;

struct Walk {
  Evaluator& evaluator;
  const CallSite& at;
  std::string pattern;
  FileKind wanted;
  bool recursive;
  std::vector<Value> found;
  std::size_t seen = 0;

  Result<void> directory(const std::string& path, int depth) {
    auto members = evaluator.world().list_directory(path);
    if (!members) {
      if (members.error().errnum == ENOENT || members.error().errnum == ENOTDIR) return {};
      return evaluator.error(at.origin, members.error().to_string());
    }
    for (const std::string& name : *members) {
      if (++seen > kMaxGlobEntries)
        return evaluator.error(at.origin, "more than " + std::to_string(kMaxGlobEntries) +
                                              " files lie in the directories that are searched");
      const std::string full = path == "/" ? "/" + name : path + "/" + name;
      const bool fits = matches_wildcard(pattern, name);
      if (!fits && !recursive) continue;
      const FileKind kind = evaluator.world().kind(full);
      if (fits && kind == wanted) {
        BXL_TRY_ASSIGN(
            Value one,
            evaluator.text(at.origin, wanted == FileKind::File ? Type::File : Type::Directory,
                           full));
        found.push_back(one);
      }
      // Symbolic links may lead in circles; no project is this deep.
      if (recursive && kind == FileKind::Directory && depth < 40)
        BXL_TRY(directory(full, depth + 1));
    }
    return {};
  }
};

Result<Value> search(Evaluator& e, const CallSite& at, Arguments a, FileKind wanted,
                     bool recursive) {
  BXL_TRY_ASSIGN(const std::string* root, path_argument(e, at, a, 0));
  Walk walk{e, at, "*", wanted, recursive, {}};
  if (a.size() > 1 && !a[1].is_undefined()) {
    BXL_TRY_ASSIGN(const std::string* pattern, text_argument(e, at, a, 1));
    walk.pattern = *pattern;
  }
  if (a.size() > 2) {
    BXL_TRY_ASSIGN(walk.recursive, e.truth(a[2], at.origin));
  }
  // "*/x": one level down.
  bool below = walk.pattern.starts_with("*/") || walk.pattern.starts_with("*\\");
  if (below) walk.pattern.erase(0, 2);
  if (walk.pattern.find_first_of("/\\") != std::string::npos)
    return e.error(at.origin, "a pattern has one name, or two of which the first is *");
  if (below) {
    auto members = e.world().list_directory(*root);
    if (members)
      for (const std::string& name : *members) BXL_TRY(walk.directory(*root + "/" + name, 0));
  } else {
    BXL_TRY(walk.directory(*root, 0));
  }
  return e.array(at.origin, std::move(walk.found));
}

Result<Value> glob(Evaluator& e, const CallSite& at, const Value&, Arguments a) {
  return search(e, at, a, FileKind::File, false);
}
Result<Value> glob_recursively(Evaluator& e, const CallSite& at, const Value&, Arguments a) {
  return search(e, at, a, FileKind::File, true);
}
Result<Value> glob_folders(Evaluator& e, const CallSite& at, const Value&, Arguments a) {
  return search(e, at, a, FileKind::Directory, false);
}

constexpr NativeRow kRows[] = {{"glob", 1, 2, glob},
                               {"globR", 1, 2, glob_recursively},
                               {"globRecursively", 1, 2, glob_recursively},
                               {"globFolders", 1, 3, glob_folders}};

}  // namespace

std::span<const NativeRow> file_system_rows() { return kRows; }

}  // namespace bxl::frontend::dsc
