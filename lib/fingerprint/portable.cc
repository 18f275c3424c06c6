#include "fingerprint/portable.h"

#include <algorithm>
#include <cstdlib>

#include "base/path_table.h"

namespace bxl::fingerprint {
namespace {

bool moves(const wire::Mount& mount) {
  return !(mount.flags & wire::kMountSystem) && mount.token != "%home%" && mount.token != "%tmp%";
}

std::vector<std::string> components(std::string_view path) {
  std::vector<std::string> out;
  for (std::size_t at = 1; at < path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    out.emplace_back(path.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

std::string relative(std::string_view from, std::string_view to) {
  const auto a = components(from), b = components(to);
  std::size_t same = 0;
  while (same < a.size() && same < b.size() && a[same] == b[same]) ++same;
  std::string out;
  for (std::size_t i = same; i < a.size(); ++i) out += "../";
  for (std::size_t i = same; i < b.size(); ++i) out += b[i] + "/";
  return out.empty() ? "." : out.substr(0, out.size() - 1);
}

bool ends_word(char c) {
  return std::string_view(" \t\n\"'`=,;:()<>|&{}").find(c) != std::string_view::npos;
}

// What may stand between the start of a word and a path.
bool introduces_path(std::string_view text) {
  static constexpr std::string_view kKnown[] = {"",        "@",          "-I",       "-L",
                                                "-B",      "-F",         "-o",       "-isystem",
                                                "-iquote", "-idirafter", "-include", "-imacros"};
  return std::find(std::begin(kKnown), std::end(kKnown), text) != std::end(kKnown);
}

}  // namespace

Portable::Portable(const graph::Mounts& mounts) : mounts_(mounts) {
  const wire::Mount* first = mounts.find("%build%");
  if (!first) first = mounts.find("%ws%");
  if (!first) return;
  std::vector<std::string> lines;
  for (const wire::Mount& mount : mounts.all()) {
    std::string place = mount.path;
    if (moves(mount)) {
      moving_.push_back(mount);
      roots_.push_back(mount.path);
      place = relative(first->path, mount.path);
    }
    lines.push_back(mount.token + " " + std::to_string(mount.flags) + " " + place + "\n");
  }
  std::sort(lines.begin(), lines.end());
  for (const std::string& line : lines) layout_ += line;
}

std::string Portable::text(std::string_view in) const {
  std::string out;
  out.reserve(in.size());
  std::size_t word = 0;
  for (std::size_t i = 0; i < in.size();) {
    const wire::Mount* found = nullptr;
    if (in[i] == '/' && introduces_path(in.substr(word, i - word))) {
      for (const wire::Mount& mount : moving_) {
        const std::size_t end = i + mount.path.size();
        if (in.compare(i, mount.path.size(), mount.path) != 0) continue;
        const bool whole =
            end == in.size() || in[end] == '/' || ends_word(in[end]) ||
            (in[end] == '\\' && end + 1 < in.size() && (in[end + 1] == '"' || in[end + 1] == '\''));
        if (whole) found = &mount;
        if (whole) break;
      }
    }
    if (found) {
      out += found->token;
      i += found->path.size();
      continue;
    }
    if (in[i] == '%') out += '%';
    out += in[i];
    // \" starts a word as " does.
    if (ends_word(in[i])) word = i + 1;
    ++i;
  }
  return out;
}

std::string Portable::observations(const std::vector<Observation>& in, const PathTable& paths,
                                   std::vector<Observation>* out) const {
  out->clear();
  for (const Observation& o : in) {
    const std::string path = paths.str(o.path);
    if (within(path)) {
      out->push_back(o);
      continue;
    }
    const bool above = std::any_of(roots_.begin(), roots_.end(), [&](const std::string& root) {
      return path_within(root, path);
    });
    if (above) {
      if (o.flags & (kContent | kEnumerate)) return "it looked into " + path;
      continue;
    }
    if (!is_same_everywhere(path)) return "it looked at " + path;
    out->push_back(o);
  }
  return {};
}

// Does the path name the same file for every checkout? Not beside the way down to a root, where
// another checkout's way does not lead.
bool Portable::is_same_everywhere(const std::string& path) const {
  for (const char* place : {"/proc", "/sys", "/dev"})
    if (path_within(path, place)) return true;
  const wire::Mount* mount = mounts_.of(path);
  if (!mount) {
    if (path == "/tmp") return true;
    // /bin, /lib64, /selinux, /nix/…: where no root lies. Who searches upwards from a root is found
    // out by what it looked for on the way, unless there is no way.
    return std::none_of(roots_.begin(), roots_.end(), [&](const std::string& root) {
      const std::string top = root.substr(0, root.find('/', 1));
      return top == root || path_within(path, top);
    });
  }
  if (path.size() <= mount->path.size() + 1) return true;
  const std::size_t begin = mount->path.size() + 1;
  for (const std::string& root : roots_) {
    if (!path_within(root, mount->path)) continue;
    const std::string way = root.substr(0, std::min(root.find('/', begin), root.size()));
    if (path_within(path, way)) return false;
  }
  // Of the home directory the configuration of tools alone: the rest may be named by "..".
  return (mount->flags & wire::kMountSystem) || path[begin] == '.';
}

std::vector<std::string> Portable::places(const std::vector<std::string>& words) const {
  std::vector<std::string> out;
  for (const wire::Mount& mount : moving_) {
    const auto names = components(mount.path);
    for (std::size_t i = 0; i < names.size(); ++i)
      if (std::find(words.begin(), words.end(), names[i]) != words.end())
        out.push_back(mount.token + " " + std::to_string(i + 1) + "/" +
                      std::to_string(names.size()) + " " + names[i]);
  }
  std::sort(out.begin(), out.end());
  return out;
}

bool Portable::has_places(const std::vector<std::string>& wanted) const {
  for (const std::string& place : wanted) {
    const std::size_t number = place.find(' '), slash = place.find('/'),
                      name = place.find(' ', number + 1);
    if (number == std::string::npos || slash == std::string::npos || name == std::string::npos)
      return false;
    const std::size_t at = std::strtoul(place.c_str() + number + 1, nullptr, 10);
    const std::size_t of = std::strtoul(place.c_str() + slash + 1, nullptr, 10);
    if (at == 0 || at > of) return false;
    const bool agrees = std::any_of(moving_.begin(), moving_.end(), [&](const wire::Mount& mount) {
      if (place.compare(0, number, mount.token) != 0) return false;
      const auto names = components(mount.path);
      const auto is = [&](std::size_t from_1) {
        return from_1 >= 1 && from_1 <= names.size() &&
               names[from_1 - 1] == std::string_view(place).substr(name + 1);
      };
      return is(at) || is(at + names.size() - of);  // modulo 2^64, as the test is
    });
    if (!agrees) return false;
  }
  return true;
}

bool Portable::mentions(std::string_view text) const {
  return std::any_of(roots_.begin(), roots_.end(), [&](const std::string& root) {
    return text.find(root) != std::string_view::npos;
  });
}

bool Portable::within(std::string_view path) const {
  return std::any_of(roots_.begin(), roots_.end(),
                     [&](const std::string& root) { return path_within(path, root); });
}

}  // namespace bxl::fingerprint
