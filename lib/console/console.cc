#include "console/console.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "console/line_filter.h"
#include "os/file.h"
#include "violation/message.h"

namespace bxl::console {
namespace {

using namespace std::chrono_literals;
using wire::Outcome;

constexpr auto kRedraw = 100ms;    // a status line that changes faster cannot be read
constexpr auto kRedrawTimes = 1s;  // seconds are shown
constexpr auto kKeepAlive = 30s;   // watchdogs of CI services begin to ask after minutes

int ms_until(Clock::time_point then, Clock::time_point now) {
  return std::max<int>(
      0, static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(then - now).count()));
}

}  // namespace

Console::Console(const graph::PipGraph& graph, const graph::Mounts& mounts, PathTable& paths,
                 const Terminal& terminal, Settings settings,
                 const std::vector<wire::PlanPip>& plan,
                 const std::function<std::uint64_t(PipId)>& earlier_ms,
                 std::function<Clock::time_point()> now)
    : graph_(graph),
      mounts_(mounts),
      paths_(paths),
      terminal_(terminal),
      settings_(std::move(settings)),
      now_(std::move(now)),
      progress_(graph, plan.size(), settings_.jobs, now_()),
      failures_(graph, paths, settings_.keeping),
      notes_(settings_.verbosity > 0, [this](const std::string& text) { note(text); }),
      spoke_(now_()) {
  if (settings_.verbosity < 0) terminal_.status = -1;
  for (const wire::PlanPip& pip : plan)
    if (pip.action == wire::Action::Miss || pip.action == wire::Action::Deferred)
      progress_.planned(pip.pip, pip.action == wire::Action::Deferred, earlier_ms(pip.pip));
}

void Console::write(const std::string& text) {
  if (holder_ != kNoPip)
    held_ += text;
  else
    (void)write_all(terminal_.out, text);
}

void Console::erase_status() {
  if (std::exchange(status_shown_, false)) (void)write_all(terminal_.status, "\r\033[K");
  status_stale_ = true;
}

void Console::line(const std::string& text) {
  if (text.empty()) return;
  erase_status();
  write(text.ends_with('\n') ? text : text + "\n");
  spoke_ = now_();
  last_said_ = kNoPip;
}

void Console::draw_status() {
  const auto now = now_();
  // The last column stays free: a cursor behind it would wrap on some terminals.
  (void)write_all(
      terminal_.status,
      "\r" + progress_.status(now, terminal_.width() - 1, settings_.verbosity > 0) + "\033[K");
  status_shown_ = true;
  status_stale_ = false;
  drawn_ = now;
}

int Console::tick() {
  const auto now = now_();
  if (holder_ != kNoPip || settings_.verbosity < 0 || progress_.running() == 0) return -1;
  if (terminal_.status >= 0) {
    const auto due = drawn_ + (status_stale_ ? kRedraw : kRedrawTimes);
    if (now < due) return ms_until(due, now);
    draw_status();
    return ms_until(now + kRedrawTimes, now);
  }
  if (now >= spoke_ + kKeepAlive)
    line("bxl: " + progress_.keep_alive(now, settings_.verbosity > 0));
  return ms_until(spoke_ + kKeepAlive, now);
}

void Console::started(PipId pip, std::size_t) {
  progress_.started(pip, now_());
  status_stale_ = true;
  if (settings_.console_handed_on && (graph_.pip(pip).flags & wire::kPipConsole)) {
    erase_status();
    if (settings_.verbosity >= 0) line(describe(graph_.pip(pip), settings_.verbosity > 0));
    holder_ = pip;
  }
}

// What a pip printed, fit for where it goes.
std::string Console::said(const std::string& console_text) const {
  return terminal_.colour ? console_text : without_escapes(console_text);
}

// What is shown of a pip that succeeded, now or in an earlier build.
std::string Console::said_by(const wire::Pip& pip, const std::string& console_text) const {
  const std::string& expression = pip.more().warning_regex;
  if (expression.empty() || settings_.verbosity > 0) return said(console_text);
  const Selected warnings = select_lines(console_text, expression);
  const std::string prefix = "warning: " + pip.stable_id + ": ";
  std::string text;
  for (std::size_t at = 0; at < warnings.text.size();) {
    const std::size_t next = warnings.text.find('\n', at) + 1;
    text += prefix + warnings.text.substr(at, next - at);
    at = next;
  }
  if (!warnings.complete)
    text +=
        "bxl: note: " + pip.stable_id + " printed too much to find all warnings in it (-v: all)\n";
  return said(text);
}

void Console::finished(const wire::PipResult& result, std::size_t done, std::size_t to_do) {
  progress_.finished(result, done, to_do);
  status_stale_ = true;
  const bool announced = holder_ == result.pip;
  if (announced) {
    holder_ = kNoPip;
    (void)write_all(terminal_.out, std::exchange(held_, {}));
    spoke_ = now_();
  }
  const wire::Pip& pip = graph_.pip(result.pip);
  const bool quiet = settings_.verbosity < 0, verbose = settings_.verbosity > 0;
  const std::string count = "[" + std::to_string(done) + "/" + std::to_string(to_do) + "] ";
  // A command that empties the build directory meets every pip of the graph.
  const std::size_t most = verbose ? result.violations.size() : 10;
  const std::string violations =
      result.violations.empty()
          ? std::string()
          : violation::message(
                graph_, paths_, mounts_, result, most,
                result.outcome == Outcome::Ran ? violation::Tone::Warning : violation::Tone::Error);
  switch (result.outcome) {
    case Outcome::Violated:
    case Outcome::Failed:
      // What did not run failed by an error of ours, which stands at the end of the build anyway.
      if (result.lane != 0) failures_.add(result, violations);
      // With -q, and after many failures, the report says it soon enough.
      if (quiet) break;
      line(count + (result.outcome == Outcome::Failed
                        ? failures_.headline(result, terminal_)
                        : pip.stable_id + ": disallowed file accesses\n"));
      last_said_ = result.outcome == Outcome::Failed ? result.pip : kNoPip;
      break;
    case Outcome::Ran: {
      line(violations);
      if (quiet) break;
      const std::string text = said_by(pip, result.console);
      if (!announced && (terminal_.status < 0 || verbose || !text.empty()))
        line(count + describe(pip, verbose));
      line(text);
      if (!result.publishable && result.violations.empty() &&
          (verbose ||
           !(pip.flags & (wire::kPipConsole | wire::kPipAlwaysDirty | wire::kPipAction))))
        not_cached(pip, result.why_not);
      break;
    }
    case Outcome::Hit:
      if (quiet) break;
      if (verbose) line(count + "cached: " + describe(pip, verbose));
      line(said_by(pip, result.console));
      break;
    case Outcome::Clean:
    case Outcome::Skipped:
    case Outcome::Cancelled:
      break;
  }
  // Thousands of hits are reported in a row, without a tick in between.
  if (terminal_.status >= 0 && holder_ == kNoPip && now_() >= drawn_ + kRedraw) draw_status();
}

// A full disk has one cause and thousands of victims.
void Console::not_cached(const wire::Pip& pip, const std::string& why) {
  const bool storage = why.find(exec::kNotStored) != std::string::npos;
  if (storage && settings_.verbosity <= 0 && std::exchange(storage_told_, true)) return;
  line("bxl: note: " + pip.stable_id + " is not cached: " + why +
       (storage && settings_.verbosity <= 0 ? " (told once)" : ""));
}

void Console::note(const std::string& text) {
  if (settings_.verbosity >= 0) line("bxl-exec: " + text);
}

void Console::note(const materialize::Note& note) { notes_.add(note); }

void Console::close() {
  erase_status();
  notes_.finish();
  const PipId said = failures_.size() == 1 ? last_said_ : kNoPip;
  const std::string report = failures_.report(terminal_, settings_.verbosity > 0, said);
  if (!report.empty()) line(report);
}

}  // namespace bxl::console
