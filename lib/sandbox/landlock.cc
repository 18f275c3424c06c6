// landlock_create_ruleset() and landlock_add_rule().
#include "sandbox/landlock.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include "base/assert.h"
#include "os/file.h"

namespace bxl::sandbox {

namespace {

// <linux/landlock.h> of the oldest supported headers has no truncation.
enum Right : std::uint64_t {
  kWriteFile = 1 << 1,
  kRemoveDir = 1 << 4,
  kRemoveFile = 1 << 5,
  kMakeChar = 1 << 6,
  kMakeDir = 1 << 7,
  kMakeReg = 1 << 8,
  kMakeSock = 1 << 9,
  kMakeFifo = 1 << 10,
  kMakeBlock = 1 << 11,
  kMakeSym = 1 << 12,
  kRefer = 1 << 13,
  kTruncate = 1 << 14,
};
constexpr std::uint64_t kChangeFile = kWriteFile | kTruncate;
constexpr std::uint64_t kNewFile =
    kChangeFile | kRemoveFile | kMakeReg | kMakeSock | kMakeFifo | kMakeSym | kRefer;
constexpr std::uint64_t kChangeAll = kNewFile | kRemoveDir | kMakeDir | kMakeChar | kMakeBlock;

constexpr int kNeededAbi = 3;
constexpr unsigned kAskVersion = 1;  // LANDLOCK_CREATE_RULESET_VERSION
constexpr int kPathBeneath = 1;      // LANDLOCK_RULE_PATH_BENEATH

struct [[gnu::packed]] PathBeneath {
  std::uint64_t allowed;
  std::int32_t parent;
};

class Ruleset {
 public:
  explicit Ruleset(int fd) : fd_(fd) {}

  Result<void> allow(const std::string& path, std::uint64_t rights) {
    BXL_TRY_ASSIGN(UniqueFd fd, open_file(path, O_PATH | O_CLOEXEC));
    const PathBeneath rule{rights, fd.get()};
    if (syscall(SYS_landlock_add_rule, fd_, kPathBeneath, &rule, 0) != 0)
      return errno_error("allow writes below " + path);
    return {};
  }

  Result<void> allow(const Scopes::Scope& scope) {
    if (scope.directory) return allow(scope.path, kChangeAll);
    if (access(scope.path.c_str(), F_OK) == 0) {
      BXL_TRY(allow(scope.path, kChangeFile));
    }
    const std::size_t slash = scope.path.rfind('/');
    return allow(slash == 0 ? "/" : scope.path.substr(0, slash), kNewFile);
  }

 private:
  int fd_;
};

}  // namespace

Result<UniqueFd> landlock_ruleset(const Scopes& scopes) {
  BXL_ASSERT(scopes.restricts_writes());
  const long abi = syscall(SYS_landlock_create_ruleset, nullptr, 0, kAskVersion);
  if (abi < kNeededAbi)
    return make_error(EOPNOTSUPP, abi < 0
                                      ? "deny writes: this kernel has no Landlock, or has it "
                                        "switched off; a policy of mode \"report\" needs none"
                                      : "deny writes: the Landlock of this kernel does not "
                                        "cover truncation (Linux 6.2 is needed); a policy of mode "
                                        "\"report\" needs none");
  const std::uint64_t handled = kChangeAll;
  UniqueFd fd(static_cast<int>(syscall(SYS_landlock_create_ruleset, &handled, sizeof handled, 0)));
  if (!fd) return errno_error("make a Landlock ruleset");
  Ruleset rules(fd.get());
  const Scopes::Lists& lists = scopes.lists();
  for (const auto* list : {&*lists.write, &lists.temp, &lists.untracked}) {
    for (const Scopes::Scope& scope : *list) {
      BXL_TRY(rules.allow(scope));
    }
  }
  for (const std::string& device : writable_devices()) {
    if (access(device.c_str(), F_OK) == 0) {
      BXL_TRY(rules.allow(device, kChangeFile));
    }
  }
  return fd;
}

}  // namespace bxl::sandbox
