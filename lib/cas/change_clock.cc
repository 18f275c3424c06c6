// The allow-list of file systems and the age rules.
#include "cas/change_clock.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <ctime>

namespace bxl::cas {
namespace {

constexpr std::int64_t kSecond_ns = 1'000'000'000;
// Two ticks of the coarsest kernel clock (100 Hz). A change after the bytes were read stamps a
// ctime of at least the read's time minus one tick, hence another ctime than one that is two ticks
// older.
constexpr std::int64_t kFineGranularity_ns = 20'000'000;
// FAT keeps two seconds; twice that.
constexpr std::int64_t kCoarseGranularity_ns = 4 * kSecond_ns;

bool is_change_clock(long magic) {
  switch (static_cast<std::uint32_t>(magic)) {
    case 0x0000EF53u:  // ext2, ext3, ext4
    case 0x58465342u:  // xfs
    case 0x9123683Eu:  // btrfs
    case 0xF2F52010u:  // f2fs
    case 0x2FC12FC1u:  // zfs
    case 0x01021994u:  // tmpfs
    case 0x794C7630u:  // overlayfs; an image below it is met by the whole-second rule
      return true;
    default:
      return false;
  }
}

}  // namespace

std::int64_t now_unix_ns() {
  timespec now;
  ::clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec * kSecond_ns + now.tv_nsec;
}

Trust trust_in(const FileIdentity& identity, std::int64_t hashed_ns, bool reliable) {
  const std::int64_t age = hashed_ns - identity.ctime_ns;
  // squashfs and erofs images and 128-byte ext4 inodes have no nanoseconds: a compiler image
  // replaced by another of the same build epoch may repeat device, inode, size and both times.
  if (!reliable) return age > kCoarseGranularity_ns ? Trust::Process : Trust::No;
  if (is_whole_second(identity)) return age > kCoarseGranularity_ns ? Trust::Mounted : Trust::No;
  return age > kFineGranularity_ns ? Trust::Always : Trust::No;
}

bool is_whole_second(const FileIdentity& identity) { return identity.ctime_ns % kSecond_ns == 0; }

std::uint64_t mount_salt(const std::string& path) {
  static const std::string boot_id = [] {
    auto text = read_file("/proc/sys/kernel/random/boot_id");
    return text ? *text : std::string();
  }();
  constexpr unsigned kMountId = 0x1000,
                     kUniqueMountId = 0x4000;  // STATX_MNT_ID (5.8), STATX_MNT_ID_UNIQUE (6.8)
  struct statx st;
  for (unsigned wanted : {kUniqueMountId, kMountId}) {
    if (boot_id.empty() || ::statx(AT_FDCWD, path.c_str(), AT_SYMLINK_NOFOLLOW, wanted, &st) != 0)
      return 0;
    if (!(st.stx_mask & wanted)) continue;
    std::uint64_t salt = checksum64(boot_id, st.stx_mnt_id);
    return salt == 0 ? 1 : salt;
  }
  return 0;
}

bool ClockTable::reliable(std::uint64_t dev, int fd) {
  std::lock_guard lock(mutex_);
  if (auto it = by_device_.find(dev); it != by_device_.end()) return it->second;
  struct statfs fs;
  const bool yes = ::fstatfs(fd, &fs) == 0 && is_change_clock(fs.f_type);
  by_device_.emplace(dev, yes);
  return yes;
}

bool ClockTable::reliable(const std::string& path, const FileIdentity& identity) {
  {
    std::lock_guard lock(mutex_);
    if (auto it = by_device_.find(identity.dev); it != by_device_.end()) return it->second;
  }
  auto fd = open_file(path, O_PATH | O_NOFOLLOW);
  if (!fd) return false;
  auto there = fstat_identity(fd->get());
  return there && there->dev == identity.dev && reliable(identity.dev, fd->get());
}

}  // namespace bxl::cas
