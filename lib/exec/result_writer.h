// Results leave through a thread of their own: a slow or dead reader never stops a supervisor (rule
// 23).
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <thread>

#include "os/unique_fd.h"
#include "wire/stream.h"

namespace bxl::exec {

// A Sink whose write() never blocks on the reader. Up to `memory_bytes` wait in memory, the rest in
// an unlinked file in `spill_directory`; when that cannot be written either, memory is used after
// all.
class ResultWriter : public wire::Sink {
 public:
  // `journal`: a descriptor every byte is also written to, at once (-1: none): what a killed build
  // had found out.
  ResultWriter(int fd, std::string spill_directory, int journal = -1,
               std::size_t memory_bytes = 16u << 20);
  ~ResultWriter() override;

  Result<void> write(
      std::string_view bytes) override;  // never fails: the reader's death shows in finish()
  // Waits until everything was written. Errors: EPIPE and other write errors of the reader's side.
  Result<void> finish();

 private:
  void drain();
  std::string next_chunk(std::unique_lock<std::mutex>& lock);

  int fd_;
  int journal_;
  std::string spill_directory_;
  std::size_t memory_limit_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> memory_;
  std::size_t memory_used_ = 0;
  UniqueFd spill_;
  std::uint64_t spill_written_ = 0, spill_read_ = 0;
  bool closing_ = false;
  std::optional<Error> failed_;
  std::thread thread_;
};

}  // namespace bxl::exec
