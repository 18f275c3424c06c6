// From what the sandbox saw to what the front end records.
#include "generator.h"

#include <unistd.h>

#include "cli/main.h"
#include "frontend/shell.h"
#include "sandbox/sandbox.h"
#include "state/workspace.h"

extern char** environ;  // NOLINT(readability-redundant-declaration): only with _GNU_SOURCE

namespace bxl {
namespace {

frontend::GeneratorAccess access_of(sandbox::Access& access) {
  frontend::GeneratorAccess out;
  out.read = access.ops & (sandbox::kRead | sandbox::kExec);
  out.listed = access.listed;
  out.written = access.first_mutation_seq != 0;
  out.first = access.first;
  out.path = std::move(access.path);
  out.members = std::move(access.members);
  return out;
}

}  // namespace

Result<frontend::GeneratorRun> run_observed(const std::string& workspace, bool no_wait,
                                            const std::string& command,
                                            const std::string& directory) {
  state::Workspace place{workspace};
  BXL_TRY(place.create());
  BXL_TRY_ASSIGN(auto lock, state::lock_workspace(place, "bxl-graph", no_wait));
  frontend::GeneratorRun run;
  if (!sandbox::Sandbox::available()) {
    BXL_TRY_ASSIGN(run.status, frontend::run_shell(command, directory, cli::talk_fd()));
    return run;
  }
  sandbox::Command shell;
  shell.argv = {"/bin/sh", "-c", command};
  shell.working_directory = directory;
  for (char** at = environ; at && *at; ++at) {
    std::string_view entry(*at);
    std::size_t equals = entry.find('=');
    if (equals != std::string_view::npos)
      shell.environment.emplace_back(entry.substr(0, equals), entry.substr(equals + 1));
  }
  shell.stdout_fd = shell.stderr_fd = cli::talk_fd();
  shell.inherit_terminal = true;  // Ctrl-C reaches it as it reaches us
  sandbox::Sandbox sandbox;
  BXL_TRY_ASSIGN(auto outcome, sandbox.run(shell, {}));
  run.status = outcome.exit_code;
  run.observed = outcome.reasons.empty();
  for (sandbox::Access& access : outcome.accesses)
    if (access.first_errno == 0) run.accesses.push_back(access_of(access));
  return run;
}

}  // namespace bxl
