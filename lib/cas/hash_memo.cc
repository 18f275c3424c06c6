// The memo: one table under a mutex, hashing outside of it, and the rules about what may be kept.
#include "cas/hash_memo.h"

#include <fcntl.h>

#include <atomic>
#include <cstring>
#include <mutex>
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
    if (trust != Trust::No) remember(identity, *digest, trust == Trust::Always);
    return digest;
  }

  std::optional<Digest> find(const FileIdentity& identity) const override {
    std::lock_guard lock(mutex_);
    const MemoRecord* record = table_.find(identity);
    if (!record) return {};
    return Digest::from_bytes({reinterpret_cast<const char*>(record->digest), 16});
  }

  void learn(const std::string& path, const FileIdentity& identity, const Digest& digest) override {
    if (identity.kind != FileKind::File) return;
    constexpr std::int64_t kSecond_ns = 1'000'000'000;
    const std::int64_t slack_ns =
        2 * kSecond_ns + static_cast<std::int64_t>(identity.size / (64u << 20)) * kSecond_ns;
    const bool old_enough = trust_in(identity, now_unix_ns() - slack_ns, true) == Trust::Always;
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
  void remember(const FileIdentity& identity, const Digest& digest, bool save) {
    const MemoRecord record = MemoRecord::make(identity, digest);
    std::lock_guard lock(mutex_);
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
  std::vector<MemoRecord> unsaved_;
};

}  // namespace

Result<std::unique_ptr<HashMemo>> HashMemo::open(const std::string& directory) {
  if (directory.empty()) return std::unique_ptr<HashMemo>(new FileHashMemo(""));
  BXL_TRY(make_cache_directory(directory));
  return std::unique_ptr<HashMemo>(new FileHashMemo(directory + "/hash-memo"));
}

}  // namespace bxl::cas
