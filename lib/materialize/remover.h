// The one way files leave the tree: by record, never what a user made or changed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/path_table.h"
#include "base/result.h"
#include "graph/mounts.h"
#include "materialize/custody.h"
#include "os/file.h"
#include "state/output_log.h"

namespace bxl::materialize {

// A path split at its mount; the descriptor belongs to the remover.
struct Place {
  int root_fd = -1;
  std::string relative;
};

// Owns descriptors of the mounts' roots. One thread at a time. All references, and `tell`, must
// outlive it.
class Remover {
 public:
  Remover(const graph::Mounts& mounts, PathTable& paths, state::OutputLog& log, Custody& custody,
          const Tell& tell)
      : mounts_(mounts), paths_(paths), log_(log), custody_(custody), tell_(tell) {}

  // Under no mount the root of the file system is the anchor.
  Result<Place> locate(PathId path);

  // Removes one stale output when it still is the recorded one; returns whether it was removed. One
  // that was changed, or that a symlink has come in the way of, is told and belongs to the user
  // from now on. A directory goes when it is empty, and stays on record otherwise. Errors: EACCES,
  // EROFS…
  Result<bool> scrub(PathId path, const FileIdentity& recorded);

  // Is what lies there what was recorded? Of two hard links the removal of one changes the ctime of
  // the other: where ctime alone differs the content decides. Nor is anything lost where the file
  // that was recorded has been edited and has another name, under which it stays.
  bool is_recorded(PathId path, const FileIdentity& recorded, const FileIdentity& disk) const;
  // Does a symlink lie on the way from the root of the mount? Recorded paths have none: the user
  // put it there since, and what lies behind it is his (rule 8).
  Result<bool> is_behind_link(const Place& place) const;
  // Removes a file that was as recorded a moment ago, as `disk`. What is something else by now is
  // the user's: it goes back to its place, or is set aside where something newer lies there; false
  // then, and when nothing was there.
  Result<bool> unlink(PathId path, const FileIdentity& disk);
  // Is this the file that was seen as `disk`, and does nobody write to it? It belongs to nobody but
  // bxl then.
  static bool is_undisturbed(const Taken& taken, const FileIdentity& disk);

  // Files that had another name when one of theirs was removed here: the identity before, and with
  // the change time that this moved. Their content is what it was.
  struct Relinked {
    FileIdentity before, after;
    Digest content;  // read under `before`
    UniqueFd file;   // open; for this module
  };
  std::vector<Relinked> take_relinked() { return std::exchange(relinked_, {}); }

 private:
  std::optional<Relinked> other_name(PathId path);

  const graph::Mounts& mounts_;
  PathTable& paths_;
  state::OutputLog& log_;
  Custody& custody_;
  const Tell& tell_;
  std::vector<std::pair<std::string, UniqueFd>> roots_;
  std::vector<Relinked> relinked_;
};

}  // namespace bxl::materialize
