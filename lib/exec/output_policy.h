// Writing where the declaration of a pip does not let it.
#pragma once

#include "fingerprint/view.h"
#include "violation/analyzer.h"

namespace bxl::exec {

// `pip` wrote `path` (physical), which is neither a declared output nor in an output directory of
// it: what is said of that. `existed`: before the pip ran.
wire::Violation out_of_place(const fingerprint::View& view, violation::Analyzer& analyzer,
                             PipId pip, PathId path, bool existed);

}  // namespace bxl::exec
