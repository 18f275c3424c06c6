#include "os/rename.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>

#include "os/unique_fd.h"

namespace bxl {
namespace {

bool flags_refused = false;

// EINVAL: the file system does not know the flag. ENOSYS: an old kernel, or a container's filter.
int rename_with(const NameAt& from, const NameAt& to, unsigned flags) {
  if (flags_refused) {
    errno = EINVAL;
    return -1;
  }
  return ::renameat2(from.dir, from.name.c_str(), to.dir, to.name.c_str(), flags);
}

bool is_unsupported(int errnum) { return errnum == EINVAL || errnum == ENOSYS; }

}  // namespace

Result<bool> rename_without_replacing(const NameAt& from, const NameAt& to) {
  if (rename_with(from, to, RENAME_NOREPLACE) == 0) return true;
  if (errno == EEXIST) return false;
  if (!is_unsupported(errno)) return errno_error("rename " + from.name + " to " + to.name);
  if (::linkat(from.dir, from.name.c_str(), to.dir, to.name.c_str(), 0) == 0) {
    if (::unlinkat(from.dir, from.name.c_str(), 0) != 0) return errno_error("unlink " + from.name);
    return true;
  }
  if (errno == EEXIST) return false;
  if (errno != EPERM && errno != EOPNOTSUPP && errno != EMLINK && errno != ENOSYS)
    return errno_error("rename " + from.name + " to " + to.name);
  struct stat st;
  if (::fstatat(to.dir, to.name.c_str(), &st, AT_SYMLINK_NOFOLLOW) == 0) return false;
  if (errno != ENOENT) return errno_error("rename to " + to.name);
  if (::renameat(from.dir, from.name.c_str(), to.dir, to.name.c_str()) != 0)
    return errno_error("rename " + from.name + " to " + to.name);
  return true;
}

Result<bool> exchange_names(const NameAt& a, const NameAt& b) {
  if (rename_with(a, b, RENAME_EXCHANGE) == 0) return true;
  if (is_unsupported(errno)) return false;
  return errno_error("exchange " + a.name + " and " + b.name);
}

bool is_open_for_writing(const NameAt& file) {
  UniqueFd fd(
      ::openat(file.dir, file.name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!fd) return false;
  // Whoever opens it now waits for the lease, and the kernel tells us by a signal: by one that does
  // nothing.
  if (::fcntl(fd.get(), F_SETSIG, SIGURG) != 0) return false;
  if (::fcntl(fd.get(), F_SETLEASE, F_RDLCK) != 0) return errno == EAGAIN;
  return false;  // closing gives the lease back
}

void refuse_rename_flags(bool refuse) { flags_refused = refuse; }

}  // namespace bxl
