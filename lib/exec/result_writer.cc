#include "exec/result_writer.h"

#include <fcntl.h>
#include <unistd.h>

#include "os/file.h"

namespace bxl::exec {

ResultWriter::ResultWriter(int fd, std::string spill_directory, int journal,
                           std::size_t memory_bytes)
    : fd_(fd),
      journal_(journal),
      spill_directory_(std::move(spill_directory)),
      memory_limit_(memory_bytes),
      thread_([this] { drain(); }) {}

ResultWriter::~ResultWriter() { (void)finish(); }

Result<void> ResultWriter::write(std::string_view bytes) {
  if (journal_ >= 0 && !write_all(journal_, bytes))
    journal_ = -1;  // a full disk costs the recovery, not the build
  std::lock_guard lock(mutex_);
  if (failed_) return {};
  bool spilling = spill_written_ > spill_read_;
  if (spilling || memory_used_ + bytes.size() > memory_limit_) {
    if (!spill_)
      spill_ = UniqueFd(::open(spill_directory_.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
    if (spill_ && ::lseek(spill_.get(), static_cast<off_t>(spill_written_), SEEK_SET) >= 0 &&
        write_all(spill_.get(), bytes)) {
      spill_written_ += bytes.size();
      changed_.notify_all();
      return {};
    }
    // Bytes are in order only if nothing follows a spilled part in memory; a full disk leaves no
    // choice but to wait for the reader to take the spilled part first, which drain() does.
  }
  memory_.emplace_back(bytes);
  memory_used_ += bytes.size();
  changed_.notify_all();
  return {};
}

// Memory holds what was written before the spill began; the spill is read once memory is empty.
std::string ResultWriter::next_chunk(std::unique_lock<std::mutex>&) {
  if (!memory_.empty() && spill_read_ == spill_written_) {
    std::string chunk = std::move(memory_.front());
    memory_.pop_front();
    memory_used_ -= chunk.size();
    return chunk;
  }
  if (!memory_.empty() && spill_read_ == 0) {
    std::string chunk = std::move(memory_.front());
    memory_.pop_front();
    memory_used_ -= chunk.size();
    return chunk;
  }
  std::string chunk(std::min<std::uint64_t>(65536, spill_written_ - spill_read_), '\0');
  ssize_t n = ::pread(spill_.get(), chunk.data(), chunk.size(), static_cast<off_t>(spill_read_));
  if (n <= 0) {
    failed_ = n < 0 ? errno_error("read spilled results") : make_error(EIO, "read spilled results");
    return {};
  }
  chunk.resize(static_cast<std::size_t>(n));
  spill_read_ += chunk.size();
  if (spill_read_ == spill_written_) {
    (void)!::ftruncate(spill_.get(), 0);
    spill_read_ = spill_written_ = 0;
  }
  return chunk;
}

void ResultWriter::drain() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock,
                  [&] { return closing_ || !memory_.empty() || spill_written_ > spill_read_; });
    if (failed_ || (memory_.empty() && spill_written_ == spill_read_)) {
      if (closing_ || failed_) return;
      continue;
    }
    std::string chunk = next_chunk(lock);
    if (failed_) return;
    lock.unlock();
    auto written = write_all(fd_, chunk);
    lock.lock();
    if (!written) {
      failed_ = std::move(written.error());
      return;
    }
  }
}

Result<void> ResultWriter::finish() {
  {
    std::lock_guard lock(mutex_);
    closing_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
  if (failed_) return *failed_;
  return {};
}

}  // namespace bxl::exec
