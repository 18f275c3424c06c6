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

// A directory of immutable files, each named by the digest of its bytes.
//
// Invariants: a file under objects/ is complete and 0444; it is renamed into place, so a crash leaves at most
// a stray file under tmp/. Any number of threads and processes may use one store at once. Bytes are verified
// when they are copied out, so a torn blob after a power loss becomes a lost blob, never a wrong file.
class BlobStore {
 public:
  // Creates the store when absent. Errors: ENOTDIR, EACCES; EPROTO when FORMAT names another version.
  static Result<BlobStore> open(const std::string& root);

  // Copies the file open at `source` in (from offset 0), hashing what it copies. ENOSPC leaves no trace.
  Result<PutResult> put(int source);
  Result<PutResult> put_bytes(std::string_view bytes);

  bool contains(const Digest& digest) const;
  // Contains, and of that size on disk: the cheap check before a hit relies on it.
  bool contains(const Digest& digest, std::uint64_t size) const;

  // Copies one blob to the empty file `target`, hashing what it copies. False: absent, or damaged (then it was
  // moved to quarantine/ first); the caller treats both as a lost blob.
  Result<bool> copy_out(const Digest& digest, int target);
  // The verified bytes; empty optional when lost.
  Result<std::optional<std::string>> read(const Digest& digest);

  const std::string& root() const { return root_; }

 private:
  explicit BlobStore(std::string root) : root_(std::move(root)) {}
  std::string object_path(const Digest& digest) const;
  std::string root_;
};

}  // namespace bxl::cas
