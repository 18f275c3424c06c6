// Leases as locked files: made, found, and cleaned up after the dead.
#include "cas/lease.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <ctime>

namespace bxl::cas {
namespace {

std::string directory_of(const std::string& root) { return root + "/leases"; }

std::string unique_name() {
  static std::atomic<unsigned> counter{0};
  timespec now;
  ::clock_gettime(CLOCK_REALTIME, &now);
  return std::to_string(::getpid()) + "-" + std::to_string(counter.fetch_add(1)) + "-" +
         std::to_string(now.tv_nsec);
}

std::string first_line_of(const std::string& path) {
  auto text = read_file(path);
  return text ? text->substr(0, text->find('\n')) : std::string("unknown");
}

// Field 22 of /proc/self/stat; the name in field 2 may hold blanks.
std::string start_ticks() {
  const std::string stat = first_line_of("/proc/self/stat");
  std::size_t at = stat.rfind(") ");
  for (int field = 2; field < 22 && at != std::string::npos; ++field) at = stat.find(' ', at + 1);
  return at == std::string::npos ? "unknown" : stat.substr(at + 1, stat.find(' ', at + 1) - at - 1);
}

bool is_same_file(const std::string& path, int fd) {
  auto named = lstat_identity(path);
  auto held = fstat_identity(fd);
  return named && held && named->dev == held->dev && named->ino == held->ino;
}

}  // namespace

Result<Lease> Lease::take(const std::string& root, const std::string& tool) {
  // Between creation and locking a collection may take the file for a dead one's, and remove it.
  for (int attempt = 0; attempt < 10; ++attempt) {
    const std::string path = directory_of(root) + "/" + unique_name();
    auto lock = FileLock::take(path, FileLock::Wait::No);
    if (!lock && lock.error().errnum == ENOENT) {
      BXL_TRY(make_directories(directory_of(root)));
      continue;
    }
    if (!lock) return std::move(lock.error());
    if (!*lock || !is_same_file(path, (*lock)->fd())) continue;
    Lease lease;
    lease.lock_ = std::move(*lock);
    lease.path_ = path;
    // A full disk costs the text only.
    (void)!write_all(lease.lock_->fd(), tool + "\nboot " +
                                            first_line_of("/proc/sys/kernel/random/boot_id") +
                                            "\npid " + std::to_string(::getpid()) + "\nstarted " +
                                            start_ticks() + "\n");
    return lease;
  }
  return make_error(EAGAIN, "take a lease in " + directory_of(root));
}

Lease::~Lease() {
  if (!path_.empty()) ::unlink(path_.c_str());
}

Result<std::optional<std::int64_t>> oldest_lease(const std::string& root) {
  std::optional<std::int64_t> oldest;
  auto names = list_directory(directory_of(root));
  if (!names && names.error().errnum == ENOENT) return oldest;
  if (!names) return std::move(names.error());
  for (const std::string& name : *names) {
    const std::string path = directory_of(root) + "/" + name;
    BXL_TRY_ASSIGN(auto identity, lstat_identity(path));
    if (!identity.exists()) continue;
    auto lock = FileLock::take(path, FileLock::Wait::No);
    if (lock && *lock) {
      ::unlink(path.c_str());
      continue;
    }
    // Written once, when it began. One that cannot be asked counts as held.
    const std::int64_t began = identity.mtime_ns / 1'000'000'000;
    oldest = std::min(oldest.value_or(began), began);
  }
  return oldest;
}

}  // namespace bxl::cas
