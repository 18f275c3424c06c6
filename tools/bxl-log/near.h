// What a name that `bxl why` does not know was probably meant to be.
#pragma once

#include <string>

#include "history.h"

namespace bxl::log_tool {

// "; did you mean src/item.h?", or of several the first; "" when nothing is near. Looked for in the
// newest build: pips of a package named without its task, files by their last components, then
// slips of typing.
std::string did_you_mean(const std::string& name, DiskHistory& history);

}  // namespace bxl::log_tool
