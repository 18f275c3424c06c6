// Remembers content digests by stat identity, across builds. Layout: lib/cas/FORMAT.md.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/digest.h"
#include "base/result.h"
#include "os/file.h"

namespace bxl::cas {

// Thread-safe. A digest is remembered only when it can be trusted later: the file lies on a file
// system whose ctime is a change clock (allow-list by statfs magic: ext4, xfs, btrfs, f2fs, zfs,
// tmpfs, overlayfs), its ctime is older than the time of hashing by more than two clock
// granularities (2 x 10 ms), and not in the future. A ctime of a whole second is the mark of images
// (squashfs, erofs, ext4 made by a tool) and of inodes without nanoseconds: such a digest is
// trusted while the same mount of the same boot lasts (rule 13).
class HashMemo {
 public:
  // Loads `<directory>/hash-memo`. A damaged file is set aside and the memo starts empty. An empty
  // `directory` gives a memo that lives in memory only.
  static Result<std::unique_ptr<HashMemo>> open(const std::string& directory);
  virtual ~HashMemo() = default;

  // The digest of the regular file at `path`, whose lstat identity is `identity`: remembered, or
  // computed now (then the identity is checked before and after: Error EAGAIN when the file changed
  // or vanished meanwhile). Errors: EINVAL when `identity` is no regular file; those of open and
  // read.
  virtual Result<Digest> digest(const std::string& path, const FileIdentity& identity) = 0;
  // Only what is remembered.
  virtual std::optional<Digest> find(const FileIdentity& identity) const = 0;
  // Tells the memo a digest computed elsewhere (outputs hashed while ingested). Within this process
  // it is always remembered. It is saved only when the ctime is also older than any hashing of it
  // can have begun (2 s and 1 s per 64 MiB), since the memo cannot know when the bytes were read.
  virtual void learn(const std::string& path, const FileIdentity& identity,
                     const Digest& digest) = 0;
  // Appends what was learnt to the file, under a lock. Losing it costs time only. Errors: EBUSY
  // when the lock was held for a second; ENOSPC and others. The file is as before then, and the
  // next save() tries again.
  virtual Result<void> save() = 0;
  virtual std::uint64_t files_hashed() const = 0;  // counter for tests and stats
};

}  // namespace bxl::cas
