// Whether a file system has any room left.
#pragma once

#include <string>

namespace bxl {

// Has the file system of `path` no room for even a small file (64 KiB, or one inode)? False where
// that cannot be asked.
bool is_full(const std::string& path);

}  // namespace bxl
