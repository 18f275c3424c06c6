// The search for causes through the builds on record.
#include "report/why.h"

#include <algorithm>
#include <set>

namespace bxl::report {
namespace {

using wire::Outcome;
using wire::PipResult;

constexpr std::size_t kMaxRoots = 20;

bool rests_on_something(const PipResult& result) {
  return result.outcome != Outcome::Skipped && result.outcome != Outcome::Cancelled;
}

class Search {
 public:
  explicit Search(History& history) : history_(history) {}

  // The newest build, not before index `from` and before index `end`, in which something happened
  // to the pip.
  bool event(const std::string& pip, std::size_t from, std::size_t end, std::size_t* at) {
    for (std::size_t i = from; i < end && i < history_.size(); ++i) {
      const Build* build = history_.build(i);
      const PipResult* result = build ? build->find(pip) : nullptr;
      if (!result || result->outcome == Outcome::Clean) continue;
      *at = i;
      return true;
    }
    return false;
  }

  Step step(const std::string& pip, std::size_t at) {
    const Build& build = *history_.build(at);
    Step step;
    step.pip = pip;
    step.build = at;
    step.result = *build.find(pip);
    if (!rests_on_something(step.result)) {
      if (!step.result.why_not.empty()) step.notes.push_back(step.result.why_not);
      return step;
    }
    const Build* old_build = nullptr;
    const PipResult* old = nullptr;
    for (std::size_t i = at + 1; i < history_.size() && !old; ++i) {
      const Build* earlier = history_.build(i);
      const PipResult* result = earlier ? earlier->find(pip) : nullptr;
      if (!result || !rests_on_something(*result)) continue;
      old_build = earlier;
      old = result;
      step.previous = i;
    }
    if (!old) {
      first_time(step);
      return step;
    }
    step.compared = true;
    if (old->entry.evidence == step.result.entry.evidence && !old->entry.evidence.is_zero()) {
      same_inputs(step, *old);
      return step;
    }
    auto before = history_.facts(*old_build, *old);
    auto after = history_.facts(build, step.result);
    if (before && after) step.causes = compare(*before, *after);
    if (step.causes.empty()) {
      if (before && after && before->observed_known && after->observed_known)
        same_inputs(step, *old);
      else
        unknown_difference(step, *old);
    }
    // Another mount table: every path may differ; that is the cause, and the rest follows.
    for (const Cause& cause : step.causes)
      step.makers.push_back(maker(cause, pip, build, *old_build));
    return step;
  }

  // Follows the causes of `step` to their ends.
  void roots(const Step& step, std::vector<std::string> through, std::vector<Root>& out) {
    if (step.causes.empty()) {
      for (const std::string& note : step.notes) add({step.pip, {}, note, through}, out);
      return;
    }
    for (std::size_t i = 0; i < step.causes.size(); ++i) {
      const std::string& next = step.makers[i];
      std::size_t at = 0;
      if (next.empty()) {
        add({step.pip, step.causes[i], {}, through}, out);
        continue;
      }
      if (!visited_.insert(next).second) continue;
      // It was made anew in this build, or in one since the previous result.
      if (!event(next, step.build, step.compared ? step.previous : history_.size(), &at)) {
        add({step.pip, step.causes[i], {}, through}, out);
        continue;
      }
      std::vector<std::string> longer{next};
      longer.insert(longer.end(), through.begin(), through.end());
      roots(this->step(next, at), std::move(longer), out);
    }
  }

 private:
  static void add(Root root, std::vector<Root>& out) {
    for (const Root& known : out)
      if (known.note == root.note && known.cause == root.cause &&
          (!root.note.empty() ? known.pip == root.pip : true))
        return;
    if (out.size() < kMaxRoots) out.push_back(std::move(root));
  }

  std::string maker(const Cause& cause, const std::string& pip, const Build& now,
                    const Build& before) {
    auto made = [&](const std::string& path) -> std::string {
      for (const Build* build : {&now, &before}) {
        const std::string* id = build->maker(build->paths->find(path));
        if (id && *id != pip) return *id;
      }
      return {};
    };
    switch (cause.kind) {
      case CauseKind::Input:
      case CauseKind::Read:
      case CauseKind::Consequence:
        return made(cause.subject);
      case CauseKind::Listing:
        for (const auto* members : {&cause.added, &cause.removed})
          for (const std::string& member : *members)
            if (std::string id = made(cause.subject + "/" + member); !id.empty()) return id;
        return {};
      default:
        return {};
    }
  }

  static void first_time(Step& step) {
    const PipResult& r = step.result;
    if (r.outcome == Outcome::Hit)
      step.notes.push_back(
          "first build of it on record; the cache had a result for this command and these inputs" +
          (r.reason.empty() ? std::string() : ", " + r.reason));
    else
      step.notes.push_back("first build of it on record" +
                           (r.reason.empty() ? std::string() : ": " + r.reason));
  }

  // Nothing it rested on differs, and yet it was not left alone.
  static void same_inputs(Step& step, const PipResult& old) {
    const PipResult& r = step.result;
    if (r.outcome == Outcome::Hit) {
      step.notes.push_back(
          "its inputs are the same; outputs were missing or changed on disk and were restored");
    } else if (old.outcome == Outcome::Failed) {
      step.notes.push_back("its inputs are the same; it had failed, and failures are never cached");
    } else if (old.outcome == Outcome::Violated) {
      step.notes.push_back(
          "its inputs are the same; it had violated its declarations, and such results are never "
          "cached");
    } else if (old.outcome == Outcome::Ran && !old.publishable) {
      step.notes.push_back("its inputs are the same; its earlier result was not cached: " +
                           old.why_not);
    } else if (r.reason.starts_with("never seen") || r.reason.starts_with("an observed input")) {
      step.notes.push_back(
          "its inputs are the same; its outputs were missing or changed on disk and the cache no "
          "longer "
          "has its entry (evicted, removed, or another cache directory)");
    } else {
      step.notes.push_back("its inputs are the same; " +
                           (r.reason.empty() ? "why it ran was not recorded" : r.reason));
    }
  }

  static void unknown_difference(Step& step, const PipResult& old) {
    const PipResult& r = step.result;
    std::string what = r.static_hash != old.static_hash
                           ? "its command, environment or declaration differs"
                       : r.weak != old.weak ? "a declared input differs"
                                            : "something it read differs";
    step.notes.push_back(what +
                         " from its previous result (what that rested on is no longer on record)");
    if (!r.reason.empty()) step.notes.push_back(r.reason);
  }

  History& history_;
  std::set<std::string> visited_;
};

}  // namespace

Explanation explain(History& history, const std::string& pip) {
  Explanation out;
  Search search(history);
  const Build* newest = history.size() > 0 ? history.build(0) : nullptr;
  const PipResult* now = newest ? newest->find(pip) : nullptr;
  out.clean = now && now->outcome == Outcome::Clean;
  for (std::size_t i = 0; i < history.size() && !out.found; ++i) {
    const Build* build = history.build(i);
    out.found = build && build->find(pip);
  }
  std::size_t at = 0;
  if (!search.event(pip, 0, history.size(), &at)) return out;
  out.event = true;
  out.current = at == 0;
  out.step = search.step(pip, at);
  search.roots(out.step, {}, out.roots);
  // A root in the pip itself is what `causes` says already.
  std::erase_if(out.roots, [](const Root& root) { return root.through.empty(); });
  return out;
}

}  // namespace bxl::report
