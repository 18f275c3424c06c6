// What a task found in a directory that others write to meanwhile.
#pragma once

#include <string>
#include <vector>

#include "fingerprint/view.h"

namespace bxl::exec {

// Of a task that a tool runs, which looks at every package (kPipToolLists); its own doing apart.
struct Listing {
  PathId directory = kRootPath;
  std::vector<std::string> names, own;  // sorted; what it brought in or took away itself
};

// Does View show what was listed, the outputs of pips in no order with this one apart (rule 15)?
// `extra`: the names in which the two differ.
bool shows_listing(fingerprint::View& view, PipId pip, const Listing& listing,
                   std::vector<std::string>* extra = nullptr);

}  // namespace bxl::exec
