// The difference between what two results of one pip rested on.
#pragma once

#include <string>
#include <vector>

#include "report/facts.h"

namespace bxl::report {

enum class CauseKind {
  Command,      // before, after: the words that differ
  Environment,  // subject: the variable's name
  Declaration,  // subject: "response file", "declared outputs", "working directory", "mounts",
                // "bxl" …
  Input,        // subject: a declared input, absolute; before, after: its values
  Read,         // subject: a path it read, probed or found absent; before, after: its values
  Listing,      // subject: a directory; added, removed: members
  Consequence,  // subject: a path that only one of the two looked at
};
const char* name(CauseKind kind);

struct Cause {
  CauseKind kind = CauseKind::Command;
  std::string subject;
  std::string before, after;  // Environment: empty with set_before/set_after false means not set
  bool set_before = true, set_after = true;
  std::vector<std::string> added, removed;  // Listing, Declaration; sorted
  bool operator==(const Cause&) const = default;
};

// Gravest first, in the order of CauseKind; within one kind by position or name. Empty: both rested
// on the same. Consequences only when nothing else differs: what a pip looks at follows from what
// it found before.
std::vector<Cause> compare(const Facts& before, const Facts& after);

// Shell words that differ, as (removed, added) runs in order. Exposed for tests.
std::vector<std::pair<std::string, std::string>> word_difference(const std::string& before,
                                                                 const std::string& after);

// Made the file or directory appear, go, change content …: "exists now", "changed".
enum class Change { Appeared, Gone, Content, Executable, LinkTarget, Kind };
Change change_of(const Cause& cause);

}  // namespace bxl::report
