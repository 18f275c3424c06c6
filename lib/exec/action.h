// Actions: what a user typed to have it done now (CMake's test and install, Meson's run targets,
// `format`). They are run as ninja would run them, and never kept.
#pragma once

#include "exec/recorder.h"

namespace bxl::exec {

// What is to be remembered of the run of an action: its declared outputs, as they are now, for
// whoever reads them, and outputs of others that it changed, as it left them. Nothing else is its
// output, and nothing it does is a violation: what else it wrote is as if the user had written it,
// so that results which rest on it are dirty. Main thread only; the caller has invalidated View's
// disk memo after the run.
Recorded record_action(fingerprint::View& view, const graph::OutputRecords& records, PipId pip,
                       const sandbox::Outcome& outcome);

// Why its result is not kept, one sentence.
inline constexpr const char* kIsAction = "it is an action: it runs each time it is asked for";

}  // namespace bxl::exec
