// Files whose bytes do not show what is in them.
#pragma once

#include <string>

#include "base/result.h"

namespace bxl::exec {

// "compressed debug information", "link-time bytecode", "zlib data" …; empty: the file's strings
// can be found in its bytes, as far as its format tells. Knows the first bytes of compressed
// formats and of bitcode, sections of ELF files, and the members of ar archives. Errors: EIO and
// the like.
Result<std::string> packed_content(int fd);

}  // namespace bxl::exec
