// Runs commands and probes in a sandbox and writes what was seen as text.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "base/path_table.h"
#include "sandbox/sandbox.h"
#include "support/temp_dir.h"

namespace bxl::sandbox {

inline std::string probe_path(const std::string& name) {
  return std::string(BXL_BIN_DIR) + "/../probe/" + name;
}

inline Command command_in(const std::string& directory, std::vector<std::string> argv) {
  Command command;
  command.argv = std::move(argv);
  command.working_directory = directory;
  command.environment = {{"PATH", "/usr/bin:/bin"}, {"LC_ALL", "C"}, {"HOME", directory}};
  return command;
}

inline Command shell_in(const std::string& directory, const std::string& script) {
  return command_in(directory, {"/bin/sh", "-c", script});
}

inline Outcome run(const Command& command, const Policy& policy = {}) {
  Sandbox sandbox;
  auto outcome = sandbox.run(command, policy);
  EXPECT_TRUE(outcome.has_value()) << (outcome ? "" : outcome.error().to_string());
  return outcome ? std::move(*outcome) : Outcome{};
}

// With the shim, or with every call notified.
enum class Shim { No, Yes };
inline Policy policy_with(Shim shim) {
  Policy policy;
  if (shim == Shim::Yes) policy.shim = std::string(BXL_BIN_DIR) + "/libbxlshim.so";
  return policy;
}
inline const char* name_of(Shim shim) { return shim == Shim::Yes ? "Shim" : "Notified"; }

inline std::string letters(std::uint32_t ops) {
  constexpr std::pair<std::uint32_t, char> kLetters[] = {
      {kRead, 'r'},  {kStat, 's'},    {kAccess, 'a'},  {kEnumerate, 'e'},
      {kExec, 'x'},  {kWrite, 'w'},   {kCreate, 'c'},  {kUnlink, 'u'},
      {kMkdir, 'd'}, {kSymlink, 'l'}, {kMetadata, 'm'}};
  std::string out;
  for (const auto& [bit, letter] : kLetters) {
    if ((ops & bit) != 0) out += letter;
  }
  return out;
}

inline const char* kind_name(FileKind kind) {
  constexpr const char* kNames[] = {"absent", "file", "symlink", "directory", "other"};
  return kNames[static_cast<int>(kind)];
}

// "rw file f", "ae directory d [a b]", "s absent x EACCES"
inline std::string line_of(const Access& access, const std::string& directory) {
  std::string name = access.path;
  if (name == directory) name = ".";
  if (name.rfind(directory + "/", 0) == 0) name = name.substr(directory.size() + 1);
  std::string out = letters(access.ops) + " " + kind_name(access.first.kind) + " " + name;
  if (access.first_errno != 0) out += std::string(" ") + strerrorname_np(access.first_errno);
  if (access.listed) {
    out += " [";
    for (const std::string& member : access.members) out += (out.back() == '[' ? "" : " ") + member;
    out += "]";
  }
  return out;
}

// One line per path below `directory` (and per `also`), sorted, then "! WHAT" once per kind of
// reason.
inline std::vector<std::string> lines_of(const Outcome& outcome, const std::string& directory,
                                         const std::string& also = {}) {
  std::vector<std::string> out;
  for (const Access& access : outcome.accesses) {
    if (path_within(access.path, directory) || (!also.empty() && access.path == also))
      out.push_back("= " + line_of(access, directory));
  }
  for (const Reason& reason : outcome.reasons) {
    const std::string line = "! " + reason.what;
    if (std::find(out.begin(), out.end(), line) == out.end()) out.push_back(line);
  }
  std::sort(out.begin(), out.end());
  return out;
}

inline const Access* find(const Outcome& outcome, const std::string& path) {
  for (const Access& access : outcome.accesses) {
    if (access.path == path) return &access;
  }
  return nullptr;
}

inline bool has_reason(const Outcome& outcome, std::string_view what) {
  return std::any_of(outcome.reasons.begin(), outcome.reasons.end(),
                     [&](const Reason& r) { return r.what == what; });
}

inline std::string reasons_text(const Outcome& outcome) {
  std::string out;
  for (const Reason& r : outcome.reasons) out += r.what + " " + r.process + ": " + r.detail + "\n";
  return out;
}

inline std::vector<std::string> split_lines(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    out.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

// The lines a probe announces, sorted; fails on "# …", which says that the probe itself went wrong.
inline std::vector<std::string> announced(const std::string& console) {
  std::vector<std::string> out;
  for (std::string& line : split_lines(console)) {
    EXPECT_NE(line[0], '#') << line;
    if (line[0] == '=' || line[0] == '!') out.push_back(std::move(line));
  }
  std::sort(out.begin(), out.end());
  return out;
}

// Runs `PROBE setup` without observation.
inline void set_up_probe(const std::string& name, const std::string& directory) {
  const std::string line = "cd '" + directory + "' && '" + probe_path(name) + "' setup";
  ASSERT_EQ(std::system(line.c_str()), 0) << line;
}

}  // namespace bxl::sandbox
