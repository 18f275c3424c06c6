// What lies in `.bxl`, and what killed builds left.
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "base/text.h"
#include "checks.h"
#include "os/file.h"
#include "os/tree.h"
#include "plan/session.h"
#include "state/output_log.h"
#include "wire/graph_stream.h"

namespace bxl::doctor {
namespace {

// Who holds the lock; empty when nobody does.
std::string holder(const state::Workspace& workspace) {
  auto identity = lstat_identity(workspace.lock());
  if (!identity || !identity->exists()) return {};
  auto lock = FileLock::take(workspace.lock(), FileLock::Wait::No);
  if (!lock || *lock) return {};
  auto text = read_file(workspace.dir() + "/lock-holder");
  std::string who = text ? *text : "";
  while (!who.empty() && who.back() == '\n') who.pop_back();
  return who.empty() ? "another process" : who;
}

void check_record(const cli::Options& options, const state::Workspace& workspace,
                  Findings& findings) {
  auto file = open_file(workspace.graph(), O_RDONLY);
  if (!file) return;  // never built: nothing is recorded
  PathTable paths;
  auto graph = wire::GraphReader::open(file->get(), paths);
  if (!graph) {
    findings.warning("workspace",
                     workspace.graph() + " cannot be read: " + graph.error().to_string(),
                     "nothing has to be done: the next build reads the build files again");
    return;
  }
  graph::Mounts mounts(graph->header().mounts);
  auto log =
      state::OutputLog::open(workspace, plan::outputs_log_copy(options.cache, workspace.root),
                             mounts, paths, state::OutputLog::Mode::Read);
  auto identity = lstat_identity(workspace.state());
  const bool was_built = identity && identity->exists();
  if (!log || (!(*log)->existed() && was_built)) {
    findings.error("workspace", "the record of outputs (" + workspace.outputs_log() + ") is lost",
                   "outputs of earlier builds may be taken for sources: run bxl clean --adopt, "
                   "and remove what is left by hand");
    return;
  }
  if (std::size_t runs = (*log)->recovered(); runs != 0)
    findings.warning("workspace",
                     count_text(runs, "command", "commands") + " of a killed build did not end",
                     "the next build recovers what they wrote; bxl clean removes it");
  findings.ok("workspace", workspace.root + ": " +
                               count_text((*log)->records().size(), "output", "outputs") +
                               " on record");
}

}  // namespace

void check_workspace(const cli::Options& options, const std::string& root, Findings& findings) {
  if (root.empty()) {
    findings.ok("workspace", "none here (-C DIR names one)");
    return;
  }
  const state::Workspace workspace{root};
  if (::access(root.c_str(), W_OK | X_OK) != 0)
    findings.error("workspace", root + " cannot be written by you",
                   "builds write their outputs and .bxl there");
  if (std::string who = holder(workspace); !who.empty()) {
    findings.ok("workspace", "locked by " + who + ": what it does now is not looked at");
    return;
  }
  check_record(options, workspace, findings);
  auto results = lstat_identity(workspace.results());
  if (results && results->size != 0)
    findings.warning("workspace", "results of a killed build are not in the cache yet",
                     "the next build publishes them");
  if (std::size_t files = count_files(workspace.tmp_dir()); files != 0)
    findings.warning(
        "workspace",
        count_text(files, "file", "files") + " of killed builds in " + workspace.tmp_dir(),
        "they may be deleted while no build is running");
  if (std::size_t files = count_files(workspace.saved_dir()); files != 0)
    findings.warning("workspace",
                     count_text(files, "file", "files") +
                         " of yours, set aside in the way of outputs, in " + workspace.saved_dir(),
                     "take back what you need, and delete the rest");
}

}  // namespace bxl::doctor
