// Flags, environment and defaults become Options. CLI11 splits the arguments; meaning and messages
// are ours.
#include "cli/options.h"

#include <unistd.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "base/nearest.h"
#include "base/path_table.h"
#include "base/version.h"
#include "cli/arguments.h"
#include "cli/main.h"
#include "cli/option_table.h"
#include "os/file.h"

namespace bxl::cli {
namespace {

Error usage_error(std::string message) { return {0, std::move(message)}; }

// What was given for each option, before it means anything.
struct Raw {
  std::array<std::vector<std::string>, static_cast<std::size_t>(OptionId::Count_)> values;
  std::vector<std::string> positionals;

  std::vector<std::string>& of(OptionId id) { return values[static_cast<std::size_t>(id)]; }
  bool given(OptionId id) { return !of(id).empty(); }
};

// Asked for by its planned name: whoever relies on it must not build without it unawares.
Error no_remote(const std::string& asked_by) {
  return usage_error(asked_by +
                     ": this version has no remote cache; leave it out, and share results "
                     "with bxl cache export and import");
}

Error unknown_option(std::string_view argument) {
  std::string name(argument.substr(0, argument.find('=')));
  if (name.starts_with("--remote")) return no_remote(name);
  std::string message = "unknown option " + name;
  std::string near = nearest_option(name);
  if (!near.empty()) message += "; did you mean " + near + "?";
  return usage_error(message + " (see --help)");
}

Result<Raw> split(const std::vector<std::string>& arguments) {
  CLI::App app;
  app.set_help_flag();  // help is a row like any other
  app.allow_extras();
  std::vector<CLI::Option*> options;
  for (const OptionRow& r : option_table()) {
    std::string names = r.long_name;
    if (r.short_name[0] != '\0') names = std::string(r.short_name) + "," + names;
    CLI::Option* option = r.takes_value()
                              ? app.add_option(names, [](const CLI::results_t&) { return true; })
                              : app.add_flag(names, [](std::int64_t) {});
    option->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    if (!r.takes_value()) option->disable_flag_override();
    options.push_back(option);
  }
  try {
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::Error& e) {
    return usage_error(e.what());
  }
  Raw raw;
  for (std::size_t i = 0; i < options.size(); ++i)
    if (options[i]->count() > 0) raw.values[i] = options[i]->results();
  // What CLI11 did not recognise, in order: targets, and before "--" also misspelt options.
  bool only_positionals = false;
  for (const std::string& argument : app.remaining()) {
    if (!only_positionals && argument == "--") {
      only_positionals = true;
    } else if (!only_positionals && argument.size() > 1 && argument[0] == '-') {
      return unknown_option(argument);
    } else {
      raw.positionals.push_back(argument);
    }
  }
  return raw;
}

// One value with the name of what set it, for messages.
struct Setting {
  std::string value, source;
  bool set() const { return !source.empty(); }
};

// The last flag, else the variable (an empty one counts as unset).
Setting setting(Raw& raw, OptionId id) {
  const OptionRow& r = row(id);
  if (raw.given(id)) return {raw.of(id).back(), r.long_name};
  if (r.environment[0] == '\0') return {};
  const char* value = std::getenv(r.environment);
  if (value == nullptr || *value == '\0') return {};
  return {value, r.environment};
}

Result<void> read_count(Raw& raw, OptionId id, int* out) {
  Setting s = setting(raw, id);
  if (!s.set()) return {};
  int value = 0;
  const char* end = s.value.data() + s.value.size();
  auto [stop, code] = std::from_chars(s.value.data(), end, value);
  constexpr int kMost = 1'000'000;
  if (code != std::errc() || stop != end || value < 0 || value > kMost)
    return usage_error(s.source + ": '" + s.value + "' is not a number from 0 to 1000000");
  *out = value;
  return {};
}

// Seconds, with decimals; 0 is none.
Result<void> read_timeout(Raw& raw, OptionId id, std::uint64_t* out_ms) {
  Setting s = setting(raw, id);
  if (!s.set()) return {};
  double seconds = 0;
  const char* end = s.value.data() + s.value.size();
  auto [stop, code] = std::from_chars(s.value.data(), end, seconds, std::chars_format::fixed);
  constexpr double kMost = 1e7;  // four months
  if (code != std::errc() || stop != end || !(seconds >= 0) || seconds > kMost)
    return usage_error(s.source + ": '" + s.value + "' is not a number of seconds");
  *out_ms = static_cast<std::uint64_t>(std::ceil(seconds * 1000));
  return {};
}

Result<void> read_percent(Raw& raw, OptionId id, double* out) {
  Setting s = setting(raw, id);
  if (!s.set()) return {};
  std::string_view text = s.value;
  if (text.ends_with('%')) text.remove_suffix(1);
  double value = 0;
  auto [stop, code] =
      std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (code != std::errc() || stop != text.data() + text.size() || !(value > 0) || value > 100)
    return usage_error(s.source + ": '" + s.value + "' is no percentage above 0 and up to 100");
  *out = value;
  return {};
}

// 1000 to the power for K, M, G, T as on a disk's label; 1024 for Ki, Mi, Gi, Ti; a final B changes
// nothing.
Result<void> read_size(Raw& raw, OptionId id, std::optional<std::uint64_t>* out) {
  Setting s = setting(raw, id);
  if (!s.set()) return {};
  std::uint64_t value = 0;
  const char* end = s.value.data() + s.value.size();
  auto [stop, code] = std::from_chars(s.value.data(), end, value);
  std::string unit(stop, end);
  if (!unit.empty() && unit.back() == 'B') unit.pop_back();
  std::uint64_t base = 1000;
  if (unit.size() == 2 && unit.back() == 'i') {
    base = 1024;
    unit.pop_back();
  }
  static constexpr std::string_view kUnits = "KMGT";
  std::size_t power = 0;
  if (unit == "k") unit = "K";
  if (unit.size() == 1) power = kUnits.find(unit[0]) + 1;  // 0: none of them
  bool understood = code == std::errc() && (unit.empty() ? base == 1000 : power != 0);
  for (; understood && power > 0; --power)
    understood = !__builtin_mul_overflow(value, base, &value);
  if (!understood)
    return usage_error(s.source + ": '" + s.value +
                       "' is no size: a whole number and K, M, G or T (Ki, Mi, Gi, "
                       "Ti), as in 500M; 0 is no limit");
  *out = value;
  return {};
}

template <typename Enum>
struct Choice {
  const char* name;
  Enum value;
};

template <typename Enum, std::size_t N>
Result<void> read_choice(Raw& raw, OptionId id, const Choice<Enum> (&choices)[N], Enum* out) {
  Setting s = setting(raw, id);
  if (!s.set()) return {};
  std::string names;
  for (const Choice<Enum>& choice : choices) {
    if (s.value == choice.name) {
      *out = choice.value;
      return {};
    }
    names += (names.empty() ? "" : ", ") + std::string(choice.name);
  }
  return usage_error(s.source + ": '" + s.value + "' is none of " + names);
}

std::string absolute(const std::string& path) {
  return normalize_path(path[0] == '/' ? path : current_directory() + "/" + path);
}

Result<void> read_pass_env(Raw& raw, std::vector<std::string>* out) {
  Setting s = setting(raw, OptionId::PassEnv);
  std::vector<std::string> lists = raw.of(OptionId::PassEnv);
  if (lists.empty() && s.set()) lists = {s.value};
  for (const std::string& list : lists) {
    std::size_t start = 0;
    while (start <= list.size()) {
      std::size_t comma = std::min(list.find(',', start), list.size());
      std::string name = list.substr(start, comma - start);
      start = comma + 1;
      if (name.empty()) continue;
      if (name.find('=') != name.npos)
        return usage_error(s.source + ": '" + name + "' is not the name of a variable");
      out->push_back(std::move(name));
    }
  }
  std::sort(out->begin(), out->end());
  out->erase(std::unique(out->begin(), out->end()), out->end());
  return {};
}

Result<std::string> cache_directory(Raw& raw) {
  Setting s = setting(raw, OptionId::Cache);
  if (s.set()) return absolute(s.value);
  // The XDG specification tells programs to ignore a relative value.
  const char* xdg = std::getenv("XDG_CACHE_HOME");
  if (xdg != nullptr && xdg[0] == '/') return normalize_path(std::string(xdg) + "/bxl");
  std::string home = home_directory();
  if (home.empty() || home[0] != '/')
    return usage_error("no place for the cache: no home directory is known; use --cache DIR");
  return normalize_path(home + "/.cache/bxl");
}

Result<Options> read_options(Raw& raw) {
  Options o;
  if (const char* remote = std::getenv("BXL_REMOTE"); remote && *remote)
    return no_remote("BXL_REMOTE");
  if (Setting s = setting(raw, OptionId::Directory); s.set()) o.directory = s.value;
  o.config = setting(raw, OptionId::Config).value;
  o.filter = setting(raw, OptionId::Filter).value;
  o.explain = setting(raw, OptionId::Explain).value;
  o.since = raw.of(OptionId::Since);
  o.in = setting(raw, OptionId::In).value;
  o.out = setting(raw, OptionId::Out).value;
  if (Setting s = setting(raw, OptionId::Summary); s.set()) o.summary = absolute(s.value);

  BXL_TRY(read_count(raw, OptionId::Jobs, &o.jobs));
  // glibc counts the affinity mask, which is what a container or taskset leaves us.
  o.jobs_given = o.jobs != 0;
  if (o.jobs == 0) o.jobs = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  BXL_TRY(read_count(raw, OptionId::KeepGoing, &o.keep_going));
  static constexpr Choice<Lazy> kLazy[] = {
      {"all", Lazy::All}, {"requested", Lazy::Requested}, {"minimal", Lazy::Minimal}};
  BXL_TRY(read_choice(raw, OptionId::Lazy, kLazy, &o.lazy));
  o.lazy_given = setting(raw, OptionId::Lazy).set();
  static constexpr Choice<Violations> kViolations[] = {{"error", Violations::Error},
                                                       {"warn", Violations::Warn}};
  BXL_TRY(read_choice(raw, OptionId::Violations, kViolations, &o.violations));
  BXL_TRY(read_timeout(raw, OptionId::PipTimeout, &o.pip_timeout_ms));
  BXL_TRY(read_pass_env(raw, &o.pass_env));
  BXL_TRY(read_percent(raw, OptionId::Sample, &o.sample_percent));
  BXL_TRY(read_size(raw, OptionId::CacheSize, &o.cache_size));
  BXL_TRY_ASSIGN(o.cache, cache_directory(raw));

  o.verbosity = static_cast<int>(raw.of(OptionId::Verbose).size()) -
                static_cast<int>(raw.of(OptionId::Quiet).size());
  o.dry_run = raw.given(OptionId::DryRun);
  o.json = raw.given(OptionId::Json);
  o.all = raw.given(OptionId::All);
  o.adopt = raw.given(OptionId::Adopt);
  Setting share = setting(raw, OptionId::ShareCheckouts);
  o.share_checkouts = share.set() && share.value != "0";
  Setting no_wait = setting(raw, OptionId::NoWait);
  o.no_wait = no_wait.set() && no_wait.value != "0";
  o.targets = std::move(raw.positionals);
  return o;
}

// Takes the leading "build" or subcommand off the positionals.
std::string take_subcommand(const std::vector<std::string>& arguments, const ToolInfo& tool,
                            std::vector<std::string>& positionals) {
  auto drop_first = [&] { positionals.erase(positionals.begin()); };
  if (!arguments.empty() && arguments[0] == "build") {
    drop_first();
    return "";
  }
  if (positionals.empty()) return "";
  auto verb = std::find(tool.subcommands.begin(), tool.subcommands.end(), positionals[0]);
  if (verb == tool.subcommands.end()) return "";
  drop_first();
  bool build_follows = arguments.size() > 1 && arguments[0] == *verb && arguments[1] == "build";
  if (build_follows) drop_first();
  return *verb;
}

Result<Parsed> parse_arguments(const std::vector<std::string>& given, const ToolInfo& tool) {
  Parsed parsed;
  BXL_TRY_ASSIGN(std::vector<std::string> arguments, canonical_arguments(given));
  BXL_TRY_ASSIGN(Raw raw, split(arguments));
  if (raw.given(OptionId::Help) || raw.given(OptionId::Version)) {
    std::string text = raw.given(OptionId::Help) ? help_text(tool)
                                                 : tool.name + " " BXL_VERSION " (streams " +
                                                       std::to_string(kStreamSchemaMajor) + "." +
                                                       std::to_string(kStreamSchemaMinor) + ")\n";
    std::fputs(text.c_str(), stdout);
    parsed.exit = true;
    return parsed;
  }
  parsed.subcommand = take_subcommand(arguments, tool, raw.positionals);
  BXL_TRY_ASSIGN(parsed.options, read_options(raw));
  return parsed;
}

}  // namespace

std::string nearest_command(std::string_view word) {
  const char* known = std::getenv("BXL_COMMANDS");
  std::string_view rest = known ? known : "";
  std::vector<std::string_view> commands;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(' '), rest.size());
    if (end != 0) commands.push_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return std::string(nearest_word(word, commands));
}

Parsed parse(int argc, char** argv, const ToolInfo& tool) {
  std::vector<std::string> arguments(argv + std::min(1, argc), argv + argc);
  Result<Parsed> parsed = parse_arguments(arguments, tool);
  if (parsed) return std::move(*parsed);
  const char* first = std::getenv("BXL_FIRST_STAGE");
  if (!below_wrapper() || tool.name == (first ? first : "bxl-graph"))
    print_error(tool.name, parsed.error().message);
  Parsed failed;
  failed.exit = true;
  failed.code = kUsage;
  return failed;
}

}  // namespace bxl::cli
