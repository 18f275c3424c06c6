// What the package.json of a JavaScript repository lack, by the violations of a build.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "report/build_log.h"

namespace bxl::report {

// `package` has to depend on `name`.
struct MissingDependency {
  std::string manifest;       // absolute path of the reader's package.json
  std::string package, name;  // the reader's and the writer's package
  std::string writer_manifest;
  std::string example;  // a path that was read, absolute
  bool operator==(const MissingDependency&) const = default;
};

struct DependencyFixes {
  std::vector<MissingDependency> missing;  // by manifest and name, each once
  std::vector<std::string> others;         // sentences: what has to be put right by hand
};

// Reads and failed looks of one package that fell on outputs of another one. Where the other one
// depends on the reader already a dependency would make a circle: that is among `others`, as are
// tasks of one package.
DependencyFixes find_missing_dependencies(const Build& build);

// `text` of a package.json with NAME: RANGE among the devDependencies, in alphabetical order and
// with the indentation that is there; nothing else changes. Errors: it is no object, or has the
// name among its dependencies already.
Result<std::string> with_dependency(std::string_view text, const std::string& name,
                                    const std::string& range);

// What is in `after` and not in `before`, as a diff with a line of context on both sides. Both are
// texts of with_dependency().
std::string insertion_diff(const std::string& file, const std::string& before,
                           const std::string& after);

}  // namespace bxl::report
