// Whether the kernel has been killing processes for want of memory.
#pragma once

#include <cstdint>

namespace bxl {

// How many processes the kernel has killed so far because memory ran out: in our own control group
// (version 2: memory.events) and in the whole system (/proc/vmstat). Only growth means something. 0
// where neither can be read.
std::uint64_t oom_kills();

}  // namespace bxl
