// getopt, since parsing must stop at the first word that is no option.
#include "options.h"

#include <getopt.h>

#include <cstdio>
#include <cstdlib>

#include "os/file.h"

namespace bxl::sandbox_tool {

namespace {

constexpr const char* kHelp =
    "usage: bxl-sandbox [OPTION]… [--] COMMAND [ARG]…\n"
    "\n"
    "  bxl-sandbox --trace -- cc -c hello.c\n"
    "  bxl-sandbox --json --out seen.json -- make -j4\n"
    "  bxl-sandbox --policy build.policy --explain -- make\n"
    "\n"
    "Runs COMMAND with its own standard streams, and says which files its process tree used and\n"
    "changed.\n"
    "\n"
    "  --json           one JSON object when the command has ended\n"
    "  --trace          one line per path instead\n"
    "  --out FILE       write the report there; default: standard error\n"
    "  --tap_output FILE  write a JSON object with the keys reads, writes, deletes and error "
    "there\n"
    "  --explain        say in sentences why the result would not be cached, which accesses break\n"
    "                   the policy, and which lines of it would allow them\n"
    "  --policy FILE    where COMMAND may read and write, as JSON; see bxl-sandbox(1)\n"
    "  --deny-network   sockets fail, but for local ones\n"
    "  --temp           an empty temporary directory for this run, removed at the end\n"
    "  --untracked DIR  report nothing below DIR (repeatable)\n"
    "  --timeout SEC    kill the tree after SEC seconds\n"
    "  --no-shim        do not preload libbxlshim.so: slower, and sees the same\n"
    "  --help, --version\n"
    "\n"
    "Exit status: the command's own (128+N when signal N killed it); 125 when bxl-sandbox itself "
    "fails,\n"
    "126 when the command cannot be executed, 127 when it is not found.\n";

enum Code : int {
  kJson = 1000,
  kTrace,
  kOut,
  kTap,
  kExplain,
  kPolicy,
  kDenyNetwork,
  kTemp,
  kUntracked,
  kTimeout,
  kNoShim,
  kHelpCode,
  kVersion
};

constexpr option kOptions[] = {{"json", no_argument, nullptr, kJson},
                               {"trace", no_argument, nullptr, kTrace},
                               {"out", required_argument, nullptr, kOut},
                               {"tap_output", required_argument, nullptr, kTap},
                               {"explain", no_argument, nullptr, kExplain},
                               {"policy", required_argument, nullptr, kPolicy},
                               {"deny-network", no_argument, nullptr, kDenyNetwork},
                               {"temp", no_argument, nullptr, kTemp},
                               {"untracked", required_argument, nullptr, kUntracked},
                               {"timeout", required_argument, nullptr, kTimeout},
                               {"no-shim", no_argument, nullptr, kNoShim},
                               {"help", no_argument, nullptr, kHelpCode},
                               {"version", no_argument, nullptr, kVersion},
                               {nullptr, 0, nullptr, 0}};

}  // namespace

int failure(const std::string& message) {
  std::fprintf(stderr, "bxl-sandbox: %s\n", message.c_str());
  return kOwnFailure;
}

std::optional<Options> parse_options(int argc, char** argv, int& code) {
  Options out;
  code = kOwnFailure;
  out.policy.shim = sandbox::installed_shim();
  bool deny_network = false;
  // "+": the first word that is no option begins the command.
  for (int c; (c = getopt_long(argc, argv, "+", kOptions, nullptr)) != -1;) {
    switch (c) {
      case kJson:
        out.report = Report::Json;
        break;
      case kTrace:
        out.report = Report::Trace;
        break;
      case kOut:
        out.out = optarg;
        break;
      case kTap:
        // It is replaced as a whole, in its directory.
        out.tap_output = *optarg == '/' ? optarg : current_directory() + "/" + optarg;
        break;
      case kExplain:
        out.explain = true;
        break;
      case kPolicy: {
        auto file = read_policy(optarg);
        if (!file) {
          failure(file.error().to_string());
          return std::nullopt;
        }
        out.policy_file = std::move(*file);
        break;
      }
      case kDenyNetwork:
        deny_network = true;
        break;
      case kTemp:
        out.own_temp = true;
        break;
      case kUntracked:
        out.policy.untracked.emplace_back(optarg);
        break;
      case kTimeout: {
        char* end = nullptr;
        const double seconds = std::strtod(optarg, &end);
        if (end == optarg || *end != '\0' || !(seconds > 0) || seconds > 1e9) {
          failure(std::string("--timeout takes seconds, not \"") + optarg + "\"");
          return std::nullopt;
        }
        out.policy.timeout_ms = static_cast<std::uint64_t>(seconds * 1000) + 1;
        break;
      }
      case kNoShim:
        out.policy.shim.clear();
        break;
      case kHelpCode:
        std::fputs(kHelp, stdout);
        code = 0;
        return std::nullopt;
      case kVersion:
        std::puts("bxl-sandbox " BXL_VERSION);
        code = 0;
        return std::nullopt;
      default:
        std::fputs("bxl-sandbox: see bxl-sandbox --help\n", stderr);
        return std::nullopt;
    }
  }
  out.command.assign(argv + optind, argv + argc);
  if (out.command.empty()) {
    failure("no command; see bxl-sandbox --help");
    return std::nullopt;
  }
  if (out.policy_file) apply(*out.policy_file, out.policy);
  if (deny_network) out.policy.network = sandbox::Network::Deny;
  return out;
}

}  // namespace bxl::sandbox_tool
