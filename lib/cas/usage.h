// How much a store holds, kept as a running sum: what decides whether a collection is worth its
// walk. Format: FORMAT.md.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>

#include "base/digest.h"
#include "base/result.h"

namespace bxl::cas {

// Blobs whose name starts with one byte. Digests are evenly spread, so 256 slices are of one size,
// and each can be counted anew in a few milliseconds.
struct Slice {
  std::int64_t blobs = 0, bytes = 0;
  std::int64_t counted_unix_s = 0;  // when it was last counted by listing; 0: never
};
inline constexpr std::size_t kSlices = 256;
using Slices = std::array<Slice, kSlices>;
inline std::size_t slice_of(const Digest& digest) { return digest.bytes[0]; }

// The file `<cache>/usage`. An estimate: a process that is killed takes up to 64 MiB of additions
// with it, until the slice is counted again. Any number of processes; threads only for add().
class UsageFile {
 public:
  explicit UsageFile(const std::string& root) : path_(root + "/usage") {}
  ~UsageFile() { (void)!flush(); }
  UsageFile(const UsageFile&) = delete;
  UsageFile& operator=(const UsageFile&) = delete;

  // A store that was just made holds nothing, and that is known. Does nothing when the file exists.
  Result<void> start_empty();

  // Remembered, and written from time to time and by flush().
  void add(const Digest& digest, std::int64_t blobs, std::int64_t bytes);
  Result<void> flush();

  // What was flushed. Absent or damaged: as if nothing was ever counted.
  Result<Slices> read() const;
  // The result of counting one slice.
  Result<void> set(std::size_t slice, std::int64_t blobs, std::int64_t bytes);

 private:
  std::string path_;
  struct Pending {
    std::atomic<std::int64_t> blobs{0}, bytes{0};
  };
  std::array<Pending, kSlices> pending_;
  std::atomic<std::int64_t> unwritten_bytes_{0};
};

}  // namespace bxl::cas
