// An empty directory, and its removal.
#include "own_temp.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <utility>

#include "os/temp_place.h"

namespace bxl::sandbox_tool {

Result<OwnTemp> OwnTemp::make() {
  BXL_TRY_ASSIGN(std::string path, make_temp_directory("bxl-sandbox"));
  return OwnTemp(std::move(path));
}

OwnTemp::OwnTemp(OwnTemp&& other) noexcept : path_(std::exchange(other.path_, {})) {}

OwnTemp::~OwnTemp() {
  if (path_.empty()) return;
  std::error_code error;
  std::filesystem::remove_all(path_, error);
  if (error)
    std::fprintf(stderr, "bxl-sandbox: remove %s: %s\n", path_.c_str(), error.message().c_str());
}

void OwnTemp::use(sandbox::Command& command, sandbox::Policy& policy) const {
  for (const char* name : {"TMPDIR", "TMP", "TEMP"}) {
    std::erase_if(command.environment, [&](const auto& entry) { return entry.first == name; });
    command.environment.emplace_back(name, path_);
  }
  policy.temp.push_back(path_);
}

}  // namespace bxl::sandbox_tool
