// What people see while pips run: a status line on a terminal, else one line per pip that ran;
// failures last.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "console/failures.h"
#include "console/progress.h"
#include "console/terminal.h"
#include "exec/executor.h"
#include "materialize/note.h"

namespace bxl::console {

struct Settings {
  int verbosity = 0;  // -1: only failures; 1: commands instead of descriptions, hits
  std::size_t jobs = 1;
  bool console_handed_on =
      false;        // pips of the console pool write to the user's terminal themselves
  Keeping keeping;  // of failures
};

// One thread. What it says:
// - on a terminal, a status line: drawn at most ten times a second, at least once a second, as wide
//   as the window is at that moment, erased before any other text and at the end, absent while a
//   pip of the console pool has the terminal;
// - elsewhere a line per pip that ran, and after 30 s without any the sentence that it still runs;
// - what pips printed, when they end; of those with a warningRegex the lines that it selects, as
//   warnings (all of it with -v); of pips that failed at the end of the build;
// - no escape sequence unless terminal.colour, or for the status line.
class Console : public exec::Observer {
 public:
  // `plan`: what the build has to do. `earlier_ms`: what a pip took when it ran last, 0: unknown.
  // `now`: the clock.
  Console(const graph::PipGraph& graph, const graph::Mounts& mounts, PathTable& paths,
          const Terminal& terminal, Settings settings, const std::vector<wire::PlanPip>& plan,
          const std::function<std::uint64_t(PipId)>& earlier_ms,
          std::function<Clock::time_point()> now = Clock::now);

  void started(PipId pip, std::size_t running) override;
  void finished(const wire::PipResult& result, std::size_t done, std::size_t to_do) override;
  void note(const std::string& text) override;
  int tick() override;
  // What happened to files of the user. The first three of a kind are named, the others counted at
  // the end; with -v all are named.
  void note(const materialize::Note& note);
  // The end: summaries of notes, then the failures.
  void close();

 private:
  void line(const std::string& text);  // erases the status line first
  void write(const std::string& text);
  void erase_status();
  void draw_status();
  std::string said(const std::string& console_text) const;
  std::string said_by(const wire::Pip& pip, const std::string& console_text) const;
  void not_cached(const wire::Pip& pip, const std::string& why);

  const graph::PipGraph& graph_;
  const graph::Mounts& mounts_;
  PathTable& paths_;
  Terminal terminal_;
  Settings settings_;
  std::function<Clock::time_point()> now_;
  Progress progress_;
  Failures failures_;
  materialize::NoteLimit notes_;
  bool status_shown_ = false, status_stale_ = true;
  Clock::time_point drawn_{}, spoke_;  // the status line; any line
  PipId holder_ = kNoPip;  // of the console pool, running: what we have to say is held back
  std::string held_;
  bool storage_told_ = false;
  PipId last_said_ = kNoPip;  // the last line was this pip's failure
};

}  // namespace bxl::console
