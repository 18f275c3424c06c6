// Reads and writes .bxl/graph.
#include "frontend/stored_graph.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <unordered_set>

#include "base/version.h"
#include "os/file.h"

namespace bxl::frontend {

std::optional<StoredGraph> open_stored(const LoadRequest& request) {
  StoredGraph out;
  auto fd = open_file(request.workspace.directory + "/" + kStoredGraph, O_RDONLY);
  if (!fd) return {};
  out.fd = std::move(*fd);
  auto reader = wire::GraphReader::open(out.fd.get(), out.paths);
  if (!reader) {
    request.warn("the stored graph is not used: " + reader.error().to_string());
    return {};
  }
  out.reader.emplace(std::move(*reader));
  if (out.reader->header().tool_version != BXL_VERSION ||
      out.reader->header().workspace != request.workspace.directory)
    return {};
  out.frame = out.reader->frame();
  if (out.frame.front_end != name(request.workspace.front_end)) return {};
  return out;
}

Result<UniqueFd> store_graph(const LoadRequest& request, const std::vector<wire::Mount>& mounts,
                             const PathTable& paths, const wire::GraphRecord& record) {
  wire::Header header;
  header.kind = wire::StreamKind::Graph;
  header.tool_version = BXL_VERSION;
  header.workspace = request.workspace.directory;
  header.mounts = mounts;
  auto write = [&](int fd) -> Result<void> {
    auto sink = wire::fd_sink(fd);
    auto digest = wire::write_graph(*sink, header, paths, record);
    if (!digest) return std::move(digest.error());
    if (::lseek(fd, 0, SEEK_SET) != 0) return errno_error("seek in the graph");
    return {};
  };
  const std::string path = request.workspace.directory + "/" + kStoredGraph;
  auto stored = [&]() -> Result<UniqueFd> {
    BXL_TRY(make_directories(std::string(parent_path(path))));
    BXL_TRY_ASSIGN(AtomicFile file, AtomicFile::create(path));
    BXL_TRY(write(file.fd()));
    UniqueFd fd(::fcntl(file.fd(), F_DUPFD_CLOEXEC, 0));
    if (!fd) return errno_error("duplicate a descriptor");
    BXL_TRY(file.commit());
    return fd;
  }();
  if (stored) return stored;
  request.warn("the graph is not stored: " + stored.error().to_string());
  UniqueFd memory(::memfd_create("bxl-graph", MFD_CLOEXEC));
  if (!memory) return errno_error("memfd_create");
  BXL_TRY(write(memory.get()));
  return memory;
}

std::string pass_env_lines(const LoadRequest& request) {
  std::vector<std::string> names = request.pass_env;
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  std::string out;
  for (const std::string& name : names) out += "pass-env " + name + "\n";
  return out;
}

std::vector<std::string> leaf_inputs(const graph::PipGraph& graph, const PathTable& paths) {
  std::vector<std::string> leaves;
  std::vector<bool> seen(paths.size(), false);
  // What lies in an output directory is made, whether it is there or not.
  std::unordered_set<PathId> made;
  for (std::size_t i = 0; i < graph.size(); ++i)
    for (const wire::DirectoryOutput& one : graph.pip(PipId(i)).more().directory_outputs)
      made.insert(one.path);
  auto is_made = [&](PathId path) {
    for (PathId at = path; !made.empty() && at != kRootPath; at = paths.parent(at))
      if (made.contains(at)) return true;
    return false;
  };
  for (std::size_t i = 0; i < graph.size(); ++i)
    for (const auto* list : {&graph.pip(PipId(i)).inputs, &graph.pip(PipId(i)).order_only})
      for (PathId path : *list) {
        if (graph.producer(path) != kNoPip || seen[index(path)]) continue;
        seen[index(path)] = true;
        if (is_made(path)) continue;
        // One file speaks for its directory.
        PathId parent = paths.parent(path);
        if (seen[index(parent)]) continue;
        seen[index(parent)] = true;
        leaves.push_back(paths.str(path));
      }
  return leaves;
}

}  // namespace bxl::frontend
