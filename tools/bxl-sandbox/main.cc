// bxl-sandbox: runs a command as env(1) would and says which files its whole process tree looked at
// and changed.
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>

#include "os/file.h"
#include "report.h"
#include "sandbox/sandbox.h"

namespace {

using namespace bxl;

constexpr int kOwnFailure = 125;  // as env, timeout and nice have it

constexpr const char* kHelp =
    "usage: bxl-sandbox [--json|--trace] [--out FILE] [--untracked DIR]… [--] COMMAND [ARG]…\n"
    "\n"
    "  bxl-sandbox --json --out seen.json -- make -j4\n"
    "  bxl-sandbox --trace -- cc -c hello.c\n"
    "\n"
    "Runs COMMAND with its own standard streams and reports every file access of its process "
    "tree.\n"
    "\n"
    "  --json           one JSON object when the command has ended\n"
    "  --trace          one line per path instead\n"
    "  --out FILE       write the report there; default: standard error\n"
    "  --untracked DIR  report nothing below DIR (repeatable)\n"
    "  --timeout SEC    kill the tree after SEC seconds\n"
    "  --no-shim        do not preload libbxlshim.so: slower, and sees the same\n"
    "  --help, --version\n"
    "\n"
    "Exit status: the command's own (128+N when signal N killed it); 125 when bxl-sandbox itself "
    "fails,\n"
    "126 when the command cannot be executed, 127 when it is not found.\n";

enum class Report { None, Json, Trace };

struct Arguments {
  Report report = Report::None;
  std::string out;
  sandbox::Policy policy;
  std::vector<std::string> command;
};

sandbox::Sandbox* running = nullptr;

void on_signal(int) { running->cancel(); }

int failure(const std::string& message) {
  std::fprintf(stderr, "bxl-sandbox: %s\n", message.c_str());
  return kOwnFailure;
}

// Empty: `code` is the exit status.
bool parse(int argc, char** argv, Arguments& out, int& code) {
  static const option kOptions[] = {{"json", no_argument, nullptr, 'j'},
                                    {"trace", no_argument, nullptr, 't'},
                                    {"out", required_argument, nullptr, 'o'},
                                    {"untracked", required_argument, nullptr, 'u'},
                                    {"timeout", required_argument, nullptr, 's'},
                                    {"help", no_argument, nullptr, 'h'},
                                    {"version", no_argument, nullptr, 'V'},
                                    {"no-shim", no_argument, nullptr, 'n'},
                                    {nullptr, 0, nullptr, 0}};
  code = kOwnFailure;
  out.policy.shim = sandbox::installed_shim();
  // "+": the first word that is no option begins the command.
  for (int c; (c = getopt_long(argc, argv, "+", kOptions, nullptr)) != -1;) {
    switch (c) {
      case 'j':
        out.report = Report::Json;
        break;
      case 't':
        out.report = Report::Trace;
        break;
      case 'o':
        out.out = optarg;
        break;
      case 'u':
        out.policy.untracked.push_back(optarg);
        break;
      case 's': {
        char* end = nullptr;
        const double seconds = std::strtod(optarg, &end);
        if (end == optarg || *end != '\0' || !(seconds > 0) || seconds > 1e9) {
          failure(std::string("--timeout takes seconds, not \"") + optarg + "\"");
          return false;
        }
        out.policy.timeout_ms = static_cast<std::uint64_t>(seconds * 1000) + 1;
        break;
      }
      case 'n':
        out.policy.shim.clear();
        break;
      case 'h':
        std::fputs(kHelp, stdout);
        code = 0;
        return false;
      case 'V':
        std::puts("bxl-sandbox " BXL_VERSION);
        code = 0;
        return false;
      default:
        std::fputs("bxl-sandbox: see bxl-sandbox --help\n", stderr);
        return false;
    }
  }
  out.command.assign(argv + optind, argv + argc);
  if (out.command.empty()) {
    failure("no command; see bxl-sandbox --help");
    return false;
  }
  return true;
}

void handle(int signal_number, void (*handler)(int)) {
  struct sigaction action{};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  sigaction(signal_number, &action, nullptr);
}

sandbox::Command command_of(const Arguments& arguments) {
  sandbox::Command command;
  command.argv = arguments.command;
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

int run(int argc, char** argv) {
  Arguments arguments;
  int code = 0;
  if (!parse(argc, argv, arguments, code)) return code;
  UniqueFd out;
  if (!arguments.out.empty()) {
    auto opened = open_file(arguments.out, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC);
    if (!opened) return failure(opened.error().to_string());
    out = std::move(*opened);
  }

  sandbox::Sandbox runner;
  running = &runner;
  // The terminal signals the command directly; it decides.
  handle(SIGINT, SIG_IGN);
  handle(SIGQUIT, SIG_IGN);
  handle(SIGTERM, on_signal);
  handle(SIGHUP, on_signal);
  auto outcome = runner.run(command_of(arguments), arguments.policy);
  if (!outcome) return failure(outcome.error().to_string());

  std::string text;
  if (arguments.report == Report::Json) text = sandbox_tool::to_json(arguments.command, *outcome);
  if (arguments.report == Report::Trace) text = sandbox_tool::to_trace(*outcome);
  if (auto written = write_all(out ? out.get() : STDERR_FILENO, text); !written)
    return failure("write the report: " + written.error().to_string());
  if (arguments.report == Report::None) {
    for (const sandbox::Reason& reason : outcome->reasons)
      std::fprintf(stderr, "bxl-sandbox: not fully observed: %s: %s: %s\n", reason.what.c_str(),
                   reason.process.c_str(), reason.detail.c_str());
  }
  if (outcome->spawn_errno != 0)
    std::fprintf(stderr, "bxl-sandbox: %s: %s\n", arguments.command[0].c_str(),
                 strerror(outcome->spawn_errno));
  if (outcome->timed_out) std::fputs("bxl-sandbox: killed after the timeout\n", stderr);
  if (outcome->cancelled) return 128 + SIGTERM;
  return outcome->exit_code;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    return failure(std::string("internal error: ") + error.what());
  }
}
