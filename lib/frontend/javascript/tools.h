// Asks a tool of the repository for its tasks: run observed, so that it is asked again only when
// what it read has changed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/path_table.h"
#include "base/result.h"
#include "frontend/load.h"
#include "frontend/reads.h"
#include "wire/records.h"

namespace bxl::frontend::javascript {

struct Question {
  std::string tool;     // for messages: "lage info"
  std::string command;  // shell text
  std::string directory;
  Environment environment;  // all that the tool gets
  bool prints = true;       // the answer is what it prints; otherwise what it writes to file()
};

// `request`, `reads` and `paths` must outlive it.
class Tools {
 public:
  Tools(const LoadRequest& request, Reads& reads, PathTable& paths)
      : request_(request), reads_(reads), paths_(paths) {}

  std::string directory() const { return request_.workspace.directory + "/.bxl/tool"; }
  std::string file() const { return directory() + "/answer"; }
  // The text of the answer; `run` is for record(). Errors: it cannot be run, ended with another
  // exit code than 0 (what it said is on stderr then), or left no answer.
  Result<std::string> ask(const Question& question, GeneratorRun& run);
  // What the tool read counts from now on, but for listings below `folders`, where pips write, and
  // of what holds the workspace, such as /tmp: Rush lists
  // these to spell its own path.
  Result<void> record(GeneratorRun run, const std::string& tool,
                      const std::vector<std::string>& folders);

  // The absolute path of the program `name`: in node_modules/.bin of `root`, else in PATH; empty:
  // in neither. What was looked for is recorded.
  std::string find(const std::string& name, const std::string& root,
                   const Environment& environment);
  // Likewise, in PATH only.
  std::string find_in_path(const std::string& name, const Environment& environment);

  // What the answers rest on cannot be recorded: the next build has to ask again.
  void ask_each_time() { observed_ = false; }

  std::uint32_t runs() const { return runs_; }
  bool observed() const { return observed_; }                            // all of them
  const std::vector<wire::FrontEndRead>& late() const { return late_; }  // never unchanged

 private:
  const LoadRequest& request_;
  Reads& reads_;
  PathTable& paths_;
  std::vector<wire::FrontEndRead> late_;
  std::uint32_t runs_ = 0;
  bool observed_ = true;
};

}  // namespace bxl::frontend::javascript
