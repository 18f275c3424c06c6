// Resolving and comparing paths.
#include "sandbox/scopes.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "os/file.h"

namespace bxl::sandbox {

namespace {

Result<Scopes::Scope> resolve(PathTable& paths, const std::string& given, const char* list) {
  const std::string what = std::string("the policy's ") + list + " scope " + given;
  if (given.empty() || given[0] != '/') return make_error(EINVAL, what + " is not absolute");
  struct stat st;
  Scopes::Scope out;
  if (stat(given.c_str(), &st) == 0) {
    auto real = real_path(given);
    if (!real) return make_error(real.error().errnum, what);
    out.path = std::move(*real);
    out.directory = S_ISDIR(st.st_mode);
    if (!out.directory && given.back() == '/') return make_error(ENOTDIR, what);
  } else {
    if (errno != ENOENT) return make_error(errno, what);
    if (given.back() == '/')
      return make_error(ENOENT, what + ": make the directory before the command runs");
    const std::string plain = normalize_path(given);
    const std::size_t slash = plain.rfind('/');
    auto parent = real_path(slash == 0 ? "/" : plain.substr(0, slash));
    if (!parent)
      return make_error(parent.error().errnum,
                        what + ": make its directory before the command runs");
    out.path = (*parent == "/" ? "" : *parent) + plain.substr(slash);
  }
  out.id = paths.intern(out.path);
  return out;
}

Result<std::vector<Scopes::Scope>> resolve_all(PathTable& paths,
                                               const std::vector<std::string>& given,
                                               const char* list) {
  std::vector<Scopes::Scope> out;
  for (const std::string& path : given) {
    BXL_TRY_ASSIGN(Scopes::Scope scope, resolve(paths, path, list));
    out.push_back(std::move(scope));
  }
  return out;
}

}  // namespace

const std::vector<std::string>& writable_devices() {
  static const auto* devices =
      new std::vector<std::string>{"/dev/null",    "/dev/zero", "/dev/full", "/dev/random",
                                   "/dev/urandom", "/dev/tty",  "/dev/ptmx", "/dev/pts"};
  return *devices;
}

Result<Scopes> Scopes::create(PathTable& paths, const Policy& policy) {
  Scopes out(paths);
  out.denies_ = policy.enforcement == Enforcement::Deny;
  out.network_ = policy.network;
  if (policy.read) {
    BXL_TRY_ASSIGN(out.lists_.read, resolve_all(paths, *policy.read, "read"));
    // "/bin" is also the link of that name.
    for (const std::string& given : *policy.read) {
      const std::string plain = normalize_path(given);
      struct stat st;
      if (lstat(plain.c_str(), &st) == 0 && S_ISLNK(st.st_mode))
        out.lists_.read->push_back({plain, paths.intern(plain), false});
    }
  }
  if (policy.write) {
    BXL_TRY_ASSIGN(out.lists_.write, resolve_all(paths, *policy.write, "write"));
  }
  if (policy.read || policy.write) {
    BXL_TRY_ASSIGN(out.lists_.temp, resolve_all(paths, policy.temp, "temp"));
    // Untracked directories that are not there hold nothing that could be used.
    for (const std::string& path : policy.untracked)
      if (auto scope = resolve(paths, path, "untracked"))
        out.lists_.untracked.push_back(std::move(*scope));
  }
  for (const std::string& device : writable_devices()) out.devices_.push_back(paths.intern(device));
  return out;
}

bool Scopes::within(PathId id, const std::vector<Scope>& scopes) const {
  return std::any_of(scopes.begin(), scopes.end(), [&](const Scope& scope) {
    return scope.directory ? paths_->is_within(id, scope.id) : id == scope.id;
  });
}

bool Scopes::may_write(PathId id, std::uint32_t ops) const {
  if (!lists_.write) return true;
  if (!within(id, *lists_.write) && !within(id, lists_.temp) && !within(id, lists_.untracked))
    return false;
  if (!denies_ || (ops & (kCreate | kUnlink | kMkdir | kSymlink)) == 0) return true;
  const auto is_root = [&](const Scope& scope) { return scope.directory && scope.id == id; };
  // A scope inside another one may go.
  if (std::none_of(lists_.write->begin(), lists_.write->end(), is_root) &&
      std::none_of(lists_.temp.begin(), lists_.temp.end(), is_root))
    return true;
  const PathId parent = paths_->parent(id);
  return id != kRootPath && (within(parent, *lists_.write) || within(parent, lists_.temp));
}

bool Scopes::may_write_untracked(PathId id) const {
  if (!lists_.write || within(id, lists_.untracked)) return true;
  for (PathId device : devices_)
    if (paths_->is_within(id, device)) return true;
  const std::string path = paths_->str(id);
  // Descriptors without a name: pipes, memory.
  return path.rfind("/proc/", 0) == 0 && path.find("/fd/") != std::string::npos;
}

bool Scopes::may_read(PathId id) const {
  if (!lists_.read || within(id, *lists_.read) || within(id, lists_.temp)) return true;
  return (lists_.write && within(id, *lists_.write)) || within(id, lists_.untracked);
}

}  // namespace bxl::sandbox
