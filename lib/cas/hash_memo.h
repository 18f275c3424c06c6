// Remembers content digests by stat identity, across builds. Layout: lib/cas/FORMAT.md.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/digest.h"
#include "base/result.h"
#include "os/file.h"

namespace bxl::cas {

// Thread-safe. A digest is remembered only when it can be trusted later: the file lies on a file system whose ctime
// is a change clock (allow-list by statfs magic: ext4, xfs, btrfs, f2fs, zfs, tmpfs, overlayfs), its ctime is older
// than the time of hashing by more than two clock granularities (2 x 10 ms), and not in the future.
class HashMemo {
 public:
  // Loads `<directory>/hash-memo`. A damaged file is set aside and the memo starts empty. An empty `directory`
  // gives a memo that lives in memory only.
  static Result<std::unique_ptr<HashMemo>> open(const std::string& directory);
  virtual ~HashMemo() = default;

  // The digest of the regular file at `path`, whose lstat identity is `identity`: remembered, or computed now
  // (then the identity is checked again afterwards: Error EAGAIN when the file changed meanwhile).
  virtual Result<Digest> digest(const std::string& path, const FileIdentity& identity) = 0;
  // Only what is remembered.
  virtual std::optional<Digest> find(const FileIdentity& identity) const = 0;
  // Tells the memo a digest computed elsewhere (outputs hashed while ingested). Applies the trust rules; within
  // this process it is always remembered.
  virtual void learn(const std::string& path, const FileIdentity& identity, const Digest& digest) = 0;
  // Appends what was learnt to the file, under a lock. Losing it costs time only.
  virtual Result<void> save() = 0;
  virtual std::uint64_t files_hashed() const = 0;  // counter for tests and stats
};

}  // namespace bxl::cas
