// The seccomp program generated from the system-call table.
#pragma once

#include <linux/filter.h>

#include <cstdint>
#include <vector>

namespace bxl::sandbox {

// Answers per call: ALLOW, USER_NOTIF or ERRNO. There is one ladder for x86-64 and one for i386
// calls (32-bit programs, int 0x80); x32 numbers and other architectures get ENOSYS. The numbers
// are found by a binary search of at most eight compares; a constant ALLOW reads no argument, so
// the kernel's action bitmap answers it without running the program at all.
//
// `key`: not 0: calls that look without changing anything pass when their sixth argument is the key
// for them (shim/table.h).
// `sockets`: socket() is notified for all families but AF_UNIX, AF_NETLINK and AF_ALG.
std::vector<sock_filter> make_filter(std::uint64_t key = 0, bool sockets = false);

}  // namespace bxl::sandbox
