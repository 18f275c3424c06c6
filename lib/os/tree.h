// Whole directory trees of our own.
#pragma once

#include <cstddef>
#include <string>

#include "base/result.h"

namespace bxl {

// Removes a tree of our own whole, also directories that their maker left without permissions.
// What is not there is removed already.
Result<void> remove_tree(const std::string& path);
// Files below `directory`, directories not counted; what cannot be read counts as nothing.
std::size_t count_files(const std::string& directory);

}  // namespace bxl
