// What one run did, reconciled with View: outputs, observations, and whether the result may be
// published.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "cas/blob_store.h"
#include "cas/hash_memo.h"
#include "exec/listing.h"
#include "exec/root_scan.h"
#include "exec/tool_cache.h"
#include "fingerprint/fingerprint.h"
#include "fingerprint/path_set.h"
#include "fingerprint/view.h"
#include "graph/output_record.h"
#include "sandbox/sandbox.h"
#include "violation/analyzer.h"
#include "wire/records.h"

namespace bxl::exec {

// Clock granularity: a file whose ctime is younger than this before a run may have changed after it
// was read with no trace in its identity. The kernel's tick is up to 10 ms (HZ=100).
inline constexpr std::int64_t kClockGranularityNs = 10'000'000;

// The part that needs no View and runs on the job's own thread, before dependents are released
// (rule 22).
struct Ingested {
  struct File {
    std::string path;
    wire::Output output;      // path unset; digest and identity filled
    bool other_kind = false;  // FIFO, socket, device, setuid: cannot be an output
    int errnum = 0;           // it could not be read or stored
    RootFinding roots;        // where that was asked for
    // It was there before, was opened for writing and nothing else, and is as it was.
    bool unwritten = false;
  };
  std::vector<File> files;  // every mutated path that exists now, sorted
  std::unordered_set<std::string>
      young;  // read, changed within the granularity of the start, no earlier hash
  // Files of which the run made or removed a name, as (device, inode): their change time moved, and
  // their content need not have.
  std::set<std::pair<std::uint64_t, std::uint64_t>> relinked;
  bool is_relinked(const FileIdentity& file) const {
    return !relinked.empty() && relinked.contains({file.dev, file.ino});
  }
};
// `store` null: outputs are hashed but not stored. `roots`, when not null, are looked for in the
// content of outputs. `scratch`: path prefixes whose content is never
// an output.
Ingested ingest(const sandbox::Outcome& outcome, std::int64_t start_ns,
                const std::vector<std::string>& scratch, const graph::Mounts& mounts,
                cas::BlobStore* store, cas::HashMemo& memo, const RootPatterns* roots = nullptr);

// Part of the sentence of a result whose content the store did not take.
inline constexpr const char* kNotStored = " could not be stored: ";

struct Recorded {
  std::vector<wire::Output> outputs;  // sorted by path text
  std::vector<PathId> deleted;
  std::vector<fingerprint::Observation> observations;
  std::vector<std::string> why_not;  // sentences; empty: publishable as far as the run is concerned
  std::vector<wire::Violation> violations;
  // Made in its own temporary directories or in a tool's cache, and there still: to be removed,
  // members first.
  std::vector<PathId> scratch;
  // Declared outputs that neither it made nor, in an earlier build, a pip after it.
  std::vector<PathId> missing;
  // Outputs that pips before it declare and did not make: it did.
  std::vector<std::pair<PipId, PathId>> made_for;
  bool false_absence = false;  // it missed, on disk, an upstream output: run again
  // Outputs of an earlier build that it met although whoever makes them is yet to be decided: to be
  // removed, members before their directories, and run again.
  std::vector<PathId> leftovers;
  // Others that saw a matter of luck because of this pip, and why they must not be cached.
  std::vector<std::pair<PipId, std::string>> uncached_others;
  // Others whose listings are to be looked at once more: violation::Analyzer::Report.
  std::vector<PipId> relisted;
  std::vector<Listing> listings;  // of a task that a tool runs
  // Why they cannot be believed yet, one sentence: what appeared meanwhile may be an output of a
  // task that still runs. Empty: they can.
  std::string unsettled;
  // Outputs of others as this pip left them.
  std::vector<std::pair<PipId, wire::Output>> overwritten;
};

// How far the owner of a path has come, when it is not the pip in question.
enum class Progress {
  Outside,    // not part of this build: what it made before is as good as new
  Undecided,  // it will run or be looked up; what it made before means nothing yet
  Started,    // running, or done
};

struct RunContext {
  PipId pip = kNoPip;
  std::int64_t start_ns = 0, end_ns = 0;  // wall clock of the job
  std::vector<std::string> scratch;       // private temp directory, .bxl
  std::function<Progress(PipId)> progress;
  // Projections of the git indexes a pip may meet, as they were before: git refreshes their stat
  // data while it reads.
  const std::unordered_map<PathId, std::string>* git_indexes = nullptr;
  ToolCaches* tool_caches = nullptr;  // of tasks of JavaScript repositories
};

// Main thread only. Marks the pip's outputs in View (note_outputs) before it asks View anything;
// the caller has invalidated View's disk memo after the run.
Recorded record(fingerprint::View& view, const graph::OutputRecords& records,
                const RunContext& context, const sandbox::Outcome& outcome,
                const Ingested& ingested, violation::Analyzer& analyzer);

}  // namespace bxl::exec
