// `.bxl/state`: per pip, what its last good result rested on and made. Makes a no-op build one
// sweep of stats.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

#include "base/path_table.h"
#include "base/result.h"
#include "state/workspace.h"
#include "wire/records.h"

namespace bxl::state {

// Rows are keyed by stable id and valid only for their static hash; rows of pips that were not
// requested stay. A row holds fingerprints of what was *observed*, never what the disk looks like
// at commit time (rule 2): the next build compares the then current contents with these.
class StateTable {
 public:
  // An absent, damaged or newer file gives an empty table: the cache is then asked instead.
  static StateTable load(const Workspace& workspace, PathTable& paths);

  // The generation alone, without the rows; 0 as for an empty table.
  static std::uint64_t generation_of(const Workspace& workspace);

  const wire::StateRow* find(const std::string& stable_id) const;
  const std::string* path_set(const Digest& digest) const;  // encoded
  std::uint64_t generation() const { return generation_; }
  std::size_t size() const { return rows_.size(); }

  void put(wire::StateRow row, const std::string& path_set_bytes);
  void erase(const std::string& stable_id);
  bool changed() const { return changed_; }

  // Rewrites the file (temp + rename) with the next generation, keeping only path sets that rows
  // name. No-op when nothing changed. Errors: ENOSPC and others; the old file then stays.
  Result<void> save(const Workspace& workspace, const PathTable& paths, const wire::Header& header);

 private:
  std::unordered_map<std::string, wire::StateRow> rows_;
  std::unordered_map<Digest, std::string> path_sets_;
  std::uint64_t generation_ = 0;
  bool changed_ = false;
};

}  // namespace bxl::state
