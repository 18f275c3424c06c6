// Keeping the logs of builds. Apart from their reading, so that bxl-materialize links no JSON
// parser.
#include "report/keep_build.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <ctime>

#include "base/json_writer.h"
#include "os/file.h"

namespace bxl::report {

std::string to_json(const BuildLine& line) {
  std::string out;
  JsonWriter json(&out);
  json.begin_object();
  json.key("schema").natural(1);
  json.key("id").string(line.id);
  json.key("startedUnixMs").integer(line.started_unix_ms);
  json.key("wallMs").natural(line.wall_ms);
  json.key("exitCode").integer(line.exit_code);
  json.key("total").natural(line.total);
  json.key("clean").natural(line.clean);
  json.key("hit").natural(line.hit);
  json.key("ran").natural(line.ran);
  json.key("failed").natural(line.failed);
  json.key("skipped").natural(line.skipped);
  json.key("uncacheable").natural(line.uncacheable);
  json.key("violations").natural(line.violations);
  json.key("savedMs").natural(line.saved_ms);
  json.end_object();
  return out + '\n';
}

namespace {

constexpr std::size_t kIndexBytes = 256 << 10;  // some thousand builds; then the older half goes

Result<void> append_to_index(const std::string& log_dir, const BuildLine& line) {
  BXL_TRY_ASSIGN(auto fd, open_file(index_file(log_dir), O_RDWR | O_CREAT | O_APPEND));
  BXL_TRY_ASSIGN(auto identity, fstat_identity(fd.get()));
  std::string text = to_json(line);
  if (identity.size > kIndexBytes) {
    BXL_TRY_ASSIGN(auto old, read_fd(fd.get()));
    std::size_t cut = old.find('\n', old.size() / 2);
    return replace_file(index_file(log_dir),
                        (cut == std::string::npos ? "" : old.substr(cut + 1)) + text);
  }
  // A line that a full disk cut short must not swallow this one.
  char last = '\n';
  if (identity.size > 0 &&
      ::pread(fd.get(), &last, 1, static_cast<off_t>(identity.size) - 1) == 1 && last != '\n')
    text.insert(0, 1, '\n');
  return write_all(fd.get(), text);
}

// A log directory holds three files and nothing else; what is not ours stays, and then so does the
// directory.
void remove_log(const std::string& directory) {
  for (const char* name : {"/results", "/graph", "/summary.json"})
    ::unlink((directory + name).c_str());
  ::rmdir(directory.c_str());
}

}  // namespace

std::string index_file(const std::string& log_dir) { return log_dir + "/builds"; }

bool is_build_id(std::string_view name) {
  // 20261123T092419.123Z-1
  return name.size() >= 22 && name[8] == 'T' && name[15] == '.' && name[19] == 'Z' &&
         name[20] == '-' &&
         std::all_of(name.begin(), name.begin() + 8, [](char c) { return c >= '0' && c <= '9'; });
}

std::string build_id(std::int64_t started_unix_ms, long pid) {
  std::time_t seconds = started_unix_ms / 1000;
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  char day[32], rest[48];
  std::strftime(day, sizeof day, "%Y%m%dT%H%M%S", &utc);
  std::snprintf(rest, sizeof rest, ".%03dZ-%ld", static_cast<int>(started_unix_ms % 1000), pid);
  return std::string(day) + rest;
}

Result<void> keep_build(const std::string& log_dir, const BuildLine& line,
                        const std::string& results_file, const std::string& graph_file,
                        std::string_view summary) {
  FileIdentity results;
  if (!results_file.empty()) {
    BXL_TRY_ASSIGN(results, lstat_identity(results_file));
  }
  if (results.exists()) {
    std::string directory = log_dir + "/" + line.id;
    // The wrapper may run the stages again for one build (content was lost): each round is a build
    // of its own here.
    for (int round = 2; ::mkdir(directory.c_str(), 0777) != 0; ++round) {
      if (errno != EEXIST || round > 9) return errno_error("make " + directory);
      directory = log_dir + "/" + line.id + "-" + std::to_string(round);
    }
    if (::link(graph_file.c_str(), (directory + "/graph").c_str()) != 0) {
      auto bytes = read_file(graph_file);
      if (bytes) BXL_TRY(replace_file(directory + "/graph", *bytes));
    }
    BXL_TRY(replace_file(directory + "/summary.json", summary));
    if (::rename(results_file.c_str(), (directory + "/results").c_str()) != 0)
      return errno_error("rename " + results_file);
    BXL_TRY_ASSIGN(auto names, list_directory(log_dir));
    std::erase_if(names, [](const std::string& name) { return !is_build_id(name); });
    for (std::size_t i = 0; i + kKeptBuilds < names.size(); ++i)
      remove_log(log_dir + "/" + names[i]);
  }
  return append_to_index(log_dir, line);
}

}  // namespace bxl::report
