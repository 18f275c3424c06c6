// Signals by the names people know.
#pragma once

#include <string>

namespace bxl {

// "SIGSEGV"; "signal 40" for one without a name.
std::string signal_name(int number);

}  // namespace bxl
