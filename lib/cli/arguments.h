// Command-line arguments before the option parser sees them: BuildXL's spellings become ours.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace bxl::cli {

// Rewrites, up to "--" and never inside the value of another option (case does not matter, as in
// BuildXL):
//   /c:FILE  /f:EXPR  /filter:EXPR                        --config= and --filter=
//   /enableLazyOutputs  …+  …:explicit                    --lazy=requested
//   /enableLazyOutputs-                                   --lazy=all
//   /enableLazyOutputs:minimal                            --lazy=minimal
// Any other argument that starts with '/' is a path and stays as it is.
// Errors: EINVAL for an unknown mode of /enableLazyOutputs and for an option with an empty or
// missing value.
Result<std::vector<std::string>> canonical_arguments(const std::vector<std::string>& arguments);

}  // namespace bxl::cli
