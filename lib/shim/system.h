// System calls without libc: what the shim may call from anywhere, signal handlers included.
#pragma once

#include <cstdint>

#define BXL_HIDDEN __attribute__((visibility("hidden")))

namespace bxl::shim {

// -errno on failure. The sixth argument register is zero again afterwards: whoever makes a system
// call of their own next must not carry our key.
inline long raw(long number, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0,
                std::uint64_t f = 0) {
  long result = number;
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register std::uint64_t r9 __asm__("r9") = f;
  __asm__ volatile("syscall\n\txor %%r9d, %%r9d"
                   : "+a"(result), "+r"(r9)
                   : "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
                   : "rcx", "r11", "memory", "cc");
  return result;
}

template <typename T>
inline long word(T* pointer) {
  return reinterpret_cast<long>(pointer);
}

}  // namespace bxl::shim

extern "C" int* __errno_location();

namespace bxl::shim {

// As libc's wrappers answer.
inline long answer(long result) {
  if (result >= 0 || result < -4095) return result;
  *__errno_location() = static_cast<int>(-result);
  return -1;
}

}  // namespace bxl::shim
