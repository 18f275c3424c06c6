// libc's names for looking at files. Each does what libc's own does, as one system call.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "shim/calls.h"

// glibc redirects or inlines some of these names in its headers; the symbols are what counts here.
#undef open64
#undef openat64
#undef fopen64
#undef stat64
#undef lstat64
#undef fstatat64
#undef fstat64

#define BXL_EXPORT extern "C" __attribute__((visibility("default")))

namespace {

using namespace bxl::shim;

int finish(long result) { return static_cast<int>(answer(result)); }

// O_CREAT and O_TMPFILE alone have a mode.
template <typename List>
unsigned mode_of(int flags, List& list) {
  return (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(list, unsigned) : 0;
}

}  // namespace

#define BXL_OPEN(NAME)                                                        \
  BXL_EXPORT int bxl_##NAME(const char* path, int flags, ...) __asm__(#NAME); \
  BXL_EXPORT int bxl_##NAME(const char* path, int flags, ...) {               \
    va_list list;                                                             \
    va_start(list, flags);                                                    \
    const unsigned mode = mode_of(flags, list);                               \
    va_end(list);                                                             \
    return finish(open_at(AT_FDCWD, path, flags, mode));                      \
  }
BXL_OPEN(open)
BXL_OPEN(open64)

#define BXL_OPENAT(NAME)                                                               \
  BXL_EXPORT int bxl_##NAME(int dir, const char* path, int flags, ...) __asm__(#NAME); \
  BXL_EXPORT int bxl_##NAME(int dir, const char* path, int flags, ...) {               \
    va_list list;                                                                      \
    va_start(list, flags);                                                             \
    const unsigned mode = mode_of(flags, list);                                        \
    va_end(list);                                                                      \
    return finish(open_at(dir, path, flags, mode));                                    \
  }
BXL_OPENAT(openat)
BXL_OPENAT(openat64)

// Fortified callers: without O_CREAT, as their headers made sure.
BXL_EXPORT int __open_2(const char* path, int flags) {
  return finish(open_at(AT_FDCWD, path, flags, 0));
}
BXL_EXPORT int __open64_2(const char* path, int flags) {
  return finish(open_at(AT_FDCWD, path, flags, 0));
}
BXL_EXPORT int __openat_2(int dir, const char* path, int flags) {
  return finish(open_at(dir, path, flags, 0));
}
BXL_EXPORT int __openat64_2(int dir, const char* path, int flags) {
  return finish(open_at(dir, path, flags, 0));
}

#define BXL_STAT(NAME, FLAGS)                                                  \
  BXL_EXPORT int bxl_##NAME(const char* path, struct stat* st) __asm__(#NAME); \
  BXL_EXPORT int bxl_##NAME(const char* path, struct stat* st) {               \
    return finish(stat_at(AT_FDCWD, path, st, FLAGS));                         \
  }
BXL_STAT(stat, 0)
BXL_STAT(stat64, 0)
BXL_STAT(lstat, AT_SYMLINK_NOFOLLOW)
BXL_STAT(lstat64, AT_SYMLINK_NOFOLLOW)

#define BXL_FSTATAT(NAME)                                                                          \
  BXL_EXPORT int bxl_##NAME(int dir, const char* path, struct stat* st, int flags) __asm__(#NAME); \
  BXL_EXPORT int bxl_##NAME(int dir, const char* path, struct stat* st, int flags) {               \
    return finish(stat_at(dir, path, st, flags));                                                  \
  }
BXL_FSTATAT(fstatat)
BXL_FSTATAT(fstatat64)

// libc makes newfstatat(fd, "") of it, where the filter cannot see that the name is empty.
#define BXL_FSTAT(NAME)                                              \
  BXL_EXPORT int bxl_##NAME(int fd, struct stat* st) __asm__(#NAME); \
  BXL_EXPORT int bxl_##NAME(int fd, struct stat* st) {               \
    return finish(raw(SYS_fstat, fd, word(st)));                     \
  }
BXL_FSTAT(fstat)
BXL_FSTAT(fstat64)

// Programs linked before glibc 2.33. Version 1 is the kernel's own layout on x86-64.
#define BXL_XSTAT(NAME, FLAGS)                                          \
  BXL_EXPORT int NAME(int version, const char* path, struct stat* st) { \
    if (version != 0 && version != 1) return finish(-EINVAL);           \
    return finish(stat_at(AT_FDCWD, path, st, FLAGS));                  \
  }
BXL_XSTAT(__xstat, 0)
BXL_XSTAT(__xstat64, 0)
BXL_XSTAT(__lxstat, AT_SYMLINK_NOFOLLOW)
BXL_XSTAT(__lxstat64, AT_SYMLINK_NOFOLLOW)

#define BXL_FXSTAT(NAME)                                      \
  BXL_EXPORT int NAME(int version, int fd, struct stat* st) { \
    if (version != 0 && version != 1) return finish(-EINVAL); \
    return finish(raw(SYS_fstat, fd, word(st)));              \
  }
BXL_FXSTAT(__fxstat)
BXL_FXSTAT(__fxstat64)

#define BXL_FXSTATAT(NAME)                                                                  \
  BXL_EXPORT int NAME(int version, int dir, const char* path, struct stat* st, int flags) { \
    if (version != 0 && version != 1) return finish(-EINVAL);                               \
    return finish(stat_at(dir, path, st, flags));                                           \
  }
BXL_FXSTATAT(__fxstatat)
BXL_FXSTATAT(__fxstatat64)

BXL_EXPORT int statx(int dir, const char* path, int flags, unsigned mask,
                     struct statx* st) noexcept {
  return finish(statx_at(dir, path, flags, mask, st));
}

BXL_EXPORT int access(const char* path, int mode) noexcept {
  return finish(access_at(AT_FDCWD, path, mode, 0));
}
BXL_EXPORT int eaccess(const char* path, int mode) noexcept {
  return finish(access_at(AT_FDCWD, path, mode, AT_EACCESS));
}
BXL_EXPORT int euidaccess(const char* path, int mode) noexcept {
  return finish(access_at(AT_FDCWD, path, mode, AT_EACCESS));
}
BXL_EXPORT int faccessat(int dir, const char* path, int mode, int flags) noexcept {
  const long result = access_at(dir, path, mode, flags);
  // Before Linux 5.8: libc knows how to do it by other means.
  if (result == -ENOSYS && flags != 0)
    if (auto* next =
            reinterpret_cast<int (*)(int, const char*, int, int)>(next_symbol("faccessat")))
      return next(dir, path, mode, flags);
  return finish(result);
}

BXL_EXPORT ssize_t readlink(const char* path, char* buffer, size_t size) noexcept {
  return answer(readlink_at(AT_FDCWD, path, buffer, size));
}
BXL_EXPORT ssize_t readlinkat(int dir, const char* path, char* buffer, size_t size) noexcept {
  return answer(readlink_at(dir, path, buffer, size));
}
BXL_EXPORT ssize_t __readlink_chk(const char* path, char* buffer, size_t size, size_t room) {
  if (size > room) __builtin_trap();
  return answer(readlink_at(AT_FDCWD, path, buffer, size));
}

BXL_EXPORT DIR* opendir(const char* path) {
  const long fd =
      open_at(AT_FDCWD, path, O_RDONLY | O_NDELAY | O_DIRECTORY | O_LARGEFILE | O_CLOEXEC, 0);
  if (fd < 0) {
    answer(fd);
    return nullptr;
  }
  DIR* dir = fdopendir(static_cast<int>(fd));
  if (!dir) {
    const int error = *__errno_location();
    raw(SYS_close, fd);
    *__errno_location() = error;
  }
  return dir;
}

namespace {

// Reading modes without libc's extensions ("m", ",ccs="): what fdopen() gives is the same stream.
bool plain_reading(const char* mode, int* flags) {
  if (!mode || *mode++ != 'r') return false;
  *flags = O_RDONLY;
  for (; *mode; ++mode) {
    if (*mode == 'e')
      *flags |= O_CLOEXEC;
    else if (*mode != 'b')
      return false;
  }
  return true;
}

FILE* open_stream(const char* path, const char* mode, const char* name) {
  int flags = 0;
  if (table() && plain_reading(mode, &flags)) {
    const long fd = open_at(AT_FDCWD, path, flags, 0);
    if (fd < 0) {
      answer(fd);
      return nullptr;
    }
    FILE* stream = fdopen(static_cast<int>(fd), mode);
    if (!stream) raw(SYS_close, fd);
    return stream;
  }
  auto* next = reinterpret_cast<FILE* (*)(const char*, const char*)>(next_symbol(name));
  if (next) return next(path, mode);
  answer(-ENOSYS);
  return nullptr;
}

char* resolve(const char* path, char* to, const char* name) {
  if (path && *path) {
    char buffer[PATH_MAX];
    const long result = real_path(path, buffer);
    if (result == 0) {
      std::size_t size = 1;
      while (buffer[size - 1] != '\0') ++size;
      if (!to) to = static_cast<char*>(malloc(size));
      if (!to) {
        answer(-ENOMEM);
        return nullptr;
      }
      __builtin_memcpy(to, buffer, size);
      return to;
    }
    // What `to` holds then is undefined.
    if (result != -ENOSYS) {
      answer(result);
      return nullptr;
    }
  }
  auto* next = reinterpret_cast<char* (*)(const char*, char*)>(next_symbol(name));
  if (next) return next(path, to);
  answer(-ENOSYS);
  return nullptr;
}

}  // namespace

BXL_EXPORT FILE* bxl_fopen(const char* path, const char* mode) __asm__("fopen");
BXL_EXPORT FILE* bxl_fopen(const char* path, const char* mode) {
  return open_stream(path, mode, "fopen");
}
BXL_EXPORT FILE* bxl_fopen64(const char* path, const char* mode) __asm__("fopen64");
BXL_EXPORT FILE* bxl_fopen64(const char* path, const char* mode) {
  return open_stream(path, mode, "fopen64");
}

BXL_EXPORT char* bxl_realpath(const char* path, char* to) __asm__("realpath");
BXL_EXPORT char* bxl_realpath(const char* path, char* to) { return resolve(path, to, "realpath"); }
BXL_EXPORT char* __realpath_chk(const char* path, char* to, size_t room) {
  if (to && room < PATH_MAX) __builtin_trap();
  return resolve(path, to, "realpath");
}
BXL_EXPORT char* canonicalize_file_name(const char* path) noexcept {
  return resolve(path, nullptr, "realpath");
}
