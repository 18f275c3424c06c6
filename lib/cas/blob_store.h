// Content-addressed blobs on the local disk. Layout and durability: lib/cas/FORMAT.md.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/digest.h"
#include "base/result.h"
#include "os/file.h"
#include "os/unique_fd.h"

namespace bxl::cas {

struct PutResult {
  Digest digest;           // XXH3-128 of the bytes
  std::uint64_t size = 0;  // bytes
  bool existed = false;    // the store already held it, nothing was kept
};

// What lies in a store, counted by listing it.
struct Usage {
  std::uint64_t blobs = 0, bytes = 0, quarantined = 0;
};

// A directory of immutable files, each named by the digest of its bytes.
//
// Invariants: a file under objects/ is complete and 0444; it is renamed into place, so a crash
// leaves at most a stray file under tmp/. Any number of threads and processes may use one store at
// once. Bytes are verified when they are copied out, so a torn blob after a power loss becomes a
// lost blob, never a wrong file.
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
  // Contains, and of that size on disk: the cheap check before a hit relies on it.
  bool contains(const Digest& digest, std::uint64_t size) const;

  // Copies one blob to the empty file `target`, hashing what it copies. False: absent, or damaged
  // (then it was moved to quarantine/ first, and `target` is empty again); the caller treats both
  // as a lost blob.
  Result<bool> copy_out(const Digest& digest, int target);
  // The verified bytes; empty optional when lost.
  Result<std::optional<std::string>> read(const Digest& digest);

  // Lists and stats every blob, O(blobs). Others may add and remove some meanwhile.
  Result<Usage> usage() const;

  const std::string& root() const { return root_; }

 private:
  explicit BlobStore(std::string root) : root_(std::move(root)) {}
  std::string object_path(const Digest& digest) const;
  std::string root_;
};

// Makes `directory` (and its parents) and marks it with CACHEDIR.TAG, so that backups leave it out.
// Errors: ENOTDIR when a component is a file; EACCES, EROFS when it is absent and cannot be made.
Result<void> make_cache_directory(const std::string& directory);

}  // namespace bxl::cas
