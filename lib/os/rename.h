// Renames that never replace what they have not seen: look and act in one system call.
//
// rename(2) replaces whatever lies at its target. Whoever looks first and renames then loses what
// somebody else saved in between; these take it out instead, so that the caller looks at what it
// holds.
#pragma once

#include <string>

#include "base/result.h"

namespace bxl {

// A name in a directory that is open (AT_FDCWD: `name` is a path). The descriptor is the caller's.
struct NameAt {
  int dir;
  std::string name;
};

// Renames `from`, a name that nobody else uses, where nothing lies; false: something does, and
// nothing has happened. Where the file system has no RENAME_NOREPLACE, a hard link does the same;
// where it has no hard links either (and for directories there), looking and renaming are two
// steps. Errors: EXDEV and others of rename(2).
Result<bool> rename_without_replacing(const NameAt& from, const NameAt& to);

// Swaps what two names mean; both must exist. False: the file system cannot. Errors: ENOENT when
// one is gone, EXDEV and others.
Result<bool> exchange_names(const NameAt& a, const NameAt& b);

// Has anybody the file open for writing? Asks for a read lease (fcntl(2)), which the kernel refuses
// then. False where leases are not to be had: another user's file, a network file system.
bool is_open_for_writing(const NameAt& file);

// For tests: as if no file system had the flags of renameat2(2). Not while other threads rename.
void refuse_rename_flags(bool refuse);

}  // namespace bxl
