// View(pip, path): the one notion of "current state" (lib/RULES.md, 0). Lookup, late lookup, the
// recording after a run and the state check all use it; nothing else may stat to decide what a pip
// would see.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/path_table.h"
#include "fingerprint/tree.h"
#include "graph/mounts.h"
#include "graph/output_record.h"
#include "graph/pip_graph.h"

namespace bxl::fingerprint {

// What one pip would find at one path.
struct Seen {
  enum class Certainty {
    Known,
    Unknown,     // an output of an upstream pip without a final result: the pip is deferred
    Unreadable,  // lstat failed with something other than absence (errnum)
  };
  Certainty certainty = Certainty::Known;
  FileKind kind = FileKind::Absent;
  bool executable = false;
  bool hidden = false;           // Absent because it is an output of a pip that is not upstream
  bool from_disk = false;        // `identity` is what is on disk
  PipId owner = kNoPip;          // the pip whose output it is, when it is one
  FileIdentity identity;         // from_disk only
  std::optional<Digest> digest;  // upstream results: bytes or link target
  int errnum = 0;
};

// Not thread-safe. First match wins:
//   1. the pip's own outputs, declared or recorded: absent (a recorded, undeclared one that was
//      changed is the user's)
//   2. outputs of transitive dependencies: their final result; not final: Unknown
//   3. outputs of other pips of the graph: hidden, that is absent
//   4. recorded outputs of pips no longer in the graph, still as recorded: absent (stale, to be
//      scrubbed)
//   5. output directories, and ancestors of any declared output of the graph: a directory.
//   (bxl-exec makes all of them
//      before the first pip starts, so that their existence is a function of the graph and not of
//      luck.)
//   6. the disk
// Directories made by pips follow 1-4, but exist as soon as something visible lies in them.
class View {
 public:
  // `records` is kept by reference and may grow while the build runs; call note_outputs() for that.
  View(const graph::PipGraph& graph, PathTable& paths, const graph::Mounts& mounts, Tree& tree,
       const graph::OutputRecords& records);

  Seen at(PipId pip, PathId path);
  // Follows symlinks as open(2) would, through View, at most 40 times. `path` need not be physical.
  struct Resolved {
    PathId path;
    Seen seen;
  };
  Resolved follow(PipId pip, PathId path);
  // Content digest of what at() saw (files: bytes; symlinks: target). Errors: EAGAIN when it
  // changed since, others.
  Result<Digest> content(PathId path, const Seen& seen);
  // Sorted names a listing of `dir` would show the pip; `.bxl`, `.git` and the like are never
  // members. Empty optional: some member is Unknown. `intruder`: a pip that is in no order with
  // `pip` and has outputs among the members, hidden from it; kNoPip: there is none.
  Result<std::optional<std::vector<std::string>>> members(PipId pip, PathId dir,
                                                          PipId* intruder = nullptr);

  // The final result of a pip in this build (clean, hit or ran). Its outputs become visible
  // downstream; recorded outputs it no longer makes become stale.
  void finalize(PipId pip, const std::vector<wire::Output>& outputs);
  bool is_final(PipId pip) const { return final_[index(pip)]; }
  bool dependencies_final(PipId pip) const;
  const std::vector<wire::Output>* result(PipId pip) const;
  // Does `pip` make `path` for an upstream pip that declares it and, by its final result, does not
  // make it? (CMake's ExternalProject declares what the install step makes as a by-product of the
  // build step.)
  bool makes_for_another(PipId pip, PathId path);

  // The pip has (also) these outputs from now on, final or not: a run that was just observed. They
  // are its own even when an earlier build knew another owner.
  void note_outputs(PipId pip, const std::vector<PathId>& outputs);
  // What an earlier build recorded as the pip's undeclared output is gone from disk and record.
  void disown(PipId pip, PathId path);
  // Who makes `path`: declared producer, or the recorded owner when it is in the graph; kNoPip
  // otherwise.
  PipId owner(PathId path) const;
  bool is_upstream(PipId candidate, PipId of) { return reach_.is_upstream(candidate, of); }
  const std::vector<PipId>& upstream(PipId of) { return reach_.upstream(of); }
  // Is this physical path a declared output (or depfile, rspfile) of the pip?
  bool declares(PipId pip, PathId path) const {
    auto it = declared_.find(path);
    return it != declared_.end() && it->second == pip;
  }
  // Is this, or does it lie below, a directory whose content is the pip's (wire::DirectoryOutput)?
  // Not where an exclusion of the pip (PipOptions::output_exclusions) is nearer.
  bool in_output_directory(PipId pip, PathId path) const;
  // May the pip make an output at this physical path that it does not declare? Below its output
  // directories, in a mount whose undeclared outputs are at home (rule 39), and, for a directory,
  // on the way to a declared output. Never in a `.bxl`.
  bool in_output_scope(PipId pip, PathId path, bool directory) const;
  // The same or a declared one: all that a result of the pip may bring to disk.
  bool may_output(PipId pip, PathId path, bool directory) const {
    return declares(pip, path) || in_output_scope(pip, path, directory);
  }
  // The exclusion of the pip that keeps `path` from being its output; kNoPath: none does.
  PathId output_exclusion(PipId pip, PathId path) const;
  // Of which pips, then: those of the nearest such directory; null: of none.
  const std::vector<PipId>* output_directory_of(PathId path) const;
  // Physical, with the pips that declare them (wire::PipOptions).
  const std::unordered_map<PathId, std::vector<PipId>>& temporary_directories() const {
    return temporary_dirs_;
  }
  bool is_declared_directory(PathId path) const { return declared_dirs_.count(path) != 0; }
  const std::unordered_set<PathId>& declared_directories() const { return declared_dirs_; }
  // The physical place of a declared path: symlinks in its parent directories are resolved, those
  // of the user on disk, those that pips make once their result is final.
  PathId physical(PathId path);
  // Of a directory, with a link of the user at its own place followed, too: where its members lie.
  PathId physical_directory(PathId directory);

  // Forgets what the disk said of `path` and below it (rule 40), or of everything (before a late
  // lookup).
  void invalidate(PathId path);
  void invalidate_all() { ++epoch_; }
  // lstat through the memo of this epoch.
  const FileIdentity& disk(PathId path, int* errnum = nullptr);
  // Every path whose disk state was consulted in this epoch: what decisions rest on.
  const std::vector<PathId>& consulted() const { return consulted_; }
  bool was_listed(PathId path) const { return listed_.count(path) != 0; }

  PathTable& paths() { return paths_; }
  const graph::Mounts& mounts() const { return mounts_; }
  const graph::PipGraph& graph() const { return graph_; }
  Tree& tree() { return tree_; }

 private:
  struct Disk {
    std::uint32_t epoch = 0;
    int errnum = 0;
    FileIdentity identity;
  };
  struct Final {
    PipId pip;
    wire::Output output;
  };
  Seen from_disk(PathId path);
  void rehome(PathId link);
  Seen owned_directory(PipId pip, PathId path, Seen otherwise);
  bool has_visible_member(PipId pip, PathId dir);
  void own(PathId path, PipId pip);
  void note(PathId path, PipId pip);
  const graph::OutputRecord* record(PathId path) const;

  const graph::PipGraph& graph_;
  PathTable& paths_;
  const graph::Mounts& mounts_;
  Tree& tree_;
  const graph::OutputRecords& records_;
  graph::Reachability reach_;
  std::unordered_map<PathId, PipId> declared_;               // physical path of declared outputs
  std::unordered_map<PathId, PipId> noted_;                  // recorded or observed, undeclared
  std::unordered_map<PipId, std::vector<PathId>> noted_by_;  // the same by pip, and some others'
  std::unordered_set<PathId> declared_dirs_;
  std::unordered_map<PathId, std::vector<PipId>> output_dirs_;  // physical, as the next two
  std::unordered_map<PathId, std::vector<PipId>> excluded_dirs_;
  std::unordered_map<PathId, std::vector<PipId>> temporary_dirs_;
  std::unordered_set<PathId>
      declared_parents_;  // declared outputs that others lie below, by their text
  std::unordered_map<PathId, std::vector<PathId>> children_;  // owned paths by parent directory
  std::unordered_map<PathId, Final> finals_;
  std::vector<bool> final_;
  std::unordered_map<PipId, std::vector<wire::Output>> results_;
  std::unordered_map<PathId, PathId> physical_dirs_;
  std::vector<Disk> disk_;
  std::vector<PathId> consulted_;
  std::unordered_set<PathId> listed_;
  std::uint32_t epoch_ = 1;
};

// Names that are never members of a listing: our own and the version control systems' directories.
bool is_ignored_member(std::string_view name);
// Of these, bxl's own.
bool is_own_name(std::string_view name);
// Does the path lie in one, below its mount? No pip may write there, and no result is brought to
// disk there.
bool is_own_place(const graph::Mounts& mounts, std::string_view path);

}  // namespace bxl::fingerprint
