// Sums that are kept up as pips come and go: a redraw costs no look at the graph.
#include "console/progress.h"

#include <algorithm>
#include <utility>

#include "console/terminal.h"

namespace bxl::console {
namespace {

constexpr std::size_t kRoomForName = 24;  // columns; less says nothing about which file it is

std::uint64_t ms_between(Clock::time_point from, Clock::time_point to) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(to - from).count();
  return ms > 0 ? static_cast<std::uint64_t>(ms) : 0;
}

std::size_t columns(const std::string& text) { return text.size(); }  // of our own words: ASCII

}  // namespace

const std::string& describe(const wire::Pip& pip, bool verbose) {
  return verbose || pip.description.empty() ? pip.command : pip.description;
}

Progress::Progress(const graph::PipGraph& graph, std::size_t to_do, std::size_t jobs,
                   Clock::time_point now)
    : graph_(graph),
      jobs_(std::max<std::size_t>(1, jobs)),
      begun_(now),
      known_(graph.size()),
      to_do_(to_do) {}

void Progress::planned(PipId pip, bool deferred, std::uint64_t earlier_ms) {
  known_[index(pip)] = {true, deferred, earlier_ms};
  Waiting& waiting = deferred ? deferred_ : to_run_;
  if (earlier_ms != 0) {
    waiting.ms += earlier_ms;
    earlier_ms_ += earlier_ms;
    ++earlier_count_;
  } else {
    ++waiting.unknown;
  }
}

void Progress::leave_waiting(PipId pip) {
  Known& known = known_[index(pip)];
  if (!std::exchange(known.waiting, false)) return;
  Waiting& waiting = known.deferred ? deferred_ : to_run_;
  if (known.earlier_ms != 0)
    waiting.ms -= known.earlier_ms;
  else
    --waiting.unknown;
}

void Progress::started(PipId pip, Clock::time_point now) {
  leave_waiting(pip);
  // A second attempt of the same pip starts its time anew.
  std::erase_if(running_, [&](const auto& r) { return r.first == pip; });
  running_.emplace_back(pip, now);
}

void Progress::finished(const wire::PipResult& result, std::size_t done, std::size_t to_do) {
  leave_waiting(result.pip);
  std::erase_if(running_, [&](const auto& r) { return r.first == result.pip; });
  done_ = done;
  to_do_ = to_do;
  const bool deferred = known_[index(result.pip)].deferred;
  switch (result.outcome) {
    case wire::Outcome::Clean:
    case wire::Outcome::Hit:
      ++reused_;
      if (deferred) ++deferred_spared_;
      break;
    case wire::Outcome::Ran:
    case wire::Outcome::Violated:
    case wire::Outcome::Failed:
      ++(result.outcome == wire::Outcome::Ran ? ran_ : failed_);
      if (deferred) ++deferred_ran_;
      if (result.lane != 0) {
        ran_ms_ += result.entry.wall_ms;
        ++timed_;
      }
      break;
    case wire::Outcome::Skipped:
    case wire::Outcome::Cancelled:
      break;
  }
}

std::optional<Progress::Longest> Progress::longest(Clock::time_point now) const {
  if (running_.empty()) return std::nullopt;
  return Longest{running_.front().first, ms_between(running_.front().second, now)};
}

std::uint64_t Progress::elapsed_ms(Clock::time_point now) const { return ms_between(begun_, now); }

std::optional<std::uint64_t> Progress::average_ms() const {
  if (timed_ != 0) return ran_ms_ / timed_;
  if (earlier_count_ != 0) return earlier_ms_ / earlier_count_;
  return std::nullopt;
}

std::optional<std::uint64_t> Progress::left_ms(Clock::time_point now) const {
  const auto average = average_ms();
  if (!average) return std::nullopt;
  auto sum = [&](const Waiting& w) { return w.ms + w.unknown * *average; };
  const std::uint64_t looked_up = deferred_ran_ + deferred_spared_;
  std::uint64_t work = sum(to_run_) + sum(deferred_) * (deferred_ran_ + 1) / (looked_up + 1);
  std::uint64_t longest = 0;
  for (const auto& [pip, since] : running_) {
    const std::uint64_t earlier = known_[index(pip)].earlier_ms;
    const std::uint64_t expected = earlier != 0 ? earlier : *average, ran = ms_between(since, now);
    const std::uint64_t rest = expected > ran ? expected - ran : 0;
    work += rest;
    longest = std::max(longest, rest);
  }
  return std::max(work / jobs_, longest);
}

std::string Progress::name(PipId pip, bool verbose) const {
  return describe(graph_.pip(pip), verbose);
}

std::string Progress::running_text(const Longest& longest) const {
  std::string text = brief(longest.ms);
  if (running_.size() > 1) text += ", +" + std::to_string(running_.size() - 1);
  return text;
}

std::string Progress::status(Clock::time_point now, std::size_t width, bool verbose) const {
  const std::string count = "[" + std::to_string(done_) + "/" + std::to_string(to_do_) + "]";
  std::vector<std::string> parts;  // the last is dropped first
  auto part = [&](std::size_t n, const char* what) {
    if (n != 0) parts.push_back(std::to_string(n) + " " + what);
  };
  part(failed_, "failed");
  part(reused_, "reused");
  part(ran_, "ran");
  if (auto left = left_ms(now); left && *left >= 1000)
    parts.insert(parts.begin() + (failed_ != 0), "~" + brief(*left) + " left");
  const auto longest = this->longest(now);
  const std::string suffix = longest ? " (" + running_text(*longest) + ")" : "";
  std::string prefix;
  for (std::size_t kept = parts.size();; --kept) {
    prefix = count;
    for (std::size_t i = 0; i < kept; ++i) prefix += (i == 0 ? " " : ", ") + parts[i];
    if (longest) prefix += ": ";
    if (kept == 0 || columns(prefix) + columns(suffix) + kRoomForName <= width) break;
  }
  if (!longest) return fit(prefix, width);
  if (columns(prefix) + columns(suffix) + 4 > width)
    return fit(prefix + name(longest->pip, verbose), width);
  return prefix + fit(name(longest->pip, verbose), width - columns(prefix) - columns(suffix)) +
         suffix;
}

std::string Progress::keep_alive(Clock::time_point now, bool verbose) const {
  constexpr std::size_t kNameWidth = 200;  // a log has no width, a command may have pages
  std::string text = "still running after " + brief(elapsed_ms(now));
  if (auto longest = this->longest(now))
    text +=
        ": " + fit(name(longest->pip, verbose), kNameWidth) + " (" + running_text(*longest) + ")";
  text += ", " + std::to_string(to_do_ - std::min(done_, to_do_)) + " to do";
  if (auto left = left_ms(now); left && *left >= 1000) text += ", ~" + brief(*left) + " left";
  return text;
}

}  // namespace bxl::console
