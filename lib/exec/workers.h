// Worker threads, one per job slot: each runs a command, ingests its outputs, and reports.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <queue>
#include <string>
#include <thread>
#include <vector>

#include "exec/builtin.h"
#include "exec/executor.h"
#include "exec/recorder.h"
#include "os/unique_fd.h"

namespace bxl::exec {

struct Job {
  PipId pip;
  sandbox::Command command;
  sandbox::Policy policy;
  std::int64_t start_ns = 0;
  Builtin builtin;       // of another kind than None: instead of the command
  Redirections streams;  // of the command's stdin, stdout and stderr
  bool own_temp = true;  // its variables for temporary places lead to a private directory
  bool keeps = true;     // what it makes is stored: it may be published
};

struct Finished {
  PipId pip;
  std::size_t slot = 0;
  std::int64_t start_ns = 0;
  std::string journal;
  std::vector<std::string> scratch;
  Result<sandbox::Outcome> outcome;
  Ingested ingested;
  std::int64_t end_ns = 0;  // outputs ingested; wall clock, as start_ns
  // A directory (the workspace, the temporary one) whose file system had no room when the command
  // ended, its temporary files still there; empty: none.
  std::string full;
};

// Thread-safe. Jobs start in the order submitted. The destructor waits for all of them.
class Workers {
 public:
  // `services` must outlive it; runner, store and memo are used from the worker threads, nothing
  // else is.
  Workers(std::size_t count, Services& services);
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  void submit(Job job);
  // What ended since the last call; clears wake_fd().
  std::vector<Finished> take();
  int wake_fd() const { return wake_.get(); }  // readable when take() has something

 private:
  void work(std::size_t slot);
  Finished run(std::size_t slot, Job job);

  Services& services_;
  UniqueFd wake_;
  std::mutex mutex_;
  std::condition_variable available_;
  bool stopping_ = false;
  std::queue<Job> jobs_;
  std::vector<Finished> finished_;
  std::vector<std::thread> threads_;
};

}  // namespace bxl::exec
