// Why a result would not be cached, and what would help.
#pragma once

#include <string>

#include "options.h"

namespace bxl::sandbox_tool {

// Sentences and, for what breaks the policy, the lines of it that would allow it. Looks at the
// disk: what is a directory now is suggested as one.
std::string explain(const Options& options, const sandbox::Outcome& outcome);

}  // namespace bxl::sandbox_tool
