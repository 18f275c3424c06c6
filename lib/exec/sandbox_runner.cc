// The real Runner: one sandbox and one private temporary directory per job slot.
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "exec/executor.h"
#include "os/file.h"

namespace bxl::exec {
namespace {

// /tmp/bxl-UID. Where somebody else has that name (in a container's user namespace another user has
// our number outside; or he means harm) the next of nine more.
Result<std::string> private_directory() {
  const std::string first = "/tmp/bxl-" + std::to_string(::getuid());
  std::string base = first;
  for (int other = 1; other < 10; ++other) {
    if (::mkdir(base.c_str(), 0700) != 0 && errno != EEXIST) return errno_error("mkdir " + base);
    struct stat st;
    if (::lstat(base.c_str(), &st) != 0) return errno_error("lstat " + base);
    if (S_ISDIR(st.st_mode) && st.st_uid == ::getuid() && (st.st_mode & 0022) == 0) return base;
    base = first + "-" + std::to_string(other);
  }
  return make_error(EPERM, first +
                               " is not a private directory of this user, nor are its nine "
                               "successors: remove one of them");
}

// Below /tmp and short: sun_path has 108 bytes, and the name may show up in outputs (rule 51).
class SandboxRunner : public Runner {
 public:
  explicit SandboxRunner(std::size_t slots) : slots_(slots) {}

  Result<sandbox::Outcome> run(std::size_t slot, const sandbox::Command& command,
                               const sandbox::Policy& policy) override {
    return slots_[slot].sandbox.run(command, policy);
  }

  void cancel_all() override {
    for (Slot& slot : slots_) slot.sandbox.cancel();
  }

  Result<std::string> temp_directory(std::size_t slot) override {
    Slot& s = slots_[slot];
    if (s.lock) return s.temp;
    BXL_TRY_ASSIGN(std::string base, private_directory());
    // Builds of several workspaces share the numbering; a lock says which are taken.
    for (int number = 0; number < 10000; ++number) {
      char name[8];
      std::snprintf(name, sizeof name, "%03d", number);
      std::string path = base + "/" + name;
      BXL_TRY_ASSIGN(auto lock, FileLock::take(path + ".lock", FileLock::Wait::No));
      if (!lock) continue;
      if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return errno_error("mkdir " + path);
      s.lock = std::move(*lock);
      s.temp = path;
      empty_temp_directory(slot);
      return s.temp;
    }
    return make_error(EMFILE, "no free temporary directory in " + base);
  }

  void empty_temp_directory(std::size_t slot) override {
    if (slots_[slot].temp.empty()) return;
    std::error_code ignored;
    std::filesystem::directory_iterator it(slots_[slot].temp, ignored), end;
    for (; !ignored && it != end; it.increment(ignored)) {
      std::error_code failed;
      std::filesystem::remove_all(it->path(), failed);
    }
  }

 private:
  struct Slot {
    sandbox::Sandbox sandbox;
    std::optional<FileLock> lock;
    std::string temp;
  };
  std::vector<Slot> slots_;
};

}  // namespace

std::unique_ptr<Runner> sandbox_runner(std::size_t slots) {
  return std::make_unique<SandboxRunner>(slots);
}

}  // namespace bxl::exec
