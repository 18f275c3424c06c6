#include "plan/session.h"

#include <fcntl.h>
#include <unistd.h>

namespace bxl::plan {

std::string outputs_log_copy(const std::string& cache, const std::string& root) {
  return cache + "/workspaces/" + Digest::of(root).hex() + "/outputs.log";
}

std::string kept_graph_file(const state::Workspace& workspace, const Digest& digest) {
  return workspace.run_dir() + "/graph-" + digest.hex();
}

Result<wire::GraphReader> open_graph(const state::Workspace& workspace, const Digest& digest,
                                     PathTable& paths) {
  for (const std::string& file : {workspace.graph(), kept_graph_file(workspace, digest)}) {
    auto opened = open_file(file, O_RDONLY);
    if (!opened) continue;
    PathTable trial;  // a graph of another digest must not leave its paths in the caller's table
    auto reader = wire::GraphReader::open(opened->get(), trial);
    if (!reader || reader->digest() != digest || ::lseek(opened->get(), 0, SEEK_SET) < 0) continue;
    auto again = wire::GraphReader::open(opened->get(), paths);
    if (again) return again;
  }
  return make_error(EPROTO, "the graph this stream was made from is no longer in " +
                                workspace.dir() + ": start again from bxl-graph");
}

Result<std::unique_ptr<Session>> Session::open(wire::GraphReader graph,
                                               std::unique_ptr<PathTable> paths,
                                               const std::string& cache, const std::string& tool,
                                               state::OutputLog::Mode mode, Share share) {
  BXL_TRY_ASSIGN(auto pips, graph::PipGraph::load(graph, *paths));
  std::unique_ptr<Session> s(new Session(std::move(graph), std::move(pips)));
  s->paths = std::move(paths);
  s->frame = s->reader.frame();
  s->workspace = state::Workspace{s->reader.header().workspace};
  s->mounts = graph::Mounts(s->reader.header().mounts);
  BXL_TRY_ASSIGN(s->log,
                 state::OutputLog::open(s->workspace, outputs_log_copy(cache, s->workspace.root),
                                        s->mounts, *s->paths, mode));
  s->state = state::StateTable::load(s->workspace, *s->paths);
  s->rounds = state::Rounds::load(s->workspace, *s->paths);

  auto made = make_directories(cache);
  if (made) {
    auto blobs = cas::BlobStore::open(cache);
    if (blobs) {
      s->blobs = std::make_unique<cas::BlobStore>(std::move(*blobs));
      if (auto lease = cas::Lease::take(cache, tool)) s->lease = std::move(*lease);
    } else {  // the metadata, of no use alone, has the same reason
      s->warnings.push_back("the cache cannot be used: " + blobs.error().to_string());
    }
    auto metadata = cache::MetadataStore::open(cache);
    if (metadata) {
      s->metadata = std::move(*metadata);
      if (!s->metadata->set_aside().empty())
        s->warnings.push_back(
            "the cache's database was damaged or of another version; it was set aside as " +
            s->metadata->set_aside());
    } else if (s->blobs) {
      s->warnings.push_back("the cache cannot be used: " + metadata.error().to_string());
    }
  } else {
    s->warnings.push_back("the cache cannot be used: " + made.error().to_string());
  }
  if (!s->blobs) {
    // The build goes on uncached; what its pips hand to each other lives in the workspace
    // meanwhile.
    std::string local = s->workspace.dir() + "/store";
    BXL_TRY(make_directories(local));
    BXL_TRY_ASSIGN(auto blobs, cas::BlobStore::open(local));
    s->blobs = std::make_unique<cas::BlobStore>(std::move(blobs));
    s->metadata.reset();
  }
  auto memo = cas::HashMemo::open(made ? cache : std::string());
  if (!memo) memo = cas::HashMemo::open("");
  BXL_TRY_ASSIGN(s->memo, std::move(memo));
  s->tree = std::make_unique<fingerprint::DiskTree>(*s->memo);
  s->view = std::make_unique<fingerprint::View>(s->graph, *s->paths, s->mounts, *s->tree,
                                                s->log->records());
  if (share == Share::Yes || s->frame.share_checkouts)
    s->portable = std::make_unique<fingerprint::Portable>(s->mounts);
  s->lookup =
      std::make_unique<Lookup>(*s->view, fingerprint::Salts{s->frame.environment},
                               Lookup::Stores{s->metadata.get(), s->blobs.get(), &s->state,
                                              &s->log->records(), &s->rounds, s->portable.get()});
  return s;
}

}  // namespace bxl::plan
