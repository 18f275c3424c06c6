#include "os/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <poll.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <memory>

#include "base/path_table.h"

namespace bxl {
namespace {

bool is_absence(int errnum) { return errnum == ENOENT || errnum == ENOTDIR; }

template <typename Stat>
Result<FileIdentity> identity_by(Stat stat_call, const std::string& what) {
  struct stat st;
  if (stat_call(&st) == 0) return identity_of(st);
  if (is_absence(errno)) return FileIdentity{};
  return errno_error(what);
}

std::string temp_name(const std::string& path) {
  static std::atomic<unsigned> counter{0};
  return std::string(parent_path(path)) + "/.bxl-tmp-" + std::to_string(getpid()) + "-" +
         std::to_string(counter.fetch_add(1));
}

Result<void> sync_directory(const std::string& dir) {
  BXL_TRY_ASSIGN(auto fd, open_file(dir, O_RDONLY | O_DIRECTORY));
  if (::fsync(fd.get()) != 0) return errno_error("fsync " + dir);
  return {};
}

}  // namespace

FileIdentity identity_of(const struct stat& st) {
  FileIdentity id;
  id.kind = S_ISREG(st.st_mode)   ? FileKind::File
            : S_ISLNK(st.st_mode) ? FileKind::Symlink
            : S_ISDIR(st.st_mode) ? FileKind::Directory
                                  : FileKind::Other;
  id.executable = S_ISREG(st.st_mode) && (st.st_mode & 0111) != 0;
  id.mode = st.st_mode;
  id.dev = st.st_dev;
  id.ino = st.st_ino;
  id.size = static_cast<std::uint64_t>(st.st_size);
  id.mtime_ns = st.st_mtim.tv_sec * 1'000'000'000LL + st.st_mtim.tv_nsec;
  id.ctime_ns = st.st_ctim.tv_sec * 1'000'000'000LL + st.st_ctim.tv_nsec;
  return id;
}

bool differ_in_ctime_only(const FileIdentity& a, const FileIdentity& b) {
  FileIdentity same = b;
  same.ctime_ns = a.ctime_ns;
  return a.kind == FileKind::File && a.ctime_ns != b.ctime_ns && a == same;
}

Result<FileIdentity> lstat_identity(const std::string& path) {
  return identity_by([&](struct stat* st) { return ::lstat(path.c_str(), st); }, "lstat " + path);
}
Result<FileIdentity> stat_identity(const std::string& path) {
  return identity_by([&](struct stat* st) { return ::stat(path.c_str(), st); }, "stat " + path);
}
Result<FileIdentity> fstat_identity(int fd) {
  return identity_by([&](struct stat* st) { return ::fstat(fd, st); }, "fstat");
}
Result<FileIdentity> identity_at(int dir, const std::string& name) {
  return identity_by(
      [&](struct stat* st) { return ::fstatat(dir, name.c_str(), st, AT_SYMLINK_NOFOLLOW); },
      "lstat " + name);
}

Result<UniqueFd> open_file(const std::string& path, int flags, mode_t mode) {
  int fd;
  do fd = ::open(path.c_str(), flags | O_CLOEXEC, mode);
  while (fd < 0 && errno == EINTR);
  if (fd < 0) return errno_error("open " + path);
  return UniqueFd(fd);
}

Result<std::string> read_fd(int fd) {
  std::string out;
  struct stat st;
  if (::fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
    out.reserve(static_cast<std::size_t>(st.st_size) + 1);
  std::size_t used = 0;
  for (;;) {
    if (out.size() - used < 65536) out.resize(std::max<std::size_t>(out.capacity(), used + 65536));
    ssize_t n = ::read(fd, out.data() + used, out.size() - used);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno_error("read");
    if (n == 0) break;
    used += static_cast<std::size_t>(n);
  }
  out.resize(used);
  return out;
}

Result<std::string> read_file(const std::string& path) {
  BXL_TRY_ASSIGN(auto fd, open_file(path, O_RDONLY));
  auto bytes = read_fd(fd.get());
  if (!bytes) return make_error(bytes.error().errnum, "read " + path);
  return bytes;
}

Result<void> write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) {  // another holder of a shared pipe or terminal made it so
      pollfd room{fd, POLLOUT, 0};
      if (::poll(&room, 1, -1) > 0 || errno == EINTR) continue;
    }
    if (n < 0) return errno_error("write");
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

Result<std::string> read_link(const std::string& path) {
  std::string out(256, '\0');
  for (;;) {
    ssize_t n = ::readlink(path.c_str(), out.data(), out.size());
    if (n < 0) return errno_error("readlink " + path);
    if (static_cast<std::size_t>(n) < out.size()) {
      out.resize(static_cast<std::size_t>(n));
      return out;
    }
    out.resize(out.size() * 2);
  }
}

Result<std::vector<std::string>> list_directory(const std::string& path) {
  BXL_TRY_ASSIGN(auto fd, open_file(path, O_RDONLY | O_DIRECTORY));
  DIR* dir = ::fdopendir(fd.get());
  if (!dir) return errno_error("opendir " + path);
  fd.release();
  std::unique_ptr<DIR, int (*)(DIR*)> owner(dir, ::closedir);
  std::vector<std::string> names;
  errno = 0;
  while (dirent* e = ::readdir(dir)) {
    std::string_view name = e->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
    errno = 0;
  }
  if (errno != 0) return errno_error("readdir " + path);
  std::sort(names.begin(), names.end());
  return names;
}

Result<void> make_directories(const std::string& path,
                              const std::function<void(const std::string&)>& made) {
  if (::mkdir(path.c_str(), 0777) == 0) {
    if (made) made(path);
    return {};
  }
  if (errno == EEXIST) {
    struct stat st;
    if (::stat(path.c_str(), &st) == 0 && S_ISDIR(st.st_mode)) return {};
    return make_error(EEXIST, "mkdir " + path);
  }
  if (errno != ENOENT || path == "/") return errno_error("mkdir " + path);
  BXL_TRY(make_directories(std::string(parent_path(path)), made));
  if (::mkdir(path.c_str(), 0777) == 0) {
    if (made) made(path);
  } else if (errno != EEXIST) {
    return errno_error("mkdir " + path);
  }
  return {};
}

Result<std::string> real_path(const std::string& path) {
  std::unique_ptr<char, void (*)(void*)> real(::realpath(path.c_str(), nullptr), std::free);
  if (!real) return errno_error("realpath " + path);
  return std::string(real.get());
}

std::string current_directory() {
  std::unique_ptr<char, void (*)(void*)> cwd(::getcwd(nullptr, 0), std::free);
  return cwd ? cwd.get() : "/";
}

std::string home_directory() {
  if (const char* home = ::getenv("HOME"); home && *home) return home;
  if (const passwd* pw = ::getpwuid(::getuid())) return pw->pw_dir;
  return {};
}

Result<void> replace_file(const std::string& path, std::string_view bytes, Durable durable,
                          mode_t mode) {
  BXL_TRY_ASSIGN(auto file, AtomicFile::create(path, mode));
  if (auto w = write_all(file.fd(), bytes); !w) return std::move(w.error()).in(path);
  return file.commit(durable);
}

Result<AtomicFile> AtomicFile::create(const std::string& path, mode_t mode) {
  AtomicFile file;
  file.path_ = path;
  for (;;) {
    std::string temp = temp_name(path);
    auto fd = open_file(temp, O_RDWR | O_CREAT | O_EXCL, mode);
    if (fd) {
      file.fd_ = std::move(*fd);
      file.temp_ = std::move(temp);
      return file;
    }
    if (fd.error().errnum != EEXIST) return std::move(fd.error());
  }
}

AtomicFile::~AtomicFile() {
  if (fd_ && !temp_.empty()) ::unlink(temp_.c_str());
}

Result<void> AtomicFile::commit(Durable durable) {
  if (durable == Durable::Yes && ::fsync(fd_.get()) != 0) return errno_error("fsync " + temp_);
  if (::rename(temp_.c_str(), path_.c_str()) != 0)
    return errno_error("rename " + temp_ + " to " + path_);
  temp_.clear();
  if (durable == Durable::Yes) return sync_directory(std::string(parent_path(path_)));
  return {};
}

Result<CopyResult> copy_bytes(int from, int to, WantDigest want) {
  CopyResult result;
  bool cloned = ::ioctl(to, FICLONE, from) == 0;
  if (cloned && want == WantDigest::No) {
    struct stat st;
    if (::fstat(from, &st) != 0) return errno_error("fstat");
    result.size = static_cast<std::uint64_t>(st.st_size);
    return result;
  }
  Hasher hasher;
  std::unique_ptr<char[]> buffer(new char[1 << 18]);
  std::uint64_t offset = 0;
  for (;;) {
    ssize_t n = ::pread(from, buffer.get(), 1 << 18, static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno_error("read");
    if (n == 0) break;
    std::string_view chunk(buffer.get(), static_cast<std::size_t>(n));
    if (want == WantDigest::Yes) hasher.update(chunk);
    if (!cloned) BXL_TRY(write_all(to, chunk));
    offset += chunk.size();
  }
  result.size = offset;
  if (want == WantDigest::Yes) result.digest = hasher.finish();
  return result;
}

Result<Digest> hash_fd(int fd) {
  Hasher hasher;
  std::unique_ptr<char[]> buffer(new char[1 << 18]);
  std::uint64_t offset = 0;
  for (;;) {
    ssize_t n = ::pread(fd, buffer.get(), 1 << 18, static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno_error("read");
    if (n == 0) return hasher.finish();
    hasher.update({buffer.get(), static_cast<std::size_t>(n)});
    offset += static_cast<std::uint64_t>(n);
  }
}

Result<UniqueFd> open_directory(const std::string& root) {
  return open_file(root, O_PATH | O_DIRECTORY);
}

Result<UniqueFd> open_parent_beneath(int root_fd, std::string_view relative) {
  std::size_t slash = relative.rfind('/');
  std::string dir = slash == std::string_view::npos ? "." : std::string(relative.substr(0, slash));
  open_how how{};
  how.flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
  long fd;
  do fd = ::syscall(SYS_openat2, root_fd, dir.c_str(), &how, sizeof how);
  while (fd < 0 && (errno == EINTR || errno == EAGAIN));
  if (fd >= 0) return UniqueFd(static_cast<int>(fd));
  if (errno == ENOENT) return UniqueFd();
  return errno_error("open directory " + dir);
}

Result<void> make_directories_beneath(int root_fd, std::string_view relative,
                                      const std::function<void(std::string_view)>& made) {
  UniqueFd at;
  int parent = root_fd;
  for (std::size_t begin = 0; begin < relative.size();) {
    const std::size_t end = std::min(relative.find('/', begin), relative.size());
    const std::string name(relative.substr(begin, end - begin));
    const auto open = [&] {
      return UniqueFd(
          ::openat(parent, name.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    };
    UniqueFd next = open();
    if (!next && errno == ENOENT) {
      if (::mkdirat(parent, name.c_str(), 0777) == 0) {
        if (made) made(relative.substr(0, end));
      } else if (errno != EEXIST) {
        return errno_error("mkdir " + std::string(relative.substr(0, end)));
      }
      next = open();
    }
    if (!next) return errno_error("open directory " + std::string(relative.substr(0, end)));
    at = std::move(next);
    parent = at.get();
    begin = end + 1;
  }
  return {};
}

Result<bool> unlink_beneath(int root_fd, std::string_view relative) {
  BXL_TRY_ASSIGN(auto parent, open_parent_beneath(root_fd, relative));
  if (!parent) return false;
  std::string name(base_name(relative));
  if (::unlinkat(parent.get(), name.c_str(), 0) == 0) return true;
  if (errno == ENOENT) return false;
  return errno_error("unlink " + std::string(relative));
}

namespace {
// False: EWOULDBLOCK.
Result<bool> lock_fd(int fd, int operation, const std::string& path) {
  int rc;
  do rc = ::flock(fd, operation);
  while (rc != 0 && errno == EINTR);
  if (rc == 0) return true;
  if (errno == EWOULDBLOCK) return false;
  return errno_error("lock " + path);
}
}  // namespace

Result<std::optional<FileLock>> FileLock::take(const std::string& path, Wait wait) {
  BXL_TRY_ASSIGN(auto fd, open_file(path, O_RDWR | O_CREAT));
  BXL_TRY_ASSIGN(const bool locked,
                 lock_fd(fd.get(), LOCK_EX | (wait == Wait::No ? LOCK_NB : 0), path));
  if (!locked) return std::optional<FileLock>();
  return std::optional<FileLock>(FileLock(std::move(fd)));
}

Result<FileLock> FileLock::exclusive(const std::string& path) {
  BXL_TRY_ASSIGN(auto fd, open_file(path, O_RDWR | O_CREAT));
  BXL_TRY_ASSIGN([[maybe_unused]] const bool locked, lock_fd(fd.get(), LOCK_EX, path));
  return FileLock(std::move(fd));
}

Result<FileLock> FileLock::shared(const std::string& path) {
  BXL_TRY_ASSIGN(auto fd, open_file(path, O_RDWR | O_CREAT));
  BXL_TRY_ASSIGN([[maybe_unused]] const bool locked, lock_fd(fd.get(), LOCK_SH, path));
  return FileLock(std::move(fd));
}

}  // namespace bxl
