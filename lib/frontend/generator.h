// What the generator of the manifest was seen to read, kept beside the stored graph (rule 48).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/path_table.h"
#include "base/result.h"
#include "frontend/reads.h"
#include "os/file.h"
#include "wire/records.h"

namespace bxl::frontend {

// One path that an observed generator looked at.
struct GeneratorAccess {
  std::string path;      // absolute, without symlinks on the way
  bool read = false;     // content
  bool listed = false;   // directory: `members` at the first listing
  bool written = false;  // made, changed or removed by the generator itself
  FileIdentity first;    // lstat just before the first access
  std::vector<std::string> members;
};

struct GeneratorRun {
  int status = 0;         // exit status, 128 + signal when it was killed
  bool observed = false;  // all of it: else `accesses` means nothing
  std::vector<GeneratorAccess> accesses;
};

// Runs `/bin/sh -c COMMAND` in `directory`, both outputs on stderr. Errors: it could not be
// started.
using RunGenerator =
    std::function<Result<GeneratorRun>(const std::string& command, const std::string& directory)>;

// The record is a graph stream without pips, `<workspace>/.bxl/generator`: the reads of the last
// observed run, the manifest it made, and the environment variables that the scripts it read name
// (`ENV{NAME}` in CMake's language; no system call shows a getenv). It only ever adds reasons to
// run the generator. Not in it: what the generator wrote itself; the build directory, where pips
// write; /proc, /sys, /dev; parts of .git that change while reading; ld.so.cache.
inline constexpr const char* kGeneratorRecord = ".bxl/generator";

struct GeneratorCheck {
  std::string id, command;  // of the edge that ran
  std::string changed;      // a path or variable that is not as it was; empty: none
};

// Empty when there is no record, it is damaged, or the manifest is not the one that run made (then
// somebody ran the generator by hand). `variables`: "NAME=value".
std::optional<GeneratorCheck> check_generator(const std::string& directory,
                                              const std::string& manifest,
                                              const std::vector<std::string>& variables);

// Replaces the record by what `run` saw, just after it ended; removes it when it was not observed.
// What changed between the look of the generator and ours counts as changed at the next check.
Result<void> record_generator(const std::string& directory, const std::string& manifest,
                              const wire::Pip& pip, const GeneratorRun& run,
                              const std::vector<std::string>& variables);

// What `run` saw outside `own`, recorded in `reads`; what it wrote itself and what record_generator
// leaves out are not in it. Returns what changed while it ran: reads that are never unchanged.
Result<std::vector<wire::FrontEndRead>> reads_of(const GeneratorRun& run, const std::string& own,
                                                 Reads& reads, PathTable& paths);

}  // namespace bxl::frontend
