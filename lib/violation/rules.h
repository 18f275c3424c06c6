// When two pips disturb each other through one path, and how much: a pure decision over two facts.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/digest.h"

namespace bxl::violation {

// What one pip did to one path.
enum class Touch : std::uint8_t {
  Read,         // its content, or its attributes where those count as content
  Probe,        // its existence alone; it was there
  AbsentProbe,  // looked for, and not there
  Look,     // a path set's word for either of the two: it was there unless the other party made it
  List,     // the path is a directory, and the other party's is a member of it
  Create,   // it is the pip's output: the pip brought it into being
  Rewrite,  // it was there before and is no pip's output: a source or the user's
  Remove,   // likewise, and it is gone
  Temporary,  // brought into being, and gone at the end
};
constexpr bool is_write(Touch touch) { return touch >= Touch::Create; }

struct Fact {
  Touch touch = Touch::Read;
  bool directory = false;     // Create: a directory
  bool declared = false;      // Create: the pip names it among its outputs
  bool scratch = false;       // Create: in /tmp or the like, never replayed
  bool same_content = false;  // Create: the pip allows others to write the same
  Digest content;             // Create: of its bytes or target; zero: unknown
  // Wall clock of the run; both 0: it is over, or has not begun.
  std::int64_t start_ns = 0, end_ns = 0;
};

// How the graph orders the pip in question and the other one.
enum class Order { None, MineFirst, TheirsFirst };

// Violation: both parties are refused. Uncached: the one that `whom` names saw a matter of luck and
// is not published; nothing else comes of it.
enum class Severity { Violation, Uncached };
enum class Whom { Mine, Theirs };

enum class Kind : std::uint8_t {
  ReadOutput,      // a read of an output of a pip that is not upstream
  ReadDownstream,  // likewise, and that pip even depends on the reader
  ReadScratch,     // a read of what another pip left in /tmp
  ProbedOutput,    // an output was looked for in vain
  ChangedSource,   // a source that one reads and another one changes
  DoubleWrite,     // two writers
  SameContent,     // two writers in an order, with the same content
  RemovedOutput,   // one removed another's output
  SharedTemporary,
  Listed,             // names in a directory that receives another one's output
  ProbedDirectory,    // a directory that another one makes was looked for in vain
  ReadWhileRewritten  // the content was written anew meanwhile
};

struct Verdict {
  Kind kind = Kind::ReadOutput;
  Severity severity = Severity::Violation;
  Whom whom = Whom::Mine;   // Uncached: who
  std::string_view code;    // Violation: BuildXL's number, "DX5009"
  std::string_view letter;  // Violation: R, W, DW or MD
  char role = 'R';          // what the pip in question did: R or W
};

// Do these two facts about one path (List: about a directory and a member) disturb each other?
// Symmetric but for `whom` and `role`. nullopt: no.
std::optional<Verdict> judge(const Fact& mine, const Fact& theirs, Order order);

// Did the two runs overlap? Facts without times never do.
bool overlap(const Fact& a, const Fact& b);

}  // namespace bxl::violation
