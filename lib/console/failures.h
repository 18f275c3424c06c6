// The pips that failed: what they said is kept in files, with a script that runs each again, and
// told last.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/path_table.h"
#include "console/terminal.h"
#include "graph/pip_graph.h"
#include "wire/records.h"

namespace bxl::console {

// Where failures are kept, and what a script needs to run a pip as bxl-exec did.
struct Keeping {
  std::string directory;                                         // `.bxl/log/failed`
  std::string workspace;                                         // its root
  std::string sandbox;                                           // path of bxl-sandbox
  std::vector<std::pair<std::string, std::string>> environment;  // of every pip
};

class Failures {
 public:
  // What an earlier build has left in the directory goes with the first failure, or with report():
  // until then its scripts can be used.
  Failures(const graph::PipGraph& graph, PathTable& paths, Keeping keeping);

  // A pip that failed or violated its declarations; `violations`: the text about those. Keeps all
  // it printed as N-ID.log and a script as N-ID.sh. What cannot be written costs only itself.
  void add(const wire::PipResult& result, std::string violations);

  std::size_t size() const { return failed_.size(); }
  // "FAILED: ID: it exited with 1"; empty for violations, whose text says it.
  std::string headline(const wire::PipResult& result, const Terminal& terminal) const;
  // All of them, those first that others depend on: headline, command, the last 40 lines printed
  // (of those that its errorRegex selects, if there are any), where the rest is, how to run it
  // again. From the 21st on only names, unless `all`. `skip_headline`: of this pip, for it is the
  // last thing that was said.
  std::string report(const Terminal& terminal, bool all, PipId skip_headline);

 private:
  struct Failed {
    PipId pip;
    std::string headline, violations, tail, log, script;
    std::size_t lines = 0, shown = 0;
    bool selected = false;  // by the pip's expression: `shown` are not the last ones
  };
  void clear();
  // `input`: the file that holds stdin_text, if the pip has one.
  std::string script_for(const wire::Pip& pip, const std::string& input) const;

  const graph::PipGraph& graph_;
  PathTable& paths_;
  Keeping keeping_;
  bool cleared_ = false;
  std::vector<Failed> failed_;
};

}  // namespace bxl::console
