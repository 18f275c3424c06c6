// A JSON graph as it is written: every field checked by type and value, nothing resolved yet. The
// language: graph.schema.json, and tools/bxl-graph/README.md in prose.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "frontend/json/problems.h"
#include "wire/records.h"

namespace bxl::frontend::json_graph {

// Larger graphs are refused unread.
inline constexpr std::uint64_t kMaxGraphBytes = 256u << 20;

enum class PipWord { Process, WriteFile, CopyFile, CopyDirectory };

struct DirectoryDeclaration {
  Located path;
  bool exclusive = false;
};

struct PipDeclaration {
  PipWord kind = PipWord::Process;
  Origin origin;
  Located id;
  std::string description, module, value;
  std::vector<std::string> tags;
  std::vector<Located> dependencies;  // ids of pips

  // Process. Exactly one of command and argv is not empty.
  std::string command;
  std::vector<std::string> argv;
  Located directory;
  std::vector<std::pair<Located, std::string>> environment;
  std::vector<Located> pass_environment;
  std::vector<Located> inputs, input_seals;
  std::vector<Located> outputs, optional_outputs;
  std::vector<DirectoryDeclaration> output_directories;
  Located stdin_file, stdout_file, stderr_file;
  std::string stdin_text;
  Located response_file;
  std::string response_text;
  std::vector<Located> untracked;
  bool declared_reads = false, same_content = false, cacheable = true, console = false;
  bool restricted_reads = false, keep_sources = false, deny_writes = false;
  enum class Network { Report, Deny, Trusted } network = Network::Report;
  std::vector<Located> readable;  // with restricted_reads: files and directories
  std::vector<Located> temporary_directories;
  std::vector<std::string> surviving, breakaway;
  std::vector<wire::BreakawayCall> breakaway_calls;
  std::uint32_t survivor_grace_ms = wire::kSurvivorGraceMs;
  std::string warning_regex, error_regex;  // well-formed, or empty
  std::uint64_t timeout_ms = 0;
  std::vector<std::uint32_t> retry_exit_codes, success_exit_codes, uncacheable_exit_codes;
  std::string retry_attempt_variable;
  bool stderr_fails = false;
  std::vector<Located> output_exclusions;
  std::uint32_t retries = 0, weight = 1;
  Located pool;

  // The others.
  Located from, to;     // copies
  std::string content;  // WriteFile, to `to`
  bool executable = false;
};

enum class SealKind { Source, Partial, Full };

struct SealDeclaration {
  SealKind kind = SealKind::Source;
  Located id, path;
  bool recursive = true;       // Source
  std::vector<Located> files;  // the others
};

struct GraphDeclaration {
  std::string module;  // of pips that name none
  std::vector<std::pair<Located, std::string>> environment;
  std::vector<Located> pass_environment;
  std::vector<std::pair<std::string, std::uint32_t>> pools;
  std::vector<SealDeclaration> seals;
  std::vector<PipDeclaration> pips;
  std::vector<Located> defaults;
  bool share_checkouts = false;
};

// Any bytes give a graph or an error. Tells all that is wrong to `problems`; what is returned is
// good when these are empty. Error (errnum 0): it is no JSON.
Result<GraphDeclaration> read_declaration(std::string_view text, Problems& problems);

}  // namespace bxl::frontend::json_graph
