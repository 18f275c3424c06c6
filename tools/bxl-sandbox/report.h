// The two outputs of bxl-sandbox: one JSON object, or one line per path.
#pragma once

#include <string>
#include <vector>

#include "sandbox/sandbox.h"

namespace bxl::sandbox_tool {

// One object and a newline; README.md has the schema.
std::string to_json(const std::vector<std::string>& argv, const sandbox::Outcome& outcome);
// "OPS KIND PATH" per access, then "! WHAT PROCESS: DETAIL" per reason. Control bytes in paths are
// written \xNN.
std::string to_trace(const sandbox::Outcome& outcome);

}  // namespace bxl::sandbox_tool
