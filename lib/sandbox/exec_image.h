// What the kernel itself will open to execute a file: the #! interpreter, the ELF interpreter.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

#include "base/path_table.h"
#include "os/file.h"

namespace bxl::sandbox {

struct ExecImage {
  std::string interpreter;  // as spelled; a script's may be relative to the working directory
  bool is_script = false;   // `interpreter` may be a script again
  int error = 0;            // the file could not be read: what it would load is unknown
  // set-user-id, set-group-id, file capabilities; of an executable file.
  bool sets_user = false, sets_group = false, has_capabilities = false;
  std::uint32_t user = 0, group = 0;

  // Does it run with other rights than this caller's?
  bool gains_rights(std::uint32_t euid, std::uint32_t egid) const {
    return (sets_user && user != euid) || (sets_group && group != egid) ||
           (has_capabilities && euid != 0);
  }
  bool may_gain_rights() const { return sets_user || sets_group || has_capabilities; }
};

// Reads the first bytes of the regular file `path`. Never blocks on what is not a regular file.
ExecImage read_exec_image(const std::string& path);

// Images that were read, by path and full identity: half of what an execution costs the supervisor.
// For files that the run does not change: two changes within a tick of the clock look the same.
class ExecImages {
 public:
  const ExecImage& of(PathId id, const std::string& path);

 private:
  struct Known {
    FileIdentity identity;
    ExecImage image;
  };
  std::unordered_map<PathId, Known> known_;
};

// Must this program start without a preloaded library (shim/image.h)? False when it cannot be read.
bool refuses_preload(std::string path);

}  // namespace bxl::sandbox
