// `.bxl/outputs.log`: what bxl and its pips put into the tree, written before anybody may rely on
// it. Rule 6. A copy in the cache grows in step with it, so that the loss of `.bxl` does not turn
// outputs into sources. Byte format: lib/state/FORMAT.md.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/path_table.h"
#include "base/result.h"
#include "graph/mounts.h"
#include "graph/output_record.h"
#include "os/unique_fd.h"
#include "state/workspace.h"
#include "wire/records.h"

namespace bxl::state {

// Append-only. Every append is one write(2) with O_APPEND, so that it survives the death of the
// process. A torn tail (power loss) is ignored and cut off at the next open for writing; an append
// that fails (full disk) leaves the log as it was.
//
// Thread-safe for appends only through the owner's serialisation.
class OutputLog {
 public:
  enum class Mode { Read, Write };
  // Loads the records. When the log is absent or damaged and its copy in the cache (`copy`) has
  // more, that is used. Runs that were started and never ended (kill -9, power loss) are recovered
  // from their journals in .bxl/run: whatever they wrote and still exists belongs to them.
  // `recovered()` counts those.
  static Result<std::unique_ptr<OutputLog>> open(const Workspace& workspace,
                                                 const std::string& copy,
                                                 const graph::Mounts& mounts, PathTable& paths,
                                                 Mode mode);

  const graph::OutputRecords& records() const { return records_; }
  // The paths recorded for one owner, ascending.
  std::vector<PathId> owned_by(const std::string& owner) const;
  std::size_t recovered() const { return recovered_; }
  bool existed() const {
    return existed_;
  }  // a log or a copy was found, and nothing in it was damaged

  // The pip is about to run; its mutations go to the journal file.
  Result<void> start(const std::string& owner, const std::string& journal);
  // Its write set has been recorded (by add); the journal is no longer needed.
  Result<void> end(const std::string& owner);
  // `owner` (also) has these outputs, with their identities.
  Result<void> add(const std::string& owner, const std::vector<wire::Output>& outputs);
  // bxl removed these; nobody owns them any more.
  Result<void> remove(const std::vector<PathId>& paths);

  // Rewrites the log and its copy without superseded records when that at least halves it.
  Result<void> finish();

 private:
  OutputLog(const Workspace& workspace, std::string copy, const graph::Mounts& mounts,
            PathTable& paths)
      : workspace_(workspace), copy_(std::move(copy)), mounts_(mounts), paths_(paths) {}
  void load(std::string_view bytes);  // whole records only
  Result<void> recover(const std::string& owner, const std::string& journal);
  Result<void> append(const std::string& payload);
  void set(PathId path, graph::OutputRecord record);
  bool erase(PathId path);
  std::string encode(const std::string& owner, const std::vector<wire::Output>& outputs) const;

  Workspace workspace_;
  std::string copy_;
  const graph::Mounts& mounts_;
  PathTable& paths_;
  graph::OutputRecords records_;
  std::unordered_map<std::string, std::unordered_set<PathId>> owned_;
  std::vector<std::pair<std::string, std::string>> running_;  // owner, journal
  std::size_t recovered_ = 0;
  std::uint64_t bytes_ = 0;
  bool existed_ = false;
  bool torn_ = false;  // a failed append could not be taken back
  Result<void> open_copy();

  UniqueFd fd_;
  UniqueFd copy_fd_;  // the copy grows with the log; empty when it cannot be written, which costs
                      // safety, not the build
};

}  // namespace bxl::state
