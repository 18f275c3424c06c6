// The supervisor's side of the memory that preloaded programs record into (shim/table.h).
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "os/file.h"
#include "os/unique_fd.h"
#include "shim/table.h"

namespace bxl::sandbox {

// One per run. What programs wrote is not trusted: everything is bounded, and what makes no sense
// is reported. Not thread-safe; programs write meanwhile.
class ShimTable {
 public:
  // `library`: absolute path of libbxlshim.so. Errors: those of memfd_create, ftruncate, mmap;
  // ENAMETOOLONG for a path of more than 255 bytes.
  static Result<ShimTable> create(const std::string& library);
  ShimTable(ShimTable&&) noexcept;
  ShimTable& operator=(ShimTable&&) = delete;
  ~ShimTable();

  // What opening the sentinel gives a program.
  int fd() const { return fd_.get(); }
  std::uint64_t key() const { return key_; }
  // A program has it: there may be something to drain.
  void handed_out() { in_use_ = true; }
  bool in_use() const { return in_use_; }

  struct Use {
    shim::Kind kind{};
    std::string_view path;  // absolute, as spelled; until the next call
    bool judged = false;    // `seen`, `error` tell what the call found
    FileIdentity seen;      // Absent: it failed
    int error = 0;
  };
  // Uses that were announced since the last time, in their order. With `all`, also those whose
  // calls are still under way (judged is false): required before anything that they might see is
  // changed, and at the end. False when the memory holds nonsense.
  bool drain(bool all, const std::function<void(const Use&)>& use);

  // The call `number` of this thread is about to change where paths lead (symlinks, whole
  // directories): until it is over every use counts as a first one, then all that was recorded is
  // forgotten.
  void paths_change(pid_t tid, std::uint32_t number);
  // Called with each notification (of `tid`) and now and then (0): are those calls over?
  void settle(pid_t tid);

  std::uint64_t calls() const;   // let through with the key
  std::uint64_t events() const;  // first uses
  bool overflowed() const;

 private:
  ShimTable() = default;
  bool take(std::uint32_t number, bool all, const std::function<void(const Use&)>& use,
            bool* later);

  UniqueFd fd_;
  shim::Table* table_ = nullptr;
  std::uint64_t key_ = 0;
  bool in_use_ = false;
  std::uint32_t next_ = 0;            // first event that was not looked at
  std::vector<std::uint32_t> later_;  // looked at, under way then
  struct Changing {
    pid_t tid;
    std::uint32_t number;
  };
  std::vector<Changing> changing_;
};

}  // namespace bxl::sandbox
