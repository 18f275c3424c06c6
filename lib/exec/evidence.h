// Stores what a run rested on, for `bxl why` in a later build.
#pragma once

#include <string>
#include <vector>

#include "exec/executor.h"

namespace bxl::exec {

// Writes the evidence (fingerprint/evidence.h) of one run to the store and returns its digest; zero
// without a store or when it cannot be written: only an explanation is lost then. About 5 KiB and
// 0.1 ms for a compilation. Main thread.
Digest keep_evidence(Services& services, PipId pip, const std::string& weak_text,
                     const fingerprint::PathSet& set, const std::string& strong_text);
// For runs whose fingerprints were not computed since nothing is published: failed ones and the
// like.
Digest keep_evidence(Services& services, PipId pip,
                     const std::vector<fingerprint::Observation>& observations);

}  // namespace bxl::exec
