// Content-addressed blobs on the local disk. Layout and durability: lib/cas/FORMAT.md.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/result.h"
#include "cas/usage.h"
#include "os/file.h"
#include "os/unique_fd.h"

namespace bxl::cas {

// A blob touched within this time is not touched again. Far below cas/sweep.h's grace.
inline constexpr std::int64_t kTouchEvery_s = 120;

struct PutResult {
  Digest digest;           // XXH3-128 of the bytes
  std::uint64_t size = 0;  // bytes
  bool existed = false;    // the store already held it, nothing was kept
};

struct TempBlob;  // of a put under way

// What lies in a store, counted by listing it; bytes on disk.
struct Usage {
  std::uint64_t blobs = 0, bytes = 0, quarantined = 0;
};

// A directory of immutable files, each named by the digest of its bytes.
//
// Invariants: a file under objects/ is complete and 0444; it is renamed into place, so a crash
// leaves at most a stray file under tmp/. Any number of threads and processes may use one store at
// once, and collections (cas/sweep.h) may remove blobs meanwhile. Bytes are verified when they are
// copied out, so a torn blob after a power loss becomes a lost blob, never a wrong file.
class BlobStore {
 public:
  // `root` is the cache directory itself (Options::cache), which the hash memo and the metadata
  // share. Creates what is absent. Errors: ENOTDIR, EACCES; EPROTO when FORMAT names another
  // version.
  static Result<BlobStore> open(const std::string& root);

  // Copies the file open at `source` in (from offset 0), hashing what it copies. ENOSPC leaves no
  // trace; EROFS or EACCES for a store that is only readable. A file that shrinks or changes
  // meanwhile is stored under the digest of the bytes that were kept.
  Result<PutResult> put(int source);
  Result<PutResult> put_bytes(std::string_view bytes);

  bool contains(const Digest& digest) const;
  // Contains, and of that size on disk.
  bool contains(const Digest& digest, std::uint64_t size) const;
  // As contains(), for who goes on to rely on the blob: a true answer stays true while the caller
  // has a lease (cas/lease.h), or for the grace of a collection (cas/sweep.h). The blob is touched
  // unless it was within kTouchEvery_s; without the right to touch it (a store that is only
  // readable, another user's blob) nothing holds it, and it may become a lost one.
  bool rely_on(const Digest& digest, std::uint64_t size) const;
  bool rely_on(const Digest& digest) const;  // of any size

  // Copies one blob to the empty file `target`, hashing what it copies. False: absent, or damaged
  // (then it was moved to quarantine/ first, and `target` is empty again); the caller treats both
  // as a lost blob.
  Result<bool> copy_out(const Digest& digest, int target);
  // The verified bytes; empty optional when lost.
  Result<std::optional<std::string>> read(const Digest& digest);

  // Reads a blob and hashes it. One that is damaged goes to quarantine/, unless `keep` says that
  // nothing is to be changed. Errors: it cannot be opened.
  enum class Content { Good, Damaged, Absent };
  enum class Keep { No, Yes };
  Result<Content> verify(const Digest& digest, Keep keep = Keep::No) const;
  // The blobs whose names start with this byte, in no order. What is no blob's name goes to
  // `foreign`, unless that is null.
  Result<std::vector<Digest>> blobs_of_slice(std::size_t slice,
                                             std::vector<std::string>* foreign = nullptr) const;

  // Lists and stats every blob, O(blobs). Others may add and remove some meanwhile.
  Result<Usage> usage() const;
  // The running sum of the same; flush it before another process is to see what this one stored.
  UsageFile& usage_file() const { return *usage_; }

  // Are new blobs compressed, where that is worth it? A property of the store, kept in it; any
  // store may hold both kinds, and sizes and digests are always those of the content.
  bool compresses() const { return compresses_; }
  // For all who open the store from now on.
  static Result<void> set_compression(const std::string& root, bool on);

  const std::string& root() const { return root_; }

 private:
  explicit BlobStore(std::string root)
      : root_(std::move(root)), usage_(std::make_shared<UsageFile>(root_)) {}
  std::string object_path(const Digest& digest) const;
  Result<PutResult> keep(TempBlob& temp, const Digest& digest, std::uint64_t size,
                         std::uint64_t bytes_on_disk);
  template <typename Source>
  Result<std::optional<PutResult>> put_packed(TempBlob& temp, Source source);
  std::string root_;
  bool compresses_ = false;
  std::shared_ptr<UsageFile> usage_;
};

// Makes `directory` (and its parents) and marks it with CACHEDIR.TAG, so that backups leave it out.
// Errors: ENOTDIR when a component is a file; EACCES, EROFS when it is absent and cannot be made.
Result<void> make_cache_directory(const std::string& directory);

}  // namespace bxl::cas
