// Records reads with identity and digest, and checks them later.
#include "frontend/reads.h"

#include <fcntl.h>
#include <sys/vfs.h>
#include <time.h>

#include <algorithm>

#include "os/file.h"

namespace bxl::frontend {
namespace {

// The kernel stamps files with a tick of up to 10 ms (CONFIG_HZ=100): a change within it may leave
// ctime as it was.
constexpr std::int64_t kGranularityNs = 10'000'000;

std::int64_t now_ns() {
  timespec now;
  ::clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

// Images and network file systems show times that do not move when the content does.
bool has_change_clock(int fd) {
  struct statfs fs;
  if (::fstatfs(fd, &fs) != 0) return false;
  switch (static_cast<unsigned long>(fs.f_type)) {
    case 0xEF53:      // ext4
    case 0x58465342:  // xfs
    case 0x9123683E:  // btrfs
    case 0xF2F52010:  // f2fs
    case 0x2FC12FC1:  // zfs
    case 0x01021994:  // tmpfs
    case 0x794C7630:  // overlay
      return true;
    default:
      return false;
  }
}

FileIdentity kind_only(FileKind kind) {
  FileIdentity out;
  out.kind = kind;
  return out;
}

FileIdentity trusted(const FileIdentity& identity, int fd, std::int64_t before) {
  bool whole_second = identity.ctime_ns % 1'000'000'000 == 0;
  bool young = identity.ctime_ns > before - 2 * kGranularityNs;
  return whole_second || young || !has_change_clock(fd) ? kind_only(identity.kind) : identity;
}

struct Opened {
  UniqueFd fd;
  FileIdentity identity;
  std::int64_t before = 0;
};

// O_NONBLOCK: a FIFO in the place of a file must not stop the build.
Result<Opened> open_for_reading(const std::string& path) {
  Opened out;
  out.before = now_ns();
  BXL_TRY_ASSIGN(out.fd, open_file(path, O_RDONLY | O_NONBLOCK));
  BXL_TRY_ASSIGN(out.identity, fstat_identity(out.fd.get()));
  return out;
}

Result<std::vector<std::string>> members_of(const std::string& path) {
  BXL_TRY_ASSIGN(auto members, list_directory(path));
  std::erase_if(members, [](const std::string& name) { return Reads::is_ignored_member(name); });
  std::sort(members.begin(), members.end());
  return members;
}

Digest digest_of(const std::vector<std::string>& members) {
  std::string text;
  for (const std::string& name : members) text += name + '\0';
  return Digest::of(text);
}

bool is_absence(const Error& error) { return error.errnum == ENOENT || error.errnum == ENOTDIR; }

}  // namespace

Result<std::string> Reads::read(const std::string& path) {
  wire::FrontEndRead record;
  record.path = paths_.intern(path);
  auto opened = open_for_reading(path);
  if (!opened) {
    if (is_absence(opened.error())) reads_[record.path] = record;
    return std::move(opened.error());
  }
  if (opened->identity.kind != FileKind::File)
    return make_error(opened->identity.kind == FileKind::Directory ? EISDIR : EINVAL,
                      "read " + path);
  auto bytes = read_fd(opened->fd.get());
  if (!bytes) return make_error(bytes.error().errnum, "read " + path);
  record.identity = trusted(opened->identity, opened->fd.get(), opened->before);
  record.digest = Digest::of(*bytes);
  reads_[record.path] = record;
  return bytes;
}

Result<wire::FrontEndRead> Reads::content(const std::string& path, Trust trust) {
  wire::FrontEndRead record;
  record.path = paths_.intern(path);
  auto opened = open_for_reading(path);
  if (!opened) {
    if (!is_absence(opened.error())) return std::move(opened.error());
  } else if (opened->identity.kind == FileKind::File) {
    auto digest = hash_fd(opened->fd.get());
    if (!digest) return make_error(digest.error().errnum, "read " + path);
    record.identity = trust == Trust::Always
                          ? opened->identity
                          : trusted(opened->identity, opened->fd.get(), opened->before);
    record.digest = *digest;
  } else {
    record.identity = kind_only(opened->identity.kind);
  }
  reads_[record.path] = record;
  return record;
}

bool Reads::is_ignored_member(std::string_view name) {
  return name == ".git" || name == ".hg" || name == ".jj" || name.starts_with(".bxl");
}

Result<std::vector<std::string>> Reads::listing(const std::string& path) {
  BXL_TRY_ASSIGN(auto members, members_of(path));
  wire::FrontEndRead record;
  record.path = paths_.intern(path);
  record.identity = kind_only(FileKind::Directory);
  record.digest = digest_of(members);
  reads_[record.path] = record;
  return members;
}

Result<FileIdentity> Reads::stamp(const std::string& path) {
  wire::FrontEndRead record;
  record.path = paths_.intern(path);
  BXL_TRY_ASSIGN(record.identity, stat_identity(path));
  reads_[record.path] = record;
  return record.identity;
}

bool Reads::exists(const std::string& path) {
  wire::FrontEndRead record;
  record.path = paths_.intern(path);
  auto identity = stat_identity(path);
  bool there = !identity || identity->exists();
  record.identity = kind_only(!identity ? FileKind::Other : identity->kind);
  // A full read of the same path says more than a probe.
  reads_.emplace(record.path, record);
  return there;
}

std::vector<wire::FrontEndRead> Reads::take() {
  std::vector<std::pair<std::string, wire::FrontEndRead>> named;
  for (const auto& [path, read] : reads_) named.emplace_back(paths_.str(path), read);
  std::sort(named.begin(), named.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<wire::FrontEndRead> out;
  for (auto& entry : named) out.push_back(entry.second);
  reads_.clear();
  return out;
}

bool unchanged(const wire::FrontEndRead& read, const std::string& path) {
  auto identity = stat_identity(path);
  if (!identity || identity->kind != read.identity.kind) return false;
  if (read.identity.kind == FileKind::Directory && !read.digest.is_zero()) {
    auto members = members_of(path);
    return members && digest_of(*members) == read.digest;
  }
  if (*identity == read.identity || read.identity.kind != FileKind::File) return true;
  const bool probe = read.identity.ino == 0 && read.digest.is_zero();
  if (read.digest.is_zero()) return probe;
  auto opened = open_for_reading(path);
  if (!opened) return false;
  auto digest = hash_fd(opened->fd.get());
  return digest && *digest == read.digest;
}

}  // namespace bxl::frontend
