// What became of a run: recorded, published or not, trusted or not, and what follows for others.
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <unordered_set>
#include <utility>

#include "base/assert.h"
#include "exec/action.h"
#include "exec/build.h"
#include "exec/ending.h"
#include "exec/evidence.h"
#include "exec/share.h"
#include "fingerprint/projection.h"
#include "os/oom_kills.h"

namespace bxl::exec {
namespace {

// Both sorted by path, as records are.
bool same_outputs(const std::vector<wire::Output>& a, const std::vector<wire::Output>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const wire::Output& x, const wire::Output& y) {
                      return x.path == y.path && x.kind == y.kind && x.executable == y.executable &&
                             x.digest == y.digest && x.link_target == y.link_target;
                    });
}

}  // namespace

// An error of our own (disk full, permission): the build cannot go on meaningfully for this pip.
void Build::fail_locally(PipId id, const Error& error, Stop stop) {
  PipResult result = result_of(id, Outcome::Failed);
  result.why_not = error.to_string();
  summary_.error = "pip " + pip(id).stable_id + ": " + error.to_string();
  if (stop == Stop::Yes || error.errnum == ENOSPC || error.errnum == EDQUOT ||
      error.errnum == EROFS || error.errnum == ENOMEM || error.errnum == EIO)
    summary_.local_resource = true;
  ++summary_.failed;
  emit(std::move(result));
  settle(id, State::Failed);
  if (settings_.keep_going > 0 && summary_.failed >= static_cast<std::size_t>(settings_.keep_going))
    stop_starting_ = true;
}

// Rule 10: the other party of a violation is not to be believed either. A later record supersedes
// what was said of it.
void Build::distrust(PipId id, const std::string& why) {
  if (id == kNoPip) return;
  Node& n = node(id);
  if (n.distrusted.empty()) n.distrusted = why;
  if (!std::exchange(n.publishable, false)) return;
  PipResult result = known_result_of(id, Outcome::Ran);
  result.why_not = why;
  s_.emit(std::move(result));
}

// A name in a directory that a task listed turns out to be an output of another one, in no order
// with it: such names are members of no listing for it (rule 15). Are the listings right by now,
// what it rests on is said anew, so that a later build, where that is known beforehand, finds it.
// Otherwise further tasks are still at it, or somebody else is: what was said of it stands.
void Build::look_again(PipId id) {
  Node& n = node(id);
  if (!n.listed || !n.distrusted.empty()) return;
  PipResult& result = n.listed->result;
  for (const Listing& listing : n.listed->listings)
    if (!shows_listing(s_.view, id, listing)) return;
  auto weak =
      fingerprint::weak_fingerprint(s_.view, id, fingerprint::static_text(s_.view, id, s_.salts));
  auto set = fingerprint::decode_path_set(result.path_set_blob, paths_, s_.view.mounts());
  if (!set || weak.status != fingerprint::Computed::Status::Ok || weak.digest != n.weak) return;
  auto strong = fingerprint::strong_fingerprint(s_.view, id, n.weak, *set);
  if (strong.status != fingerprint::Computed::Status::Ok) return;
  if (n.publishable && strong.digest == n.strong) return;
  n.strong = result.strong = strong.digest;
  n.entry.evidence = result.entry.evidence = keep_evidence(s_, id, weak.text, *set, strong.text);
  if (!n.publishable && s_.filing) n.filed = result.filed = s_.filing(id, n.weak, result.path_set);
  n.publishable = result.publishable = true;
  result.why_not.clear();
  s_.emit(result);
}

// `output`, which the pip declares and did not make, was made by a pip after it.
void Build::complete(PipId id, PathId output) {
  Node& n = node(id);
  if (!n.incomplete || !n.distrusted.empty()) return;
  std::erase_if(n.incomplete->missing,
                [&](PathId path) { return s_.view.physical(path) == output; });
  if (!n.incomplete->missing.empty()) return;
  PipResult result = std::move(n.incomplete->result);
  n.incomplete.reset();
  if (s_.filing) n.filed = result.filed = s_.filing(id, n.weak, result.path_set);
  n.publishable = result.publishable = true;
  result.why_not.clear();
  s_.emit(std::move(result));
}

Result<void> Build::log_junk(PipId id, const Recorded& recorded) {
  BXL_TRY(s_.log.add(pip(id).stable_id, recorded.outputs));
  for (const auto& [owner, output] : recorded.overwritten)
    BXL_TRY(s_.log.add(pip(owner).stable_id, {output}));
  return s_.log.end(pip(id).stable_id);
}

// What cannot be removed is in nobody's way: no pip is shown it.
void Build::remove_scratch(const std::vector<PathId>& paths) {
  std::vector<std::string> names;
  for (PathId path : paths) names.push_back(paths_.str(path));
  std::sort(names.begin(), names.end(), std::greater<>());
  for (const std::string& name : names)
    if (::unlink(name.c_str()) != 0 && errno == EISDIR) ::rmdir(name.c_str());
}

void Build::finish(Finished done) {
  --running_;
  in_use_.erase(done.pip);
  const std::vector<PathId> gone = std::exchange(removed_meanwhile_[done.pip], {});
  PipId id = done.pip;
  Node& n = node(id);
  const wire::Pip& p = pip(id);
  weight_ -= p.more().weight;
  if (!p.pool.empty()) --pool_used_[p.pool];
  if (!done.outcome) {
    // Without a process, a temporary directory or a journal no other pip would fare better; a
    // missing working directory is its own affair.
    const int errnum = done.outcome.error().errnum;
    return fail_locally(id, done.outcome.error(),
                        errnum == ENOENT || errnum == ENOTDIR || errnum == EACCES
                            ? Stop::IfNothingElseCanWork
                            : Stop::Yes);
  }
  const sandbox::Outcome& outcome = *done.outcome;

  s_.view.invalidate_all();
  RunContext context;
  context.pip = id;
  context.start_ns = done.start_ns;
  context.scratch = done.scratch;
  context.end_ns = done.end_ns;
  context.progress = [this](PipId other) { return progress(other); };
  context.git_indexes = &git_indexes_;
  if (p.flags & wire::kPipJavaScript) context.tool_caches = &tool_caches_;
  // Clearing before another run took a directory from under this one: neither what it did then nor
  // how it ended means anything, to it or to others.
  const bool action = p.flags & wire::kPipAction;  // runs once, whatever it met
  const bool undone = !action && n.attempts < kMaxAttempts && !outcome.cancelled && !stopping() &&
                      lost_directory(gone, outcome);
  std::optional<violation::Analyzer> discarded;
  if (undone) discarded.emplace(graph_, paths_, s_.view.mounts(), [](violation::Analyzer&) {});
  Recorded recorded = action ? record_action(s_.view, s_.log.records(), id, outcome)
                             : record(s_.view, s_.log.records(), context, outcome, done.ingested,
                                      undone ? *discarded : analyzer_);
  if (auto logged = log_junk(id, recorded); !logged) {
    // Unrecorded, its outputs would be taken for sources (rule 6). The journal stays for the next
    // build.
    if (auto r = s_.placer.restore_saved(p.stable_id); !r) s_.observer.note(r.error().to_string());
    return fail_locally(id, logged.error(), Stop::Yes);
  }
  remove_scratch(recorded.scratch);
  ::unlink(done.journal.c_str());

  // Ninja lets an edge leave out what it declares, stamps say so; elsewhere it is a promise
  // (BuildXL: DX0064).
  const bool broke_promise = (p.flags & wire::kPipJson) && !recorded.missing.empty();
  const bool ok = succeeded(p, outcome) && !broke_promise;
  // Nobody else's: what the user had there was set aside before it ran.
  if (p.depfile != kNoPath && (p.flags & wire::kPipDepsGcc))
    ::unlink(paths_.str(p.depfile).c_str());
  if (ok) {
    s_.placer.forget_saved(p.stable_id);
    if (p.rspfile != kNoPath) ::unlink(paths_.str(p.rspfile).c_str());
  } else if (auto r = s_.placer.restore_saved(p.stable_id); !r) {
    s_.observer.note(r.error().to_string());
  }

  // As with ninja it stays for whoever looks into the failure; it is no file of the user.
  if (!ok && p.rspfile != kNoPath) {
    wire::Output rspfile;
    rspfile.path = s_.view.physical(p.rspfile);
    if (auto left = lstat_identity(paths_.str(rspfile.path)); left && left->exists()) {
      rspfile.identity = *left;
      if (auto logged = s_.log.add(p.stable_id, {rspfile}); !logged)
        s_.observer.note(logged.error().to_string());
    }
  }

  if (undone) {
    n.state = State::Ready;
    run_queue_.emplace(rank_[index(id)], id);
    return;
  }

  // Rule 10; a thrown away attempt has disturbed others all the same.
  for (const auto& [other, why] : recorded.uncached_others) distrust(other, why);
  for (PipId other : recorded.relisted) look_again(other);
  for (const auto& [other, path] : recorded.made_for)
    if (ok) complete(other, path);
  const bool leftovers = !recorded.leftovers.empty() && !outcome.cancelled && !stopping();
  if (leftovers && n.attempts < kMaxAttempts)
    if (auto removed = remove_leftovers(recorded.leftovers); !removed)
      return fail_locally(id, removed.error());
  if ((leftovers || (ok && recorded.false_absence)) && n.attempts < kMaxAttempts) {
    // Rule 4: what it missed is brought to disk now, what it must not meet is gone, and the attempt
    // is thrown away.
    n.state = State::Ready;
    for (PipId up : s_.view.upstream(id)) node(up).placed = false;
    run_queue_.emplace(rank_[index(id)], id);
    return;
  }

  if (!ok && !stopping() && recorded.violations.empty() && n.retries < p.more().retries &&
      asks_for_retry(p, outcome)) {
    // Rule 45: from View again; what this attempt wrote is recorded, and removed before the next.
    ++n.retries;
    --n.attempts;
    s_.observer.note(p.stable_id + " exited with " + std::to_string(outcome.exit_code) +
                     " and runs again (" + std::to_string(n.retries) + " of " +
                     std::to_string(p.more().retries) + ")");
    n.state = State::Ready;
    run_queue_.emplace(rank_[index(id)], id);
    return;
  }

  PipResult result = result_of(id, Outcome::Ran);
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

  for (const wire::Violation& v : recorded.violations)
    distrust(graph_.find(v.related), p.stable_id + " violates its declarations: " + v.message);

  if (!ok) {
    result.outcome = outcome.cancelled || summary_.cancelled ? Outcome::Cancelled : Outcome::Failed;
    if (result.outcome == Outcome::Failed) ++summary_.failed;
    result.why_not = how_it_failed(p, outcome, timeout_ms(p),
                                   outcome.exit_code == 128 + SIGKILL && oom_kills() > oom_kills_);
    if (succeeded(p, outcome))
      result.why_not += ", but did not make its declared output " +
                        s_.view.mounts().tokenise(paths_.str(recorded.missing.front())) +
                        " (DX0064: what it may leave out belongs to optionalOutputs)";
    if (result.outcome == Outcome::Failed && outcome.timed_out) ++summary_.timed_out;
    if (result.outcome == Outcome::Failed && !summary_.local_resource && !done.full.empty()) {
      summary_.local_resource = true;
      summary_.error = "no space was left on the file system of " + done.full + ": " + p.stable_id +
                       " may have failed for that";
    }
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
  if ((p.flags & wire::kPipConsole) && !action)
    recorded.why_not.insert(recorded.why_not.begin(), "it runs in the console pool");
  if ((p.flags & wire::kPipAlwaysDirty) && !action)
    recorded.why_not.insert(recorded.why_not.begin(), "it has an input that is always dirty");
  if (p.flags & wire::kPipUncacheable)
    recorded.why_not.insert(recorded.why_not.begin(), "it is declared as not cacheable");
  if (std::string why = uncacheable_ending(p, outcome); !why.empty())
    recorded.why_not.insert(recorded.why_not.begin(), std::move(why));
  if (!s_.store) recorded.why_not.push_back("the cache cannot be used");
  if (!n.distrusted.empty()) recorded.why_not.push_back(n.distrusted);
  // Not every command looks at what write(2) says: `cat a > b; touch c` succeeds on a full disk.
  if (!done.full.empty())
    recorded.why_not.push_back("no space was left on the file system of " + done.full +
                               ": what it wrote may be cut short");

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
      recorded.why_not.push_back(std::string("its console output") + kNotStored +
                                 put.error().to_string());
    }
  }
  if (result.entry.evidence.is_zero())
    result.entry.evidence = keep_evidence(s_, id, recorded.observations);
  n.incomplete.reset();
  if (!action && !recorded.missing.empty()) {
    if (recorded.why_not.empty())
      n.incomplete.reset(new Node::Incomplete{result, recorded.missing});
    recorded.why_not.push_back("it did not make its declared output " +
                               s_.view.mounts().tokenise(paths_.str(recorded.missing.front())));
  }
  const bool settled = recorded.unsettled.empty(), otherwise_fine = recorded.why_not.empty();
  if (!settled) recorded.why_not.push_back(recorded.unsettled);
  result.publishable = recorded.why_not.empty();
  if (!result.publishable)
    result.why_not = recorded.why_not.front();
  else if (s_.filing)
    result.filed = s_.filing(id, n.weak, result.path_set);
  if (result.publishable && s_.sharing) share(s_, *s_.sharing, done.ingested, recorded, result);
  const bool came_out_otherwise =
      n.released && !same_outputs(n.entry.outputs, result.entry.outputs);
  n.entry = result.entry;
  n.strong = result.strong;
  n.path_set = result.path_set;
  n.filed = result.filed;
  n.shared = result.shared;
  n.publishable = result.publishable;
  n.placed = true;
  n.action = Action::Miss;
  s_.view.finalize(id, n.entry.outputs);
  n.listed.reset();
  if (otherwise_fine && !recorded.listings.empty())
    n.listed.reset(new Node::Listed{result, std::move(recorded.listings)});
  // Of one that leaves out an output there is nothing to be told: it is an action of somebody's own
  // making, or a pip after it makes the rest.
  const bool may_be = (otherwise_fine && !settled) || n.incomplete;
  emit(std::move(result), may_be ? Show::AsPublishable : Show::AsItIs);
  if (came_out_otherwise) reconsider_dependents(id);
  settle(id, State::Succeeded);
}

}  // namespace bxl::exec
