// libc's syscall(): libuv and others make their statx through it.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "shim/calls.h"

extern "C" __attribute__((visibility("default"))) long bxl_syscall(long number, long a, long b,
                                                                   long c, long d, long e,
                                                                   long f) __asm__("syscall");

extern "C" __attribute__((visibility("default"))) long bxl_syscall(long number, long a, long b,
                                                                   long c, long d, long e, long f) {
  using namespace bxl::shim;
  const auto path = [](long value) { return reinterpret_cast<const char*>(value); };
  switch (number) {
    case SYS_openat:
      return answer(
          open_at(static_cast<int>(a), path(b), static_cast<int>(c), static_cast<unsigned>(d)));
    case SYS_newfstatat:
      return answer(stat_at(static_cast<int>(a), path(b), reinterpret_cast<struct stat*>(c),
                            static_cast<int>(d)));
    case SYS_statx:
      return answer(statx_at(static_cast<int>(a), path(b), static_cast<int>(c),
                             static_cast<unsigned>(d), reinterpret_cast<struct statx*>(e)));
    case SYS_faccessat:
      return answer(access_at(static_cast<int>(a), path(b), static_cast<int>(c), 0));
    case SYS_readlinkat:
      return answer(readlink_at(static_cast<int>(a), path(b), reinterpret_cast<char*>(c),
                                static_cast<unsigned long>(d)));
    default:
      return answer(raw(number, a, b, c, d, e, static_cast<std::uint64_t>(f)));
  }
}
