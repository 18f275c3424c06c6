// Source over descriptors and memory.
#include "wire/source.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "os/file.h"

namespace bxl::wire {
namespace {

constexpr std::size_t kChunk = 64 * 1024;  // a Linux pipe's default capacity

class FdSource final : public Source {
 public:
  explicit FdSource(int fd) : fd_(fd) {}

  Result<std::string_view> take(std::size_t n) override {
    while (end_ - begin_ < n && !ended_) BXL_TRY(fill(n));
    std::size_t taken = std::min(n, end_ - begin_);
    std::string_view view(bytes() + begin_, taken);
    begin_ += taken;
    return view;
  }

 private:
  char* bytes() { return reinterpret_cast<char*>(words_.data()); }

  // Makes room for more of the `n` bytes wanted and reads once.
  Result<void> fill(std::size_t n) {
    std::size_t have = end_ - begin_;
    if (begin_ > 0) {
      std::memmove(bytes(), bytes() + begin_, have);
      begin_ = 0;
      end_ = have;
    }
    // At most doubled per read: a forged length costs no more memory than the bytes that really
    // came.
    std::size_t room = std::max(kChunk, std::min(n, 2 * have));
    if (words_.size() * 8 < room) words_.resize((room + 7) / 8);
    for (;;) {
      ssize_t got = ::read(fd_, bytes() + end_, words_.size() * 8 - end_);
      if (got > 0) {
        end_ += static_cast<std::size_t>(got);
        return {};
      }
      if (got == 0) {
        ended_ = true;
        return {};
      }
      if (errno == EINTR) continue;
      if (errno != EAGAIN) return errno_error("read stream");
      struct pollfd waiting{fd_, POLLIN, 0};
      if (::poll(&waiting, 1, -1) < 0 && errno != EINTR) return errno_error("poll stream");
    }
  }

  int fd_;
  std::vector<std::uint64_t> words_;  // words, so that bodies are aligned for reading in place
  std::size_t begin_ = 0, end_ = 0;
  bool ended_ = false;
};

class MemorySource final : public Source {
 public:
  explicit MemorySource(std::string_view bytes) : rest_(bytes) {}

  Result<std::string_view> take(std::size_t n) override {
    std::string_view view = rest_.substr(0, n);
    rest_.remove_prefix(view.size());
    if (reinterpret_cast<std::uintptr_t>(view.data()) % 8 == 0) return view;
    words_.resize((view.size() + 7) / 8);
    if (!view.empty()) std::memcpy(words_.data(), view.data(), view.size());
    return std::string_view(reinterpret_cast<const char*>(words_.data()), view.size());
  }

 private:
  std::string_view rest_;
  std::vector<std::uint64_t> words_;
};

class TeeSource final : public Source {
 public:
  TeeSource(Source& inner, int fd) : inner_(inner), fd_(fd) {}

  Result<std::string_view> take(std::size_t n) override {
    BXL_TRY_ASSIGN(std::string_view view, inner_.take(n));
    BXL_TRY(write_all(fd_, view));
    return view;
  }

 private:
  Source& inner_;
  int fd_;
};

}  // namespace

std::unique_ptr<Source> fd_source(int fd) { return std::make_unique<FdSource>(fd); }
std::unique_ptr<Source> memory_source(std::string_view bytes) {
  return std::make_unique<MemorySource>(bytes);
}
std::unique_ptr<Source> tee_source(Source& inner, int copy_fd) {
  return std::make_unique<TeeSource>(inner, copy_fd);
}

}  // namespace bxl::wire
