// Blobs as read-only files: put by temporary and rename, verified whenever they leave the store.
#include "cas/blob_store.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <atomic>
#include <cstdio>
#include <ctime>

#include "cas/packing.h"

namespace bxl::cas {
namespace {

constexpr std::string_view kFormat =
    "bxl blob store 1\n"
    "objects/ab/cdef...: files named by the XXH3-128 of their bytes (xxhsum -H2)\n";
constexpr std::string_view kFormatLine = "bxl blob store 1\n";
constexpr std::string_view kCacheTag =
    "Signature: 8a477f597d28d172789f06886806bc55\n"
    "# This directory is a cache of bxl; it may be deleted at any time. See bford.info/cachedir\n";
constexpr std::int64_t kStrayAge_s = 24 * 3600;

// What a crashed put() left behind. One listing of a directory that is nearly always empty; files
// of puts that still run are younger than a day.
void remove_strays(const std::string& tmp) {
  auto names = list_directory(tmp);
  if (!names) return;
  for (const std::string& name : *names) {
    const std::string path = tmp + "/" + name;
    struct stat st;
    if (::lstat(path.c_str(), &st) == 0 && S_ISREG(st.st_mode) &&
        st.st_mtim.tv_sec + kStrayAge_s < ::time(nullptr))
      ::unlink(path.c_str());
  }
}

// The pid alone is not unique: containers with their own pid namespace may share one store.
std::string temp_name() {
  static std::atomic<unsigned> counter{0};
  timespec now;
  ::clock_gettime(CLOCK_REALTIME, &now);
  return std::to_string(::getpid()) + "-" + std::to_string(counter.fetch_add(1)) + "-" +
         std::to_string(now.tv_nsec);
}

// The x bit of the owner says that a file holds its content compressed: one lstat tells both
// whether a blob is there and in which form.
bool is_packed(const struct stat& st) { return (st.st_mode & S_IXUSR) != 0; }

// Does a file of the store hold that many bytes of content?
bool has_size(const std::string& object, const struct stat& st, std::uint64_t size) {
  if (!is_packed(st)) return static_cast<std::uint64_t>(st.st_size) == size;
  auto fd = open_file(object, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  return fd && packed_content_size(fd->get()) == size;
}

bool is_young(const struct stat& st) { return st.st_mtim.tv_sec + kTouchEvery_s > ::time(nullptr); }

// Is it there, and of that size, and does it stay? Seen young, it cannot be removed for a while;
// an old one is touched under the lock under which collections look and remove.
bool hold(const std::string& root, const std::string& object, std::optional<std::uint64_t> size) {
  struct stat st;
  const auto is_there = [&] {
    return ::lstat(object.c_str(), &st) == 0 && S_ISREG(st.st_mode) &&
           (!size || has_size(object, st, *size));
  };
  if (!is_there()) return false;
  if (is_young(st)) return true;
  auto lock = FileLock::shared(root + "/remove.lock");
  if (!is_there()) return false;
  const timespec times[2] = {{0, UTIME_OMIT}, {0, UTIME_NOW}};
  (void)!::utimensat(AT_FDCWD, object.c_str(), times, AT_SYMLINK_NOFOLLOW);
  return true;
}

}  // namespace

// A file under tmp/ that is removed unless it was published.
struct TempBlob {
  UniqueFd fd;
  std::string path;
  TempBlob() = default;
  TempBlob(TempBlob&& other) noexcept
      : fd(std::move(other.fd)), path(std::exchange(other.path, {})) {}
  TempBlob& operator=(TempBlob&&) = delete;
  ~TempBlob() {
    if (!path.empty()) ::unlink(path.c_str());
  }

  static Result<TempBlob> create(const std::string& root) {
    const std::string dir = root + "/tmp";
    for (int attempt = 0;; ++attempt) {
      TempBlob temp;
      std::string path = dir + "/" + temp_name();
      auto fd = open_file(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0444);
      if (fd) {
        temp.fd = std::move(*fd);
        temp.path = std::move(path);
        return temp;
      }
      const int errnum = fd.error().errnum;
      if (attempt < 100 && errnum == EEXIST) continue;
      if (attempt < 100 && errnum == ENOENT) {
        BXL_TRY(make_directories(dir));
        continue;
      }
      return std::move(fd.error());
    }
  }
};

namespace {

enum class Publish { Stored, Existed };

// Renames without replacing. A file of the right size under that name is the same blob and stays,
// so that its inode is stable; one of another size was torn by a power loss and is replaced.
Result<Publish> publish(const std::string& root, TempBlob& temp, const std::string& object,
                        std::uint64_t size) {
  for (int attempt = 0; attempt < 3; ++attempt) {
    int rc = ::renameat2(AT_FDCWD, temp.path.c_str(), AT_FDCWD, object.c_str(), RENAME_NOREPLACE);
    // Some file systems refuse the flag; a plain rename replaces the blob by an equal one.
    if (rc != 0 && errno == EINVAL) rc = ::rename(temp.path.c_str(), object.c_str());
    if (rc == 0) {
      temp.path.clear();
      return Publish::Stored;
    }
    if (errno == ENOENT) {
      BXL_TRY(make_directories(std::string(object, 0, object.rfind('/'))));
      continue;
    }
    if (errno != EEXIST) return errno_error("rename " + temp.path + " to " + object);
    if (hold(root, object, size)) return Publish::Existed;
    struct stat st;
    if (::lstat(object.c_str(), &st) != 0) continue;  // quarantined or collected meanwhile
    if (::rename(temp.path.c_str(), object.c_str()) != 0) return errno_error("rename to " + object);
    temp.path.clear();
    return Publish::Stored;
  }
  return make_error(EIO, "store " + object);
}

// Opens a blob; an empty descriptor when there is none. What lies there and is no regular file
// counts as none.
struct Object {
  UniqueFd fd;
  bool packed = false;
};
Result<Object> open_object(const std::string& path) {
  auto fd = open_file(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  if (!fd) {
    const int errnum = fd.error().errnum;
    if (errnum == ENOENT || errnum == ENOTDIR || errnum == ELOOP) return Object();
    return std::move(fd.error());
  }
  struct stat st;
  if (::fstat(fd->get(), &st) != 0) return errno_error("fstat " + path);
  if (!S_ISREG(st.st_mode)) return Object();
  return Object{std::move(*fd), is_packed(st)};
}

// Moves a damaged blob away, if the name still means the file that was read: another process may
// have done so already and stored good bytes since. A store that is only readable keeps it; it is
// reported lost all the same.
void quarantine(const std::string& root, const Digest& digest, const std::string& object, int fd) {
  struct stat read, named;
  if (::fstat(fd, &read) != 0 || ::lstat(object.c_str(), &named) != 0) return;
  if (read.st_dev != named.st_dev || read.st_ino != named.st_ino) return;
  const std::string dir = root + "/quarantine";
  if (!make_directories(dir)) return;
  const std::string aside = dir + "/" + digest.hex();
  if (::rename(object.c_str(), aside.c_str()) == 0)
    (void)!::utimensat(AT_FDCWD, aside.c_str(), nullptr, AT_SYMLINK_NOFOLLOW);  // kept from now on
}

bool is_damage(const Error& error) { return error.errnum == EIO || error.errnum == EBADMSG; }

}  // namespace

Result<void> BlobStore::set_compression(const std::string& root, bool on) {
  BXL_TRY(open(root));
  const std::string mark = root + "/compress";
  if (on) return replace_file(mark, "New blobs are compressed (bxl-cache compress off)\n");
  if (::unlink(mark.c_str()) != 0 && errno != ENOENT) return errno_error("remove " + mark);
  return {};
}

Result<void> make_cache_directory(const std::string& directory) {
  if (auto made = make_directories(directory); !made) {
    const int errnum = made.error().errnum == EEXIST ? ENOTDIR : made.error().errnum;
    return make_error(errnum, "cache directory " + directory);
  }
  const std::string tag = directory + "/CACHEDIR.TAG";
  // The tag only helps backups: a cache that cannot be written is still a cache.
  if (::access(tag.c_str(), F_OK) != 0) (void)!replace_file(tag, kCacheTag);
  return {};
}

Result<BlobStore> BlobStore::open(const std::string& root) {
  BXL_TRY(make_cache_directory(root));
  const std::string format = root + "/FORMAT";
  auto text = read_file(format);
  if (!text && text.error().errnum != ENOENT) return std::move(text.error());
  // Empty: created just before a power loss.
  if (!text || text->empty()) {
    BXL_TRY(make_directories(root + "/objects"));
    BXL_TRY(make_directories(root + "/tmp"));
    if (!text) (void)!UsageFile(root).start_empty();  // an estimate; the first collection counts
    BXL_TRY(replace_file(format, kFormat));
  } else if (text->compare(0, kFormatLine.size(), kFormatLine) != 0) {
    return make_error(EPROTO,
                      format + " says \"" + text->substr(0, text->find('\n')).substr(0, 80) +
                          "\", this build reads \"" +
                          std::string(kFormatLine.substr(0, kFormatLine.size() - 1)) + "\"");
  }
  remove_strays(root + "/tmp");
  BlobStore store(root);
  store.compresses_ = ::access((root + "/compress").c_str(), F_OK) == 0;
  return store;
}

std::string BlobStore::object_path(const Digest& digest) const {
  const std::string hex = digest.hex();
  return root_ + "/objects/" + hex.substr(0, 2) + "/" + hex.substr(2);
}

Result<PutResult> BlobStore::keep(TempBlob& temp, const Digest& digest, std::uint64_t size,
                                  std::uint64_t bytes_on_disk) {
  BXL_TRY_ASSIGN(auto outcome, publish(root_, temp, object_path(digest), size));
  if (outcome == Publish::Stored) usage_->add(digest, 1, static_cast<std::int64_t>(bytes_on_disk));
  return PutResult{digest, size, outcome == Publish::Existed};
}

// Empty: not worth it; `temp` is empty again.
template <typename Source>
Result<std::optional<PutResult>> BlobStore::put_packed(TempBlob& temp, Source source) {
  BXL_TRY_ASSIGN(const Packed packed, pack(source, temp.fd.get()));
  if (packed.is_worthwhile()) {
    struct stat st;
    if (::fstat(temp.fd.get(), &st) != 0 ||
        ::fchmod(temp.fd.get(), (st.st_mode & 07777) | S_IXUSR) != 0)
      return errno_error("mark " + temp.path);
    BXL_TRY_ASSIGN(auto put, keep(temp, packed.digest, packed.size, packed.packed_bytes));
    return std::optional(put);
  }
  if (::ftruncate(temp.fd.get(), 0) != 0 || ::lseek(temp.fd.get(), 0, SEEK_SET) < 0)
    return errno_error("empty " + temp.path);
  return std::optional<PutResult>();
}

Result<PutResult> BlobStore::put(int source) {
  BXL_TRY_ASSIGN(auto temp, TempBlob::create(root_));
  struct stat source_stat;
  if (compresses_ && ::fstat(source, &source_stat) == 0 &&
      static_cast<std::uint64_t>(source_stat.st_size) >= kLeastPacked_bytes) {
    auto packed = put_packed(temp, source);
    if (packed && *packed) return **packed;
    // One that changes its size meanwhile is kept as it comes.
    if (!packed && packed.error().errnum != EAGAIN)
      return std::move(packed.error()).in("compress to " + temp.path);
    if (!packed && (::ftruncate(temp.fd.get(), 0) != 0 || ::lseek(temp.fd.get(), 0, SEEK_SET) < 0))
      return errno_error("empty " + temp.path);
  }
  CopyResult copied;
  // A clone is a snapshot: hash the snapshot, not the source that others may be writing.
  if (::ioctl(temp.fd.get(), FICLONE, source) == 0) {
    BXL_TRY_ASSIGN(copied.digest, hash_fd(temp.fd.get()));
    struct stat st;
    if (::fstat(temp.fd.get(), &st) != 0) return errno_error("fstat " + temp.path);
    copied.size = static_cast<std::uint64_t>(st.st_size);
  } else {
    auto result = copy_bytes(source, temp.fd.get(), WantDigest::Yes);
    if (!result) return std::move(result.error()).in("copy to " + temp.path);
    copied = *result;
  }
  return keep(temp, copied.digest, copied.size, copied.size);
}

Result<PutResult> BlobStore::put_bytes(std::string_view bytes) {
  const Digest digest = Digest::of(bytes);
  if (rely_on(digest, bytes.size())) return PutResult{digest, bytes.size(), true};
  BXL_TRY_ASSIGN(auto temp, TempBlob::create(root_));
  if (compresses_ && bytes.size() >= kLeastPacked_bytes) {
    auto packed = put_packed(temp, bytes);
    if (!packed) return std::move(packed.error()).in("compress to " + temp.path);
    if (*packed) return **packed;
  }
  if (auto w = write_all(temp.fd.get(), bytes); !w) return std::move(w.error()).in(temp.path);
  return keep(temp, digest, bytes.size(), bytes.size());
}

bool BlobStore::contains(const Digest& digest) const {
  struct stat st;
  return ::lstat(object_path(digest).c_str(), &st) == 0 && S_ISREG(st.st_mode);
}

bool BlobStore::contains(const Digest& digest, std::uint64_t size) const {
  struct stat st;
  const std::string path = object_path(digest);
  return ::lstat(path.c_str(), &st) == 0 && S_ISREG(st.st_mode) && has_size(path, st, size);
}

bool BlobStore::rely_on(const Digest& digest, std::uint64_t size) const {
  return hold(root_, object_path(digest), size);
}

bool BlobStore::rely_on(const Digest& digest) const {
  return hold(root_, object_path(digest), std::nullopt);
}

Result<bool> BlobStore::copy_out(const Digest& digest, int target) {
  const std::string path = object_path(digest);
  BXL_TRY_ASSIGN(auto blob, open_object(path));
  if (!blob.fd) return false;
  if (blob.packed) {
    auto unpacked = unpack(blob.fd.get(),
                           [target](std::string_view piece) { return write_all(target, piece); });
    if (unpacked && unpacked->digest == digest) return true;
    if (!unpacked && !is_damage(unpacked.error()))
      return std::move(unpacked.error()).in("copy " + path);
  } else {
    auto copied = copy_bytes(blob.fd.get(), target, WantDigest::Yes);
    if (copied && copied->digest == digest) return true;
    // Which side failed? A blob that cannot be read back whole is damaged; otherwise the target is
    // at fault.
    if (!copied) {
      auto again = hash_fd(blob.fd.get());
      if (again && *again == digest) return std::move(copied.error()).in("copy " + path);
    }
  }
  quarantine(root_, digest, path, blob.fd.get());
  if (::ftruncate(target, 0) != 0 || ::lseek(target, 0, SEEK_SET) < 0)
    return errno_error("empty the copy of " + path);
  return false;
}

Result<std::optional<std::string>> BlobStore::read(const Digest& digest) {
  const std::string path = object_path(digest);
  BXL_TRY_ASSIGN(auto blob, open_object(path));
  if (!blob.fd) return std::optional<std::string>();
  std::string bytes;
  Result<void> done;
  if (blob.packed) {
    auto unpacked = unpack(blob.fd.get(), [&bytes](std::string_view piece) -> Result<void> {
      bytes += piece;
      return {};
    });
    if (!unpacked) done = std::move(unpacked.error());
  } else {
    auto all = read_fd(blob.fd.get());
    if (all)
      bytes = std::move(*all);
    else
      done = std::move(all.error());
  }
  if (done && Digest::of(bytes) == digest) return std::optional<std::string>(std::move(bytes));
  if (!done && !is_damage(done.error())) return std::move(done.error()).in(path);
  quarantine(root_, digest, path, blob.fd.get());
  return std::optional<std::string>();
}

Result<BlobStore::Content> BlobStore::verify(const Digest& digest, Keep keep) const {
  const std::string path = object_path(digest);
  BXL_TRY_ASSIGN(auto blob, open_object(path));
  if (!blob.fd) return Content::Absent;
  Result<Digest> hashed = Digest();
  if (blob.packed) {
    auto unpacked = unpack(blob.fd.get(), [](std::string_view) { return Result<void>(); });
    if (unpacked)
      hashed = unpacked->digest;
    else
      hashed = std::move(unpacked.error());
  } else {
    hashed = hash_fd(blob.fd.get());
  }
  if (hashed && *hashed == digest) return Content::Good;
  if (!hashed && !is_damage(hashed.error())) return std::move(hashed.error()).in(path);
  if (keep == Keep::No) quarantine(root_, digest, path, blob.fd.get());
  return Content::Damaged;
}

Result<std::vector<Digest>> BlobStore::blobs_of_slice(std::size_t slice,
                                                      std::vector<std::string>* foreign) const {
  char prefix[3];
  std::snprintf(prefix, sizeof prefix, "%02zx", slice);
  const std::string directory = root_ + "/objects/" + prefix;
  std::vector<Digest> found;
  auto names = list_directory(directory);
  if (!names) {
    if (names.error().errnum == ENOENT) return found;
    return std::move(names.error());
  }
  for (const std::string& name : *names) {
    auto digest = Digest::from_hex(prefix + name);
    if (digest && contains(*digest)) {
      found.push_back(*digest);
    } else if (foreign) {
      auto there = lstat_identity(directory + "/" + name);  // or removed meanwhile
      if (there && there->exists()) foreign->push_back(directory + "/" + name);
    }
  }
  return found;
}

Result<Usage> BlobStore::usage() const {
  Usage usage;
  BXL_TRY_ASSIGN(auto prefixes, list_directory(root_ + "/objects"));
  for (const std::string& prefix : prefixes) {
    const std::string dir = root_ + "/objects/" + prefix;
    auto names = list_directory(dir);
    if (!names) continue;  // not ours, or just removed
    for (const std::string& name : *names) {
      struct stat st;
      if (::lstat((dir + "/" + name).c_str(), &st) != 0 || !S_ISREG(st.st_mode)) continue;
      ++usage.blobs;
      usage.bytes += static_cast<std::uint64_t>(st.st_size);
    }
  }
  if (auto names = list_directory(root_ + "/quarantine")) usage.quarantined = names->size();
  return usage;
}

}  // namespace bxl::cas
