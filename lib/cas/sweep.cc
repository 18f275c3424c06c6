// Removal in small batches, each looked at again under the lock of those who touch.
#include "cas/sweep.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "cas/lease.h"

namespace bxl::cas {
namespace {

constexpr std::size_t kBatch = 64;

std::string object_path(const BlobStore& store, const std::string& hex) {
  return store.root() + "/objects/" + hex.substr(0, 2) + "/" + hex.substr(2);
}

std::optional<BlobStat> stat_object(const std::string& path) {
  struct stat st;
  if (::lstat(path.c_str(), &st) != 0 || !S_ISREG(st.st_mode)) return {};
  return BlobStat{st.st_mtim.tv_sec, static_cast<std::uint64_t>(st.st_size)};
}

}  // namespace

Result<std::int64_t> removable_before(const std::string& root, std::int64_t now_unix_s) {
  BXL_TRY_ASSIGN(auto lease, oldest_lease(root));
  return std::min(now_unix_s, lease.value_or(now_unix_s)) - kGrace_s;
}

std::optional<BlobStat> stat_blob(const BlobStore& store, const Digest& digest) {
  return stat_object(object_path(store, digest.hex()));
}

Result<Removed> remove_blobs(const BlobStore& store, const std::vector<Digest>& digests,
                             std::int64_t before_unix_s) {
  Removed removed;
  for (std::size_t from = 0; from < digests.size(); from += kBatch) {
    BXL_TRY_ASSIGN(auto lock, FileLock::exclusive(store.root() + "/remove.lock"));
    for (std::size_t i = from; i < std::min(from + kBatch, digests.size()); ++i) {
      const std::string path = object_path(store, digests[i].hex());
      const auto blob = stat_object(path);
      if (!blob || blob->touched_unix_s >= before_unix_s) continue;
      if (::unlink(path.c_str()) != 0) {
        if (errno == ENOENT) continue;
        return errno_error("remove " + path);
      }
      ++removed.blobs;
      removed.bytes += blob->bytes;
      store.usage_file().add(digests[i], -1, -static_cast<std::int64_t>(blob->bytes));
    }
  }
  return removed;
}

Result<Removed> sweep_slice(const BlobStore& store, std::size_t slice, std::int64_t before_unix_s,
                            const std::function<bool(const Digest&)>& is_referenced) {
  char prefix[3];
  std::snprintf(prefix, sizeof prefix, "%02zx", slice);
  const std::string directory = store.root() + "/objects/" + prefix;
  auto names = list_directory(directory);
  if (!names && names.error().errnum != ENOENT) return std::move(names.error());
  std::vector<Digest> orphans;
  std::int64_t blobs = 0, bytes = 0;
  for (const std::string& name : names ? *names : std::vector<std::string>()) {
    const auto digest = Digest::from_hex(prefix + name);
    const auto blob = stat_object(directory + "/" + name);
    if (!blob) continue;
    ++blobs;
    bytes += static_cast<std::int64_t>(blob->bytes);
    // A name that is no digest's is not ours to judge.
    if (digest && blob->touched_unix_s < before_unix_s && !is_referenced(*digest))
      orphans.push_back(*digest);
  }
  // The sum first: what is removed next is subtracted from it.
  (void)!store.usage_file().flush();
  (void)!store.usage_file().set(slice, blobs, bytes);
  return remove_blobs(store, orphans, before_unix_s);
}

Removed remove_old_files(const std::string& directory, std::string_view prefix,
                         std::int64_t before_unix_s) {
  Removed removed;
  auto names = list_directory(directory);
  if (!names) return removed;
  for (const std::string& name : *names) {
    if (!name.starts_with(prefix)) continue;
    const std::string path = directory + "/" + name;
    const auto file = stat_object(path);
    if (!file || file->touched_unix_s >= before_unix_s || ::unlink(path.c_str()) != 0) continue;
    ++removed.blobs;
    removed.bytes += file->bytes;
  }
  return removed;
}

}  // namespace bxl::cas
