// How far a build is: what runs and for how long, what was spared, what is left and how long that
// may take.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "graph/pip_graph.h"
#include "wire/records.h"

namespace bxl::console {

using Clock = std::chrono::steady_clock;

// Knows no terminal and no clock: the caller says what time it is. One thread.
class Progress {
 public:
  // A build of `to_do` pips, `jobs` at once.
  Progress(const graph::PipGraph& graph, std::size_t to_do, std::size_t jobs,
           Clock::time_point now);

  // Before the build: this pip is to run, or, when `deferred`, to be looked up later.
  // `earlier_ms`: what it took when it ran last; 0: unknown.
  void planned(PipId pip, bool deferred, std::uint64_t earlier_ms);
  void started(PipId pip, Clock::time_point now);
  void finished(const wire::PipResult& result, std::size_t done, std::size_t to_do);

  std::size_t done() const { return done_; }
  std::size_t to_do() const { return to_do_; }
  std::size_t running() const { return running_.size(); }
  struct Longest {
    PipId pip;
    std::uint64_t ms;
  };
  // The pip that has been running for longest.
  std::optional<Longest> longest(Clock::time_point now) const;
  std::uint64_t elapsed_ms(Clock::time_point now) const;

  // An estimate: what each pip took when it ran last, or the average of those that are known,
  // shared out among the jobs. Of the deferred pips, the part counts that had to run so far.
  // Nothing before any time is known.
  std::optional<std::uint64_t> left_ms(Clock::time_point now) const;

  // One line of at most `width` columns:
  //   [130/400] 115 reused, 15 ran, ~1 min 20 s left: Building CXX object a.cc.o (12 s, +1)
  // Parts that would leave no room for the name of the pip are dropped. `verbose`: its command.
  std::string status(Clock::time_point now, std::size_t width, bool verbose) const;
  // For logs, without the shape of a status line:
  //   still running after 60 s: Building CXX object a.cc.o (45 s, +1), 12 to do, ~20 s left
  std::string keep_alive(Clock::time_point now, bool verbose) const;

 private:
  struct Known {
    bool waiting = false, deferred = false;
    std::uint64_t earlier_ms = 0;
  };
  struct Waiting {  // sums over the pips that have not started
    std::uint64_t ms = 0;
    std::size_t unknown = 0;
  };
  void leave_waiting(PipId pip);
  std::optional<std::uint64_t> average_ms() const;
  std::string name(PipId pip, bool verbose) const;
  std::string running_text(const Longest& longest) const;  // "12 s, +1"

  const graph::PipGraph& graph_;
  std::size_t jobs_;
  Clock::time_point begun_;
  std::vector<Known> known_;  // by pip
  Waiting to_run_, deferred_;
  std::vector<std::pair<PipId, Clock::time_point>> running_;  // oldest first
  std::uint64_t earlier_ms_ = 0, ran_ms_ = 0;
  std::size_t earlier_count_ = 0, deferred_ran_ = 0, deferred_spared_ = 0;
  std::size_t reused_ = 0, ran_ = 0, failed_ = 0, timed_ = 0, done_ = 0, to_do_ = 0;
};

// What a pip is called: its description, or its command when it has none or `verbose`.
const std::string& describe(const wire::Pip& pip, bool verbose);

}  // namespace bxl::console
