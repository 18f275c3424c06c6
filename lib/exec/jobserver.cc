#include "exec/jobserver.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <utility>

#include "os/file.h"

namespace bxl::exec {
namespace {

bool read_number(std::string_view text, int* out) {
  auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), *out);
  return failed == std::errc() && end == text.data() + text.size();
}

bool is_pipe(int fd, int access) {
  struct stat st;
  int flags = ::fcntl(fd, F_GETFL);
  return flags >= 0 && ::fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode) &&
         ((flags & O_ACCMODE) == access || (flags & O_ACCMODE) == O_RDWR);
}

}  // namespace

std::optional<JobserverAuth> parse_makeflags(std::string_view makeflags) {
  JobserverAuth out;
  bool found = false;
  while (!makeflags.empty()) {
    std::size_t end = std::min(makeflags.find(' '), makeflags.size());
    std::string_view word = makeflags.substr(0, end);
    makeflags.remove_prefix(std::min(end + 1, makeflags.size()));
    if (word == "--") break;  // variables of the command line follow
    int jobs = 0;
    if (word.starts_with("-j") && read_number(word.substr(2), &jobs) && jobs > 0)
      out.jobs = static_cast<std::size_t>(jobs);
    for (std::string_view option : {"--jobserver-auth=", "--jobserver-fds="}) {
      if (!word.starts_with(option)) continue;
      std::string_view value = word.substr(option.size());
      found = false;
      out.fifo.clear();
      out.read = out.write = -1;
      std::size_t comma = value.find(',');
      if (value.starts_with("fifo:")) {
        out.fifo = value.substr(5);
        found = !out.fifo.empty();
      } else if (comma != std::string_view::npos) {
        found = read_number(value.substr(0, comma), &out.read) &&
                read_number(value.substr(comma + 1), &out.write) && out.read >= 0 && out.write >= 0;
      }
    }
  }
  if (!found) return {};
  return out;
}

Jobserver::Jobserver(Jobserver&& other) noexcept
    : read_(std::move(other.read_)),
      write_(std::move(other.write_)),
      tokens_(std::exchange(other.tokens_, {})) {}

Result<Jobserver> Jobserver::connect(const JobserverAuth& auth) {
  Jobserver out;
  if (!auth.fifo.empty()) {
    // Read and write: opening one end of a FIFO waits for the other, or fails.
    BXL_TRY_ASSIGN(out.read_, open_file(auth.fifo, O_RDWR | O_NONBLOCK));
    if (!is_pipe(out.read_.get(), O_RDWR)) return make_error(EBADF, auth.fifo + " is no FIFO");
    out.write_ = UniqueFd(::fcntl(out.read_.get(), F_DUPFD_CLOEXEC, 3));
    if (!out.write_) return errno_error("duplicate " + auth.fifo);
    return out;
  }
  if (!is_pipe(auth.read, O_RDONLY) || !is_pipe(auth.write, O_WRONLY))
    return make_error(EBADF, "descriptors " + std::to_string(auth.read) + " and " +
                                 std::to_string(auth.write) + " are no pipe");
  for (int fd : {auth.read, auth.write}) ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  BXL_TRY_ASSIGN(out.read_,
                 open_file("/proc/self/fd/" + std::to_string(auth.read), O_RDONLY | O_NONBLOCK));
  out.write_ = UniqueFd(::fcntl(auth.write, F_DUPFD_CLOEXEC, 3));
  if (!out.write_) return errno_error("duplicate the jobserver's descriptor");
  return out;
}

bool Jobserver::acquire() {
  char token;
  ssize_t n;
  do n = ::read(read_.get(), &token, 1);
  while (n < 0 && errno == EINTR);
  if (n == 1) tokens_.push_back(token);
  return n == 1;
}

void Jobserver::release_to(std::size_t count) {
  while (tokens_.size() > count) {
    ssize_t n;
    do n = ::write(write_.get(), &tokens_.back(), 1);
    while (n < 0 && errno == EINTR);
    // There is room: what is written was read. Nobody can be told when make itself is gone.
    tokens_.pop_back();
  }
}

}  // namespace bxl::exec
