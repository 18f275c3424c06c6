// Turns the edges of a manifest into pips with absolute paths, dependencies and late-bound
// commands.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/path_table.h"
#include "base/result.h"
#include "frontend/ninja/manifest.h"
#include "wire/records.h"

namespace bxl::frontend::ninja {

struct PipSettings {
  std::string directory;  // the build directory's real path
  // Other spellings of real directories, "/link/build" -> "/real/build": absolute paths of the
  // manifest that begin with the first are taken to begin with the second.
  std::vector<std::pair<std::string, std::string>> spellings;
  // Does a file exist at this absolute path? Asked for the outputs of phony edges without inputs.
  std::function<bool(const std::string&)> exists;
  // Outputs that are names of the generator's and no files, absolute: whoever "makes" one is an
  // action.
  std::function<bool(const std::string&)> is_name_only;  // may be empty: none is
};

// Where a name of the manifest lies: absolute, with the spellings applied.
std::string place(const PipSettings& settings, std::string_view name);

struct PipSet {
  std::vector<wire::Pip> pips;  // with what the loaded dyndep files say
  std::vector<PipId> default_targets;
};

// One pip per edge; phony edges become aliases, with these rules of ninja's:
//   - a phony edge without inputs whose file exists only says that the file is a source: no alias
//   is made of it;
//     where the file is missing, whatever needs it (through aliases) is kPipAlwaysDirty
//   - a phony edge naming itself as an input is tolerated
// An output declared by two edges under one spelling was refused by the parser; under two spellings
// it is left to graph::PipGraph, as are cycles. Errors: EINVAL with "file:line: ..." for values
// that cannot be expanded.
Result<PipSet> make_pips(const Manifest& manifest, const PipSettings& settings, PathTable& paths);

}  // namespace bxl::frontend::ninja
