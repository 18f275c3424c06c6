// The file of --policy.
//
//   {"mode": "deny", "network": "deny",
//    "read": ["/usr", "/etc", "src"], "write": ["out/", "build.log"],
//    "untracked": ["/home/me/.cache/x"], "temp": ["/tmp"],
//    "survivingProcesses": ["gpg-agent"], "breakawayProcesses": ["watchman"]}
//
// Every key may be missing: mode is "report" then, network "allow", no "read" or "write" restricts
// nothing. Relative paths are relative to the directory of the file. Comments are not JSON.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "sandbox/sandbox.h"

namespace bxl::sandbox_tool {

struct PolicyFile {
  std::string path;       // as given
  std::string directory;  // absolute
  // As spelled in the file.
  std::optional<std::vector<std::string>> read, write;
  std::vector<std::string> untracked, temp;
  std::vector<std::string> surviving, breakaway;  // names of programs
  sandbox::Enforcement mode = sandbox::Enforcement::Report;
  sandbox::Network network = sandbox::Network::Allow;
};

// Errors: those of reading; EBADMSG where it is no JSON, EINVAL where it is no policy: the message
// names the key and what is expected.
Result<PolicyFile> read_policy(const std::string& path);

// Adds what the file says.
void apply(const PolicyFile& file, sandbox::Policy& policy);

}  // namespace bxl::sandbox_tool
