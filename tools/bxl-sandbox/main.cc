// bxl-sandbox: runs a command as env(1) would and says which files its whole process tree looked at
// and changed.
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>
#include <string>

#include "explain.h"
#include "nested.h"
#include "options.h"
#include "os/file.h"
#include "os/guardian.h"
#include "os/named_output.h"
#include "own_temp.h"
#include "report.h"
#include "sandbox/sandbox.h"

namespace {

using namespace bxl;
using sandbox_tool::failure;
using sandbox_tool::Options;
using sandbox_tool::Report;

sandbox::Sandbox* running = nullptr;
volatile sig_atomic_t cancelled = 0;

void on_signal(int number) {
  cancelled = 1;
  running->cancel();
  sandbox_tool::signal_nested(number);
}

void handle(int signal_number, void (*handler)(int)) {
  struct sigaction action{};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  sigaction(signal_number, &action, nullptr);
}

sandbox::Command command_of(const Options& options) {
  sandbox::Command command;
  command.argv = options.command;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const char* equals = std::strchr(*variable, '=');
    if (equals != nullptr)
      command.environment.emplace_back(
          std::string(*variable, static_cast<std::size_t>(equals - *variable)), equals + 1);
  }
  command.stdin_fd = 0;
  command.stdout_fd = 1;
  command.stderr_fd = 2;
  command.inherit_terminal = true;
  return command;
}

// The command's output comes first: what we say about it goes after it.
void say(const Options& options, const sandbox::Outcome& outcome) {
  if (options.explain) {
    std::fputs(sandbox_tool::explain(options, outcome).c_str(), stderr);
  } else if (options.report == Report::None) {
    for (const sandbox::Reason& reason : outcome.reasons)
      std::fprintf(stderr, "bxl-sandbox: not fully observed: %s: %s%s%s\n", reason.what.c_str(),
                   reason.process.c_str(), reason.process.empty() ? "" : ": ",
                   reason.detail.c_str());
    for (const sandbox::Violation& violation : outcome.violations)
      std::fprintf(stderr, "bxl-sandbox: %s\n",
                   sandbox_tool::printable(sandbox_tool::sentence(violation)).c_str());
  }
  if (outcome.spawn_errno != 0)
    std::fprintf(stderr, "bxl-sandbox: %s: %s\n", options.command[0].c_str(),
                 strerror(outcome.spawn_errno));
  if (outcome.timed_out) std::fputs("bxl-sandbox: killed after the timeout\n", stderr);
}

// The run failed on our side: a tap reader learns it too.
int fail_run(const Options& options, const std::string& message) {
  if (!options.tap_output.empty())
    (void)write_named(options.tap_output, sandbox_tool::tap_failure(message));
  return failure(message);
}

int run(int argc, char** argv) {
  int code = 0;
  auto options = sandbox_tool::parse_options(argc, argv, code);
  if (!options) return code;
  UniqueFd out;
  if (!options->out.empty()) {
    auto opened = open_file(options->out, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC);
    if (!opened) return failure(opened.error().to_string());
    out = std::move(*opened);
  }
  // Killed, we leave nobody behind.
  if (auto guarded = fork_under_guardian(); !guarded) return failure(guarded.error().to_string());
  sandbox::Command command = command_of(*options);
  std::optional<sandbox_tool::OwnTemp> temp;
  if (options->own_temp) {
    auto made = sandbox_tool::OwnTemp::make();
    if (!made) return fail_run(*options, made.error().to_string());
    temp.emplace(std::move(*made));
    temp->use(command, options->policy);
  }

  sandbox::Sandbox runner;
  running = &runner;
  // The terminal signals the command directly; it decides.
  handle(SIGINT, SIG_IGN);
  handle(SIGQUIT, SIG_IGN);
  handle(SIGTERM, on_signal);
  handle(SIGHUP, on_signal);
  auto outcome = runner.run(command, options->policy);
  if (!outcome && outcome.error().errnum == EBUSY)
    outcome = sandbox_tool::run_nested(command, options->policy);
  if (!outcome) return fail_run(*options, outcome.error().to_string());

  std::string text;
  if (options->report == Report::Json) text = sandbox_tool::to_json(options->command, *outcome);
  if (options->report == Report::Trace) text = sandbox_tool::to_trace(*outcome);
  if (auto written = write_all(out ? out.get() : STDERR_FILENO, text); !written)
    return failure("write the report: " + written.error().to_string());
  if (!options->tap_output.empty()) {
    auto written = write_named(options->tap_output, sandbox_tool::to_tap(*outcome));
    if (!written) return failure(written.error().to_string());
  }
  say(*options, *outcome);
  return cancelled != 0 ? 128 + SIGTERM : outcome->exit_code;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    return failure(std::string("internal error: ") + error.what());
  }
}
