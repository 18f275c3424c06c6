// Files that add inputs and outputs to edges while the build runs (`dyndep` of an edge).
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "frontend/ninja/manifest.h"

namespace bxl::frontend::ninja {

// The files that edges of `manifest` name as dyndep, each once, in the order of these edges.
std::vector<NodeId> dyndep_files(const Manifest& manifest);

// Adds to the edges that name `file` as their dyndep what `text`, its content, says of them:
// implicit inputs, implicit outputs, restat. All of it or, after an error, nothing. The rules are
// ninja's: the first line sets ninja_dyndep_version to 1 or 1.0; each of these edges has exactly
// one statement `build OUTPUT | IMPLICIT…: dyndep | INPUT…`; no other edge has one; an output that
// another edge makes is refused. Errors as those of parse_manifest, or without a position when a
// statement is missing. `text` is not trusted.
Result<void> load_dyndep(Manifest& manifest, NodeId file, std::string text);

}  // namespace bxl::frontend::ninja
