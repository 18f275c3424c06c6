// A lease: while its process lives, no collection removes content that was touched since it began.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "os/file.h"

namespace bxl::cas {

// A file under `<cache>/leases` with an flock on it. The lock is the authority, not the process id
// in the text: the kernel drops it with the last process that has it, after kill -9 too, and it
// holds across containers whose process ids mean nothing to each other. The text (boot, pid, start
// time) is for people.
class Lease {
 public:
  Lease() = default;  // holds nothing
  // Errors: EACCES, EROFS for a store that is only readable: nothing there is ours to hold.
  static Result<Lease> take(const std::string& root, const std::string& tool);
  Lease(Lease&& other) noexcept
      : lock_(std::move(other.lock_)), path_(std::exchange(other.path_, {})) {}
  Lease& operator=(Lease&& other) noexcept {
    std::swap(lock_, other.lock_);
    std::swap(path_, other.path_);
    return *this;
  }
  ~Lease();

 private:
  std::optional<FileLock> lock_;
  std::string path_;
};

// When the oldest lease that is still held began (UNIX seconds); empty: none is. Removes what dead
// holders left behind.
Result<std::optional<std::int64_t>> oldest_lease(const std::string& root);

}  // namespace bxl::cas
