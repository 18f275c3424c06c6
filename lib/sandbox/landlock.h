// Write scopes as the kernel enforces them.
#pragma once

#include "base/result.h"
#include "os/unique_fd.h"
#include "sandbox/scopes.h"

namespace bxl::sandbox {

// A ruleset for landlock_restrict_self(): files can be written, made, renamed and removed only
// below the scopes for writing, temporary and untracked ones included. Requires that writes are
// restricted.
//
// Rules belong to the directories that are there now. Of a single file its directory is opened for
// new files of any name: which names is up to the supervisor. Attributes are not covered, nor is
// reading.
//
// Errors: EOPNOTSUPP where the kernel has no Landlock or one without truncation (before Linux 6.2,
// ABI 3), or where it is switched off; those of opening a scope.
Result<UniqueFd> landlock_ruleset(const Scopes& scopes);

}  // namespace bxl::sandbox
