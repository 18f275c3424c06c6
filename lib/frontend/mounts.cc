// The mounts of a build.
#include <algorithm>
#include <map>
#include <set>

#include "frontend/workspace.h"
#include "os/file.h"

namespace bxl::frontend {
namespace {

constexpr std::size_t kMaxSourceMounts = 16;
constexpr const char* kSystemDirectories[] = {"/bin",    "/etc", "/lib",  "/lib32", "/lib64",
                                              "/libx32", "/opt", "/sbin", "/usr",   "/var"};

std::string cache_value(std::string_view text, std::string_view key) {
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = std::min(text.find('\n', at), text.size());
    std::string_view line = text.substr(at, end - at);
    at = end + 1;
    // NAME:TYPE=value
    if (line.substr(0, key.size()) != key || line.substr(key.size(), 1) != ":") continue;
    std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) continue;
    line.remove_prefix(equals + 1);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    return std::string(line);
  }
  return {};
}

bool is_directory(const std::string& path) {
  auto identity = stat_identity(path);
  return identity && identity->kind == FileKind::Directory;
}

class MountFinder {
 public:
  MountFinder(const Workspace& workspace, Reads& reads) : workspace_(workspace), reads_(reads) {
    auto home = real_path(home_directory());
    if (home && *home != "/" && is_directory(*home)) home_ = *home;
    for (const char* directory : kSystemDirectories) {
      auto real = real_path(directory);
      // On merged-/usr systems /bin and /lib are links: their target has the token.
      if (!real || *real != directory || !is_directory(*real)) continue;
      system_.push_back(*real);
    }
  }

  std::vector<wire::Mount> find(const CMakeDirectories& cmake,
                                const std::vector<std::string>& leaves) {
    std::vector<wire::Mount> out;
    constexpr std::uint32_t kSource = wire::kMountReadable | wire::kMountHashable;
    // Nobody knows where the commands of a Ninja build write; other graphs say it.
    if (workspace_.front_end != FrontEnd::Ninja)
      out.push_back({"%ws%", workspace_.directory, kSource});
    else
      out.push_back({"%build%", workspace_.directory, kSource | wire::kMountOutput});
    std::vector<std::string> sources;
    if (auto source = real_path(cmake.source); !cmake.source.empty() && source)
      sources.push_back(*source);
    else
      sources = find_sources(leaves);
    std::size_t number = 0;
    for (const std::string& source : sources) {
      if (source == workspace_.directory || !may_be_source(source)) continue;
      std::string suffix = number == 0 ? "" : std::to_string(number);
      out.push_back({"%src" + suffix + "%", source, kSource});
      ++number;
    }
    auto add = [&](const std::string& token, const std::string& path, std::uint32_t flags) {
      for (const wire::Mount& mount : out)
        if (mount.path == path) return;
      out.push_back({token, path, flags});
    };
    if (!home_.empty()) add("%home%", home_, kSource);
    for (const std::string& path : system_)
      add("%" + path.substr(1) + "%", path, kSource | wire::kMountSystem);
    return out;
  }

 private:
  bool may_be_source(const std::string& directory) const {
    return directory != "/" && (home_.empty() || !path_within(home_, directory)) &&
           std::find(system_.begin(), system_.end(), directory) == system_.end();
  }

  // The nearest ancestor under version control, else the directory itself; "" when no mount may be
  // made of it.
  std::string source_root(const std::string& directory) {
    auto [it, added] = roots_.try_emplace(directory);
    if (!added) return it->second;
    std::string found = directory;
    for (std::string at = directory; at != "/" && at != home_; at = std::string(parent_path(at))) {
      if (reads_.exists(at + "/.git") || reads_.exists(at + "/.hg") || reads_.exists(at + "/.jj")) {
        found = at;
        break;
      }
    }
    bool under_system = std::any_of(system_.begin(), system_.end(), [&](const std::string& system) {
      // A checkout below /opt or /var is a source tree; /etc under etckeeper is not.
      return path_within(found, system) && found == directory;
    });
    if (under_system || !may_be_source(found)) found.clear();
    return roots_[directory] = found;
  }

  static void merge_by_prefix(std::set<std::string>& roots) {
    // In set order "/a-b" stands between "/a" and "/a/b": every pair of neighbours is not enough.
    for (auto it = roots.begin(); it != roots.end();) {
      bool covered = false;
      for (std::string_view above = parent_path(*it); !covered && above != "/";
           above = parent_path(above))
        covered = roots.count(std::string(above)) != 0;
      it = covered ? roots.erase(it) : std::next(it);
    }
  }

  std::vector<std::string> find_sources(const std::vector<std::string>& leaves) {
    std::set<std::string> directories, roots;
    for (const std::string& leaf : leaves)
      if (!path_within(leaf, workspace_.directory)) directories.emplace(parent_path(leaf));
    for (const std::string& directory : directories) {
      auto covered = std::any_of(roots.begin(), roots.end(), [&](const std::string& root) {
        return path_within(directory, root);
      });
      if (covered) continue;
      auto real = real_path(directory);
      if (!real) {
        // A missing input is for the planner to report; the mount follows when the place is there.
        reads_.exists(directory);
        continue;
      }
      std::string root = source_root(*real);
      if (!root.empty()) roots.insert(std::move(root));
    }
    merge_by_prefix(roots);
    // Too many trees without version control: widen the deepest ones until few enough remain.
    while (roots.size() > kMaxSourceMounts) {
      auto deepest = std::max_element(roots.begin(), roots.end(), [](const auto& a, const auto& b) {
        return std::count(a.begin(), a.end(), '/') < std::count(b.begin(), b.end(), '/');
      });
      std::string parent(parent_path(*deepest));
      roots.erase(deepest);
      if (may_be_source(parent)) roots.insert(parent);
      merge_by_prefix(roots);
    }
    return {roots.begin(), roots.end()};
  }

  const Workspace& workspace_;
  Reads& reads_;
  std::string home_;
  std::vector<std::string> system_;
  std::map<std::string, std::string> roots_;
};

}  // namespace

CMakeDirectories read_cmake_directories(const Workspace& workspace, Reads& reads) {
  auto text = reads.read(workspace.directory + "/CMakeCache.txt");
  if (!text) return {};
  return {cache_value(*text, "CMAKE_HOME_DIRECTORY"), cache_value(*text, "CMAKE_CACHEFILE_DIR")};
}

std::set<std::string> read_cmake_names(const Workspace& workspace, const CMakeDirectories& cmake,
                                       Reads& reads) {
  std::set<std::string> names;
  if (cmake.build.empty()) return names;
  auto text = reads.read(workspace.directory + "/CMakeFiles/TargetDirectories.txt");
  if (!text) return names;
  for (const char* name : {"/clean", "/help"}) names.insert(workspace.directory + name);
  // One directory per target, "/build/sub/CMakeFiles/NAME.dir": the target's symbolic output is
  // "sub/CMakeFiles/NAME", or "…/NAME.util" for CMake's own.
  constexpr std::string_view kEnd = ".dir";
  std::size_t end = 0;
  for (std::size_t at = 0; at < text->size(); at = end + 1) {
    end = std::min(text->find('\n', at), text->size());
    std::string line = text->substr(at, end - at);
    if (!line.ends_with(kEnd)) continue;
    line.resize(line.size() - kEnd.size());
    if (path_within(line, cmake.build))
      line = workspace.directory + line.substr(cmake.build.size());
    names.insert(line + ".util");
    names.insert(std::move(line));
  }
  return names;
}

std::vector<std::pair<std::string, std::string>> find_spellings(const Workspace& workspace,
                                                                const CMakeDirectories& cmake) {
  std::vector<std::pair<std::string, std::string>> out;
  auto add = [&](const std::string& spelled) {
    if (spelled.empty() || spelled.front() != '/') return;
    auto real = real_path(spelled);
    std::string folded = normalize_path(spelled);
    if (real && *real != folded) out.emplace_back(folded, *real);
  };
  if (real_path(cmake.build) && *real_path(cmake.build) == workspace.directory) add(cmake.build);
  add(cmake.source);
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) {
    return a.first.size() != b.first.size() ? a.first.size() > b.first.size() : a.first < b.first;
  });
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

std::vector<wire::Mount> find_mounts(const Workspace& workspace, const CMakeDirectories& cmake,
                                     const std::vector<std::string>& leaves, Reads& reads) {
  return MountFinder(workspace, reads).find(cmake, leaves);
}

}  // namespace bxl::frontend
