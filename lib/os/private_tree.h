// Directory trees that a process may change without changing them: overlays at their own places, in
// a mount namespace of its own. No privilege is needed where the kernel lets users have namespaces.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace bxl {

// Moves the calling process, which must have one thread, into a private mount namespace; without
// the privilege for that, into a user namespace as well, where it stays the same user. Errors:
// EPERM, ENOSPC (user.max_user_namespaces), EUSERS: namespaces are refused here, as they are to
// users (but not to root) in a chroot.
Result<void> enter_private_mounts();

// Would enter_private_mounts() work here? Tried in a process of its own. Errors as there; those of
// fork(2).
Result<void> try_private_mounts();

// From now on this process and those it starts see `roots` as they are now, and what they write
// there lands below `scratch`, as does nothing else: for everybody else the trees stay untouched.
// Requires enter_private_mounts(); `scratch` is an existing directory that lies in none of the
// roots; roots are real paths, none below another. File systems mounted below a root are overlaid
// too. Descriptors opened before still lead to the real trees, the working directory as well.
// Errors: EINVAL when the file system of `scratch` cannot hold the upper layer of an overlay
// (another overlay, NFS), those of mount(2).
Result<void> overlay_trees(const std::vector<std::string>& roots, const std::string& scratch);

// Gives up the privileges that a user namespace lent us. For who runs other programs in it.
Result<void> drop_lent_privileges();

}  // namespace bxl
