// What bxl-sandbox prints: a JSON object, one line per path, or the JSON of --tap_output.
#pragma once

#include <string>
#include <vector>

#include "sandbox/sandbox.h"

namespace bxl::sandbox_tool {

// One object and a newline; README.md has the schema.
std::string to_json(const std::vector<std::string>& argv, const sandbox::Outcome& outcome);
// "OPS KIND PATH" per access, then "! WHAT PROCESS: DETAIL" per reason and "? KIND PROCESS: PATH"
// per violation. Control bytes in paths are written \xNN.
std::string to_trace(const sandbox::Outcome& outcome);
// {"reads":[…],"writes":[…],"deletes":[…],"error":"…"} and a newline: files and links that were
// there before and were used; those that were written or made and are there now (looks at the
// disk); those that were there and are gone. `error`: why the lists may be incomplete, else empty.
std::string to_tap(const sandbox::Outcome& outcome);
// The same without a run.
std::string tap_failure(const std::string& error);

// "cc (12) may not write /a/b; it was denied."
std::string sentence(const sandbox::Violation& violation);
// Control bytes as \xNN.
std::string printable(const std::string& bytes);

}  // namespace bxl::sandbox_tool
