// The observed calls: each records its use, makes the call with the key, and tells the outcome.
// All give -errno on failure.
#pragma once

#include "shim/record.h"

struct stat;
struct statx;

namespace bxl::shim {

// Flags as of openat(2). What writes, creates or truncates is left to the supervisor.
BXL_HIDDEN long open_at(int dir_fd, const char* path, int flags, unsigned mode);
// Flags as of newfstatat(2).
BXL_HIDDEN long stat_at(int dir_fd, const char* path, struct stat* st, int flags);
BXL_HIDDEN long statx_at(int dir_fd, const char* path, int flags, unsigned mask, struct statx* st);
// Flags as of faccessat2(2); 0 makes the older call, which older kernels have too.
BXL_HIDDEN long access_at(int dir_fd, const char* path, int mode, int flags);
// -ENOENT or -ENOTDIR where executing `path` would fail so; else 0. Shells try one directory of
// PATH after the other, and executions are notified.
BXL_HIDDEN long missing_program(const char* path);
BXL_HIDDEN long readlink_at(int dir_fd, const char* path, char* buffer, unsigned long size);
// The physical path of `path` into `buffer` of PATH_MAX bytes, with its NUL; gives 0. -ENOSYS: use
// another way.
BXL_HIDDEN long real_path(const char* path, char* buffer);

// The definition that comes after ours; null when there is none.
BXL_HIDDEN void* next_symbol(const char* name);

}  // namespace bxl::shim
