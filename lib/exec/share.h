// What other checkouts may have of a result, and why they may not.
#pragma once

#include <unordered_map>

#include "exec/executor.h"
#include "exec/recorder.h"
#include "exec/root_scan.h"

namespace bxl::exec {

// The parts of a build that shares its results with other checkouts.
struct Sharing {
  explicit Sharing(const graph::Mounts& mounts) : portable(mounts), patterns(portable.roots()) {}
  fingerprint::Portable portable;
  RootPatterns patterns;
  mutable std::unordered_map<Digest, bool> inputs;  // by content: does it name a root
};

// Completes the result of a run that is publishable: `shared` and the entry's root_free, or
// `not_shared`. Main thread; View as for the strong fingerprint.
void share(const Services& services, const Sharing& sharing, const Ingested& ingested,
           const Recorded& recorded, wire::PipResult& result);

}  // namespace bxl::exec
