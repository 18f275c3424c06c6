#include "state/rounds.h"

#include <fcntl.h>

#include <cstdlib>

#include "os/file.h"
#include "wire/stream.h"

namespace bxl::state {

using wire::Outcome;

std::string rounds_file(const Workspace& workspace) {
  const char* pid = std::getenv("BXL_WRAPPER_PID");
  const char* started = std::getenv("BXL_STARTED_MS");
  if (!pid || !started) return {};
  // Numbers, and nothing that leads elsewhere.
  return workspace.run_dir() + "/rounds-" + std::to_string(std::atol(pid)) + "-" +
         std::to_string(std::atoll(started));
}

Rounds Rounds::load(const Workspace& workspace, PathTable& paths) {
  const std::string file = rounds_file(workspace);
  if (!std::getenv("BXL_ROUND") || file.empty()) return {};
  auto fd = open_file(file, O_RDONLY);
  if (!fd) return {};
  auto reader = wire::StreamReader::open(fd->get(), wire::StreamKind::Results, paths);
  if (!reader) return {};
  Rounds rounds;
  for (;;) {
    auto record = reader->next();
    if (!record) return {};
    if (!*record) return rounds;
    if (auto* stats = std::get_if<wire::Stats>(&**record))
      rounds.stats = std::move(*stats);
    else if (auto* result = std::get_if<wire::PipResult>(&**record))
      rounds.results[result->pip] = std::move(*result);
  }
}

const wire::PipResult* Rounds::settled(PipId pip, const Digest& static_hash) const {
  auto it = results.find(pip);
  if (it == results.end()) return nullptr;
  const wire::PipResult& result = it->second;
  return result.outcome == Outcome::Ran && !result.publishable && result.static_hash == static_hash
             ? &result
             : nullptr;
}

void Rounds::add(const std::unordered_map<PipId, wire::PipResult>& round, const wire::Stats& more) {
  for (const auto& [pip, result] : round)
    if (result.outcome != Outcome::Clean || !results.count(pip)) results[pip] = result;
  const wire::Stats before = std::move(stats);
  stats = more;
  // An older dyndep file may have led to pips that the request no longer reaches.
  for (const auto& [pip, result] : results)
    if (!round.count(pip)) ++stats.total;
  stats.published += before.published;
  stats.bytes_materialized += before.bytes_materialized;
  stats.files_materialized += before.files_materialized;
  stats.cpu_ms += before.cpu_ms;
  if (before.started_unix_ms != 0) stats.started_unix_ms = before.started_unix_ms;
}

Result<void> Rounds::save(const Workspace& workspace, const PathTable& paths,
                          const wire::Header& header) const {
  const std::string path = rounds_file(workspace);
  if (path.empty()) return {};
  BXL_TRY_ASSIGN(auto file, AtomicFile::create(path));
  auto sink = wire::fd_sink(file.fd());
  BXL_TRY_ASSIGN(auto writer, wire::StreamWriter::create(*sink, paths, header));
  for (const auto& [pip, result] : results)
    if (result.outcome == Outcome::Ran || result.outcome == Outcome::Hit)
      BXL_TRY(writer.write(result));
  BXL_TRY(writer.write(stats));
  BXL_TRY(writer.end({}));
  return file.commit();
}

}  // namespace bxl::state
