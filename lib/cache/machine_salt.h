// What results may rest on and no observation shows: entries travel only between equal machines.
#pragma once

#include <string>
#include <vector>

namespace bxl::cache {

// Architecture, versions of fingerprints and projections, the C library, a digest of the
// processor's features. One "name value" per line.
std::string machine_salt();
// The names of the lines in which two salts differ, sorted; empty: equal.
std::vector<std::string> salt_differences(const std::string& a, const std::string& b);

}  // namespace bxl::cache
