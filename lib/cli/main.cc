// The process around a tool: descriptors, signals, the last catch-all, and lines on stderr.
#include "cli/main.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <new>
#include <string>

#include "os/file.h"

namespace bxl::cli {
namespace {

std::atomic<int> interrupts{0};
static_assert(std::atomic<int>::is_always_lock_free);  // touched by a signal handler

void on_drain_signal(int signal) {
  if (interrupts.fetch_add(1) > 0) ::_exit(128 + signal);
}

void drain_on(int signal) {
  struct sigaction action{};
  action.sa_handler = on_drain_signal;
  action.sa_flags = SA_RESTART;  // a drained read goes on as if nothing had happened
  ::sigaction(signal, &action, nullptr);
}

void set_up_signals(OnInterrupt on_interrupt) {
  ::signal(SIGPIPE, SIG_IGN);
  if (on_interrupt == OnInterrupt::Drain) {
    drain_on(SIGINT);
    if (below_wrapper()) {
      drain_on(SIGTERM);
      drain_on(SIGHUP);
    }
    return;
  }
  // A shell may have left SIGINT ignored (background jobs); a tool that acts on it must see it.
  for (int signal : {SIGINT, SIGTERM}) ::signal(signal, SIG_DFL);
  if (!below_wrapper()) return;
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (!below_wrapper()) ::raise(SIGTERM);  // it died between the two lines above
}

constexpr const char* kOutputClosed = "standard output is closed: nothing can be written to it";
bool output_closed = false;  // by our caller

// A file opened on a missing 0, 1 or 2 would receive what was meant for the terminal. In place of a
// missing output comes one that refuses: a stream that went nowhere is no success.
void open_standard_descriptors() {
  for (int fd = 0; fd <= 2; ++fd) {
    if (::fcntl(fd, F_GETFD) >= 0 || errno != EBADF) continue;
    if (fd == STDOUT_FILENO) output_closed = true;
    // NOLINTNEXTLINE(android-cloexec-open): children need these three as much
    (void)::open("/dev/null", fd == STDOUT_FILENO ? O_RDONLY : O_RDWR);
  }
}

int talk = STDERR_FILENO;
mode_t umask_of_caller = 022;
std::array<int, 3> console = {-1, -1, -1};

bool take_over_number(int fd) { return fd > 2 && ::fcntl(fd, F_SETFD, FD_CLOEXEC) == 0; }

// What the wrapper hands on. A daemon that a generator starts must not keep the user's pipe open.
void find_handed_on() {
  if (!below_wrapper()) return;
  const char* text = std::getenv("BXL_CONSOLE_FDS");
  std::array<int, 3> fds{};
  if (text && std::sscanf(text, "%d %d %d", &fds[0], &fds[1], &fds[2]) == 3 &&
      std::all_of(fds.begin(), fds.end(), take_over_number))
    console = fds;
  text = std::getenv("BXL_TALK_FD");
  if (const int fd = text ? std::atoi(text) : -1; take_over_number(fd)) talk = fd;
}

void print_line(int fd, const std::string& tool, const char* kind, const std::string& message) {
  std::fflush(stdout);  // what was said before comes before, where both go to one place
  (void)write_all(fd, tool + ": " + kind + message + "\n");
}

// The errno of an earlier write is lost when stdio notices at its next flush.
int flush_stdout(const std::string& tool, int code) {
  errno = 0;
  bool failed = std::fflush(stdout) != 0 || std::ferror(stdout) != 0;
  if (!failed || errno == EPIPE || reader_left(STDOUT_FILENO)) return code;
  print_error(tool,
              output_closed ? kOutputClosed : errno_error("write to standard output").to_string());
  return code == kOk ? kLocalResource : code;
}

// Moves `fd` away and leaves /dev/null under its number.
Result<UniqueFd> take_over(int fd, const char* what) {
  UniqueFd moved(::fcntl(fd, F_DUPFD_CLOEXEC, 3));
  if (!moved) return errno_error(what);
  BXL_TRY_ASSIGN(UniqueFd null, open_file("/dev/null", O_RDWR));
  if (::dup2(null.get(), fd) < 0) return errno_error(what);
  return moved;
}

}  // namespace

bool below_wrapper() {
  const char* pid = std::getenv("BXL_WRAPPER_PID");
  return pid != nullptr && std::to_string(::getppid()) == pid;
}

int talk_fd() { return talk; }
unsigned caller_umask() { return umask_of_caller; }
const std::array<int, 3>& console_fds() { return console; }

int run_main(const std::string& tool, OnInterrupt on_interrupt, const std::function<int()>& body) {
  open_standard_descriptors();
  find_handed_on();
  set_up_signals(on_interrupt);
  umask_of_caller = ::umask(022);
  try {
    return flush_stdout(tool, body());
  } catch (const std::bad_alloc&) {
    print_error(tool, "out of memory");
    return kLocalResource;
  } catch (const std::exception& e) {
    print_error(tool, std::string("internal error: ") + e.what());
  } catch (...) {
    print_error(tool, "internal error: unknown exception");
  }
  return kBug;
}

void print_error(const std::string& tool, const std::string& message) {
  // "DX0295: …" is said as BuildXL does: "error DX0295: …".
  const bool coded = message.size() > 7 && message.compare(0, 2, "DX") == 0 && message[6] == ':';
  print_line(STDERR_FILENO, tool, coded ? "error " : "error: ", message);
}
void print_warning(const std::string& tool, const std::string& message) {
  print_line(STDERR_FILENO, tool, "warning: ", message);
}
void print_note(const std::string& tool, const std::string& message) {
  print_line(talk, tool, "", message);
}
void print_consequence(const std::string& tool, const std::string& message) {
  if (!below_wrapper()) print_error(tool, message);
}

int exit_code_for(const Error& error, int otherwise) {
  switch (error.errnum) {
    case EBADMSG:
    case EPROTO:
      return kUpstream;
    case ENOSPC:
    case EDQUOT:
    case EIO:
    case EROFS:
    case ENOMEM:
      return kLocalResource;
    default:
      return otherwise;
  }
}

Result<UniqueFd> open_input(const Options& options) {
  if (!options.in.empty()) return open_file(options.in, O_RDONLY);
  if (::isatty(STDIN_FILENO) == 1)
    return make_error(EINVAL,
                      "standard input is a terminal; pipe the previous stage into it or name a "
                      "stored stream with --in FILE");
  return take_over(STDIN_FILENO, "standard input");
}

bool reader_left(int fd) {
  pollfd end{fd, 0, 0};
  return ::poll(&end, 1, 0) == 1 && (end.revents & POLLERR) != 0;
}

Result<UniqueFd> open_output(const Options& options) {
  if (!options.out.empty()) return open_file(options.out, O_WRONLY | O_CREAT | O_TRUNC);
  if (::isatty(STDOUT_FILENO) == 1)
    return make_error(EINVAL,
                      "refusing to write a binary stream to a terminal; pipe it into the next "
                      "stage, store it with --out FILE, or print it with the show subcommand");
  if (output_closed) return make_error(0, kOutputClosed);
  return take_over(STDOUT_FILENO, "standard output");
}

}  // namespace bxl::cli
