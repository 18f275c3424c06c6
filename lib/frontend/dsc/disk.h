// The world of configurations that lie on disk: all they look at is recorded.
#pragma once

#include <string>
#include <vector>

#include "frontend/dsc/evaluate.h"
#include "frontend/reads.h"

namespace bxl::frontend::dsc {

// Files, directories and probes through `reads`, which must outlive the world. `variables`:
// "NAME=value"; what was asked of them, the evaluation itself knows (Evaluation::variables).
World disk_world(Reads& reads, std::vector<std::string> variables);

}  // namespace bxl::frontend::dsc
