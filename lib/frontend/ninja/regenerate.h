// Brings the manifest up to date before it is used, as ninja does with edges that make build.ninja.
#pragma once

#include <functional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/path_table.h"
#include "base/result.h"
#include "frontend/reads.h"
#include "wire/records.h"

namespace bxl::frontend::ninja {

// Content of the files that the stored graph rested on, by path text.
using KnownContent = std::unordered_map<std::string, wire::FrontEndRead>;

// Leaves kPipGenerator on the edges that bxl-graph runs itself: the one that makes the manifest,
// also when it does not say generator = 1, and those with generator = 1 that it needs. All others
// lose it: they are pips, which nobody else would run.
void mark_generators(std::vector<wire::Pip>& pips, const PathTable& paths,
                     const std::string& manifest);

struct GeneratorSettings {
  std::string manifest;                 // absolute path of the manifest
  const KnownContent* known = nullptr;  // must be set; may be empty
  // `known` was taken just before a generator ran: an input outside the build directory with other
  // content changed meanwhile, and whether the generator saw it no time can tell.
  bool known_before_run = false;
  // Is something that the edge was seen to read not as it was? May be empty: no.
  std::function<bool(const wire::Pip&)> changed;
  std::function<Result<int>(const wire::Pip&)> run;  // runs one command and gives its exit status
};

// One pass over the edges that the manifest depends on. `paths` belongs to `pips`.
class Generators {
 public:
  Generators(const GeneratorSettings& settings, const PathTable& paths, Reads& reads)
      : settings_(settings), paths_(paths), reads_(reads) {}

  // Runs what is out of date of the edges with kPipGenerator (see mark_generators) and says whether
  // anything ran. Out of date means one of:
  //   - an output is missing or older than an input, unless the input has the content of `known`
  //   - an input differs from `known`, although the manifest is the file that `known` saw, or while
  //     a generator ran
  //   - an always-dirty input, once per process
  //   - `changed` says so
  // Files made by generators count by their times alone: CMake touches an empty stamp to say that
  // a glob has new members. Inputs and outputs are recorded in `reads`.
  // Errors: an input that is missing, a command that failed, with file and line; EINTR when a
  // command was interrupted.
  Result<bool> bring_up_to_date(const std::vector<wire::Pip>& pips);

  // Those that must run before every build (always-dirty), as positions in the last `pips`.
  const std::vector<PipId>& always_run() const { return always_run_; }
  // `already`: stable ids of always-dirty edges that this process has run.
  std::unordered_set<std::string>& already() { return already_; }

 private:
  Result<bool> is_stale(const std::vector<wire::Pip>& pips, const wire::Pip& pip);
  bool is_generated(const std::vector<wire::Pip>& pips, const std::string& path) const;
  Result<void> check_input(const std::vector<wire::Pip>& pips, const wire::Pip& pip,
                           const std::string& path, std::int64_t oldest_output, bool* stale);
  std::vector<std::string> input_files(const std::vector<wire::Pip>& pips, const wire::Pip& pip);
  bool manifest_is_known() const;

  const GeneratorSettings& settings_;
  const PathTable& paths_;
  Reads& reads_;
  std::vector<PipId> always_run_;
  std::unordered_set<std::string> already_;
  std::vector<PipId> producers_;  // by PathId
};

}  // namespace bxl::frontend::ninja
