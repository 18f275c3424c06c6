#include "adopt.h"

#include <optional>
#include <unordered_map>
#include <unordered_set>

#include "fingerprint/projection.h"
#include "os/file.h"

namespace bxl::materialize_tool {
namespace {

bool exists(const std::string& path) {
  auto identity = lstat_identity(path);
  return identity && identity->exists();
}

// Which files are under version control. Asks no program: what a git of another version would do
// to the index is not ours to cause.
class VersionControl {
 public:
  // Empty: it is not, as far as can be known. Else the reason why it counts as the user's.
  std::string claims(const std::string& path) {
    const std::string& root = root_of(std::string(parent_path(path)));
    if (root.empty()) return {};
    const Repository& repository = read(root);
    if (!repository.readable) return "the index of the repository " + root + " cannot be read";
    if (repository.tracked.count(path.substr(root == "/" ? 1 : root.size() + 1)) == 0) return {};
    return "it is under version control";
  }

 private:
  struct Repository {
    bool readable = false;
    std::unordered_set<std::string> tracked;
  };

  const std::string& root_of(const std::string& directory) {
    auto known = roots_.find(directory);
    if (known != roots_.end()) return known->second;
    std::string root;
    if (exists(directory + "/.git") || exists(directory + "/.hg") || exists(directory + "/.jj"))
      root = directory;
    else if (directory != "/")
      root = root_of(std::string(parent_path(directory)));
    return roots_[directory] = root;
  }

  const Repository& read(const std::string& root) {
    auto known = repositories_.find(root);
    if (known != repositories_.end()) return known->second;
    Repository& repository = repositories_[root];
    std::string git = root + "/.git";
    auto identity = stat_identity(git);
    if (!identity || !identity->exists()) return repository;  // another system
    if (identity->kind == FileKind::File) {                   // a worktree or a submodule
      auto text = read_file(git);
      constexpr std::string_view kKey = "gitdir: ";
      if (!text || !text->starts_with(kKey)) return repository;
      std::string where = text->substr(kKey.size());
      while (!where.empty() && where.back() == '\n') where.pop_back();
      git = normalize_path(where.starts_with('/') ? where : root + "/" + where);
    }
    // Entries of another length than SHA-1's would be misread.
    auto config = read_file(git + "/config");
    if (config && config->find("objectformat") != std::string::npos) return repository;
    auto index = read_file(git + "/index");
    if (!index) {
      repository.readable = index.error().errnum == ENOENT;  // nothing was added yet
      return repository;
    }
    if (auto names = fingerprint::git_index_paths(*index)) {
      repository.readable = true;
      repository.tracked.insert(names->begin(), names->end());
    }
    return repository;
  }

  std::unordered_map<std::string, std::string> roots_;  // by directory
  std::unordered_map<std::string, Repository> repositories_;
};

std::optional<wire::OutputKind> adoptable_kind(FileKind kind) {
  if (kind == FileKind::File) return wire::OutputKind::File;
  if (kind == FileKind::Symlink) return wire::OutputKind::Symlink;
  return {};  // a directory may hold anything
}

}  // namespace

std::vector<Adoptable> find_adoptable(const graph::PipGraph& graph, const graph::Mounts& mounts,
                                      PathTable& paths, const graph::OutputRecords& records,
                                      std::vector<std::string>* refused) {
  std::vector<Adoptable> found;
  std::unordered_set<PathId> seen;
  VersionControl version_control;
  for (PipId id : graph.topological_order()) {
    const wire::Pip& pip = graph.pip(id);
    if (pip.kind == wire::PipKind::Alias || (pip.flags & wire::kPipGenerator)) continue;
    for (const auto* list : {&pip.outputs, &pip.optional_outputs}) {
      for (PathId declared : *list) {
        // Outputs are recorded by their physical paths.
        auto parent = real_path(paths.str(paths.parent(declared)));
        if (!parent) continue;
        const std::string text =
            (*parent == "/" ? "/" : *parent + "/") + std::string(paths.name(declared));
        const wire::Mount* mount = mounts.of(text);
        const PathId path = paths.intern(text);
        auto disk = lstat_identity(text);
        if (!disk || !disk->exists() || !seen.insert(path).second) continue;
        auto record = records.find(path);
        if (record != records.end() && graph::still_recorded(record->second, *disk)) continue;
        if (!mount || !(mount->flags & wire::kMountOutput)) {
          refused->push_back(text + " is left alone: it lies outside the build directory");
          continue;
        }
        auto kind = adoptable_kind(disk->kind);
        if (!kind) {
          refused->push_back(text + " is left alone: it is neither file nor symlink");
          continue;
        }
        if (std::string why = version_control.claims(text); !why.empty()) {
          refused->push_back(text + " is left alone: " + why);
          continue;
        }
        Adoptable one;
        one.owner = pip.stable_id;
        one.output.path = path;
        one.output.kind = *kind;
        one.output.executable = disk->executable;
        one.output.size = disk->size;
        one.output.identity = *disk;
        found.push_back(std::move(one));
      }
    }
  }
  return found;
}

}  // namespace bxl::materialize_tool
