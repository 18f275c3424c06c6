// Helpers for tests of the ninja front end: manifests from memory, and ninja itself as the oracle.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "base/path_table.h"
#include "frontend/ninja/parser.h"
#include "frontend/ninja/pips.h"

namespace bxl::test {

using Files = std::map<std::string, std::string>;

inline Result<std::unique_ptr<frontend::ninja::Manifest>> parse_files(const Files& files) {
  return frontend::ninja::parse_manifest("build.ninja",
                                         [&](const std::string& path) -> Result<std::string> {
                                           auto it = files.find(path);
                                           if (it == files.end())
                                             return make_error(ENOENT, "'" + path + "'");
                                           return it->second;
                                         });
}

// "build.ninja:1:7: message" without the quotation, or "no error".
inline std::string parse_error(const Files& files) {
  auto manifest = parse_files(files);
  if (manifest) return "no error";
  std::string text = manifest.error().to_string();
  return text.substr(0, text.find('\n'));
}
inline std::string parse_error(const std::string& text) {
  return parse_error({{"build.ninja", text}});
}

// The pips of a manifest in the build directory /b, where the files named in `existing` exist.
struct Pips {
  PathTable paths;
  frontend::ninja::PipSet set;
  std::string error;

  const wire::Pip* find(const std::string& id) const {
    for (const wire::Pip& pip : set.pips)
      if (pip.stable_id == id) return &pip;
    return nullptr;
  }
  const wire::Pip& at(const std::string& id) const {
    const wire::Pip* pip = find(id);
    if (pip) return *pip;
    static const wire::Pip none;
    ADD_FAILURE() << "no pip " << id << "; " << error;
    return none;
  }
  std::string command(const std::string& id) const { return at(id).command; }
  std::vector<std::string> names(const std::vector<PathId>& list) const {
    std::vector<std::string> out;
    for (PathId path : list) out.push_back(paths.str(path));
    return out;
  }
  std::vector<std::string> dependencies(const std::string& id) const {
    std::vector<std::string> out;
    for (PipId pip : at(id).dependencies) out.push_back(set.pips[index(pip)].stable_id);
    return out;
  }
};

inline std::unique_ptr<Pips> make_pips(
    const Files& files, const std::set<std::string>& existing = {},
    std::vector<std::pair<std::string, std::string>> spellings = {}) {
  auto out = std::make_unique<Pips>();
  auto manifest = parse_files(files);
  if (!manifest) {
    out->error = manifest.error().to_string();
    return out;
  }
  frontend::ninja::PipSettings settings;
  settings.directory = "/b";
  settings.spellings = std::move(spellings);
  settings.exists = [&](const std::string& path) { return existing.count(path) != 0; };
  auto set = frontend::ninja::make_pips(**manifest, settings, out->paths);
  if (set)
    out->set = std::move(*set);
  else
    out->error = set.error().to_string();
  return out;
}
inline std::unique_ptr<Pips> make_pips(const std::string& text,
                                       const std::set<std::string>& existing = {}) {
  return make_pips(Files{{"build.ninja", text}}, existing);
}

inline void write_file(const std::string& path, const std::string& text) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream out(path, std::ios::binary);
  out << text;
  ASSERT_TRUE(out.flush()) << path;
}

// stdout of a shell command in `directory`; its status in `status`. stderr goes to the test's.
inline std::string shell(const std::string& directory, const std::string& command,
                         int* status = nullptr) {
  std::string line = "cd '" + directory + "' && { " + command + "\n}";
  std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(line.c_str(), "r"), [](FILE*) { return 0; });
  std::string out;
  std::array<char, 65536> buffer;
  while (std::size_t n = std::fread(buffer.data(), 1, buffer.size(), pipe.get()))
    out.append(buffer.data(), n);
  int result = ::pclose(pipe.release());
  if (status) *status = WIFEXITED(result) ? WEXITSTATUS(result) : 128;
  return out;
}

inline bool has_program(const std::string& name) {
  int status = 1;
  shell("/", "command -v " + name + " >/dev/null 2>&1", &status);
  return status == 0;
}

}  // namespace bxl::test
