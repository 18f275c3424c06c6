#include "os/oom_kills.h"

#include <charconv>
#include <string>
#include <string_view>

#include "os/file.h"

namespace bxl {
namespace {

// The number after "NAME " at the start of a line; 0 without.
std::uint64_t field(std::string_view text, std::string_view name) {
  for (std::size_t at = 0; at < text.size();) {
    std::string_view line = text.substr(at, text.find('\n', at) - at);
    if (line.starts_with(name) && line.size() > name.size() && line[name.size()] == ' ') {
      std::uint64_t value = 0;
      std::from_chars(line.data() + name.size() + 1, line.data() + line.size(), value);
      return value;
    }
    at += line.size() + 1;
  }
  return 0;
}

}  // namespace

std::uint64_t oom_kills() {
  std::uint64_t count = 0;
  if (auto system = read_file("/proc/vmstat")) count += field(*system, "oom_kill");
  // Version 2 has one line, "0::/path"; groups of version 1 have other numbers.
  auto groups = read_file("/proc/self/cgroup");
  if (!groups) return count;
  std::string_view text = *groups;
  std::size_t at = text.find("0::/");
  if (at == text.npos || (at != 0 && text[at - 1] != '\n')) return count;
  std::string path(text.substr(at + 3, text.find('\n', at) - at - 3));
  if (auto events = read_file("/sys/fs/cgroup" + path + "/memory.events"))
    count += field(*events, "oom_kill");
  return count;
}

}  // namespace bxl
