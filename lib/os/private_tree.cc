// unshare(2), overlayfs, and the way back.
#include "os/private_tree.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <sstream>
#include <system_error>

#include "os/file.h"

namespace bxl {
namespace {

Result<void> write_proc(const char* path, const std::string& text) {
  BXL_TRY_ASSIGN(auto fd, open_file(path, O_WRONLY));
  if (auto written = write_all(fd.get(), text); !written)
    return std::move(written.error()).in("stay the same user in a namespace: " + std::string(path));
  return {};
}

// In a chroot "/" is no mount point, and what lies above cannot be named. Joining the namespace
// that we are in already leads to its own root; from there back again.
Result<void> make_private_from_above() {
  BXL_TRY_ASSIGN(auto root, open_file("/", O_PATH | O_DIRECTORY));
  BXL_TRY_ASSIGN(auto here, open_file(".", O_PATH | O_DIRECTORY));
  BXL_TRY_ASSIGN(auto own, open_file("/proc/self/ns/mnt", O_RDONLY));
  if (::setns(own.get(), CLONE_NEWNS) != 0) return errno_error("leave the chroot for a moment");
  const int made = ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr);
  const int errnum = errno;
  if (::fchdir(root.get()) != 0 || ::chroot(".") != 0 || ::fchdir(here.get()) != 0)
    return errno_error("return into the chroot");
  if (made != 0) return make_error(errnum, "make mounts private");
  return {};
}

// /proc/self/mountinfo writes space, tab, newline and backslash as \ooo.
std::string unescape(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size()) {
      out += static_cast<char>(std::strtol(text.substr(i + 1, 3).c_str(), nullptr, 8));
      i += 3;
    } else {
      out += text[i];
    }
  }
  return out;
}

bool is_below(const std::string& path, const std::string& root) {
  return path.size() > root.size() && path.starts_with(root) &&
         (root == "/" || path[root.size()] == '/');
}

// Mount points below one of the roots; each also hides what lies under it.
Result<std::vector<std::string>> mounts_below(const std::vector<std::string>& roots) {
  BXL_TRY_ASSIGN(const std::string text, read_file("/proc/self/mountinfo"));
  std::vector<std::string> found;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string word, path;
    for (int i = 0; i < 5 && words >> word; ++i) path = word;
    path = unescape(path);
    for (const std::string& root : roots)
      if (is_below(path, root)) found.push_back(path);
  }
  return found;
}

std::string by_number(const UniqueFd& fd) { return "/proc/self/fd/" + std::to_string(fd.get()); }

struct Layer {
  std::string path;
  UniqueFd lower;
};

Result<void> mount_overlay(const Layer& layer, const std::string& scratch) {
  struct stat st;
  if (::fstat(layer.lower.get(), &st) != 0) return errno_error("stat " + layer.path);
  // The upper directory gives the tree's root its mode and owner.
  const std::string upper = scratch + "/upper", work = scratch + "/work";
  for (const std::string& directory : {scratch, upper, work})
    if (::mkdir(directory.c_str(), 0755) != 0) return errno_error("make " + directory);
  (void)!::chown(upper.c_str(), st.st_uid, st.st_gid);
  (void)!::chmod(upper.c_str(), st.st_mode & 07777);
  // By number, since overlayfs gives commas and colons in names a meaning.
  BXL_TRY_ASSIGN(auto upper_fd, open_file(upper, O_PATH | O_DIRECTORY));
  BXL_TRY_ASSIGN(auto work_fd, open_file(work, O_PATH | O_DIRECTORY));
  const std::string options = "lowerdir=" + by_number(layer.lower) +
                              ",upperdir=" + by_number(upper_fd) +
                              ",workdir=" + by_number(work_fd) + ",userxattr";
  // Nothing of it is to survive a crash, so nothing need be synced (Linux 5.10).
  for (const char* more : {",volatile", ""})
    if (::mount("overlay", layer.path.c_str(), "overlay", 0, (options + more).c_str()) == 0)
      return {};
  return errno_error("lay a private layer over " + layer.path);
}

}  // namespace

Result<void> enter_private_mounts() {
  const std::string uid = std::to_string(::geteuid()), gid = std::to_string(::getegid());
  if (::unshare(CLONE_NEWNS) != 0) {
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
      return errno_error("make a private mount namespace");
    BXL_TRY(write_proc("/proc/self/setgroups", "deny"));
    BXL_TRY(write_proc("/proc/self/uid_map", uid + " " + uid + " 1"));
    BXL_TRY(write_proc("/proc/self/gid_map", gid + " " + gid + " 1"));
  }
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0) return {};
  if (errno == EINVAL) return make_private_from_above();
  return errno_error("make mounts private");
}

Result<void> try_private_mounts() {
  const pid_t child = ::fork();
  if (child < 0) return errno_error("fork");
  if (child == 0) {
    auto entered = enter_private_mounts();
    ::_exit(entered ? 0 : entered.error().errnum);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  return make_error(WIFEXITED(status) ? WEXITSTATUS(status) : EIO, "make a mount namespace");
}

Result<void> overlay_trees(const std::vector<std::string>& roots, const std::string& scratch) {
  BXL_TRY_ASSIGN(auto places, mounts_below(roots));
  places.insert(places.end(), roots.begin(), roots.end());
  std::sort(places.begin(), places.end());  // the outer before the inner, which it would hide
  places.erase(std::unique(places.begin(), places.end()), places.end());
  std::vector<Layer> layers;  // all opened before the first is covered
  for (const std::string& path : places) {
    auto lower = open_file(path, O_PATH | O_DIRECTORY);
    if (!lower) return std::move(lower.error()).in("lay a private layer over " + path);
    layers.push_back({path, std::move(*lower)});
  }
  for (std::size_t i = 0; i < layers.size(); ++i)
    BXL_TRY(mount_overlay(layers[i], scratch + "/" + std::to_string(i)));
  return {};
}

Result<void> drop_lent_privileges() {
  if (::geteuid() == 0) return {};  // root is root, here as there
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct none[2] = {};
  if (::syscall(SYS_capset, &header, none) != 0) return errno_error("give up privileges");
  return {};
}

}  // namespace bxl
