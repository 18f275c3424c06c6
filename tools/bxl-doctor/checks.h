// The checks, one function per theme. None changes anything; each adds what it found.
#pragma once

#include <string>

#include "cli/options.h"
#include "findings.h"

namespace bxl::doctor {

// Can commands be observed here, and with the shim? Runs one to see.
void check_observation(Findings& findings);
// Can `bxl verify` run commands beside the tree?
void check_verification(Findings& findings);
// Are the tools beside this one all there and of one version; does the wrapper find what it calls?
void check_tools(Findings& findings);
// Clocks of the file systems that builds read from and write to. `workspace`: "" when there is
// none.
void check_file_systems(const cli::Options& options, const std::string& workspace,
                        Findings& findings);
void check_cache(const cli::Options& options, Findings& findings);
// What killed builds left behind, and who builds now.
void check_workspace(const cli::Options& options, const std::string& workspace, Findings& findings);

}  // namespace bxl::doctor
