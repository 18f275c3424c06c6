// The one option table: every tool accepts all of it and uses what concerns it. The only CLI11
// include is options.cc.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bxl::cli {

// The exit codes of every tool. bxl-sandbox returns the command's own status instead, and
// 125/126/127 for its own.
enum ExitCode : int {
  kOk = 0,
  kPipFailed = 1,
  kUsage = 2,          // usage or configuration
  kGraph = 3,          // graph or front end
  kViolation = 4,      // file-access violations
  kLocalResource = 6,  // disk, memory, lock
  kTimeout = 7,
  kUpstream = 8,  // upstream stream incomplete, damaged, of the wrong kind or newer
  kBug = 70,
  kInterrupted = 130,
  kTerminated = 143,
};

enum class Lazy { All, Requested, Minimal };
enum class Violations { Error, Warn };

struct Options {
  std::string directory = ".";  // -C
  std::string config;           // -c, --config, /c:
  std::string filter;           // -f, --filter, /f:, /filter:
  int jobs = 0;                 // -j; 0 was replaced by the number of usable CPUs
  bool jobs_given = false;      // -j or BXL_JOBS named a number other than 0
  int keep_going = 1;           // -k; failures to stop after, 0 = never
  Lazy lazy = Lazy::Requested;  // --lazy, /enableLazyOutputs[-|:minimal]
  bool lazy_given = false;      // somebody said so
  std::string
      cache;  // --cache, BXL_CACHE_DIR; default $XDG_CACHE_HOME/bxl or ~/.cache/bxl; absolute
  // --cache-size, BXL_CACHE_SIZE, in bytes; 0: no limit; none: cache/collector.h has the default
  std::optional<std::uint64_t> cache_size;
  std::string summary;                // --summary, absolute
  std::vector<std::string> pass_env;  // --pass-env A,B (repeatable)
  Violations violations = Violations::Error;
  std::uint64_t pip_timeout_ms = 0;  // --pip-timeout; 0: none
  bool share_checkouts = false;      // --share-checkouts, BXL_SHARE_CHECKOUTS
  int verbosity = 0;                 // -v +1 each, -q -1
  bool dry_run = false;              // -n, --dry-run
  bool json = false;                 // --json
  bool no_wait = false;              // --no-wait: a held workspace lock is exit 6 at once
  bool all = false;                  // --all: bxl clean also removes .bxl
  bool adopt = false;                // --adopt: bxl clean takes over what the graph names
  double sample_percent = 100;       // --sample: how much a verification looks at
  std::vector<std::string> since;    // --since FILE: earlier exports
  std::string explain;               // --explain PIP: print the fingerprint text of one pip
  std::string in, out;               // --in FILE, --out FILE; "" = stdin, stdout
  std::vector<std::string> targets;  // positional
};

struct ToolInfo {
  std::string name;     // "bxl-plan"
  std::string summary;  // one sentence for --help
  // Accepted as the first positional; Parsed::subcommand is "" when none was given. After a leading
  // "build" every positional is a target, so that the wrapper can hand on a target that is spelled
  // like a subcommand.
  std::vector<std::string> subcommands;
  std::string examples;  // shown first in --help
};

struct Parsed {
  bool exit = false;  // help, version or an error was printed: return `code`
  int code = 0;
  std::string subcommand;
  Options options;
};

// Parses flags, then environment (BXL_CACHE_DIR, BXL_JOBS, BXL_KEEP_GOING, BXL_LAZY,
// BXL_VIOLATIONS, BXL_SUMMARY, BXL_CACHE_SIZE, BXL_PASS_ENV …, one per option: see
// option_table.cc), then defaults; the last of a repeated option wins, --pass-env adds up. Prints
// help and version on stdout, errors on stderr as "bxl-plan: error: …" with exit 2; below the
// wrapper only the first stage (bxl-graph, or BXL_FIRST_STAGE) prints them, for all stages get the
// same arguments. A leading
// "build" (from the wrapper), also right after a subcommand, is dropped. Never throws.
Parsed parse(int argc, char** argv, const ToolInfo& tool);

// The command of bxl that `word` was probably meant to be; "" when none is near. The wrapper says
// what it knows, in BXL_COMMANDS: without it there are no commands.
std::string nearest_command(std::string_view word);

// Are we a stage that the wrapper started? It exports its own process id as BXL_WRAPPER_PID.
bool below_wrapper();

}  // namespace bxl::cli
