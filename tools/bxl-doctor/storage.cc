// File systems and the cache.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <sstream>

#include "base/path_table.h"
#include "base/text.h"
#include "cache/collector.h"
#include "cas/change_clock.h"
#include "cas/lease.h"
#include "cas/usage.h"
#include "checks.h"
#include "os/file.h"

namespace bxl::doctor {
namespace {

constexpr std::int64_t kDay_s = 86'400;
constexpr std::int64_t kSecond_ns = 1'000'000'000;
constexpr std::uint64_t kLittleSpace = 1'000'000'000;

// The longest part of `path` that exists.
std::string existing_part(std::string path) {
  for (;;) {
    auto identity = stat_identity(path);
    if ((identity && identity->exists()) || path == "/") return path;
    path = parent_path(path);
  }
}

// "ext4", from the line of the mount that holds `path`; "" when that cannot be told.
std::string type_of_mount(const std::string& path) {
  struct statx st;
  if (::statx(AT_FDCWD, path.c_str(), 0, STATX_MNT_ID, &st) != 0 || !(st.stx_mask & STATX_MNT_ID))
    return {};
  auto table = read_file("/proc/self/mountinfo");
  if (!table) return {};
  std::istringstream lines(*table);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::uint64_t id = 0;
    words >> id;
    std::size_t dash = line.find(" - ");
    if (id != st.stx_mnt_id || dash == std::string::npos) continue;
    return line.substr(dash + 3, line.find(' ', dash + 3) - dash - 3);
  }
  return {};
}

std::uint64_t free_bytes(const std::string& path) {
  struct statvfs fs;
  return ::statvfs(path.c_str(), &fs) == 0 ? std::uint64_t{fs.f_bavail} * fs.f_frsize : 0;
}

// How far the file system's clock is from ours; 0 when it cannot be asked.
std::int64_t skew_ns(const std::string& directory) {
  UniqueFd fd(::open(directory.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600));
  auto identity = fd ? fstat_identity(fd.get()) : Result<FileIdentity>(make_error(0, ""));
  return identity ? identity->ctime_ns - cas::now_unix_ns() : 0;
}

void check_space(const std::string& topic, const std::string& directory, Findings& findings) {
  const std::uint64_t free = free_bytes(directory);
  if (free < kLittleSpace)
    findings.warning(topic, size_text(free) + " free where " + directory + " lies",
                     "a build that finds the disk full stops with exit code 6 and loses nothing, "
                     "but make room first");
}

std::size_t count_entries(const std::string& directory, std::int64_t older_than_unix_s) {
  auto names = list_directory(directory);
  if (!names) return 0;
  return static_cast<std::size_t>(
      std::count_if(names->begin(), names->end(), [&](const std::string& name) {
        auto identity = lstat_identity(directory + "/" + name);
        return identity && identity->exists() &&
               identity->mtime_ns / kSecond_ns < older_than_unix_s;
      }));
}

void check_cache_contents(const std::string& cache, Findings& findings) {
  const std::int64_t now = cas::now_unix_ns() / kSecond_ns;
  if (std::size_t damaged = count_entries(cache + "/quarantine", now + 1); damaged != 0)
    findings.warning(
        "cache",
        count_text(damaged, "damaged blob", "damaged blobs") + " in " + cache + "/quarantine",
        "a power loss may do that; if more come, the disk or the memory is at fault. "
        "bxl-cache verify checks the rest; the files in quarantine may be deleted");
  auto names = list_directory(cache);
  const bool set_aside =
      names && std::any_of(names->begin(), names->end(), [](const std::string& name) {
        return name.find(".damaged-") != std::string::npos;
      });
  if (set_aside)
    findings.warning("cache", "a damaged database or memo was set aside in " + cache,
                     "nothing has to be done; delete " + cache +
                         "/*.damaged-* when it was looked "
                         "at");
  if (std::size_t old = count_entries(cache + "/tmp", now - kDay_s); old != 0)
    findings.warning("cache",
                     count_text(old, "file", "files") + " of killed builds in " + cache + "/tmp",
                     "the next build removes what is older than a day");
}

}  // namespace

void check_file_systems(const cli::Options& options, const std::string& workspace,
                        Findings& findings) {
  std::map<std::uint64_t, std::vector<std::string>> by_device;
  for (const std::string& wanted :
       {workspace, options.cache, std::string("/usr"), std::string("/tmp"), home_directory()}) {
    if (wanted.empty()) continue;
    const std::string path = existing_part(wanted);
    auto identity = stat_identity(path);
    if (!identity || !identity->exists()) continue;
    auto& paths = by_device[identity->dev];
    if (std::find(paths.begin(), paths.end(), path) == paths.end()) paths.push_back(path);
  }
  cas::ClockTable clocks;
  for (const auto& [device, paths] : by_device) {
    std::string names;
    for (const std::string& path : paths) names += (names.empty() ? "" : ", ") + path;
    std::string type = type_of_mount(paths.front());
    if (type.empty()) type = "a file system of unknown type";
    auto identity = lstat_identity(paths.front());
    auto target = stat_identity(paths.front());
    const bool reliable = identity && target && clocks.reliable(*real_path(paths.front()), *target);
    if (reliable)
      findings.ok("file system", type + " (" + names + "): its change times can be relied on");
    else
      findings.warning("file system",
                       type + " (" + names +
                           "): its change times prove nothing, so every file on it is read again "
                           "by every build",
                       "builds are right, but slower; ext4, xfs, btrfs, f2fs, zfs, tmpfs and "
                       "overlayfs do better");
  }
  if (const std::int64_t skew = workspace.empty() ? 0 : skew_ns(workspace);
      skew > 2 * kSecond_ns || skew < -2 * kSecond_ns)
    findings.warning("clock",
                     "files in " + workspace + " get times that are " +
                         std::to_string(skew / kSecond_ns) + " s from this machine's clock",
                     "set both clocks: files that seem to come from the future are never trusted");
  if (!workspace.empty()) check_space("workspace", workspace, findings);
}

void check_cache(const cli::Options& options, Findings& findings) {
  const std::string there = existing_part(options.cache);
  auto identity = stat_identity(there);
  if (identity && identity->kind != FileKind::Directory) {
    findings.error("cache", there + " is no directory", "name another cache with --cache DIR");
    return;
  }
  if (::access(there.c_str(), W_OK | X_OK) != 0) {
    findings.error("cache", there + " cannot be written by you",
                   "name another cache with --cache DIR or BXL_CACHE_DIR; until then results are "
                   "only read from it");
    return;
  }
  const std::uint64_t limit =
      options.cache_size ? *options.cache_size : cache::default_limit(options.cache);
  const std::string of_limit = limit == 0 ? "no limit" : "at most " + size_text(limit);
  const std::string room = size_text(free_bytes(there)) + " free on its disk";
  if (there != options.cache) {
    findings.ok("cache",
                options.cache + " will be made by the first build; " + of_limit + ", " + room);
  } else {
    const cache::Size size = cache::estimated_size(options.cache);
    const std::string holds = options.cache + " holds " + (size.complete ? "" : "at least ") +
                              size_text(size.bytes) + "; " + of_limit + ", " + room;
    if (limit != 0 && size.bytes > limit)
      findings.warning("cache", holds, "bxl gc brings it below its limit; builds do so by and by");
    else
      findings.ok("cache", holds);
    check_cache_contents(options.cache, findings);
  }
  check_space("cache", there, findings);
}

}  // namespace bxl::doctor
