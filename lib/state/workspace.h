// The `.bxl` directory of a workspace: where each thing lies, and the one lock.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "os/file.h"

namespace bxl::state {

// Invariant: `root` is a real path.
struct Workspace {
  std::string root;

  std::string dir() const { return root + "/.bxl"; }
  std::string graph() const { return dir() + "/graph"; }
  std::string state() const { return dir() + "/state"; }
  std::string outputs_log() const { return dir() + "/outputs.log"; }
  std::string run_dir() const { return dir() + "/run"; }  // journals of running pips
  // The results of a build that did not reach bxl-materialize's commit; published at the next start
  // (rule 23).
  std::string results() const { return run_dir() + "/results"; }
  std::string tmp_dir() const { return dir() + "/tmp"; }  // files about to be renamed into the tree
  std::string saved_dir() const { return dir() + "/saved"; }  // users' files set aside
  std::string log_dir() const { return dir() + "/log"; }
  std::string lock() const { return dir() + "/lock"; }

  // Makes `.bxl` and its directories, with a .gitignore so that no repository picks them up.
  Result<void> create() const;
};

// The workspace at or above `directory` whose builds are on record: questions are asked from
// anywhere in it. Errors: those of realpath(3); ENOENT, with a sentence, when there is none.
Result<Workspace> workspace_on_record(const std::string& directory);

// Takes the workspace's lock: adopts BXL_LOCK_FD when an earlier stage of the pipe already holds it
// for this root (BXL_LOCK_ROOT), else waits for it, saying on stderr for whom. Errors: EBUSY with
// `no_wait`; EDEADLK when the holder is an ancestor (BXL_INSIDE names this root: we run inside one
// of its own pips).
Result<FileLock> lock_workspace(const Workspace& workspace, const std::string& tool, bool no_wait);

// The end of `.bxl`, when everything else in it is gone: who took the lock, the lock, and, if
// nothing is left, the directory. A build that waited may have made a lock of its own by then,
// which stays. The caller holds the lock.
Result<void> remove_lock(const Workspace& workspace);

}  // namespace bxl::state
