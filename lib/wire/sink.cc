// Sinks: a descriptor behind a 64 KiB buffer, and a string.
#include <poll.h>
#include <unistd.h>

#include "wire/stream.h"

namespace bxl::wire {
namespace {

constexpr std::size_t kBuffer = 64 * 1024;  // a Linux pipe's default capacity

class FdSink final : public Sink {
 public:
  explicit FdSink(int fd) : fd_(fd) { buffer_.reserve(kBuffer); }

  Result<void> write(std::string_view bytes) override {
    if (buffer_.size() + bytes.size() > kBuffer) BXL_TRY(flush());
    if (bytes.size() >= kBuffer) return put(bytes);
    buffer_ += bytes;
    return {};
  }

  Result<void> flush() override {
    Result<void> done = put(buffer_);
    buffer_.clear();
    return done;
  }

 private:
  Result<void> put(std::string_view bytes) {
    while (!bytes.empty()) {
      ssize_t n = ::write(fd_, bytes.data(), bytes.size());
      if (n >= 0) {
        bytes.remove_prefix(static_cast<std::size_t>(n));
        continue;
      }
      if (errno == EINTR) continue;
      // A shell may hand us a pipe that somebody else made non-blocking.
      if (errno != EAGAIN) return errno_error("write stream");
      struct pollfd waiting{fd_, POLLOUT, 0};
      if (::poll(&waiting, 1, -1) < 0 && errno != EINTR) return errno_error("poll stream");
    }
    return {};
  }

  int fd_;
  std::string buffer_;
};

class StringSink final : public Sink {
 public:
  explicit StringSink(std::string* out) : out_(out) {}
  Result<void> write(std::string_view bytes) override {
    out_->append(bytes);
    return {};
  }

 private:
  std::string* out_;
};

}  // namespace

std::unique_ptr<Sink> fd_sink(int fd) { return std::make_unique<FdSink>(fd); }
std::unique_ptr<Sink> string_sink(std::string* out) { return std::make_unique<StringSink>(out); }

}  // namespace bxl::wire
