// What earlier rounds of one build did: the wrapper runs the stages again when a dyndep file was
// made that completes the graph, or when content turned out to be lost.
#pragma once

#include <string>
#include <unordered_map>

#include "base/path_table.h"
#include "base/result.h"
#include "state/workspace.h"
#include "wire/records.h"

namespace bxl::state {

// The file of this build's rounds in `.bxl/run`, named after the wrapper (BXL_WRAPPER_PID,
// BXL_STARTED_MS); empty without one.
std::string rounds_file(const Workspace& workspace);

struct Rounds {
  std::unordered_map<PipId, wire::PipResult> results;  // of pips that ran or were replayed
  wire::Stats stats;                                   // summed up over the rounds

  // Empty in the first round (BXL_ROUND is not set) and when the file is damaged: pips that are
  // never cached then run once more.
  static Rounds load(const Workspace& workspace, PathTable& paths);

  // The result of a pip that ran in this build and cannot be recognised by the workspace state
  // since nothing of it was kept; null for others. Running it twice in one build would surprise: it
  // may be an action.
  const wire::PipResult* settled(PipId pip, const Digest& static_hash) const;

  // Adds what a round did to what is here: a pip that was up to date in it stays what it was.
  void add(const std::unordered_map<PipId, wire::PipResult>& round, const wire::Stats& stats);

  // Errors: ENOSPC and the like.
  Result<void> save(const Workspace& workspace, const PathTable& paths,
                    const wire::Header& header) const;
};

}  // namespace bxl::state
