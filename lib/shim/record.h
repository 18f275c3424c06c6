// Recording a use of a path in the shared table, and the key for the call that makes the use.
#pragma once

#include <cstdint>

#include "shim/system.h"
#include "shim/table.h"

struct stat;

namespace bxl::shim {

// The table of this run; null: not under a supervisor, or it hands out none. Found at the first
// call, whoever makes it: constructors of other libraries call libc before ours could run.
BXL_HIDDEN Table* table();

// One use of one path by one call.
class BXL_HIDDEN Use {
 public:
  // `path` relative to `dir_fd` (AT_FDCWD: the working directory). When it can be recorded and is,
  // key() is not zero for the call made with these two register arguments.
  Use(Kind kind, int dir_fd, const char* path);

  bool recorded() const { return table_ != nullptr; }
  std::uint64_t key(long number, std::uint64_t first, std::uint64_t second) const;
  // The first use in this way: its outcome has to be told, once, by one of these.
  bool wants_outcome() const { return event_ != nullptr; }
  void failed(long error);  // -errno
  void seen(const struct stat& st);

 private:
  Table* table_ = nullptr;
  Event* event_ = nullptr;
};

}  // namespace bxl::shim
