// Use, call, outcome.
#include "shim/calls.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/stat.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace bxl::shim {

namespace {

std::uint64_t bits(long value) { return static_cast<std::uint64_t>(value); }

// A descriptor is asked, which opening it has recorded: no path is used. Not the working directory.
bool asks_descriptor(int dir_fd, const char* path, int flags) {
  constexpr std::uintptr_t kLowest = 65536;  // below, pointers are mistakes
  return (flags & AT_EMPTY_PATH) != 0 && dir_fd >= 0 &&
         reinterpret_cast<std::uintptr_t>(path) >= kLowest && *path == '\0';
}

// Tells the identity of what is there by a look of our own.
void look(Use& use, int dir_fd, const char* path, int flags) {
  struct stat st;
  const long result = raw(SYS_newfstatat, dir_fd, word(path), word(&st), flags, 0,
                          use.key(SYS_newfstatat, bits(dir_fd), bits(word(path))));
  if (result < 0)
    use.failed(result);
  else
    use.seen(st);
}

}  // namespace

long open_at(int dir_fd, const char* path, int flags, unsigned mode) {
  const int wanted = flags & (O_ACCMODE | O_CREAT | O_TRUNC | O_EXCL | O_PATH);
  const bool stays = (flags & O_NOFOLLOW) != 0;
  if ((wanted & ~O_PATH) != O_RDONLY || (flags & O_TMPFILE) == O_TMPFILE)
    return raw(SYS_openat, dir_fd, word(path), flags, mode);
  const Kind kind = (flags & O_PATH) != 0        ? (stays ? Kind::OpenPathStay : Kind::OpenPath)
                    : stays                      ? Kind::OpenReadStay
                    : (flags & O_DIRECTORY) != 0 ? Kind::OpenDirectory
                                                 : Kind::OpenRead;
  Use use(kind, dir_fd, path);
  const long fd = raw(SYS_openat, dir_fd, word(path), flags, mode, 0,
                      use.key(SYS_openat, bits(dir_fd), bits(word(path))));
  if (use.wants_outcome()) {
    struct stat st;
    long result = fd;
    if (fd >= 0) result = raw(SYS_fstat, fd, word(&st));
    if (result < 0)
      use.failed(result);
    else
      use.seen(st);
  }
  return fd;
}

long stat_at(int dir_fd, const char* path, struct stat* st, int flags) {
  if (asks_descriptor(dir_fd, path, flags)) return raw(SYS_fstat, dir_fd, word(st));
  const bool stays = (flags & AT_SYMLINK_NOFOLLOW) != 0;
  Use use(stays ? Kind::StatStay : Kind::Stat, dir_fd, path);
  const long result = raw(SYS_newfstatat, dir_fd, word(path), word(st), flags, 0,
                          use.key(SYS_newfstatat, bits(dir_fd), bits(word(path))));
  if (use.wants_outcome()) {
    if (result < 0)
      use.failed(result);
    else
      use.seen(*st);
  }
  return result;
}

long statx_at(int dir_fd, const char* path, int flags, unsigned mask, struct statx* st) {
  if (Table* t = table(); t && asks_descriptor(dir_fd, path, flags)) {
    // A name of ours: nobody can change it after it was looked at.
    static constexpr char kNoName[] = "";
    return raw(SYS_statx, dir_fd, word(kNoName), flags, mask, word(st),
               key_for(t->header.key, SYS_statx, bits(dir_fd), bits(word(kNoName))));
  }
  const bool stays = (flags & AT_SYMLINK_NOFOLLOW) != 0;
  Use use(stays ? Kind::StatStay : Kind::Stat, dir_fd, path);
  const long result = raw(SYS_statx, dir_fd, word(path), flags, mask, word(st),
                          use.key(SYS_statx, bits(dir_fd), bits(word(path))));
  if (use.wants_outcome()) {
    if (result < 0)
      use.failed(result);
    else
      look(use, dir_fd, path, stays ? AT_SYMLINK_NOFOLLOW : 0);
  }
  return result;
}

long access_at(int dir_fd, const char* path, int mode, int flags) {
  const bool stays = (flags & AT_SYMLINK_NOFOLLOW) != 0;
  Use use(stays ? Kind::AccessStay : Kind::Access, dir_fd, path);
  const long number = flags == 0 ? SYS_faccessat : SYS_faccessat2;
  const long result = raw(number, dir_fd, word(path), mode, flags, 0,
                          use.key(number, bits(dir_fd), bits(word(path))));
  if (use.wants_outcome()) {
    // Refused because of its mode, it is there all the same.
    if (result < 0 && result != -EACCES && result != -EROFS && result != -EPERM)
      use.failed(result);
    else
      look(use, dir_fd, path, stays ? AT_SYMLINK_NOFOLLOW : 0);
  }
  return result;
}

long missing_program(const char* path) {
  // As an open that finds nothing; what is there is read by the execution anyway.
  Use use(Kind::OpenRead, AT_FDCWD, path);
  if (!use.recorded()) return 0;
  const long result = raw(SYS_faccessat, AT_FDCWD, word(path), F_OK, 0, 0,
                          use.key(SYS_faccessat, bits(AT_FDCWD), bits(word(path))));
  const bool missing = result == -ENOENT || result == -ENOTDIR;
  if (use.wants_outcome()) {
    if (missing)
      use.failed(result);
    else
      look(use, AT_FDCWD, path, 0);
  }
  return missing ? result : 0;
}

long readlink_at(int dir_fd, const char* path, char* buffer, unsigned long size) {
  Use use(Kind::Readlink, dir_fd, path);
  const long result = raw(SYS_readlinkat, dir_fd, word(path), word(buffer), bits(size), 0,
                          use.key(SYS_readlinkat, bits(dir_fd), bits(word(path))));
  if (use.wants_outcome()) {
    if (result < 0 && result != -EINVAL)
      use.failed(result);
    else
      look(use, dir_fd, path, AT_SYMLINK_NOFOLLOW);
  }
  return result;
}

// libc reads a link per component, three quarters of all that g++ asks for. The kernel walks the
// path once; what it went through the supervisor finds when it follows the same spelling.
long real_path(const char* path, char* buffer) {
  Use use(Kind::Access, AT_FDCWD, path);
  if (!use.recorded()) return -ENOSYS;
  const long fd = raw(SYS_openat, AT_FDCWD, word(path), O_PATH | O_CLOEXEC, 0, 0,
                      use.key(SYS_openat, bits(AT_FDCWD), bits(word(path))));
  if (fd < 0) {
    // No descriptor left is nothing that realpath() fails with.
    if (fd == -EMFILE || fd == -ENFILE) {
      if (use.wants_outcome()) look(use, AT_FDCWD, path, 0);
      return -ENOSYS;
    }
    use.failed(fd);
    return fd;
  }
  if (use.wants_outcome()) {
    struct stat st;
    if (const long result = raw(SYS_fstat, fd, word(&st)); result < 0)
      use.failed(result);
    else
      use.seen(st);
  }
  char name[32] = "/proc/self/fd/";
  char digits[12];
  int n = 0, at = 14;
  for (unsigned rest = static_cast<unsigned>(fd); n == 0 || rest != 0; rest /= 10)
    digits[n++] = static_cast<char>('0' + rest % 10);
  while (n > 0) name[at++] = digits[--n];
  name[at] = '\0';
  const long length = raw(SYS_readlink, word(name), word(buffer), PATH_MAX - 1, 0, 0,
                          use.key(SYS_readlink, bits(word(name)), bits(word(buffer))));
  raw(SYS_close, fd);
  if (length <= 0) return -ENOSYS;
  if (length >= PATH_MAX - 1) return -ENAMETOOLONG;
  if (buffer[0] != '/' || buffer[length - 1] == ')') return -ENOSYS;  // unreachable, "(deleted)"
  buffer[length] = '\0';
  return 0;
}

extern "C" void* dlsym(void*, const char*) __attribute__((weak));

void* next_symbol(const char* name) {
  return dlsym ? dlsym(reinterpret_cast<void*>(-1l), name) : nullptr;  // RTLD_NEXT
}

}  // namespace bxl::shim
