// Files on their way into and out of the tree, none of them lost to who saves in the same moment.
//
// Nothing is replaced or unlinked where it lies: it is taken out under a private name in one step
// with the look at it, judged there, and then dropped, set aside or put back. What a killed build
// held lies in `.bxl/tmp` as held-…; rescue() brings it to `.bxl/saved`.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "graph/mounts.h"
#include "materialize/note.h"
#include "os/file.h"
#include "os/rename.h"
#include "state/workspace.h"

namespace bxl::materialize {

using Tell = std::function<void(const Note&)>;

// A place in the tree: a name in its directory, which the caller holds open.
struct Spot {
  NameAt at;
  std::string path;  // for people, and for the name of what is set aside
};

// What lay at a spot and now lies elsewhere, nobody else knows where.
struct Taken {
  NameAt at;
  FileIdentity identity;  // its ctime is that of the move
};

// One file before and after it was moved: moving changes ctime and nothing else.
bool is_same_file(const FileIdentity& before, const FileIdentity& moved);

// Owned by one thread at a time. All references must outlive it.
class Custody {
 public:
  Custody(const state::Workspace& workspace, const graph::Mounts& mounts, const Tell& tell)
      : workspace_(workspace), mounts_(mounts), tell_(tell) {}

  // Takes out what lies there; empty: nothing. Beside the spot where `.bxl` is on another file
  // system. Errors: EACCES, EROFS …; nothing has happened then.
  Result<std::optional<Taken>> take(const Spot& spot);

  // Unlinks it.
  Result<void> drop(const Taken& taken);
  // Back to where it lay, if nothing new lies there; false: something does.
  Result<bool> put_back(const Taken& taken, const Spot& spot);
  // To this build's directory in `.bxl/saved`; returns the name there. Said to `tell`.
  Result<std::string> save(const Taken& taken, const Spot& spot);
  // The same with a copy of what lies at the spot and stays there; not said.
  Result<std::string> save_copy(const Spot& spot);

  // What is to become of a file that was in the way.
  enum class Verdict {
    Drop,    // it is what bxl put there, and nobody writes to it
    Save,    // it is the user's: set aside
    Refuse,  // it is the user's and stays, nothing is brought there
  };
  using Judge = std::function<Verdict(const Taken&)>;
  struct Landed {
    FileIdentity identity;           // of what was brought there; ctime 0: somebody has changed it
    std::vector<std::string> aside;  // names of what was set aside, in order
  };
  // Brings the file `temp` to the spot. What lies there by then is judged once it has been taken
  // out. Empty: refused, and `temp` is gone. Errors: EISDIR for a directory in the way, EACCES,
  // EROFS …
  Result<std::optional<Landed>> land(const std::string& temp, const Spot& spot, const Judge& judge);

  // To be called before a build writes: what a killed one held is the user's, as far as anybody
  // knows. Requires the lock of the workspace. Errors: what could not be moved; it stays.
  Result<void> rescue();

 private:
  std::string private_name(const std::string& stem);
  Result<NameAt> bring_near(const std::string& temp, const Spot& spot);
  Result<std::string> saved_name(const std::string& path);
  Result<void> give_way(const NameAt& temp, const FileIdentity& ours, const Spot& spot,
                        const Taken& out, bool landed);
  Result<std::optional<Taken>> swap(const NameAt& temp, const Spot& spot, bool* landed);

  state::Workspace workspace_;
  const graph::Mounts& mounts_;
  const Tell& tell_;
  std::string saved_dir_;  // this build's directory below .bxl/saved
  unsigned counter_ = 0;
};

}  // namespace bxl::materialize
