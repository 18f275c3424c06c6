// Reads of /proc/TID, and of memory by process_vm_readv or /proc/TID/mem.
#include "sandbox/tracee.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "os/unique_fd.h"

namespace bxl::sandbox {

namespace {

constexpr std::size_t kPage = 4096;
constexpr std::size_t kFirst = 256;

Peek from_errno(int errnum) {
  if (errnum == EFAULT) return Peek::Fault;
  if (errnum == ESRCH) return Peek::Gone;
  return Peek::Denied;
}

// Podman's default profile of before 2025 and Docker's of before 2021 refuse process_vm_readv to
// everybody. /proc/PID/mem shows the same to the same, for two calls more.
bool may_peek_directly() {
  static const bool may = [] {
    char from = 1, to = 0;
    const iovec local{&to, 1}, remote{&from, 1};
    return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == 1;
  }();
  return may;
}

// As process_vm_readv(2), of one piece.
ssize_t peek(pid_t tid, std::uint64_t address, void* to, std::size_t size) {
  if (may_peek_directly()) {
    const iovec local{to, size};
    const iovec remote{reinterpret_cast<void*>(address), size};
    return process_vm_readv(tid, &local, 1, &remote, 1, 0);
  }
  char path[64];
  std::snprintf(path, sizeof path, "/proc/%d/mem", tid);
  UniqueFd memory(open(path, O_RDONLY | O_CLOEXEC));
  if (!memory) {
    if (errno == ENOENT) errno = ESRCH;
    return -1;
  }
  const ssize_t n = pread(memory.get(), to, size, static_cast<off_t>(address));
  // An address beyond what off_t holds, or one where nothing is mapped.
  if (n < 0 && (errno == EIO || errno == EINVAL)) errno = EFAULT;
  return n;
}

}  // namespace

Peek Tracee::read_path(std::uint64_t address, std::string& out) const {
  out.clear();
  if (address == 0) return Peek::Fault;
  char buffer[PATH_MAX];
  std::size_t got = 0;
  while (got < sizeof buffer) {
    // Page by page: the string may end just before an unmapped page.
    const std::size_t to_page_end = kPage - (address & (kPage - 1));
    // Most paths are short, and what is asked for is copied: little first.
    const std::size_t most = got == 0 ? kFirst : sizeof buffer - got;
    const std::size_t want = std::min(to_page_end, most);
    const ssize_t n = peek(tid_, address, buffer + got, want);
    if (n < 0) return from_errno(errno);
    if (n == 0) return Peek::Fault;
    const auto count = static_cast<std::size_t>(n);
    if (const void* nul = std::memchr(buffer + got, 0, count)) {
      out.assign(buffer, static_cast<std::size_t>(static_cast<const char*>(nul) - buffer));
      return Peek::Ok;
    }
    got += count;
    address += count;
  }
  return Peek::TooLong;
}

Peek Tracee::read_bytes(std::uint64_t address, void* to, std::size_t size) const {
  if (address == 0) return Peek::Fault;
  const ssize_t n = peek(tid_, address, to, size);
  if (n < 0) return from_errno(errno);
  return static_cast<std::size_t>(n) == size ? Peek::Ok : Peek::Fault;
}

std::string Tracee::link(const char* name) const {
  char path[64];
  std::snprintf(path, sizeof path, "/proc/%d/%s", tid_, name);
  char target[PATH_MAX + 16];
  const ssize_t n = readlink(path, target, sizeof target);
  return n <= 0 ? std::string() : std::string(target, static_cast<std::size_t>(n));
}

std::string Tracee::working_directory() const { return link("cwd"); }

std::string Tracee::descriptor(int fd) const {
  char name[24];
  std::snprintf(name, sizeof name, "fd/%d", fd);
  return link(name);
}

std::string Tracee::command_name() const {
  char path[64];
  std::snprintf(path, sizeof path, "/proc/%d/comm", tid_);
  char name[32] = "?";
  UniqueFd fd(open(path, O_RDONLY | O_CLOEXEC));
  if (fd) {
    const ssize_t n = read(fd.get(), name, sizeof name - 1);
    if (n > 0) name[name[n - 1] == '\n' ? n - 1 : n] = '\0';
  }
  return std::string(name) + " (" + std::to_string(tid_) + ")";
}

std::optional<Tracee::Ids> Tracee::ids() const {
  char path[64];
  std::snprintf(path, sizeof path, "/proc/%d/status", tid_);
  UniqueFd fd(open(path, O_RDONLY | O_CLOEXEC));
  if (!fd) return std::nullopt;
  char text[4096];
  const ssize_t n = read(fd.get(), text, sizeof text - 1);
  if (n <= 0) return std::nullopt;
  text[n] = '\0';
  Ids ids;
  const char* tgid = std::strstr(text, "\nTgid:");
  const char* uid = std::strstr(text, "\nUid:");
  const char* gid = std::strstr(text, "\nGid:");
  if (tgid == nullptr || uid == nullptr || gid == nullptr) return std::nullopt;
  if (std::sscanf(tgid, "\nTgid: %d", &ids.tgid) != 1) return std::nullopt;
  if (std::sscanf(uid, "\nUid: %u %u", &ids.uid, &ids.euid) != 2) return std::nullopt;
  if (std::sscanf(gid, "\nGid: %u %u", &ids.gid, &ids.egid) != 2) return std::nullopt;
  return ids;
}

int Tracee::copy_descriptor(int fd) const {
  // A thread's pidfd needs Linux 6.9 (PIDFD_THREAD); its leader shares the table in all but odd
  // programs.
  const auto who = ids();
  if (!who) return -1;
  UniqueFd pidfd(static_cast<int>(syscall(SYS_pidfd_open, who->tgid, 0)));
  if (!pidfd) return -1;
  return static_cast<int>(syscall(SYS_pidfd_getfd, pidfd.get(), fd, 0));
}

}  // namespace bxl::sandbox
