// What the kernel itself will open to execute a file: the #! interpreter, the ELF interpreter.
#pragma once

#include <cstdint>
#include <string>

namespace bxl::sandbox {

struct ExecImage {
  std::string interpreter;  // as spelled; a script's may be relative to the working directory
  bool is_script = false;   // `interpreter` may be a script again
  bool gains_rights =
      false;  // set-user-id, set-group-id or file capabilities, for someone who is not that already
  int error = 0;  // the file could not be read: what it would load is unknown
};

// Reads the first bytes of the regular file `path`. Never blocks on what is not a regular file.
ExecImage read_exec_image(const std::string& path, std::uint32_t euid, std::uint32_t egid);

// Must this program start without a preloaded library (shim/image.h)? False when it cannot be read.
bool refuses_preload(std::string path);

}  // namespace bxl::sandbox
