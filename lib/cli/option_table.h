// The rows of the option table and what is derived from them alone: help text and the nearest name.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace bxl::cli {

struct ToolInfo;

enum class OptionId {
  Directory,
  Config,
  Filter,
  Jobs,
  KeepGoing,
  Lazy,
  Cache,
  CacheSize,
  Summary,
  PassEnv,
  Violations,
  PipTimeout,
  ShareCheckouts,
  Verbose,
  Quiet,
  DryRun,
  Json,
  NoWait,
  All,
  Adopt,
  Sample,
  Since,
  Explain,
  In,
  Out,
  Help,
  Version,
  Count_,
};

struct OptionRow {
  OptionId id;
  const char* short_name;   // "-C", or "" when it has none
  const char* long_name;    // "--directory", never empty
  const char* value;        // the placeholder in help, "" for a flag
  const char* environment;  // the variable that is read when the flag is not given, or ""
  const char* help;         // one line

  bool takes_value() const { return value[0] != '\0'; }
};

// In the order of OptionId, which is also that of help.
std::span<const OptionRow> option_table();
const OptionRow& row(OptionId id);
// The row spelled `name` ("-C", "--directory"), nullptr when there is none.
const OptionRow* find_row(std::string_view name);

// "-C, --directory DIR   …" one line per row, then the variables and the exit codes.
std::string options_text();
// What --help prints: examples first, then usage and options_text().
std::string help_text(const ToolInfo& tool);

// The known long option (or BuildXL spelling) that `name` was probably meant to be; "" when none is
// near.
std::string nearest_option(std::string_view name);

}  // namespace bxl::cli
