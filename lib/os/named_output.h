// The file that a user named for something of ours: --summary, an export, a report.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "os/file.h"
#include "os/unique_fd.h"

namespace bxl {

// Whatever the name leads to stays what it is. A regular file is replaced as a whole by commit(),
// also at the end of symlinks, which stay. Into anything else (FIFO, device, terminal) the bytes
// are written as they come, and into the standard stream itself where the name is one of its names:
// /dev/stdout, /dev/fd/1, /proc/self/fd/1, or a symlink to these.
class NamedOutput {
 public:
  // `standard`: the descriptors that 0, 1 and 2 mean to the user, when this process was started
  // with others; -1: closed. Errors: those of open(2); EISDIR; ELOOP.
  static Result<NamedOutput> open(const std::string& name,
                                  const std::array<int, 3>& standard = {0, 1, 2});
  int fd() const { return file_ ? file_->fd() : fd_.get(); }
  bool replaces() const { return file_.has_value(); }
  // Without it a regular file stays as it was.
  Result<void> commit(Durable durable = Durable::No);

 private:
  std::optional<AtomicFile> file_;  // none: written into, by fd_
  UniqueFd fd_;
};

// All of that for bytes which are there already.
Result<void> write_named(const std::string& name, std::string_view bytes,
                         const std::array<int, 3>& standard = {0, 1, 2});

}  // namespace bxl
