// Looking into a stopped process: its memory, its working directory, its descriptors.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace bxl::sandbox {

enum class Peek : std::uint8_t {
  Ok,
  Fault,    // unreadable address: the system call itself will fail with EFAULT
  TooLong,  // no NUL within PATH_MAX: the system call itself will fail with ENAMETOOLONG
  Gone,     // the process died meanwhile
  Denied,   // the kernel does not let us look (not dumpable): observation is broken
};

// One thread stopped in a notification. Cheap to make: nothing is read until asked for.
class Tracee {
 public:
  explicit Tracee(pid_t tid) : tid_(tid) {}
  pid_t tid() const { return tid_; }

  // Reads a path argument, without its NUL. A null pointer is Fault.
  Peek read_path(std::uint64_t address, std::string& out) const;
  Peek read_bytes(std::uint64_t address, void* to, std::size_t size) const;

  // Where the kernel says the link leads: "/a/b", "/a/b (deleted)", "socket:[5]". Empty: gone or
  // closed.
  std::string working_directory() const;
  std::string descriptor(int fd) const;

  std::string command_name() const;  // "cc1plus (1234)"
  struct Ids {
    std::uint32_t euid = 0, egid = 0, uid = 0, gid = 0;
    pid_t tgid = 0;
  };
  std::optional<Ids> ids() const;
  // A copy of one of its descriptors. Errors: -1.
  int copy_descriptor(int fd) const;

 private:
  std::string link(const char* name) const;
  pid_t tid_;
};

}  // namespace bxl::sandbox
