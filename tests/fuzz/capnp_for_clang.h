// Lets clang compile the headers of Cap'n Proto 0.9 as C++20: `const char* == StringPtr` there
// relies on rules of C++17.
#pragma once

#include <kj/string.h>

namespace kj {

inline bool operator==(const char* a, const StringPtr& b) { return b.operator==(StringPtr(a)); }
inline bool operator!=(const char* a, const StringPtr& b) { return !(a == b); }

}  // namespace kj
