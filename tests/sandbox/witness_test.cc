// strace as an independent witness: it must have seen the same names, and the same ones missing, as
// we did.
#include <algorithm>
#include <cstdio>
#include <map>
#include <optional>

#include "os/file.h"
#include "sandbox/harness.h"

namespace bxl::sandbox {
namespace {

// path -> was it there at the first mention? Empty: the line does not say.
using Seen = std::map<std::string, std::optional<bool>>;

// One line of `strace -f -y -e trace=file`: `12 openat(AT_FDCWD</tmp/d>, "f", O_RDONLY) =
// 3</tmp/d/f>`. Each quoted string is a path relative to the <…> right before it, or to the
// directory of the probe. A line split by another process ("<unfinished ...>") has its arguments in
// the first half and its result in the second.
struct Line {
  std::string call;
  std::vector<std::string> paths;
  std::string result;  // "0", "-1 ENOENT (…)", "" when unfinished
};

Line parse(const std::string& text, const std::string& directory) {
  Line line;
  const std::size_t open = text.find('(');
  if (open == std::string::npos) return line;
  const std::size_t name = text.find_last_of(" ", open);
  line.call = text.substr(name == std::string::npos ? 0 : name + 1,
                          open - (name == std::string::npos ? 0 : name + 1));
  std::string base = directory;
  std::size_t at = open + 1;
  const std::size_t end = text.rfind(" = ");  // padded to a column
  while (at < std::min(end, text.size())) {
    if (text[at] == '<') {
      const std::size_t close = text.find('>', at);
      if (close == std::string::npos) break;
      base = text.substr(at + 1, close - at - 1);
      at = close + 1;
    } else if (text[at] == '"') {
      const std::size_t close = text.find('"', at + 1);
      if (close == std::string::npos) break;
      const std::string raw = text.substr(at + 1, close - at - 1);
      if (!raw.empty())
        line.paths.push_back(normalize_path(raw[0] == '/' ? raw : base + "/" + raw));
      base = directory;
      at = close + 1;
      if (line.call == "execve") break;  // argv follows
    } else {
      ++at;
    }
  }
  if (end != std::string::npos) line.result = text.substr(end + 3);
  return line;
}

Seen witness(const std::string& probe, const std::string& directory, const std::string& log) {
  const std::string line = "cd '" + directory +
                           "' && LC_ALL=C strace -f -y -s 4096 -e trace=file,getdents64 -o '" +
                           log + "' '" + probe_path(probe) + "' run >/dev/null";
  EXPECT_EQ(std::system(line.c_str()), 0);
  Seen seen;
  for (const std::string& text : split_lines(*read_file(log))) {
    const Line one = parse(text, directory);
    std::vector<std::string> paths = one.paths;
    if (one.call.rfind("symlink", 0) == 0 && paths.size() == 2) paths.erase(paths.begin());
    const bool has_other_text =  // link content, attribute name
        one.call.rfind("readlink", 0) == 0 || one.call.find("xattr") != std::string::npos;
    if (has_other_text) paths.resize(std::min<std::size_t>(paths.size(), 1));
    for (std::size_t i = 0; i < paths.size(); ++i) {
      if (!path_within(paths[i], directory)) continue;
      const bool missing = one.result.find("ENOENT") != std::string::npos;
      const bool creates =
          text.find("O_CREAT") != std::string::npos || one.call == "creat" ||
          one.call.rfind("mkdir", 0) == 0 || one.call.rfind("symlink", 0) == 0 ||
          (i == 1 && (one.call.rfind("rename", 0) == 0 || one.call.rfind("link", 0) == 0));
      const bool taken = one.result.find("EEXIST") != std::string::npos;
      std::optional<bool> was_there;
      if (!one.result.empty()) was_there = creates ? taken : !missing;
      seen.emplace(paths[i], was_there);
    }
  }
  return seen;
}

class Witness : public testing::TestWithParam<const char*> {};

TEST_P(Witness, AgreesOnEveryName) {
  if (std::system("strace -o /dev/null true >/dev/null 2>&1") != 0)
    GTEST_SKIP() << "strace is missing or ptrace is forbidden";
  const std::string probe = GetParam();
  const test::TempDir ours, theirs, logs;
  set_up_probe(probe, ours.path());
  set_up_probe(probe, theirs.path());
  const Outcome outcome = run(command_in(ours.path(), {probe_path(probe), "run"}));
  const Seen expected = witness(probe, theirs.path(), logs / "log");

  std::vector<std::string> names, their_names;
  for (const Access& access : outcome.accesses) {
    if (path_within(access.path, ours.path()))
      names.push_back(access.path.substr(ours.path().size()));
  }
  for (const auto& [path, was_there] : expected)
    their_names.push_back(path.substr(theirs.path().size()));
  std::sort(names.begin(), names.end());
  std::sort(their_names.begin(), their_names.end());
  EXPECT_EQ(names, their_names) << *read_file(logs / "log");

  const std::string overwriting[] = {"rename_over",
                                     "open_flags"};  // success does not tell what was there before
  if (std::find(std::begin(overwriting), std::end(overwriting), probe) != std::end(overwriting))
    return;
  for (const auto& [path, was_there] : expected) {
    const Access* access = find(outcome, ours.path() + path.substr(theirs.path().size()));
    ASSERT_NE(access, nullptr) << path;
    EXPECT_EQ(access->first.exists(), was_there.value_or(access->first.exists())) << path;
  }
}

// Probes whose names need no symlink resolved, since strace shows names as they were spelled.
INSTANTIATE_TEST_SUITE_P(All, Witness,
                         testing::Values("rename_over", "readdir", "exec_thread", "vfork_chdir",
                                         "hard_link", "dirfd_relative", "static_open",
                                         "raw_syscalls", "make_directories", "removals",
                                         "open_flags", "truncate_path", "map_write", "close_all",
                                         "openat2_beneath", "metadata_files"),
                         [](const auto& probe) { return std::string(probe.param); });

}  // namespace
}  // namespace bxl::sandbox
