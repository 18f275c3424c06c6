// The one way cached content reaches the tree, and the one way files leave it: verified, by temp +
// rename, never over or away with a user's file. Used by bxl-exec and bxl-materialize.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/path_table.h"
#include "base/result.h"
#include "cas/blob_store.h"
#include "graph/mounts.h"
#include "materialize/note.h"
#include "materialize/remover.h"
#include "state/output_log.h"
#include "state/workspace.h"
#include "wire/records.h"

namespace bxl::materialize {

enum class Placed {
  AlreadyThere,  // verified on disk, untouched
  Written,
  LostBlob,   // absent or damaged in the store: the producer must run
  UsersFile,  // an undeclared output would replace a file bxl did not make: nothing was done
};

struct PlaceResult {
  Placed placed = Placed::AlreadyThere;
  FileIdentity identity;    // on disk now (AlreadyThere, Written)
  std::uint64_t bytes = 0;  // written
};

// How the pip that made a result stands to one of its outputs. Forbidden: it may not write there,
// and the result is not what it says.
enum class Declared { No, Yes, Forbidden };

// What became of the outputs of one result together.
struct PlacedAll {
  Placed placed = Placed::AlreadyThere;  // Written: at least one
  std::uint64_t files = 0;               // written; directories not counted
  std::uint64_t bytes = 0;               // written
};

// Owns descriptors of the mounts' roots. One thread at a time. `log` is appended to before and
// after each rename.
class Placer {
 public:
  // Not copied or moved: remover and custody refer to its members.
  Placer(const Placer&) = delete;
  Placer& operator=(const Placer&) = delete;
  Placer(const state::Workspace& workspace, const graph::Mounts& mounts, PathTable& paths,
         cas::BlobStore& store, state::OutputLog& log, Tell tell)
      : workspace_(workspace),
        mounts_(mounts),
        paths_(paths),
        store_(store),
        log_(log),
        tell_(std::move(tell)),
        custody_(workspace, mounts, tell_),
        remover_(mounts, paths, log, custody_, tell_) {}

  // Once, before anything else is done to the tree: Custody::rescue().
  Result<void> rescue() { return custody_.rescue(); }

  // Brings one output of `owner` to disk. A user's file in the way of a declared output is moved to
  // .bxl/saved/. Errors: ENOSPC, EACCES, ELOOP (a symlink that is no recorded output lies on the
  // way), EISDIR…
  Result<PlaceResult> place(const std::string& owner, const wire::Output& output,
                            Declared declared);

  // Brings all outputs of one result to disk, or none: content that is lost, or a file of the user
  // in the way of an undeclared one, is found before the first file is touched. Then placed is
  // LostBlob or UsersFile, and every damaged blob of the result is in quarantine. Sets the
  // identities of `outputs`. Errors as place(); EPERM for one that is forbidden, and nothing was
  // done; what was in place of the user's by then is set
  // aside, and each output is either the old or the new one.
  Result<PlacedAll> place_all(const std::string& owner, std::vector<wire::Output>& outputs,
                              const std::function<Declared(const wire::Output&)>& declared);

  // Before `owner` runs: removes its outputs `paths` (declared and recorded). Non-directories only;
  // directories only when recorded as its own and empty. Unrecorded or changed files are moved to
  // .bxl/saved/ and remembered.
  Result<void> clear(const std::string& owner, const std::vector<PathId>& paths);
  // Puts back what clear() set aside for the pip, which failed: where nothing lies by now, or what
  // it left and the log knows. What somebody else saved there meanwhile stays, and so does what was
  // set aside.
  Result<void> restore_saved(const std::string& owner);
  // The pip succeeded: what was set aside stays in .bxl/saved/.
  void forget_saved(const std::string& owner);

  // As Remover's.
  std::vector<Remover::Relinked> take_relinked() { return remover_.take_relinked(); }
  // As Remover::scrub.
  Result<bool> scrub(PathId path, const FileIdentity& recorded) {
    return remover_.scrub(path, recorded);
  }
  // mkdir -p of `dir`; what it makes is recorded as nobody's.
  Result<void> make_directory(PathId dir);

 private:
  struct Saved {
    std::string owner;
    PathId path;
    std::string where;
  };
  // One output on its way to disk.
  struct Staged;
  Result<Staged> stage(const std::string& owner, const wire::Output& output, Declared declared);
  Result<void> make_directories_to(PathId dir, const std::function<void(const std::string&)>& made);
  Result<bool> put_in_place(const std::string& owner, Staged& staged, wire::Output& output);
  Result<bool> land(const std::string& owner, Staged& staged, wire::Output& output);
  Result<void> make_room(const std::string& owner, Staged& staged, PathId path);
  // Can files be made and removed where `path` lies, or where its directory will be made?
  Result<void> check_parent(PathId path, std::unordered_set<PathId>& checked);
  // The directory of `path`, open; empty when it is absent.
  Result<UniqueFd> parent_of(PathId path);
  Spot spot(const UniqueFd& parent, PathId path) const {
    return {{parent.get(), std::string(paths_.name(path))}, paths_.str(path)};
  }
  Result<void> save_aside(const std::string& owner, PathId path);
  Result<void> restore(const Saved& saved);
  std::string temp_name();

  state::Workspace workspace_;
  const graph::Mounts& mounts_;
  PathTable& paths_;
  cas::BlobStore& store_;
  state::OutputLog& log_;
  Tell tell_;
  Custody custody_;
  Remover remover_;
  std::vector<Saved> saved_;
  unsigned counter_ = 0;
};

}  // namespace bxl::materialize
