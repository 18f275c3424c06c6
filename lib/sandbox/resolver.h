// Turns a path as a process spells it into the physical path the kernel would reach, one component
// at a time.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/path_table.h"
#include "os/file.h"

namespace bxl::sandbox {

enum class Follow : std::uint8_t {
  No,
  Yes
};  // of the last component; a trailing slash always follows

// Where a path leads. `kind` is Absent for ENOENT and ENOTDIR; then `id` is the path as far as it
// resolves plus the rest, or, when the rest climbs with "..", the component that is missing.
struct Place {
  PathId id = kRootPath;
  FileKind kind = FileKind::Absent;
  int error = 0;               // ELOOP, EACCES, ENAMETOOLONG …; `kind` is Absent then
  bool parent_exists = false;  // only the last component is missing: it could be created here
  bool tracked = true;  // false: in /proc, /sys, /dev, an untracked directory, or not a path at all
};

// Resolves for one run. Memoised, because a compiler asks for the same thousand directories over
// and over; a path that the run itself creates, removes or renames is never memoised again, since
// the mutation happens some time after it was announced and another process may look in between.
// What others change meanwhile shows in the identities taken at first access. Not thread-safe.
class Resolver {
 public:
  // Called with each symlink on the way, every time the walk is not answered by the memo.
  using OnLink = void (*)(void* context, PathId link);

  Resolver(PathTable& paths, const std::vector<std::string>& untracked);

  // `raw` is the spelling, not empty; `base` the physical directory it is relative to (ignored when
  // absolute); `root` is
  // "/" except for openat2's RESOLVE_IN_ROOT. /proc/self is /proc/TID.
  Place resolve(PathId base, std::string_view raw, Follow follow, pid_t tid, OnLink on_link,
                void* context, PathId root = kRootPath);

  // From now on the last component is looked at anew: for calls that change something, where what
  // another process tree did since must not be taken from memory.
  void look_again(bool again) { again_ = again; }

  // A structural change of this path is about to happen (create, unlink, rename, mkdir, symlink).
  // `whole_tree`: also of everything below it.
  void will_change(PathId id, bool whole_tree);

  bool is_tracked(PathId id) const;

 private:
  struct Node {
    bool known = false, changing = false, tree_changing = false;
    FileKind kind = FileKind::Absent;
    int error = 0;
    std::string target;  // of a symlink
  };
  struct Memo {
    std::uint64_t generation = 0;
    Place place;
  };
  Place walk(PathId base, std::string_view raw, Follow follow, pid_t tid, OnLink on_link,
             void* context, PathId root, bool& volatile_walk);
  const Node& look(PathId id, bool remember, bool again, Node& scratch);
  Node& node(PathId id);
  Place finish(Place place) const;

  PathTable& paths_;
  PathId proc_, sys_, dev_, shm_;
  std::vector<PathId> untracked_;
  std::vector<Node> nodes_;
  std::unordered_map<std::string, Memo> memo_;
  std::uint64_t generation_ = 1;
  bool again_ = false;
  std::string key_, text_;  // reused buffers
};

}  // namespace bxl::sandbox
