// What every main shares: streams on stdin/stdout or --in/--out, messages, signals, the last catch-all.
#pragma once

#include <functional>
#include <string>

#include "base/result.h"
#include "cli/options.h"
#include "os/unique_fd.h"

namespace bxl::cli {

// Sets up a tool's process: ignores SIGPIPE, umask 022, then calls body(); an escaped exception prints
// "internal error" and gives kBug, bad_alloc kLocalResource. `drains` tools ignore the first SIGINT (only bxl-exec
// acts on it) and exit on the second.
enum class OnInterrupt { Drain, Own };
int run_main(const std::string& tool, OnInterrupt on_interrupt, const std::function<int()>& body);

// "bxl-plan: error: …" / "bxl-plan: warning: …" on stderr, one line.
void print_error(const std::string& tool, const std::string& message);
void print_warning(const std::string& tool, const std::string& message);
void print_note(const std::string& tool, const std::string& message);

// The exit code for an Error met at a stream: EBADMSG and EPROTO give kUpstream; ENOSPC, EDQUOT, EIO, EROFS, ENOMEM
// kLocalResource; anything else `otherwise`.
int exit_code_for(const Error& error, int otherwise);

// stdin or --in. Errors: EINVAL with advice when stdin is a terminal.
Result<UniqueFd> open_input(const Options& options);
// stdout or --out (created, truncated). Binary is refused on a terminal: EINVAL with advice.
Result<UniqueFd> open_output(const Options& options);

}  // namespace bxl::cli
