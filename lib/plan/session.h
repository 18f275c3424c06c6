// Everything a lookup needs, opened from one graph and one set of options: shared by bxl-plan and
// bxl-exec.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cache/metadata_store.h"
#include "cas/blob_store.h"
#include "cas/hash_memo.h"
#include "cas/lease.h"
#include "fingerprint/fingerprint.h"
#include "fingerprint/view.h"
#include "graph/mounts.h"
#include "graph/pip_graph.h"
#include "plan/lookup.h"
#include "state/output_log.h"
#include "state/rounds.h"
#include "state/state_table.h"
#include "state/workspace.h"
#include "wire/graph_stream.h"

namespace bxl::plan {

// Are results of other checkouts looked for, and ours given to them?
enum class Share { AsGraphSays, Yes };

// One build's stores and its View. Members are built in this order and depend on the earlier ones.
// Not thread-safe except blobs and memo.
class Session {
 public:
  // `cache` is the cache directory; `tool` is named in the lease. A cache that cannot be opened is
  // a warning and the build goes on without it. `paths` already holds the graph's paths. Errors: an
  // unreadable workspace; EINVAL for an inconsistent graph.
  static Result<std::unique_ptr<Session>> open(wire::GraphReader graph,
                                               std::unique_ptr<PathTable> paths,
                                               const std::string& cache, const std::string& tool,
                                               state::OutputLog::Mode mode,
                                               Share share = Share::AsGraphSays);

  std::vector<std::string> warnings;

  wire::GraphReader reader;
  std::unique_ptr<PathTable> paths;
  wire::GraphRecord frame;  // the graph without its pips
  state::Workspace workspace;
  graph::Mounts mounts;
  graph::PipGraph graph;
  std::unique_ptr<state::OutputLog> log;
  state::StateTable state;
  state::Rounds rounds;
  std::unique_ptr<cas::HashMemo> memo;
  cas::Lease lease;  // what decisions rely on stays in the cache while this lives
  std::unique_ptr<cas::BlobStore>
      blobs;  // never null: without a usable cache it lies in .bxl/store
  std::unique_ptr<cache::MetadataStore> metadata;  // null without a usable cache
  std::unique_ptr<fingerprint::DiskTree> tree;
  std::unique_ptr<fingerprint::View> view;
  std::unique_ptr<fingerprint::Portable> portable;  // null: nothing is shared with other checkouts
  std::unique_ptr<Lookup> lookup;

 private:
  Session(wire::GraphReader r, graph::PipGraph g) : reader(std::move(r)), graph(std::move(g)) {}
};

// Maps the graph that a plan or results stream names by digest: `.bxl/graph` while it still is that
// one, else the copy that bxl-plan kept in `.bxl/run`. `paths` must be empty. Errors: EPROTO when
// it is gone.
Result<wire::GraphReader> open_graph(const state::Workspace& workspace, const Digest& digest,
                                     PathTable& paths);
// The name of that copy.
std::string kept_graph_file(const state::Workspace& workspace, const Digest& digest);

// Where the copy of a workspace's outputs.log lives in the cache.
std::string outputs_log_copy(const std::string& cache, const std::string& root);

}  // namespace bxl::plan
