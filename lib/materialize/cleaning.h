// Everything bxl put into a tree, taken out again: what `bxl clean` does.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/path_table.h"
#include "graph/output_record.h"
#include "materialize/remover.h"

namespace bxl::materialize {

struct Cleaned {
  std::uint64_t files = 0, directories = 0;  // files: symlinks too
  std::uint64_t bytes = 0;
  std::vector<std::string> problems;  // what could not be removed, and why; it stays on record
};

// The recorded paths that remove_recorded() would remove now, in its order; changes nothing.
std::vector<PathId> removable(const graph::OutputRecords& records, const PathTable& paths,
                              Cleaned* sum);

// Removes every recorded output that still is as recorded, then the directories that are empty and
// were made by bxl or its pips. `records` is that of the remover's log.
Cleaned remove_recorded(Remover& remover, const graph::OutputRecords& records,
                        const PathTable& paths);

}  // namespace bxl::materialize
