// Reading `.bxl/log`: what the last builds did. Layout: lib/report/FORMAT.md.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/path_table.h"
#include "base/result.h"
#include "graph/mounts.h"
#include "graph/pip_graph.h"
#include "report/keep_build.h"
#include "wire/records.h"

namespace bxl::report {

// Oldest first. Lines that are damaged or of another version are left out. No index: empty.
std::vector<BuildLine> read_index(const std::string& log_dir);

// The ids of builds that have a log, newest first.
std::vector<std::string> logged_builds(const std::string& log_dir);

// One build's log, decoded.
struct Build {
  std::string id;
  std::unique_ptr<PathTable> paths;
  wire::Header header;
  graph::Mounts mounts;
  std::optional<graph::PipGraph> graph;
  // By stable id; the last record of each pip, completed by earlier ones where it only withdraws
  // something.
  std::unordered_map<std::string, wire::PipResult> results;
  wire::Stats stats;
  wire::End end;
  bool complete =
      false;  // it has an end record; otherwise the build was killed and the rest is unknown

  const wire::PipResult* find(const std::string& stable_id) const;
  // The pip that made `path`, declared or not; null when no pip of this build did.
  const std::string* maker(PathId path) const;
  void index_outputs();  // after `results` were filled

 private:
  std::unordered_map<PathId, std::string> makers_;
};

// Errors: ENOENT; EBADMSG when nothing of it can be read. A torn end is no error.
Result<Build> load_build(const std::string& log_dir, const std::string& id);

}  // namespace bxl::report
