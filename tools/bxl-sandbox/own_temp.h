// A temporary directory that lasts as long as one run.
#pragma once

#include <string>

#include "base/result.h"
#include "sandbox/sandbox.h"

namespace bxl::sandbox_tool {

// Removed with all that is in it by the destructor; a link in it is removed, not followed.
class OwnTemp {
 public:
  // Empty, mode 0700. Errors: make_temp_directory().
  static Result<OwnTemp> make();
  OwnTemp(OwnTemp&& other) noexcept;
  OwnTemp& operator=(OwnTemp&&) = delete;
  ~OwnTemp();

  // TMPDIR, TMP and TEMP of the command name it, and the policy lets it be written.
  void use(sandbox::Command& command, sandbox::Policy& policy) const;

 private:
  explicit OwnTemp(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

}  // namespace bxl::sandbox_tool
