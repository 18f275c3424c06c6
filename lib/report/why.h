// Why a pip ran, was replayed, failed or was left alone: its result against its previous one, and
// upstream to the edit.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "report/build_log.h"
#include "report/compare.h"

namespace bxl::report {

// The builds on record, and what their results rested on.
class History {
 public:
  virtual ~History() = default;
  virtual std::size_t size() const = 0;
  // Newest first; null when it cannot be read. Stays valid.
  virtual const Build* build(std::size_t index) = 0;
  // Errors: ENOENT when the evidence is no longer in the store, EBADMSG.
  virtual Result<Facts> facts(const Build& build, const wire::PipResult& result) = 0;
};

// What happened to one pip in one build, and why.
struct Step {
  std::string pip;
  std::size_t build = 0;  // index in the history
  wire::PipResult result;
  bool compared = false;     // with an earlier result
  std::size_t previous = 0;  // compared: the build of that one
  std::vector<Cause> causes;
  std::vector<std::string>
      makers;  // of each cause: the pip whose output its subject is, "" for sources
  std::vector<std::string> notes;  // sentences, where no difference tells it
};

// The end of a chain: an edit, or a pip that gave another result for the same inputs.
struct Root {
  std::string pip;  // whose cause or note it is
  Cause cause;      // meaningless when `note` is set
  std::string note;
  std::vector<std::string> through;  // pips from the edit to the explained one, without the latter
};

struct Explanation {
  bool found = false;    // some build on record had this pip
  bool current = false;  // what is told happened in the newest build; otherwise it was up to date,
                         // or not asked for, since
  bool clean = false;    // it was up to date in the newest build
  bool event =
      false;  // `step` holds something that happened; false: up to date in all builds on record
  Step step;
  std::vector<Root> roots;
};

// Never fails: what is not on record is said in notes.
Explanation explain(History& history, const std::string& stable_id);

}  // namespace bxl::report
