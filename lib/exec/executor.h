// Runs what a plan leaves to do: a ready queue over the graph, an injected runner and an injected
// late lookup. The rules it keeps: lib/RULES.md.
#pragma once

#include <sys/types.h>

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cas/blob_store.h"
#include "cas/hash_memo.h"
#include "exec/jobserver.h"
#include "exec/recorder.h"
#include "fingerprint/fingerprint.h"
#include "fingerprint/view.h"
#include "materialize/placer.h"
#include "sandbox/sandbox.h"
#include "state/output_log.h"
#include "state/workspace.h"
#include "wire/records.h"

namespace bxl::exec {

// Runs one command under observation; called on a job's thread, several at once with distinct
// slots.
class Runner {
 public:
  virtual ~Runner() = default;
  virtual Result<sandbox::Outcome> run(std::size_t slot, const sandbox::Command& command,
                                       const sandbox::Policy& policy) = 0;
  virtual void cancel_all() = 0;
  // The private, empty temporary directory of a slot. It is emptied after each run.
  virtual Result<std::string> temp_directory(std::size_t slot) = 0;
  virtual void empty_temp_directory(std::size_t slot) = 0;
};
// `last_resort`: take_private_temp(). Temporary directories of all slots, and of other builds, lie
// in a directory that holds nothing else (rule 51).
std::unique_ptr<Runner> sandbox_runner(std::size_t slots, std::string last_resort);

// What a late lookup answers; the same values as in a plan. Miss: must run.
using Oracle = std::function<wire::PlanPip(PipId, Digest* static_hash)>;

// Under what a publishable result with this path set is to be published. Called when View is as for
// the strong fingerprint.
using Filing = std::function<wire::Filed(PipId, const Digest& weak, const Digest& path_set)>;

// Told what happens, on the main thread, for the console.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void started(PipId, std::size_t /*running*/) {}
  virtual void finished(const wire::PipResult&, std::size_t /*done*/, std::size_t /*to_do*/) {}
  virtual void note(const std::string&) {}
  // Called whenever the build is about to wait; in how many ms to be called again at the latest,
  // -1: whenever something else happens.
  virtual int tick() { return -1; }
};

struct Sharing;  // exec/share.h

struct Settings {
  std::size_t jobs = 1;
  // Not null: each pip beyond the first also needs a token of it. Must outlive the build, which
  // holds no token when it returns, nor when a second signal ends the process.
  Jobserver* jobserver = nullptr;
  // stdin, stdout and stderr of pips of the console pool; -1: they get what all pips get.
  std::array<int, 3> console_fds{-1, -1, -1};
  int keep_going = 1;  // failures to stop after; 0: never
  bool warn_violations = false;
  std::uint64_t pip_timeout_ms = 0;  // 0: none
  // Of the user, for actions: all variables, and the umask.
  std::vector<std::pair<std::string, std::string>> user_environment;
  mode_t user_umask = 022;
};

struct Services {
  fingerprint::View& view;
  materialize::Placer& placer;
  state::OutputLog& log;
  const state::Workspace& workspace;
  cas::BlobStore* store;  // null: outputs are hashed, not stored, and nothing is publishable
  cas::HashMemo& memo;
  const fingerprint::Salts& salts;
  Runner& runner;
  Oracle oracle;
  // What an earlier build or the cache knows, for pips that do not run in this one; the encoded
  // path set is empty and the row null where there is none.
  std::function<std::string(const Digest& path_set)> path_set;
  std::function<const wire::StateRow*(const std::string& stable_id)> state_row;
  Observer& observer;
  std::function<void(wire::PipResult)> emit;  // results, in the order they become final
  Filing filing = {};                         // empty: under the weak fingerprint
  const Sharing* sharing = nullptr;           // null: results are not shared with other checkouts
};

struct Summary {
  bool cancelled = false;
  int signal = 0;  // cancelled: by this one
  std::size_t failed = 0, violated = 0;
  std::size_t timed_out = 0;                                     // of `failed`
  std::uint64_t files_materialized = 0, bytes_materialized = 0;  // for pips that ran
  bool local_resource = false;  // a disk or memory error of our own stopped the build
  std::string error;            // then: the sentence
};

// `plan` in topological order. `suspect`: the plan's basis no longer holds, so that every clean and
// hit decision is looked up again when its turn comes. `cancel_fd` is a signalfd: the first signal
// kills all pips at once and sets `cancelled`, a second one ends the process.
Summary execute(const std::vector<wire::PlanPip>& plan, const std::vector<wire::Scrub>& scrubs,
                bool suspect, const Settings& settings, Services services, int cancel_fd);

}  // namespace bxl::exec
