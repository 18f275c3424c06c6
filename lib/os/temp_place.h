// Where temporary files may lie, and private directories there.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "os/file.h"

namespace bxl {

// Where programs expect temporary files: $TMPDIR, /tmp, $XDG_RUNTIME_DIR, in this order. Real paths
// of directories that exist, each once; a variable that is empty or relative names none.
std::vector<std::string> temp_places();

// The longest path of a private directory that is preferred: it leaves 47 of the 107 bytes that the
// name of a socket may have (sun_path) to those who make one in it.
inline constexpr std::size_t kShortTempPath = 60;

// A directory of this user alone, as PLACE/bxl-UID/007, that nobody else uses while this object
// lives. Its name is the same from build to build. It is not removed, and holds what its last user
// left there.
struct PrivateTemp {
  std::string path;
  std::string base;  // the parent, of all such directories at this place
  FileLock lock;
};

// In the first of temp_places() that can be written and where the path is short; else in
// `last_resort`, when that is not empty, whatever its length; else where it is long. Any thread.
// Errors: of the first place that was tried; the message says which variable to set. ENOSPC, EDQUOT
// of any place: to go on elsewhere would only hide it.
Result<PrivateTemp> take_private_temp(const std::string& last_resort = {});

// Makes an empty directory PREFIX.XXXXXX in the first place where that succeeds. Errors: as above.
Result<std::string> make_temp_directory(const std::string& prefix);

}  // namespace bxl
