// The kernel, the sandbox, the tools.
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <vector>

#include "base/path_table.h"
#include "base/shell_text.h"
#include "base/text.h"
#include "checks.h"
#include "os/file.h"
#include "os/private_tree.h"
#include "sandbox/sandbox.h"

namespace bxl::doctor {
namespace {

std::string own_directory() {
  auto self = read_link("/proc/self/exe");
  return self ? std::string(parent_path(*self)) : ".";
}

std::string kernel() {
  utsname name{};
  return ::uname(&name) == 0 ? std::string(name.sysname) + " " + name.release : "this kernel";
}

// A command that reads one file, observed; empty when its accesses are not all there.
Result<sandbox::Outcome> observe(const std::string& shim) {
  sandbox::Sandbox sandbox;
  sandbox::Command command;
  command.argv = {"/bin/sh", "-c", "read -r line < /proc/sys/kernel/ostype; test -e /bxl-doctor"};
  command.working_directory = "/";
  command.environment = {{"PATH", "/usr/bin:/bin"}};
  sandbox::Policy policy;
  policy.shim = shim;
  policy.timeout_ms = 20'000;
  return sandbox.run(command, policy);
}

bool saw_everything(const sandbox::Outcome& outcome) {
  const bool probe =
      std::any_of(outcome.accesses.begin(), outcome.accesses.end(),
                  [](const sandbox::Access& access) { return access.path == "/bxl-doctor"; });
  return probe && outcome.reasons.empty() && outcome.spawn_errno == 0;
}

std::string first_line_of(const std::string& program, const char* argument) {
  const std::string command = shell_quoted(program) + " " + argument + " 2>/dev/null";
  std::FILE* pipe = ::popen(command.c_str(), "re");
  if (!pipe) return {};
  char text[256] = "";
  (void)!std::fgets(text, sizeof text, pipe);
  ::pclose(pipe);
  std::string line(text);
  while (!line.empty() && line.back() == '\n') line.pop_back();
  return line;
}

bool in_path(const std::string& program) {
  const char* path = std::getenv("PATH");
  std::string list = path ? path : "/usr/local/bin:/usr/bin:/bin";
  for (std::size_t start = 0; start <= list.size();) {
    std::size_t end = std::min(list.find(':', start), list.size());
    if (::access((list.substr(start, end - start) + "/" + program).c_str(), X_OK) == 0) return true;
    start = end + 1;
  }
  return false;
}

}  // namespace

void check_observation(Findings& findings) {
  if (auto can = sandbox::Sandbox::available(); !can) {
    const bool nested = can.error().errnum == EBUSY;
    findings.error("observation", kernel() + ": cannot " + can.error().message,
                   nested ? "run bxl outside of whatever traces this shell (a pip of bxl, a "
                            "container runtime with its own listener)"
                          : "Linux 5.9 or later is needed, and a container must allow seccomp(2) "
                            "and mount /proc; in Docker: --security-opt seccomp=unconfined");
    return;
  }
  auto plain = observe({});
  if (!plain || !saw_everything(*plain)) {
    const std::string why = !plain                    ? plain.error().to_string()
                            : !plain->reasons.empty() ? plain->reasons.front().detail
                                                      : "an access was not reported";
    findings.error("observation", kernel() + ": a command could not be observed: " + why,
                   "run bxl-sandbox --trace true, and report what it prints");
    return;
  }
  findings.ok("observation", kernel() + ": commands can be observed (seccomp user notification)");
  const char* wanted = std::getenv("BXL_SHIM");
  const std::string shim = sandbox::installed_shim();
  if (shim.empty()) {
    if (wanted && std::string(wanted) == "0")
      findings.warning("shim", "switched off by BXL_SHIM=0: every system call is notified",
                       "unset BXL_SHIM: results are the same, and commands take less time");
    else
      findings.warning(
          "shim", "libbxlshim.so is not beside the tools",
          "put it into " + own_directory() + ": results are the same, and commands take less time");
    return;
  }
  auto quick = observe(shim);
  if (!quick || !saw_everything(*quick) || quick->shim_calls == 0)
    findings.warning("shim", shim + " has no effect here: every system call is notified",
                     "results are right, but commands take longer; was it built for this libc?");
  else
    findings.ok("shim", shim + " works: most calls of dynamically linked programs cost little");
}

void check_verification(Findings& findings) {
  if (auto can = try_private_mounts(); can)
    findings.ok("verify", "bxl verify can run commands beside the tree (mount namespaces)");
  else
    findings.warning("verify",
                     "bxl verify cannot run commands beside the tree: " + can.error().to_string(),
                     "builds do not need it; let users have namespaces "
                     "(user.max_user_namespaces, kernel.unprivileged_userns_clone, and what a "
                     "container or AppArmor forbids), or call it as root");
}

void check_tools(Findings& findings) {
  const char* chosen = std::getenv("BXL_BIN");
  const std::string bin = chosen && *chosen ? chosen : own_directory();
  std::map<std::string, std::vector<std::string>> by_version;
  std::vector<std::string> missing;
  for (const char* tool : {"bxl-graph", "bxl-plan", "bxl-exec", "bxl-cache", "bxl-materialize",
                           "bxl-sandbox", "bxl-log"}) {
    std::string line = first_line_of(bin + "/" + tool, "--version");
    const std::string prefix = std::string(tool) + " ";
    if (!line.starts_with(prefix)) {
      missing.emplace_back(tool);
      continue;
    }
    std::string version = line.substr(prefix.size());
    by_version[version.substr(0, version.find(' '))].emplace_back(tool);
  }
  if (!missing.empty()) {
    std::string names;
    for (const std::string& name : missing) names += (names.empty() ? "" : ", ") + name;
    findings.error("tools", names + " cannot be run from " + bin,
                   "all programs of one version belong into one directory (BXL_BIN names another)");
  } else if (by_version.size() > 1) {
    std::string names;
    for (const auto& [version, tools] : by_version)
      names += (names.empty() ? "" : ", ") + tools.front() + " is " + version;
    findings.error("tools", "different versions in " + bin + ": " + names,
                   "install all programs of one version together");
  } else {
    findings.ok("tools", "version " + by_version.begin()->first + " in " + bin);
  }
  for (const char* program : {"flock", "bash", "mkdir", "rm"})
    if (!in_path(program))
      findings.error("tools", std::string(program) + " is not in PATH; the wrapper bxl calls it",
                     "install it (Debian: util-linux, bash, coreutils)");
}

}  // namespace bxl::doctor
