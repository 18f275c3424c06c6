// What people see while pips run: one line per finished pip, or a status line on a terminal;
// failures in full.
#pragma once

#include <string>
#include <vector>

#include "exec/executor.h"

namespace bxl::exec_tool {

// Writes to stderr (or to the terminal the wrapper handed on as BXL_TTY_FD). Main thread only.
class Console : public exec::Observer {
 public:
  // `handed_on`: pips of the console pool write to the user's terminal themselves.
  Console(const graph::PipGraph& graph, const graph::Mounts& mounts, PathTable& paths,
          int verbosity, bool handed_on);
  void started(PipId pip, std::size_t running) override;
  void finished(const wire::PipResult& result, std::size_t done, std::size_t to_do) override;
  void note(const std::string& text) override;
  // Failures and violations again, last, so that nobody has to scroll.
  void close();

 private:
  void line(const std::string& text);
  void status(const std::string& text);
  void write(const std::string& text);
  std::string describe(PipId pip) const;
  void report_failure(const wire::PipResult& result);
  void report_violations(const wire::PipResult& result);

  const graph::PipGraph& graph_;
  const graph::Mounts& mounts_;
  PathTable& paths_;
  int verbosity_;
  bool handed_on_;
  int tty_ = -1;
  bool status_shown_ = false;
  PipId holder_ = kNoPip;  // of the console pool, running: what we have to say is held back
  std::string held_;
  std::vector<PipId> running_;
  std::size_t done_ = 0, to_do_ = 0;
};

}  // namespace bxl::exec_tool
