// Files behind Result: identity, whole-file reads, atomic replacement, directories, safe removal,
// locks.
//
// Paths here are absolute or relative to the process; every descriptor is close-on-exec.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/result.h"
#include "os/unique_fd.h"

namespace bxl {

enum class FileKind : std::uint8_t { Absent = 0, File = 1, Symlink = 2, Directory = 3, Other = 4 };

// What stat knows of a file at one moment. Two equal identities on a file system with a real change
// clock mean the same content, unless ctime is younger than the clock's granularity (racy, see
// cas/hash_memo.h).
struct FileIdentity {
  FileKind kind = FileKind::Absent;
  bool executable = false;  // any x bit
  std::uint32_t mode = 0;   // st_mode
  std::uint64_t dev = 0, ino = 0, size = 0;
  std::int64_t mtime_ns = 0, ctime_ns = 0;

  bool operator==(const FileIdentity&) const = default;
  bool exists() const { return kind != FileKind::Absent; }
};

FileIdentity identity_of(const struct stat& st);

// Do both tell of one file and differ in its change time alone? So it is after another of its names
// was made or removed; and after a chmod that was undone, or an edit whose mtime was put back. Who
// relies on it compares contents, or knows of the link.
bool differ_in_ctime_only(const FileIdentity& a, const FileIdentity& b);

// lstat (the last component is not followed). Absent (ENOENT, ENOTDIR) is a value; other errors are
// Errors.
Result<FileIdentity> lstat_identity(const std::string& path);
// stat (follows links); otherwise as above.
Result<FileIdentity> stat_identity(const std::string& path);
Result<FileIdentity> fstat_identity(int fd);
// lstat of a name in an open directory.
Result<FileIdentity> identity_at(int dir, const std::string& name);

Result<UniqueFd> open_file(const std::string& path, int flags, mode_t mode = 0666);
// Errors: ENOENT and others.
Result<std::string> read_file(const std::string& path);
Result<std::string> read_fd(int fd);                     // from the current offset to the end
Result<void> write_all(int fd, std::string_view bytes);  // retries EINTR and short writes
Result<std::string> read_link(const std::string& path);
// Names without "." and "..", sorted by bytes. Errors: ENOENT, ENOTDIR, EACCES.
Result<std::vector<std::string>> list_directory(const std::string& path);
// mkdir -p. Calls `made` with each directory it created, outermost first. Errors: EEXIST when a
// component is a file.
Result<void> make_directories(const std::string& path,
                              const std::function<void(const std::string&)>& made = {});
// Like realpath(3). Errors: ENOENT and others.
Result<std::string> real_path(const std::string& path);
std::string current_directory();
std::string home_directory();  // $HOME, else the password entry, else ""

// Replaces `path` by a file with these bytes: temporary in the same directory, then rename.
enum class Durable { No, Yes };  // Yes: fsync the file before and the directory after the rename
Result<void> replace_file(const std::string& path, std::string_view bytes,
                          Durable durable = Durable::No, mode_t mode = 0644);

// A file being written under a temporary name in the directory of `path`. The destructor removes
// the temporary; only commit() publishes.
class AtomicFile {
 public:
  static Result<AtomicFile> create(const std::string& path, mode_t mode = 0644);
  AtomicFile(AtomicFile&&) = default;
  AtomicFile& operator=(AtomicFile&&) = default;
  ~AtomicFile();
  int fd() const { return fd_.get(); }
  Result<void> commit(Durable durable = Durable::No);

 private:
  AtomicFile() = default;
  UniqueFd fd_;
  std::string path_, temp_;
};

// Copies the whole of `from` (from offset 0) to the empty file `to`: reflink, else copy. Returns
// the digest of the bytes when `hash` is wanted, hashing what it copies.
enum class WantDigest { No, Yes };
struct CopyResult {
  std::uint64_t size = 0;
  Digest digest;  // zero without WantDigest::Yes
};
Result<CopyResult> copy_bytes(int from, int to, WantDigest want);
Result<Digest> hash_fd(int fd);

// Opens the directory `root` for the *_beneath calls.
Result<UniqueFd> open_directory(const std::string& root);
// Opens the parent directory of `relative` below `root_fd`, refusing symlinks on the way and any
// escape (openat2 RESOLVE_BENEATH|RESOLVE_NO_SYMLINKS). An empty descriptor: the parent is absent.
// Errors: ELOOP when a component is a symlink, EXDEV on escape.
Result<UniqueFd> open_parent_beneath(int root_fd, std::string_view relative);
// mkdir -p of `relative` below `root_fd`, refusing symlinks on the way as well as at its end. Calls
// `made` with each directory it created, as a part of `relative`, outermost first. Errors: ELOOP,
// ENOTDIR: a component is a symlink, or a file.
Result<void> make_directories_beneath(int root_fd, std::string_view relative,
                                      const std::function<void(std::string_view)>& made = {});
// Removes one non-directory. Returns false when absent. Errors: EISDIR for a directory, ELOOP,
// EXDEV.
Result<bool> unlink_beneath(int root_fd, std::string_view relative);

// An flock on a file, held until destruction. The descriptor may be inherited by other processes:
// the lock lives until the last copy is closed.
class FileLock {
 public:
  FileLock() = default;
  // Creates the file when absent. Empty when another holds it and `wait` is No.
  enum class Wait { No, Yes };
  static Result<std::optional<FileLock>> take(const std::string& path, Wait wait);
  // Wait for it: alone, or together with others that share it.
  static Result<FileLock> exclusive(const std::string& path);
  static Result<FileLock> shared(const std::string& path);
  // Adopts an inherited descriptor that already holds the lock.
  static FileLock adopt(int fd) { return FileLock(UniqueFd(fd)); }
  int fd() const { return fd_.get(); }

 private:
  explicit FileLock(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

}  // namespace bxl
