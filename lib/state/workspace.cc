#include "state/workspace.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "base/path_table.h"

namespace bxl::state {

Result<void> Workspace::create() const {
  for (const std::string& d : {dir(), run_dir(), tmp_dir(), log_dir()})
    BXL_TRY(make_directories(d));
  std::string ignore = dir() + "/.gitignore";
  BXL_TRY_ASSIGN(auto id, lstat_identity(ignore));
  if (!id.exists()) BXL_TRY(replace_file(ignore, "*\n"));
  return {};
}

Result<Workspace> workspace_on_record(const std::string& directory) {
  BXL_TRY_ASSIGN(const std::string real, real_path(directory));
  for (std::string at = real;; at = std::string(parent_path(at))) {
    Workspace workspace{at == "/" ? "" : at};
    auto identity = lstat_identity(workspace.log_dir());
    if (identity && identity->kind == FileKind::Directory) return workspace;
    if (at == "/") break;
  }
  return make_error(ENOENT, "no build is on record for " + real +
                                " (no .bxl/log there or in a directory above; -C names another)");
}

Result<FileLock> lock_workspace(const Workspace& workspace, const std::string& tool, bool no_wait) {
  auto env = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value ? value : "");
  };
  if (env("BXL_INSIDE") == workspace.root)
    return make_error(EDEADLK,
                      "this command runs inside a build of " + workspace.root +
                          ", which holds the workspace lock; a nested build cannot wait for it");
  if (env("BXL_LOCK_ROOT") == workspace.root && !env("BXL_LOCK_FD").empty()) {
    int fd = std::atoi(env("BXL_LOCK_FD").c_str());
    if (fd > 2 && fstat_identity(fd)) return FileLock::adopt(::fcntl(fd, F_DUPFD_CLOEXEC, 3));
  }
  int retries = 0;
  // Empty: somebody has it. `bxl clean --all` may end just before, and takes the directory along.
  auto take = [&](FileLock::Wait wait) -> Result<FileLock> {
    for (;;) {
      auto taken = FileLock::take(workspace.lock(), wait);
      if (taken) return std::move(*taken).value_or(FileLock());
      if (taken.error().errnum != ENOENT || retries++ == 10) return std::move(taken.error());
      BXL_TRY(workspace.create());
    }
  };
  for (;;) {
    BXL_TRY_ASSIGN(FileLock lock, take(FileLock::Wait::No));
    if (lock.fd() < 0) {
      auto holder = read_file(workspace.dir() + "/lock-holder");
      std::string who = holder && !holder->empty() ? *holder : "another build";
      while (!who.empty() && who.back() == '\n') who.pop_back();
      if (no_wait) return make_error(EBUSY, workspace.root + " is locked by " + who);
      std::fprintf(stderr, "%s: waiting for %s to finish with %s\n", tool.c_str(), who.c_str(),
                   workspace.root.c_str());
      BXL_TRY_ASSIGN(lock, take(FileLock::Wait::Yes));
    }
    // Whoever removed .bxl while we waited left us the lock of a file that no one else will find.
    auto held = fstat_identity(lock.fd());
    auto named = lstat_identity(workspace.lock());
    if (held && named && held->dev == named->dev && held->ino == named->ino) {
      BXL_TRY(replace_file(workspace.dir() + "/lock-holder",
                           tool + " " + std::to_string(::getpid()) + "\n"));
      return lock;
    }
    BXL_TRY(workspace.create());
  }
}

Result<void> remove_lock(const Workspace& workspace) {
  for (const std::string& file : {workspace.dir() + "/lock-holder", workspace.lock()})
    if (::unlink(file.c_str()) != 0 && errno != ENOENT) return errno_error("remove " + file);
  if (::rmdir(workspace.dir().c_str()) != 0 && errno != ENOTEMPTY && errno != EEXIST)
    return errno_error("remove " + workspace.dir());
  return {};
}

}  // namespace bxl::state
