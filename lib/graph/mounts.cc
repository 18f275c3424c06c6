// Tokenises and expands paths by longest mount prefix.
#include "graph/mounts.h"

#include <algorithm>

namespace bxl::graph {
namespace {

std::string flag_letters(std::uint32_t flags) {
  std::string out;
  if (flags & wire::kMountReadable) out += 'r';
  if (flags & wire::kMountHashable) out += 'h';
  if (flags & wire::kMountOutput) out += 'o';
  if (flags & wire::kMountSystem) out += 's';
  return out.empty() ? "-" : out;
}

// Is `path` absolute and exactly as the tables write it?
bool is_canonical(std::string_view path) {
  return !path.empty() && path.front() == '/' && path.find('\0') == std::string_view::npos &&
         normalize_path(path) == path;
}

}  // namespace

Mounts::Mounts(std::vector<wire::Mount> mounts) : mounts_(std::move(mounts)) {
  std::sort(mounts_.begin(), mounts_.end(), [](const wire::Mount& a, const wire::Mount& b) {
    return a.path.size() != b.path.size() ? a.path.size() > b.path.size() : a.path < b.path;
  });
}

const wire::Mount* Mounts::of(std::string_view path) const {
  for (const wire::Mount& mount : mounts_)
    if (path_within(path, mount.path)) return &mount;
  return nullptr;
}

const wire::Mount* Mounts::find(std::string_view token) const {
  for (const wire::Mount& mount : mounts_)
    if (mount.token == token) return &mount;
  return nullptr;
}

std::string Mounts::tokenise(std::string_view path) const {
  const wire::Mount* mount = of(path);
  if (!mount) return std::string(path);
  std::string out = mount->token;
  if (path.size() == mount->path.size()) return out;
  if (mount->path == "/") out += '/';
  return out.append(path.substr(mount->path.size()));
}

Result<std::string> Mounts::expand(std::string_view text) const {
  auto refuse = [&](const char* why) {
    return make_error(EINVAL, std::string(why) + " '" + std::string(text) + "'");
  };
  if (text.empty() || text.front() != '%')
    return is_canonical(text) ? Result<std::string>(std::string(text))
                              : refuse("not a canonical absolute path:");
  std::size_t end = text.find('%', 1);
  if (end == std::string_view::npos) return refuse("mount token without its closing '%':");
  const wire::Mount* mount = find(text.substr(0, end + 1));
  if (!mount) return refuse("unknown mount in");
  std::string_view rest = text.substr(end + 1);
  if (rest.empty()) return mount->path;
  if (!is_canonical(rest) || rest == "/") return refuse("not a canonical path below a mount:");
  return mount->path == "/" ? std::string(rest) : mount->path + std::string(rest);
}

std::string Mounts::text() const {
  std::vector<std::string> lines;
  for (const wire::Mount& mount : mounts_)
    lines.push_back(mount.token + " " + flag_letters(mount.flags) + " " + mount.path + "\n");
  std::sort(lines.begin(), lines.end());
  std::string out;
  for (const std::string& line : lines) out += line;
  return out;
}

}  // namespace bxl::graph
