// A client of GNU make's jobserver: a build below `make -jN` shares make's N jobs.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "os/unique_fd.h"

namespace bxl::exec {

// What MAKEFLAGS says; the last of several counts, as in make.
struct JobserverAuth {
  std::string fifo;           // --jobserver-auth=fifo:PATH (make 4.4)
  int read = -1, write = -1;  // --jobserver-auth=R,W, --jobserver-fds=R,W (before 4.2)
  std::size_t jobs = 0;       // -jN; 0: not said
};
// Empty when there is none, or make has closed it to us (R,W negative).
std::optional<JobserverAuth> parse_makeflags(std::string_view makeflags);

// One job we may always run: it is the one that make counts for us. Each further one takes a token,
// a byte of the pipe, and gives that very byte back. Not thread-safe. The destructor gives back
// what is held; a process that is killed keeps it, as every client does.
class Jobserver {
 public:
  // Opens the pipe anew, so that our not waiting for tokens is no concern of make's, and closes
  // make's descriptors to our children. Errors: EBADF when R and W are no pipe (make closes them
  // for recipes without '+'), those of open.
  static Result<Jobserver> connect(const JobserverAuth& auth);
  ~Jobserver() { release_to(0); }
  Jobserver(Jobserver&&) noexcept;
  Jobserver& operator=(Jobserver&&) = delete;

  bool acquire();                      // a token if there is one now
  void release_to(std::size_t count);  // gives back all but `count` tokens
  std::size_t held() const { return tokens_.size(); }
  int fd() const { return read_.get(); }  // readable when there may be a token

 private:
  Jobserver() = default;
  UniqueFd read_, write_;
  std::vector<char> tokens_;
};

}  // namespace bxl::exec
