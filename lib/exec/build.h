// The state of one build while it is executed; its methods lie by theme in executor.cc (who may
// run, and when), attempt.cc (what a run needs on disk) and outcome.cc (what became of it). One
// thread only: the workers never see it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <queue>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "exec/executor.h"
#include "exec/recorder.h"
#include "exec/tool_cache.h"
#include "exec/workers.h"
#include "os/oom_kills.h"

namespace bxl::exec {

using wire::Action;
using wire::Outcome;
using wire::PipResult;

constexpr int kMaxAttempts =
    3;  // the first run and at most two more after a false absence or a lost blob

enum class State : std::uint8_t { Outside, Waiting, Ready, Running, Succeeded, Failed };

struct Node {
  State state = State::Outside;
  Action action = Action::Miss;
  bool requested = false;
  bool released = false;     // its consumers no longer count it
  bool publishable = false;  // it ran, and its result was said to be publishable
  bool placed = false;       // its outputs are on disk, verified
  std::string distrusted;    // another pip disturbed it: why its own result is not to be believed
  int attempts = 0;
  std::uint32_t retries = 0;      // for an exit code that asks for it
  std::size_t waiting_for = 0;    // dependencies, and pips that it waits for by extra_waiters
  std::size_t extra_waiting = 0;  // of these
  Digest static_hash, weak;
  Digest strong, path_set;
  wire::Filed filed;
  wire::Shared shared;
  wire::Entry entry;
  std::string reason;                // why nothing could be reused
  std::vector<PipId> extra_waiters;  // pips that need it run again (lost blob)
  // Of a task that a tool runs, that listed directories, and is publishable or would be but for
  // these: what was said of it, and what it found there.
  struct Listed {
    PipResult result;
    std::vector<Listing> listings;
  };
  std::unique_ptr<Listed> listed;
  // Of a pip that is publishable but for declared outputs that it did not make: pips after it may
  // make them, and then it is.
  struct Incomplete {
    PipResult result;
    std::vector<PathId> missing;
  };
  std::unique_ptr<Incomplete> incomplete;
};

class Build {
 public:
  Build(const Settings& settings, Services& services)
      : settings_(settings),
        s_(services),
        graph_(services.view.graph()),
        paths_(services.view.paths()),
        nodes_(graph_.size()),
        rank_(graph_.size()),
        analyzer_(graph_, paths_, services.view.mounts(),
                  [this](violation::Analyzer&) { tell_of_others(); }),
        tool_caches_(graph_, paths_, services.workspace.root) {
    const auto& order = graph_.topological_order();
    for (std::size_t i = 0; i < order.size(); ++i) rank_[index(order[i])] = i;
  }

  Summary run(const std::vector<wire::PlanPip>& plan, const std::vector<wire::Scrub>& scrubs,
              bool suspect, int cancel_fd);

 private:
  const wire::Pip& pip(PipId id) const { return graph_.pip(id); }
  Node& node(PipId id) { return nodes_[index(id)]; }
  bool stopping() const { return summary_.cancelled || summary_.local_resource || stop_starting_; }

  bool may_start();
  void return_tokens();
  void ready(PipId id);
  void settle(PipId id, State state);
  void skip_dependents(PipId id);
  void reconsider_dependents(PipId id);
  void advance(PipId id);
  bool start(PipId id);
  void builtin(const wire::Pip& p, Job* job);
  void enforce(const wire::Pip& p, sandbox::Policy& policy);
  Result<void> command(PipId id, Job* job);
  std::uint64_t timeout_ms(const wire::Pip& p) const {
    return p.more().timeout_ms != 0 ? p.more().timeout_ms : settings_.pip_timeout_ms;
  }
  Result<bool> prepare(PipId id, Job* job);
  bool is_used_by_running(PathId directory) const;
  // Tells running pips of directories among `paths` that were there and are no more.
  std::vector<PathId> directories_among(const std::vector<PathId>& paths) const;
  void note_removed(const std::vector<PathId>& directories);
  bool lost_directory(const std::vector<PathId>& removed, const sandbox::Outcome& outcome) const;
  Result<bool> place_upstream(PipId id);
  Result<bool> place_outputs(PipId id);
  void remove_scratch(const std::vector<PathId>& paths);
  void finish(Finished done);
  void publish_ran(PipId id, const Finished& done, Recorded recorded,
                   const fingerprint::PathSet& set, const Digest& strong, std::string blob);
  enum class Stop { IfNothingElseCanWork, Yes };
  void fail_locally(PipId id, const Error& error, Stop stop = Stop::IfNothingElseCanWork);
  void emit_hit_or_clean(PipId id, bool clean);
  void look_again(PipId id);
  void complete(PipId id, PathId output);
  void distrust(PipId id, const std::string& why);
  Result<void> log_junk(PipId id, const Recorded& recorded);
  Progress progress(PipId id) const;
  Result<void> remove_leftovers(std::vector<PathId> paths);
  // violations.cc: what pips that do not run in this build rest on.
  void tell_of_others();
  void tell_of(PipId id, const Digest& path_set);
  PipId disturber(PipId id, const Digest& path_set);
  std::optional<fingerprint::PathSet> path_set_of(const Digest& digest);
  // What is known of `id` before it has run; with what the cache or an earlier run says of it.
  PipResult result_of(PipId id, Outcome outcome) const;
  PipResult known_result_of(PipId id, Outcome outcome) const;
  // AsPublishable: to the user; whether it is will be known when other tasks end.
  enum class Show { AsItIs, AsPublishable };
  void emit(PipResult result, Show show = Show::AsItIs);

  Settings settings_;
  Services& s_;
  const graph::PipGraph& graph_;
  PathTable& paths_;
  std::vector<Node> nodes_;
  std::vector<std::size_t> rank_;
  // Ready to run, lowest topological rank first: deterministic, and close to ninja's order.
  std::priority_queue<std::pair<std::size_t, PipId>, std::vector<std::pair<std::size_t, PipId>>,
                      std::greater<>>
      run_queue_;
  std::vector<PipId> lookups_;  // upstream final, to be decided
  std::unordered_map<std::string, std::size_t> pool_used_;
  violation::Analyzer analyzer_;
  ToolCaches tool_caches_;
  std::unordered_map<PathId, std::string> git_indexes_;  // as RunContext's
  Summary summary_;
  std::unique_ptr<Workers> workers_;
  std::size_t running_ = 0, done_ = 0, to_do_ = 0;
  std::uint64_t weight_ = 0;  // of those running
  // Of each running pip the directories above what it made when it last ran: none of them is
  // removed meanwhile, however empty.
  std::unordered_map<PipId, std::unordered_set<PathId>> in_use_;
  // Of each running pip the directories that were removed while it ran.
  std::unordered_map<PipId, std::vector<PathId>> removed_meanwhile_;
  bool stop_starting_ = false;
  bool directories_made_ = false;
  unsigned journal_ = 0;
  const std::uint64_t oom_kills_ = oom_kills();  // before the build
  const std::string shim_ = sandbox::installed_shim();
};

}  // namespace bxl::exec
