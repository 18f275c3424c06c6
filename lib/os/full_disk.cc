// statvfs(2).
#include "os/full_disk.h"

#include <sys/statvfs.h>

#include <cstdint>

namespace bxl {

bool is_full(const std::string& path) {
  constexpr std::uint64_t kSmall = 64 << 10;
  struct statvfs fs;
  if (::statvfs(path.c_str(), &fs) != 0) return false;
  // Some file systems count no blocks, or no inodes.
  return (fs.f_blocks != 0 && static_cast<std::uint64_t>(fs.f_bavail) * fs.f_frsize < kSmall) ||
         (fs.f_files != 0 && fs.f_favail == 0);
}

}  // namespace bxl
