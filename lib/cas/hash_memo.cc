// The memo: one table under a mutex, hashing outside of it, and the rules about what may be kept.
#include "cas/hash_memo.h"

#include <fcntl.h>

#include <atomic>
#include <cstring>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "cas/blob_store.h"
#include "cas/change_clock.h"
#include "cas/memo_file.h"

namespace bxl::cas {
namespace {

class FileHashMemo final : public HashMemo {
 public:
  explicit FileHashMemo(std::string path) : path_(std::move(path)) {
    if (!path_.empty()) table_ = load_memo(path_);
  }

  Result<Digest> digest(const std::string& path, const FileIdentity& identity) override {
    if (identity.kind != FileKind::File) return make_error(EINVAL, "hash " + path);
    note_mount(path, identity);
    if (auto known = find(identity)) return *known;
    // O_NONBLOCK: what was a file a moment ago may be a FIFO now.
    auto fd = open_file(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    if (!fd) {
      const int errnum = fd.error().errnum;
      if (errnum == ENOENT || errnum == ENOTDIR || errnum == ELOOP || errnum == ENXIO)
        return changed(path);
      return std::move(fd.error());
    }
    BXL_TRY_ASSIGN(auto before, fstat_identity(fd->get()));
    if (before != identity) return changed(path);
    const std::int64_t began_ns = now_unix_ns();
    auto digest = hash_fd(fd->get());
    if (!digest) return std::move(digest.error()).in(path);
    files_hashed_.fetch_add(1, std::memory_order_relaxed);
    BXL_TRY_ASSIGN(auto after, fstat_identity(fd->get()));
    if (after != identity) return changed(path);
    const Trust trust = trust_in(identity, began_ns, clocks_.reliable(identity.dev, fd->get()));
    if (trust != Trust::No)
      remember(identity, *digest, trust == Trust::Always || trust == Trust::Mounted);
    return digest;
  }

  std::optional<Digest> find(const FileIdentity& identity) const override {
    std::lock_guard lock(mutex_);
    const std::optional<FileIdentity> key = keyed(identity);
    const MemoRecord* record = key ? table_.find(*key) : nullptr;
    if (!record) return {};
    return Digest::from_bytes({reinterpret_cast<const char*>(record->digest), 16});
  }

  void learn(const std::string& path, const FileIdentity& identity, const Digest& digest) override {
    if (identity.kind != FileKind::File) return;
    constexpr std::int64_t kSecond_ns = 1'000'000'000;
    const std::int64_t slack_ns =
        2 * kSecond_ns + static_cast<std::int64_t>(identity.size / (64u << 20)) * kSecond_ns;
    note_mount(path, identity);
    const bool old_enough = trust_in(identity, now_unix_ns() - slack_ns, true) >= Trust::Mounted;
    remember(identity, digest, old_enough && clocks_.reliable(path, identity));
  }

  Result<void> save() override {
    std::vector<MemoRecord> records;
    {
      std::lock_guard lock(mutex_);
      if (path_.empty() || unsaved_.empty()) return {};
      records.swap(unsaved_);
    }
    auto saved = append_memo(path_, records);
    if (saved) return {};
    std::lock_guard lock(mutex_);
    unsaved_.insert(unsaved_.begin(), records.begin(), records.end());
    return std::move(saved.error());
  }

  std::uint64_t files_hashed() const override {
    return files_hashed_.load(std::memory_order_relaxed);
  }

 private:
  static Error changed(const std::string& path) {
    return make_error(EAGAIN, "changed while it was hashed: " + path);
  }
  // Asked once per device: statx of any file on it.
  void note_mount(const std::string& path, const FileIdentity& identity) {
    if (!is_whole_second(identity)) return;
    {
      std::lock_guard lock(mutex_);
      if (mount_salts_.count(identity.dev)) return;
    }
    const std::uint64_t salt = mount_salt(path);
    std::lock_guard lock(mutex_);
    mount_salts_.emplace(identity.dev, salt);
  }
  // The identity under which a file is remembered. Empty: its mount is not known, so nothing may
  // be. Requires mutex_.
  std::optional<FileIdentity> keyed(const FileIdentity& identity) const {
    if (!is_whole_second(identity)) return identity;
    auto salt = mount_salts_.find(identity.dev);
    if (salt == mount_salts_.end() || salt->second == 0) return {};
    FileIdentity key = identity;
    key.dev ^= salt->second;
    return key;
  }
  void remember(const FileIdentity& identity, const Digest& digest, bool save) {
    std::lock_guard lock(mutex_);
    const std::optional<FileIdentity> key = keyed(identity);
    if (!key) return;
    const MemoRecord record = MemoRecord::make(*key, digest);
    const MemoRecord* known = table_.find(identity);
    if (known && std::memcmp(known->digest, record.digest, sizeof record.digest) == 0) return;
    table_.add(record);
    if (save && !path_.empty()) unsaved_.push_back(record);
  }

  const std::string path_;  // "": nothing is saved
  ClockTable clocks_;
  std::atomic<std::uint64_t> files_hashed_{0};
  mutable std::mutex mutex_;  // guards what follows
  MemoTable table_;
  std::unordered_map<std::uint64_t, std::uint64_t> mount_salts_;  // by device
  std::vector<MemoRecord> unsaved_;
};

}  // namespace

Result<std::unique_ptr<HashMemo>> HashMemo::open(const std::string& directory) {
  if (directory.empty()) return std::unique_ptr<HashMemo>(new FileHashMemo(""));
  BXL_TRY(make_cache_directory(directory));
  return std::unique_ptr<HashMemo>(new FileHashMemo(directory + "/hash-memo"));
}

}  // namespace bxl::cas
