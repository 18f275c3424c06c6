// The subcommands of bxl-log; each prints to stdout and returns the exit code.
#pragma once

#include "cli/options.h"
#include "state/workspace.h"

namespace bxl::log_tool {

inline constexpr const char* kTool = "bxl-log";

int explain_targets(const cli::Options& options, const state::Workspace& workspace);
int fix_dependencies(const cli::Options& options, const state::Workspace& workspace);
int list_builds(const cli::Options& options, const state::Workspace& workspace);
int show_last(const cli::Options& options, const state::Workspace& workspace);
int write_trace(const cli::Options& options, const state::Workspace& workspace);

}  // namespace bxl::log_tool
