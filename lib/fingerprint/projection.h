// Projections: files whose bytes change without changing what a tool sees. Versioned code, in the salt.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/path_table.h"
#include "fingerprint/path_set.h"

namespace bxl::fingerprint {

inline constexpr int kProjectionVersion = 1;

// /etc/ld.so.cache counts by the entries for `sonames` (and the hwcaps names), not by its bytes. Returns the text
// that is hashed: one "soname path" line per entry, sorted; the whole cache's digest when the format is unknown.
std::string project_ld_so_cache(std::string_view bytes, const std::vector<std::string>& sonames);

// The sonames a path set gives reason to look up: base names of observed *.so* paths, loaded or probed in vain.
std::vector<std::string> sonames_of(const PathSet& set, const PathTable& paths);

}  // namespace bxl::fingerprint
