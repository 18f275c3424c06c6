// Pips without a process: bxl-exec writes their files itself, and says what it touched as the
// sandbox would, so that everything after a run treats them alike.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "os/unique_fd.h"
#include "sandbox/sandbox.h"

namespace bxl::exec {

struct Builtin {
  enum class Kind { None, WriteFile, CopyFile, CopyTree };
  Kind kind = Kind::None;
  std::string to;           // physical; absent before, or for CopyTree a directory
  std::string content;      // WriteFile
  bool executable = false;  // WriteFile
  std::string from;         // copies; symlinks on the way to it are followed
};

// Any thread. What is wrong with `from` is an Outcome with exit code 1 and a sentence on the
// console: the graph's fault. Errors: those of writing `to` and the journal (ENOSPC, EACCES, …).
// Copies keep contents and x-bits; in a tree also symlinks and empty directories, and leave out
// what is a member of no listing (rule 52).
Result<sandbox::Outcome> run_builtin(const Builtin& builtin, const std::string& journal_path);

// The streams of a command that are files. Whoever opens them is the command, to everybody else.
struct Redirections {
  UniqueFd input, output, errors;  // empty: as the sandbox has it
  std::vector<sandbox::Access> accesses;
};
// Paths are physical, or empty; output and errors may be the same, and are absent. `text` counts
// when there is no `input`. Errors: ENOENT, EACCES…
Result<Redirections> redirect(const std::string& input, const std::string& text,
                              const std::string& output, const std::string& errors,
                              const std::string& journal_path);
// Adds accesses that were made before the command began to those it made; both sorted by path.
void add_first(std::vector<sandbox::Access>& accesses, const std::vector<sandbox::Access>& first);

}  // namespace bxl::exec
