// When does an equal stat identity prove equal content? The rules about ctime that the hash memo
// rests on.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_map>

#include "os/file.h"

namespace bxl::cas {

enum class Trust {
  No,       // the file may still change without its identity changing
  Process,  // for as long as this build runs
  Mounted,  // also in later builds, while the same file system stays mounted (see mount_salt)
  Always,   // also in later builds, after reboots and image updates
};

// How long a digest may be remembered under `identity` when reading its bytes began at `hashed_ns`
// (UNIX time). `reliable`: see ClockTable.
Trust trust_in(const FileIdentity& identity, std::int64_t hashed_ns, bool reliable);

std::int64_t now_unix_ns();

// A number that changes when the file system under `path` is mounted anew or the machine boots:
// boot id and unique mount id. 0: cannot be told. Mixed into the memo's key of files whose ctime
// has no nanoseconds: an image with the same build epoch can only come into their place by a new
// mount.
std::uint64_t mount_salt(const std::string& path);
bool is_whole_second(const FileIdentity& identity);

// Which devices carry a file system whose ctime moves with every change and never returns: ext4,
// xfs, btrfs, f2fs, zfs, tmpfs, overlayfs by statfs magic. Network file systems, FUSE, 9p, images
// and FAT are not on the list. Thread-safe.
class ClockTable {
 public:
  // `fd` is open on a file of device `dev`; asked once per device.
  bool reliable(std::uint64_t dev, int fd);
  // As above, for a file known by its path only; false when another file is there now.
  bool reliable(const std::string& path, const FileIdentity& identity);

 private:
  std::mutex mutex_;
  std::unordered_map<std::uint64_t, bool> by_device_;
};

}  // namespace bxl::cas
