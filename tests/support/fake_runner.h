// A Runner without processes: each command is a C++ function that touches files and says what it
// accessed.
#pragma once

#include <fcntl.h>

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "exec/executor.h"
#include "os/file.h"

namespace bxl::test {

// Builds the access list of one fake command, in the order of the calls.
class FakeProcess {
 public:
  explicit FakeProcess(std::string directory) : directory_(std::move(directory)) {}

  std::string read(const std::string& name) {
    sandbox::Access& a = touch(name, sandbox::kRead);
    if (a.first_content_seq == 0) a.first_content_seq = seq_;
    auto bytes = read_file(a.path);
    return bytes ? *bytes : "";
  }
  bool probe(const std::string& name) {
    sandbox::Access& a = touch(name, sandbox::kStat);
    if (a.first_content_seq == 0) a.first_content_seq = seq_;
    return lstat_identity(a.path)->exists();
  }
  void write(const std::string& name, const std::string& content) {
    sandbox::Access& a = touch(name, sandbox::kWrite | sandbox::kCreate);
    if (a.first_mutation_seq == 0) {
      a.first_mutation_seq = seq_;
      a.before_mutation = *lstat_identity(a.path);
    }
    auto fd = open_file(a.path, O_WRONLY | O_CREAT | O_TRUNC);
    if (fd) (void)write_all(fd->get(), content);
  }
  std::vector<std::string> list(const std::string& name) {
    sandbox::Access& a = touch(name, sandbox::kEnumerate);
    a.listed = true;
    a.members = *list_directory(a.path);
    return a.members;
  }
  void fail(int code) { outcome.exit_code = code; }
  void print(const std::string& text) { outcome.console += text; }
  void unobserved(const std::string& what) {
    outcome.reasons.push_back({what, "", what + " cannot be observed"});
  }

  sandbox::Outcome outcome;
  sandbox::Outcome take() {
    for (auto& [path, access] : accesses_) outcome.accesses.push_back(access);
    return std::move(outcome);
  }

 private:
  sandbox::Access& touch(const std::string& name, std::uint32_t ops) {
    ++seq_;
    std::string path = name[0] == '/' ? name : directory_ + "/" + name;
    auto [it, fresh] = accesses_.try_emplace(path);
    sandbox::Access& a = it->second;
    if (fresh) {
      a.path = path;
      a.first = *lstat_identity(path);
      a.first_ops = ops;
      a.first_seq = seq_;
    }
    a.ops |= ops;
    return a;
  }
  std::string directory_;
  std::map<std::string, sandbox::Access> accesses_;
  std::uint64_t seq_ = 0;
};

class FakeRunner : public exec::Runner {
 public:
  explicit FakeRunner(std::string temp) : temp_(std::move(temp)) {}
  std::map<std::string, std::function<void(FakeProcess&)>> commands;  // by command text
  std::vector<std::string> ran;                                       // in the order they started

  Result<sandbox::Outcome> run(std::size_t, const sandbox::Command& command,
                               const sandbox::Policy&) override {
    const std::string& text = command.argv.back();
    std::function<void(FakeProcess&)> body;
    {
      std::lock_guard lock(mutex_);
      ran.push_back(text);
      auto it = commands.find(text);
      if (it == commands.end()) return make_error(ENOEXEC, "no fake for " + text);
      body = it->second;
    }
    FakeProcess process(command.working_directory);
    body(process);
    return process.take();
  }
  void cancel_all() override {}
  Result<std::string> temp_directory(std::size_t) override { return temp_; }
  void empty_temp_directory(std::size_t) override {}

 private:
  std::string temp_;
  std::mutex mutex_;
};

}  // namespace bxl::test
