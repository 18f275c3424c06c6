// Who may run, and when: states, queues, late lookups, skipping, the stop.
#include "exec/executor.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <unordered_set>

#include "base/assert.h"
#include "exec/build.h"
#include "os/stop_signals.h"

namespace bxl::exec {

PipResult Build::result_of(PipId id, Outcome outcome) const {
  const Node& n = nodes_[index(id)];
  PipResult result;
  result.pip = id;
  result.outcome = outcome;
  result.attempt = static_cast<std::uint32_t>(n.attempts);
  result.requested = n.requested;
  result.static_hash = n.static_hash;
  result.weak = n.weak;
  return result;
}

PipResult Build::known_result_of(PipId id, Outcome outcome) const {
  const Node& n = nodes_[index(id)];
  PipResult result = result_of(id, outcome);
  result.strong = n.strong;
  result.path_set = n.path_set;
  result.filed = n.filed;
  result.shared = n.shared;
  result.entry = n.entry;
  return result;
}

void Build::emit(PipResult result, Show show) {
  ++done_;
  const bool publishable = result.publishable;
  result.publishable |= show == Show::AsPublishable;
  s_.observer.finished(result, done_, to_do_);
  result.publishable = publishable;
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
  for (PipId waiter : std::exchange(n.extra_waiters, {})) {
    --node(waiter).extra_waiting;
    release(waiter);
  }
}

// `id`, not yet settled, was replayed, had to run after all, and came out otherwise: whatever was
// decided downstream rests on content that is nowhere any more. All of it is looked up again, what
// ran in this build included, but for actions: those run once. Rare, hence the whole graph is
// counted anew.
void Build::reconsider_dependents(PipId id) {
  std::vector<PipId> stack = graph_.consumers(id);
  std::vector<bool> seen(nodes_.size(), false);
  while (!stack.empty()) {
    const PipId at = stack.back();
    stack.pop_back();
    if (seen[index(at)]) continue;
    seen[index(at)] = true;
    const auto& further = graph_.consumers(at);
    stack.insert(stack.end(), further.begin(), further.end());
    Node& n = node(at);
    if (n.state != State::Succeeded || (pip(at).flags & wire::kRunsAlways)) continue;
    n.state = State::Waiting;
    if (pip(at).kind == wire::PipKind::Alias) continue;
    n.action = Action::Deferred;
    n.placed = false;
    --done_;
  }
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    Node& n = nodes_[i];
    n.released = n.state == State::Succeeded;
    if (n.state != State::Waiting && n.state != State::Ready) continue;
    const auto& dependencies = graph_.pip(PipId{static_cast<std::uint32_t>(i)}).dependencies;
    n.waiting_for = n.extra_waiting;
    for (PipId dep : dependencies) {
      const State d = node(dep).state;
      if (d == State::Waiting || d == State::Ready || d == State::Running) ++n.waiting_for;
    }
    if (n.waiting_for != 0) n.state = State::Waiting;
  }
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
        PipResult result = result_of(consumer, Outcome::Skipped);
        result.why_not = "skipped: " + pip(at).stable_id + " did not succeed";
        emit(std::move(result));
      }
      stack.push_back(consumer);
    }
  }
}

void Build::emit_hit_or_clean(PipId id, bool clean) {
  Node& n = node(id);
  PipResult result = known_result_of(id, clean ? Outcome::Clean : Outcome::Hit);
  if (!clean) result.reason = n.reason;
  if (!clean && n.entry.console_bytes != 0 && s_.store) {
    auto text = s_.store->read(n.entry.console);
    if (text && *text) result.console = std::move(**text);
  }
  emit(std::move(result));
}

// A late lookup, for early cut-off. The disk is looked at afresh (rule 40).
void Build::advance(PipId id) {
  Node& n = node(id);
  if (n.state != State::Ready) return;  // reconsidered meanwhile
  s_.view.invalidate_all();
  wire::PlanPip decision = s_.oracle(id, &n.static_hash);
  n.weak = decision.weak;
  n.reason = std::move(decision.reason);
  if (decision.action == Action::Clean || decision.action == Action::Hit)
    if (PipId other = disturber(id, decision.path_set); other != kNoPip) {
      decision.action = Action::Miss;
      n.reason = pip(other).stable_id + " changed a source of it in this build";
    }
  if (decision.action == Action::Hit && decision.entry.console_bytes != 0 && s_.store) {
    auto text = s_.store->read(decision.entry.console);
    if (text && !*text) {
      decision.action = Action::Miss;
      n.reason = "what it printed is gone from the cache";
    }
  }
  if (decision.action == Action::Clean || decision.action == Action::Hit) {
    if (analyzer_.loaded()) tell_of(id, decision.path_set);
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
    std::vector<PathId> stale_paths;
    for (PathId path : s_.log.owned_by(pip(id).stable_id))
      if (!kept.count(path) && !is_used_by_running(path))
        stale.emplace_back(path, s_.log.records().at(path).identity);
    for (const auto& [path, identity] : stale) stale_paths.push_back(path);
    const std::vector<PathId> directories = directories_among(stale_paths);
    for (const auto& [path, identity] : stale) {
      if (auto r = s_.placer.scrub(path, identity); !r) return fail_locally(id, r.error());
      s_.view.disown(id, path);
    }
    note_removed(directories);
    emit_hit_or_clean(id, decision.action == Action::Clean);
    settle(id, State::Succeeded);
    return;
  }
  n.action = Action::Miss;
  run_queue_.emplace(rank_[index(id)], id);
}

// The first pip runs on the job that make counts for us.
bool Build::may_start() {
  if (running_ >= settings_.jobs || stopping()) return false;
  return !settings_.jobserver || running_ == 0 || settings_.jobserver->held() >= running_ ||
         settings_.jobserver->acquire();
}

void Build::return_tokens() {
  if (settings_.jobserver) settings_.jobserver->release_to(running_ == 0 ? 0 : running_ - 1);
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
  for (const wire::Scrub& scrub : scrubs) {
    if (auto r = s_.placer.scrub(scrub.path, scrub.identity); !r) {
      summary_.error = r.error().to_string();
      summary_.local_resource = true;
      return summary_;
    }
    if (PipId owner = graph_.find(scrub.owner); owner != kNoPip) s_.view.disown(owner, scrub.path);
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
    while (!run_queue_.empty() && may_start()) {
      auto next = run_queue_.top();
      run_queue_.pop();
      const wire::Pip& p = pip(next.second);
      // A heavier pip than there are slots runs alone.
      const bool too_heavy = running_ > 0 && weight_ + p.more().weight > settings_.jobs;
      if (too_heavy ||
          (!p.pool.empty() && p.pool_depth > 0 && pool_used_[p.pool] >= p.pool_depth)) {
        held.push_back(next);
        continue;
      }
      start(next.second);
    }
    return_tokens();  // one that was taken for a pip whose pool is full, or that was not started
    // More could run with a token more.
    const bool thirsty =
        settings_.jobserver && running_ < settings_.jobs && !run_queue_.empty() && !stopping();
    for (auto& entry : held) run_queue_.push(entry);
    if (running_ == 0) {
      if (stopping() || (lookups_.empty() && run_queue_.empty())) break;
      continue;
    }
    // A negative descriptor is not looked at.
    pollfd fds[3] = {{workers_->wake_fd(), POLLIN, 0},
                     {cancel_fd, POLLIN, 0},
                     {thirsty ? settings_.jobserver->fd() : -1, POLLIN, 0}};
    int rc = ::poll(fds, 3, s_.observer.tick());
    if (rc < 0 && errno != EINTR) BXL_ASSERT(!"poll");
    if (rc > 0 && (fds[1].revents & POLLIN)) {
      const auto signal = take_stop_signal(cancel_fd);
      if (!signal) continue;
      // The guardian echoes what a process sent to the whole group: direct and echoed ones are
      // counted apart.
      int requests = ++(signal->from == StopSignal::From::Guardian ? echoed : direct);
      // A second one leaves at once; the kernel takes the pips along (PR_SET_PDEATHSIG), the log
      // has what they wrote.
      if (requests > 1) {
        if (settings_.jobserver) settings_.jobserver->release_to(0);
        std::_Exit(128 + signal->number);
      }
      if (summary_.cancelled) continue;
      summary_.cancelled = true;
      summary_.signal = signal->number;
      s_.runner.cancel_all();
    }
    for (Finished& done : workers_->take()) finish(std::move(done));
    return_tokens();
  }

  for (std::size_t i = 0; i < nodes_.size(); ++i)
    if (const Node& n = nodes_[i]; n.listed && !n.publishable && n.distrusted.empty())
      s_.observer.note(pip(PipId{static_cast<std::uint32_t>(i)}).stable_id +
                       " is not cached: " + n.listed->result.why_not);

  // What never got its turn.
  for (PipId id : graph_.topological_order()) {
    Node& n = node(id);
    if ((n.state != State::Waiting && n.state != State::Ready) ||
        pip(id).kind == wire::PipKind::Alias)
      continue;
    PipResult result = result_of(id, summary_.cancelled ? Outcome::Cancelled : Outcome::Skipped);
    result.why_not = summary_.cancelled ? "cancelled" : "the build stopped before its turn";
    emit(std::move(result));
  }
  return summary_;
}

Summary execute(const std::vector<wire::PlanPip>& plan, const std::vector<wire::Scrub>& scrubs,
                bool suspect, const Settings& settings, Services services, int cancel_fd) {
  return Build(settings, services).run(plan, scrubs, suspect, cancel_fd);
}

}  // namespace bxl::exec
