// What every main shares: streams on stdin/stdout or --in/--out, messages, signals, the last
// catch-all.
#pragma once

#include <array>
#include <functional>
#include <string>

#include "base/result.h"
#include "cli/options.h"
#include "os/unique_fd.h"

namespace bxl::cli {

// Sets up a tool's process, then calls body() and flushes stdout (a failed flush is kLocalResource,
// a reader that went away is not). Descriptors 0 to 2 are open afterwards, SIGPIPE is ignored, the
// umask is 022. A closed standard output stays one that cannot be written: who prints there, or
// writes a stream, fails as on a full disk. An escaped exception prints "internal error" and gives
// kBug, bad_alloc kLocalResource.
//
// Drain: the first SIGINT is ignored, for only bxl-exec acts on it; the second exits 130 at once.
// Below the wrapper SIGTERM and SIGHUP do the same (143, 129), so that results of a stopped build
// still reach the cache. Own: the tool installs its own handlers. Until it does, SIGINT, SIGTERM
// and SIGHUP have their default action. Below the wrapper it gets SIGTERM when the wrapper dies,
// for a killed wrapper must not leave a build running.
enum class OnInterrupt { Drain, Own };
int run_main(const std::string& tool, OnInterrupt on_interrupt, const std::function<int()>& body);

// Where what a build has to say goes: progress, what commands print, notes, the last line. As with
// ninja that is standard output; but a stage's own is a stream, so that the wrapper names its one
// to the stages (BXL_TALK_FD). A tool that stands alone in a pipeline talks on stderr. Not owned;
// open for the whole of run_main, closed on exec.
int talk_fd();
// The wrapper's standard descriptors (BXL_CONSOLE_FDS), for commands that talk to the user
// themselves; all -1 in a tool that stands alone. Not owned, closed on exec.
const std::array<int, 3>& console_fds();

// The umask that this process was started with.
unsigned caller_umask();

// "bxl-plan: error: …" and "bxl-plan: warning: …" on stderr, "bxl-plan: …" on talk_fd(), in one
// write(2) so that lines of several stages do not mix.
void print_error(const std::string& tool, const std::string& message);
void print_warning(const std::string& tool, const std::string& message);
void print_note(const std::string& tool, const std::string& message);
// An error that is only the consequence of another stage's failure (exit 8): silent below the
// wrapper, where that stage has told the cause.
void print_consequence(const std::string& tool, const std::string& message);

// The exit code for an Error met at a stream: EBADMSG and EPROTO give kUpstream; ENOSPC, EDQUOT,
// EIO, EROFS, ENOMEM kLocalResource; anything else `otherwise`.
int exit_code_for(const Error& error, int otherwise);

// Is `fd` the end of a pipe that nobody reads any more?
bool reader_left(int fd);
// stdin or --in. Takes descriptor 0 (1 for the output) over and leaves /dev/null in its place:
// stray reads and prints cannot touch the stream. Errors: EINVAL with advice when stdin is a
// terminal; the errno of open.
Result<UniqueFd> open_input(const Options& options);
// stdout or --out (created, truncated). Binary is refused on a terminal: EINVAL with advice. An
// output that our caller closed is an error as well.
Result<UniqueFd> open_output(const Options& options);

}  // namespace bxl::cli
