#include "exec/executor.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <queue>
#include <unordered_map>
#include <unordered_set>

#include "base/assert.h"
#include "exec/evidence.h"
#include "exec/workers.h"
#include "fingerprint/projection.h"

namespace bxl::exec {
namespace {

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
  int attempts = 0;
  std::size_t waiting_for = 0;
  Digest static_hash, weak;
  Digest strong, path_set;
  wire::Entry entry;
  std::string reason;                // why nothing could be reused
  std::vector<PipId> extra_waiters;  // pips that need it run again (lost blob)
};

class Build {
 public:
  Build(const Settings& settings, Services& services)
      : settings_(settings),
        s_(services),
        graph_(services.view.graph()),
        paths_(services.view.paths()),
        nodes_(graph_.size()),
        rank_(graph_.size()) {
    const auto& order = graph_.topological_order();
    for (std::size_t i = 0; i < order.size(); ++i) rank_[index(order[i])] = i;
  }

  Summary run(const std::vector<wire::PlanPip>& plan, const std::vector<wire::Scrub>& scrubs,
              bool suspect, int cancel_fd);

 private:
  const wire::Pip& pip(PipId id) const { return graph_.pip(id); }
  Node& node(PipId id) { return nodes_[index(id)]; }
  bool stopping() const { return summary_.cancelled || summary_.local_resource || stop_starting_; }

  void ready(PipId id);
  void settle(PipId id, State state);
  void skip_dependents(PipId id);
  void advance(PipId id);
  bool start(PipId id);
  Result<bool> prepare(PipId id, Job* job);
  Result<bool> place_upstream(PipId id);
  Result<bool> place_outputs(PipId id);
  void finish(Finished done);
  void publish_ran(PipId id, const Finished& done, Recorded recorded,
                   const fingerprint::PathSet& set, const Digest& strong, std::string blob);
  void fail_locally(PipId id, const Error& error);
  void emit_hit_or_clean(PipId id, bool clean);
  void distrust(PipId id, const std::string& why);
  void log_junk(PipId id, const Recorded& recorded);
  void emit(PipResult result);

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
  BuildIndex index_;
  Summary summary_;
  std::unique_ptr<Workers> workers_;
  std::size_t running_ = 0, done_ = 0, to_do_ = 0;
  bool stop_starting_ = false;
  bool directories_made_ = false;
  unsigned journal_ = 0;
};

void Build::emit(PipResult result) {
  ++done_;
  s_.observer.finished(result, done_, to_do_);
  s_.emit(std::move(result));
}

// Every dependency of `id` has settled successfully.
void Build::ready(PipId id) {
  Node& n = node(id);
  n.state = State::Ready;
  if (pip(id).kind == wire::PipKind::Alias) {
    s_.view.finalize(id, {});
    settle(id, State::Succeeded);
  } else if (n.action == Action::Deferred) {
    lookups_.push_back(id);
  } else {
    run_queue_.emplace(rank_[index(id)], id);
  }
}

void Build::settle(PipId id, State state) {
  Node& n = node(id);
  n.state = state;
  if (state == State::Failed) {
    skip_dependents(id);
    return;
  }
  auto release = [&](PipId consumer) {
    Node& c = node(consumer);
    if (c.state != State::Waiting) return;
    BXL_ASSERT(c.waiting_for > 0);
    if (--c.waiting_for == 0) ready(consumer);
  };
  // A pip that ran again (its content was lost) has released its consumers before.
  if (!std::exchange(n.released, true))
    for (PipId consumer : graph_.consumers(id)) release(consumer);
  for (PipId waiter : std::exchange(n.extra_waiters, {})) release(waiter);
}

void Build::skip_dependents(PipId id) {
  std::vector<PipId> stack{id};
  while (!stack.empty()) {
    PipId at = stack.back();
    stack.pop_back();
    std::vector<PipId> consumers = graph_.consumers(at);
    for (PipId w : std::exchange(node(at).extra_waiters, {})) consumers.push_back(w);
    for (PipId consumer : consumers) {
      Node& c = node(consumer);
      if (c.state != State::Waiting) continue;
      c.state = State::Failed;
      if (pip(consumer).kind != wire::PipKind::Alias) {
        PipResult result;
        result.pip = consumer;
        result.outcome = Outcome::Skipped;
        result.requested = c.requested;
        result.why_not = "skipped: " + pip(at).stable_id + " did not succeed";
        emit(std::move(result));
      }
      stack.push_back(consumer);
    }
  }
}

void Build::emit_hit_or_clean(PipId id, bool clean) {
  Node& n = node(id);
  PipResult result;
  result.pip = id;
  result.outcome = clean ? Outcome::Clean : Outcome::Hit;
  result.requested = n.requested;
  result.static_hash = n.static_hash;
  result.weak = n.weak;
  result.strong = n.strong;
  result.path_set = n.path_set;
  result.entry = n.entry;
  if (!clean && n.entry.console_bytes != 0 && s_.store) {
    auto text = s_.store->read(n.entry.console);
    if (text && *text) result.console = std::move(**text);
  }
  emit(std::move(result));
}

// A late lookup (design: early cut-off). The disk is looked at afresh (rule 40).
void Build::advance(PipId id) {
  Node& n = node(id);
  s_.view.invalidate_all();
  wire::PlanPip decision = s_.oracle(id, &n.static_hash);
  n.weak = decision.weak;
  n.reason = std::move(decision.reason);
  if (decision.action == Action::Clean || decision.action == Action::Hit) {
    n.action = decision.action;
    n.strong = decision.strong;
    n.path_set = decision.path_set;
    n.entry = std::move(decision.entry);
    n.placed = decision.action == Action::Clean;
    s_.view.finalize(id, n.entry.outputs);
    // A hit with fewer outputs than last time leaves some behind; nobody may take them for sources.
    std::unordered_set<PathId> kept;
    for (const wire::Output& out : n.entry.outputs) kept.insert(out.path);
    std::vector<std::pair<PathId, FileIdentity>> stale;
    for (PathId path : s_.log.owned_by(pip(id).stable_id))
      if (!kept.count(path)) stale.emplace_back(path, s_.log.records().at(path).identity);
    for (const auto& [path, identity] : stale)
      if (auto r = s_.placer.scrub(path, identity); !r) return fail_locally(id, r.error());
    emit_hit_or_clean(id, decision.action == Action::Clean);
    settle(id, State::Succeeded);
    return;
  }
  n.action = Action::Miss;
  run_queue_.emplace(rank_[index(id)], id);
}

// An error of our own (disk full, permission): the build cannot go on meaningfully for this pip.
void Build::fail_locally(PipId id, const Error& error) {
  PipResult result;
  result.pip = id;
  result.outcome = Outcome::Failed;
  result.requested = node(id).requested;
  result.exit_status = 0;
  result.why_not = error.to_string();
  summary_.error = "pip " + pip(id).stable_id + ": " + error.to_string();
  if (error.errnum == ENOSPC || error.errnum == EDQUOT || error.errnum == EROFS ||
      error.errnum == ENOMEM || error.errnum == EIO)
    summary_.local_resource = true;
  ++summary_.failed;
  emit(std::move(result));
  settle(id, State::Failed);
  if (settings_.keep_going > 0 && summary_.failed >= static_cast<std::size_t>(settings_.keep_going))
    stop_starting_ = true;
}

// Brings the outputs of one finished pip to disk. False: content was lost, the pip runs again.
Result<bool> Build::place_outputs(PipId id) {
  Node& n = node(id);
  const wire::Pip& p = pip(id);
  for (wire::Output& out : n.entry.outputs) {
    bool declared = s_.view.declares(id, out.path);
    BXL_TRY_ASSIGN(auto placed, s_.placer.place(p.stable_id, out,
                                                declared ? materialize::Declared::Yes
                                                         : materialize::Declared::No));
    if (placed.placed == materialize::Placed::LostBlob ||
        placed.placed == materialize::Placed::UsersFile)
      return false;
    out.identity = placed.identity;
    s_.view.invalidate(out.path);
  }
  n.placed = true;
  return true;
}

// Rule 4: before a pip runs, all outputs of its transitive dependencies are on disk. False: it must
// wait again.
Result<bool> Build::place_upstream(PipId id) {
  std::vector<PipId> lost;
  for (PipId up : s_.view.upstream(id)) {
    Node& n = node(up);
    if (n.state != State::Succeeded || n.placed || pip(up).kind == wire::PipKind::Alias) continue;
    BXL_TRY_ASSIGN(bool there, place_outputs(up));
    if (!there) lost.push_back(up);
  }
  if (lost.empty()) return true;
  Node& waiter = node(id);
  waiter.state = State::Waiting;
  for (PipId up : lost) {
    Node& n = node(up);
    if (n.attempts >= kMaxAttempts)
      return make_error(EIO, "content of " + pip(up).stable_id + " was lost again and again");
    s_.observer.note("content of " + pip(up).stable_id + " is gone from the cache: it runs again");
    n.action = Action::Miss;
    n.reason = "content of its result is gone from the cache";
    n.state = State::Ready;
    ++n.attempts;
    n.extra_waiters.push_back(id);
    ++waiter.waiting_for;
    --done_;
    run_queue_.emplace(rank_[index(up)], up);
  }
  return false;
}

Result<bool> Build::prepare(PipId id, Job* job) {
  const wire::Pip& p = pip(id);
  Node& n = node(id);
  if (!directories_made_) {
    for (PathId dir : s_.view.declared_directories())
      if (!s_.view.disk(dir).exists()) BXL_TRY(s_.placer.make_directory(dir));
    directories_made_ = true;
    for (const wire::Mount& mount : s_.view.mounts().all()) {
      if (mount.flags & wire::kMountSystem) continue;
      for (PathId dir = paths_.intern(mount.path); dir != kRootPath; dir = paths_.parent(dir)) {
        PathId git_index = paths_.intern_at(dir, ".git/index");
        if (index_.git_indexes.count(git_index)) break;
        auto bytes = read_file(paths_.str(git_index));
        if (!bytes) continue;
        index_.git_indexes[git_index] = fingerprint::project_git_index(*bytes);
        break;
      }
    }
    s_.view.invalidate_all();
  }
  BXL_TRY_ASSIGN(bool placed, place_upstream(id));
  if (!placed) return false;

  std::vector<PathId> own;
  std::unordered_set<PathId> seen;
  auto add = [&](PathId path) {
    if (path != kNoPath && seen.insert(path).second) own.push_back(path);
  };
  for (PathId path : p.outputs) add(s_.view.physical(path));
  for (PathId path : p.optional_outputs) add(s_.view.physical(path));
  if (p.depfile != kNoPath) add(s_.view.physical(p.depfile));
  if (p.rspfile != kNoPath) add(s_.view.physical(p.rspfile));
  for (PathId path : s_.log.owned_by(p.stable_id)) {
    if (s_.view.owner(path) != id) continue;  // declared by another pip since
    // A recorded, undeclared file that was changed since is the user's (View rule 1): it stays.
    auto disk = lstat_identity(paths_.str(path));
    if (disk && (!disk->exists() || graph::still_recorded(s_.log.records().at(path), *disk)))
      add(path);
  }
  BXL_TRY(s_.placer.clear(p.stable_id, own));
  // As ninja does, for each edge: an earlier one may have removed what was made at the start.
  for (PathId path : p.outputs)
    BXL_TRY(s_.placer.make_directory(paths_.parent(s_.view.physical(path))));
  if (p.depfile != kNoPath)
    BXL_TRY(s_.placer.make_directory(paths_.parent(s_.view.physical(p.depfile))));
  for (PathId path : own) s_.view.invalidate(path);
  if (p.rspfile != kNoPath) {
    std::string file = paths_.str(p.rspfile);
    BXL_TRY(s_.placer.make_directory(paths_.parent(p.rspfile)));
    BXL_TRY(replace_file(file, p.rspfile_content));
  }

  std::string static_text = fingerprint::static_text(s_.view, id, s_.salts);
  n.static_hash = Digest::of(static_text);
  auto weak = fingerprint::weak_fingerprint(s_.view, id, static_text);
  n.weak = weak.status == fingerprint::Computed::Status::Ok ? weak.digest : Digest{};

  std::string journal = std::to_string(::getpid()) + "-" + std::to_string(journal_++) + ".journal";
  BXL_TRY(s_.log.start(p.stable_id, journal));
  job->pip = id;
  job->command.argv = {"/bin/sh", "-c", p.command};
  job->command.working_directory = paths_.str(p.working_directory);
  job->command.environment = s_.salts.environment;
  auto& env = job->command.environment;
  env.emplace_back("BXL_INSIDE", s_.workspace.root);
  env.emplace_back("PWD", job->command.working_directory);
  env.emplace_back("TMPDIR", "");
  std::sort(env.begin(), env.end());
  job->policy.journal_path = s_.workspace.run_dir() + "/" + journal;
  return true;
}

bool Build::start(PipId id) {
  Node& n = node(id);
  if (n.state != State::Ready) return false;
  Job job;
  auto prepared = prepare(id, &job);
  if (!prepared) {
    fail_locally(id, prepared.error());
    return false;
  }
  if (!*prepared) return false;
  n.state = State::Running;
  ++n.attempts;
  ++running_;
  if (!pip(id).pool.empty()) ++pool_used_[pip(id).pool];
  s_.observer.started(id, running_);
  workers_->submit(std::move(job));
  return true;
}

// Rule 10: the other party of a violation is not to be believed either. A later record supersedes
// what was said of it.
void Build::distrust(PipId id, const std::string& why) {
  if (id == kNoPip || !node(id).publishable) return;
  Node& n = node(id);
  n.publishable = false;
  PipResult result;
  result.pip = id;
  result.attempt = static_cast<std::uint32_t>(n.attempts);
  result.outcome = Outcome::Ran;
  result.requested = n.requested;
  result.why_not = why;
  result.static_hash = n.static_hash;
  result.weak = n.weak;
  result.strong = n.strong;
  result.path_set = n.path_set;
  result.entry = n.entry;
  s_.emit(std::move(result));
}

void Build::log_junk(PipId id, const Recorded& recorded) {
  if (auto r = s_.log.add(pip(id).stable_id, recorded.outputs); !r)
    s_.observer.note(r.error().to_string());
  if (auto r = s_.log.end(pip(id).stable_id); !r) s_.observer.note(r.error().to_string());
}

void Build::finish(Finished done) {
  --running_;
  PipId id = done.pip;
  Node& n = node(id);
  const wire::Pip& p = pip(id);
  if (!p.pool.empty()) --pool_used_[p.pool];
  if (!done.outcome) return fail_locally(id, done.outcome.error());
  const sandbox::Outcome& outcome = *done.outcome;

  s_.view.invalidate_all();
  RunContext context;
  context.pip = id;
  context.start_ns = done.start_ns;
  context.scratch = done.scratch;
  context.warn_violations = settings_.warn_violations;
  Recorded recorded = record(s_.view, s_.log.records(), context, outcome, done.ingested, index_);
  log_junk(id, recorded);
  ::unlink(done.journal.c_str());

  bool ok = outcome.exit_code == 0 && !outcome.cancelled && !outcome.timed_out &&
            outcome.spawn_errno == 0;
  if (ok) {
    s_.placer.forget_saved(p.stable_id);
    if (p.rspfile != kNoPath) ::unlink(paths_.str(p.rspfile).c_str());
    if (p.depfile != kNoPath && (p.flags & wire::kPipDepsGcc))
      ::unlink(paths_.str(p.depfile).c_str());
  } else if (auto r = s_.placer.restore_saved(p.stable_id); !r) {
    s_.observer.note(r.error().to_string());
  }

  if (ok && recorded.false_absence && n.attempts < kMaxAttempts) {
    // Rule 4: what it missed is brought to disk now, and the attempt is thrown away.
    n.state = State::Ready;
    for (PipId up : s_.view.upstream(id)) node(up).placed = false;
    run_queue_.emplace(rank_[index(id)], id);
    return;
  }

  PipResult result;
  result.pip = id;
  result.attempt = static_cast<std::uint32_t>(n.attempts);
  result.requested = n.requested;
  result.static_hash = n.static_hash;
  result.weak = n.weak;
  result.exit_status = outcome.exit_code;
  result.violations = recorded.violations;
  result.console = outcome.console;
  result.entry.outputs = recorded.outputs;
  result.entry.deleted = recorded.deleted;
  result.entry.wall_ms = outcome.wall_ns / 1'000'000;
  result.entry.cpu_ms = (outcome.user_ns + outcome.system_ns) / 1'000'000;
  result.entry.peak_kib = outcome.peak_kib;
  result.reason = n.reason;
  result.started_unix_us = done.start_ns / 1000;
  result.ended_unix_us = done.end_ns / 1000;
  result.lane = static_cast<std::uint32_t>(done.slot + 1);

  if (!ok) {
    result.outcome = outcome.cancelled || summary_.cancelled ? Outcome::Cancelled : Outcome::Failed;
    if (result.outcome == Outcome::Failed) ++summary_.failed;
    result.why_not = outcome.spawn_errno != 0 ? std::string("it could not be started: ") +
                                                    std::strerror(outcome.spawn_errno)
                     : outcome.timed_out ? "it ran out of time"
                                         : "it failed";
    result.entry.evidence = keep_evidence(s_, id, recorded.observations);
    emit(std::move(result));
    settle(id, State::Failed);
    if (settings_.keep_going > 0 &&
        summary_.failed >= static_cast<std::size_t>(settings_.keep_going))
      stop_starting_ = true;
    return;
  }
  bool violated = !recorded.violations.empty();
  if (violated) ++summary_.violated;
  for (const wire::Violation& v : recorded.violations)
    distrust(graph_.find(v.related), p.stable_id + " violates its declarations: " + v.message);
  if (violated && !settings_.warn_violations) {
    result.outcome = Outcome::Violated;
    result.why_not = recorded.why_not.front();
    result.entry.evidence = keep_evidence(s_, id, recorded.observations);
    emit(std::move(result));
    settle(id, State::Failed);
    if (settings_.keep_going > 0 &&
        summary_.failed + summary_.violated >= static_cast<std::size_t>(settings_.keep_going))
      stop_starting_ = true;
    return;
  }

  result.outcome = Outcome::Ran;
  if (p.flags & wire::kPipConsole)
    recorded.why_not.insert(recorded.why_not.begin(), "it runs in the console pool");
  if (p.flags & wire::kPipAlwaysDirty)
    recorded.why_not.insert(recorded.why_not.begin(), "it has an input that is always dirty");
  if (!s_.store) recorded.why_not.push_back("the cache cannot be used");

  // The declared inputs must still be what the weak fingerprint says, or nobody knows what was
  // built from what.
  auto weak =
      fingerprint::weak_fingerprint(s_.view, id, fingerprint::static_text(s_.view, id, s_.salts));
  if (weak.status != fingerprint::Computed::Status::Ok || weak.digest != n.weak)
    recorded.why_not.push_back(weak.why.empty() ? "a declared input changed while it ran"
                                                : weak.why);

  result.path_set_blob =
      fingerprint::encode_path_set(recorded.observations, paths_, s_.view.mounts());
  auto set = fingerprint::decode_path_set(result.path_set_blob, paths_, s_.view.mounts());
  if (set) {
    result.path_set = set->digest;
    if (recorded.why_not.empty()) {
      auto strong = fingerprint::strong_fingerprint(s_.view, id, n.weak, *set);
      if (strong.status == fingerprint::Computed::Status::Ok) {
        result.strong = strong.digest;
        result.entry.evidence = keep_evidence(s_, id, weak.text, *set, strong.text);
      } else {
        recorded.why_not.push_back(strong.why);
      }
    }
  } else {
    recorded.why_not.push_back(set.error().to_string());
  }
  if (!outcome.console.empty() && s_.store) {
    auto put = s_.store->put_bytes(outcome.console);
    if (put) {
      result.entry.console = put->digest;
      result.entry.console_bytes = put->size;
    } else {
      recorded.why_not.push_back("its console output could not be stored: " +
                                 put.error().to_string());
    }
  }
  if (result.entry.evidence.is_zero())
    result.entry.evidence = keep_evidence(s_, id, recorded.observations);
  result.publishable = recorded.why_not.empty();
  if (!result.publishable) result.why_not = recorded.why_not.front();
  n.entry = result.entry;
  n.strong = result.strong;
  n.path_set = result.path_set;
  n.publishable = result.publishable;
  n.placed = true;
  n.action = Action::Miss;
  s_.view.finalize(id, n.entry.outputs);
  emit(std::move(result));
  settle(id, State::Succeeded);
}

Summary Build::run(const std::vector<wire::PlanPip>& plan, const std::vector<wire::Scrub>& scrubs,
                   bool suspect, int cancel_fd) {
  for (const wire::PlanPip& planned : plan) {
    Node& n = node(planned.pip);
    n.state = State::Waiting;
    n.action = planned.action;
    n.requested = planned.requested;
    n.reason = planned.reason;
    n.weak = planned.weak;
    n.strong = planned.strong;
    n.path_set = planned.path_set;
    n.entry = planned.entry;
    bool decided = planned.action == Action::Clean || planned.action == Action::Hit;
    if (decided && suspect) n.action = Action::Deferred;
  }
  for (std::size_t i = 0; i < nodes_.size(); ++i)
    if (graph_.pip(PipId{static_cast<std::uint32_t>(i)}).kind == wire::PipKind::Alias)
      nodes_[i].state = State::Waiting;

  // Scrubs first, all of them, before any pip may look (rule 5). Each checks the identity it was
  // planned with, so that a plan that is suspect otherwise may still carry them out.
  for (const wire::Scrub& scrub : scrubs)
    if (auto r = s_.placer.scrub(scrub.path, scrub.identity); !r) {
      summary_.error = r.error().to_string();
      summary_.local_resource = true;
      return summary_;
    }
  s_.view.invalidate_all();

  to_do_ = plan.size();
  std::vector<PipId> initially_ready;
  for (PipId id : graph_.topological_order()) {
    Node& n = node(id);
    if (n.state != State::Waiting) continue;
    for (PipId dep : pip(id).dependencies) {
      State d = node(dep).state;
      if (d == State::Waiting) ++n.waiting_for;
    }
    if (pip(id).kind == wire::PipKind::Alias) {
      if (n.waiting_for == 0) {
        s_.view.finalize(id, {});
        n.state = State::Succeeded;
        n.released = true;
      }
      continue;
    }
    if (n.action == Action::Clean || n.action == Action::Hit) {
      // All its upstream is clean or hit too, hence settled already.
      n.static_hash = Digest::of(fingerprint::static_text(s_.view, id, s_.salts));
      n.placed = n.action == Action::Clean;
      n.state = State::Succeeded;
      n.released = true;
      s_.view.finalize(id, n.entry.outputs);
      emit_hit_or_clean(id, n.action == Action::Clean);
      continue;
    }
    if (n.waiting_for == 0) initially_ready.push_back(id);
  }
  if (!initially_ready.empty()) workers_ = std::make_unique<Workers>(settings_.jobs, s_);
  for (PipId id : initially_ready) ready(id);

  int direct = 0, echoed = 0;  // requests to stop
  while (true) {
    while (!lookups_.empty() && !stopping()) {
      PipId id = lookups_.back();
      lookups_.pop_back();
      advance(id);
    }
    std::vector<std::pair<std::size_t, PipId>> held;  // their pool is full
    while (!run_queue_.empty() && running_ < settings_.jobs && !stopping()) {
      auto next = run_queue_.top();
      run_queue_.pop();
      const wire::Pip& p = pip(next.second);
      if (!p.pool.empty() && p.pool_depth > 0 && pool_used_[p.pool] >= p.pool_depth) {
        held.push_back(next);
        continue;
      }
      start(next.second);
    }
    for (auto& entry : held) run_queue_.push(entry);
    if (running_ == 0) {
      if (stopping() || (lookups_.empty() && run_queue_.empty())) break;
      continue;
    }
    pollfd fds[2] = {{workers_->wake_fd(), POLLIN, 0}, {cancel_fd, POLLIN, 0}};
    int rc = ::poll(fds, cancel_fd >= 0 ? 2 : 1, -1);
    if (rc < 0 && errno != EINTR) BXL_ASSERT(!"poll");
    if (rc > 0 && (fds[1].revents & POLLIN)) {
      signalfd_siginfo info{};
      (void)!::read(cancel_fd, &info, sizeof info);
      // The guardian echoes (SI_QUEUE) what a process sent to the whole group: direct and echoed
      // ones are counted apart.
      int requests = ++(info.ssi_code == SI_QUEUE ? echoed : direct);
      // A second one leaves at once; the kernel takes the pips along (PR_SET_PDEATHSIG), the log
      // has what they wrote.
      if (requests > 1) std::_Exit(128 + static_cast<int>(info.ssi_signo));
      if (summary_.cancelled) continue;
      summary_.cancelled = true;
      summary_.signal = static_cast<int>(info.ssi_signo);
      s_.runner.cancel_all();
    }
    for (Finished& done : workers_->take()) finish(std::move(done));
  }

  // What never got its turn.
  for (PipId id : graph_.topological_order()) {
    Node& n = node(id);
    if ((n.state != State::Waiting && n.state != State::Ready) ||
        pip(id).kind == wire::PipKind::Alias)
      continue;
    PipResult result;
    result.pip = id;
    result.outcome = summary_.cancelled ? Outcome::Cancelled : Outcome::Skipped;
    result.requested = n.requested;
    result.why_not = summary_.cancelled ? "cancelled" : "the build stopped before its turn";
    emit(std::move(result));
  }
  return summary_;
}

}  // namespace

Summary execute(const std::vector<wire::PlanPip>& plan, const std::vector<wire::Scrub>& scrubs,
                bool suspect, const Settings& settings, Services services, int cancel_fd) {
  return Build(settings, services).run(plan, scrubs, suspect, cancel_fd);
}

}  // namespace bxl::exec
