// The environment that every pip of a graph gets: a documented allow-list, resolved once.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace bxl::frontend {

using Environment =
    std::vector<std::pair<std::string, std::string>>;  // sorted by name, names unique

// Why a variable passes: one group of names with one reason, as `bxl-graph` documents them.
struct EnvironmentGroup {
  const char* reason;
  std::vector<std::string_view> names;  // a trailing '*' stands for any rest
};
const std::vector<EnvironmentGroup>& environment_groups();

// Does `name` pass without --pass-env?
bool passes(std::string_view name);

// What of `variables` ("NAME=value", as environ) reaches pips: the allow-list, the names in
// `pass_env`, and the fixed values; LANG is C.UTF-8 unless the locale is among the names. PATH is normalised: absolute entries lose duplicates and those
// that are no directory now; relative ones are kept, they mean something else in each working
// directory. PWD is set by whoever runs the pip.
Environment resolve_environment(const std::vector<std::string>& variables,
                                const std::vector<std::string>& pass_env);

// The value of a variable among "NAME=value" entries, the first of two as with getenv(3), as a view
// into its entry; none when it is not set.
std::optional<std::string_view> value_of(const std::vector<std::string>& variables,
                                         std::string_view name);
// The entries of a value such as PATH's, as they stand; an empty one means the working directory.
std::vector<std::string> path_entries(std::string_view value);

// environ as a list.
std::vector<std::string> current_variables();

// Checks the names of --pass-env. Error EINVAL names the first one that no variable can have, or
// that would make every result depend on bxl itself (LD_PRELOAD, PWD).
Result<void> check_pass_env(const std::vector<std::string>& pass_env);

}  // namespace bxl::frontend
