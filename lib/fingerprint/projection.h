// Projections: files whose bytes change without changing what a tool sees. Versioned code, in the
// salt.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/path_table.h"
#include "fingerprint/path_set.h"

namespace bxl::fingerprint {

inline constexpr int kProjectionVersion = 2;

// /etc/ld.so.cache counts by the entries for `sonames` (and the hwcaps names), not by its bytes.
// Returns the text that is hashed: one "soname path" line per entry, sorted; the whole cache's
// digest when the format is unknown.
std::string project_ld_so_cache(std::string_view bytes, const std::vector<std::string>& sonames);

// The sonames a path set gives reason to look up: base names of observed *.so* paths, loaded or
// probed in vain.
std::vector<std::string> sonames_of(const PathSet& set, const PathTable& paths);

// .git/index counts by path, mode, object id, stage and flags of its entries, not by the stat data
// that git refreshes whenever it likes. Versions 2 to 4 with SHA-1; anything else counts by its
// bytes.
std::string project_git_index(std::string_view bytes);
// The paths in an index, relative to the root of its repository; empty: not one of these formats.
std::optional<std::vector<std::string>> git_index_paths(std::string_view bytes);
bool is_git_index(const PathTable& paths, PathId path);

}  // namespace bxl::fingerprint
