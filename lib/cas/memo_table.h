// The records of the hash memo in memory: the newest per inode, by open addressing.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/digest.h"
#include "os/file.h"

namespace bxl::cas {

// One record as it lies in the file, in the byte order of the machine (FORMAT.md).
struct MemoRecord {
  std::uint64_t dev = 0, ino = 0, size = 0;
  std::int64_t mtime_ns = 0, ctime_ns = 0;
  std::uint8_t digest[16] = {};
  std::uint64_t check = 0;  // checksum64 of the 56 bytes before it

  static constexpr std::uint64_t kSeed = 0x62786c6d656d6f31;  // an all-zero record is not valid
  std::uint64_t expected_check() const {
    return checksum64({reinterpret_cast<const char*>(this), sizeof *this - sizeof check}, kSeed);
  }
  bool is_good() const { return check == expected_check(); }
  bool describes(const FileIdentity& id) const {
    return dev == id.dev && ino == id.ino && size == id.size && mtime_ns == id.mtime_ns &&
           ctime_ns == id.ctime_ns;
  }
  static MemoRecord make(const FileIdentity& id, const Digest& digest) {
    MemoRecord r{id.dev, id.ino, id.size, id.mtime_ns, id.ctime_ns, {}, 0};
    std::memcpy(r.digest, digest.bytes.data(), 16);
    r.check = r.expected_check();
    return r;
  }
};
static_assert(sizeof(MemoRecord) == 64 && std::is_trivially_copyable_v<MemoRecord>);

// Invariant: at most one live record per (dev, ino), the one added last. Not thread-safe.
class MemoTable {
 public:
  // Takes records read from a file, oldest first; bad ones are skipped. Only on an empty table.
  void load(std::unique_ptr<MemoRecord[]> records, std::size_t count);
  void add(const MemoRecord& record);
  const MemoRecord* find(const FileIdentity& identity) const;
  // Live records, oldest first, without the first `skip` of them.
  std::vector<MemoRecord> live_records(std::size_t skip) const;
  std::size_t live() const { return live_; }

 private:
  // 8 bytes, so that two million slots are 16 MiB; `tag` avoids most looks at records that do not
  // match.
  struct Slot {
    std::uint32_t tag = 0;
    std::uint32_t position = 0;  // 1 + position of the record; 0: free
  };
  const MemoRecord& at(std::uint32_t position) const {
    return position < loaded_count_ ? loaded_[position] : added_[position - loaded_count_];
  }
  static std::uint64_t hash(std::uint64_t dev, std::uint64_t ino);
  void place(std::uint32_t position);
  void grow(std::size_t records);

  std::unique_ptr<MemoRecord[]> loaded_;  // as read, so that loading copies nothing
  std::size_t loaded_count_ = 0;
  std::vector<MemoRecord> added_;
  std::vector<Slot> slots_;  // a power of two, at most half full
  std::size_t live_ = 0;
};

}  // namespace bxl::cas
