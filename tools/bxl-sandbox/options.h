// The command line of bxl-sandbox.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "policy_file.h"
#include "sandbox/sandbox.h"

namespace bxl::sandbox_tool {

enum class Report { None, Json, Trace };

struct Options {
  Report report = Report::None;
  std::string out;         // of the report; empty: standard error
  std::string tap_output;  // empty: none
  bool explain = false;
  bool own_temp = false;
  std::optional<PolicyFile> policy_file;
  sandbox::Policy policy;  // with the file's
  std::vector<std::string> command;
};

inline constexpr int kOwnFailure = 125;  // as env, timeout and nice have it

// Says it on standard error and gives kOwnFailure.
int failure(const std::string& message);

// Empty: all is said, exit with `code`.
std::optional<Options> parse_options(int argc, char** argv, int& code);

}  // namespace bxl::sandbox_tool
