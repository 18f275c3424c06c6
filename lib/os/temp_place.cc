#include "os/temp_place.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <utility>

namespace bxl {
namespace {

constexpr int kMostDirectories = 10'000;

bool is_full(const Error& error) { return error.errnum == ENOSPC || error.errnum == EDQUOT; }

// PLACE/bxl-UID. Where somebody else has that name (in a container's user namespace another user
// has our number outside; or he means harm) the next of nine more.
Result<std::string> base_directory(const std::string& place) {
  const std::string first =
      (place == "/" ? std::string() : place) + "/bxl-" + std::to_string(::getuid());
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

// Builds of several workspaces share the numbering; a lock says which are taken.
Result<PrivateTemp> take_in(const std::string& base) {
  for (int number = 0; number < kMostDirectories; ++number) {
    char name[8];
    std::snprintf(name, sizeof name, "%03d", number);
    std::string path = base + "/" + name;
    BXL_TRY_ASSIGN(auto lock, FileLock::take(path + ".lock", FileLock::Wait::No));
    if (!lock) continue;
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return errno_error("mkdir " + path);
    // What is there already may lie on a file system that is read-only by now.
    if (::access(path.c_str(), W_OK | X_OK) != 0) return errno_error("write into " + path);
    return PrivateTemp{std::move(path), base, std::move(*lock)};
  }
  return make_error(EMFILE, "no free temporary directory in " + base);
}

Result<PrivateTemp> take_at(const std::string& place) {
  BXL_TRY_ASSIGN(std::string base, base_directory(place));
  return take_in(base);
}

std::size_t length_at(const std::string& place) {
  return place.size() + std::string_view("/bxl-/000").size() + std::to_string(::getuid()).size();
}

Error nowhere(std::optional<Error> first) {
  if (first && is_full(*first))
    return std::move(*first).in(
        "no room for temporary files (set TMPDIR to a directory on another disk)");
  const std::string what =
      "no place for temporary files (set TMPDIR to a directory that you may write)";
  return first ? std::move(*first).in(what) : make_error(ENOENT, what + ": /tmp");
}

}  // namespace

std::vector<std::string> temp_places() {
  std::vector<std::string> out;
  const auto add = [&](const char* path) {
    if (!path || *path != '/') return;
    auto real = real_path(path);
    auto identity = real ? stat_identity(*real) : std::move(real.error());
    if (identity && identity->kind == FileKind::Directory &&
        std::find(out.begin(), out.end(), *real) == out.end())
      out.push_back(*real);
  };
  add(std::getenv("TMPDIR"));
  add("/tmp");
  add(std::getenv("XDG_RUNTIME_DIR"));
  return out;
}

Result<PrivateTemp> take_private_temp(const std::string& last_resort) {
  const std::vector<std::string> places = temp_places();
  std::optional<Error> first;
  const auto try_at = [&](const std::string& place) -> std::optional<PrivateTemp> {
    auto taken = take_at(place);
    if (taken) return std::move(*taken);
    if (!first) first = std::move(taken.error());
    return {};
  };
  const auto is_short = [](const std::string& place) { return length_at(place) <= kShortTempPath; };
  for (const std::string& place : places) {
    if (!is_short(place)) continue;
    if (auto taken = try_at(place)) return std::move(*taken);
    if (is_full(*first)) return nowhere(std::move(first));
  }
  if (!last_resort.empty())
    if (auto taken = try_at(last_resort)) return std::move(*taken);
  for (const std::string& place : places)
    if (!is_short(place))
      if (auto taken = try_at(place)) return std::move(*taken);
  return nowhere(std::move(first));
}

Result<std::string> make_temp_directory(const std::string& prefix) {
  std::optional<Error> first;
  for (const std::string& place : temp_places()) {
    std::string path = (place == "/" ? std::string() : place) + "/" + prefix + ".XXXXXX";
    if (::mkdtemp(path.data()) != nullptr) return path;
    if (!first) first = errno_error("mkdir " + path);
    if (is_full(*first)) break;
  }
  return nowhere(std::move(first));
}

}  // namespace bxl
