// Which tasks an option speaks of, and the options that speak of tasks.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/expression.h"
#include "base/result.h"
#include "frontend/dsc/evaluate.h"
#include "frontend/javascript/graph.h"

namespace bxl::frontend::javascript {

// "name" (all commands), {packageName, commands?} or {packageNameRegex, commandRegex?}. As in
// BuildXL an expression is searched for: "^" and "$" tie it to the ends of a name.
class Selector {
 public:
  static Result<Selector> read(const dsc::Evaluation& evaluation, const dsc::Value& value);
  bool matches(const Task& task) const;
  const std::string& text() const { return text_; }  // for messages

 private:
  std::string text_, package_;
  std::vector<std::string> commands_;                        // empty: all
  std::optional<Expression> package_regex_, command_regex_;  // package_ empty
};
using Selectors = std::vector<Selector>;
// Of a list, which may be null. Errors: with place and line.
Result<Selectors> read_selectors(const dsc::Evaluation& evaluation, const dsc::Value* list);
bool any_matches(const Selectors& selectors, const Task& task);

// What another resolver exports under a name: exports.h.
struct Imported {
  std::string module, symbol;
  dsc::Origin origin;
};

// `dependents` wait for, and may read, what the others name: tasks, files that some pip makes, all
// that is made in a directory, and what other resolvers export. A file that no pip makes is an
// input of them, read or not.
struct AdditionalDependency {
  Selectors dependents, tasks;
  std::vector<std::string> files, directories;  // absolute
  std::vector<Imported> imports;
  dsc::Origin origin;
};

struct Timeout {
  Selectors tasks;  // at least one
  std::uint64_t ms = 0;
  dsc::Origin origin;
};

// Sources that tasks may read beside those of packages; no selectors: all tasks.
struct ReadPlace {
  std::string directory;  // absolute
  Selectors tasks;
  dsc::Origin origin;
};

// Errors of all three: with place and line.
Result<std::vector<AdditionalDependency>> read_additional_dependencies(
    const dsc::Evaluation& evaluation, const dsc::Value& list);
Result<std::vector<Timeout>> read_timeouts(const dsc::Evaluation& evaluation,
                                           const dsc::Value& list);
Result<std::vector<ReadPlace>> read_places(const dsc::Evaluation& evaluation,
                                           const dsc::Value& list);

}  // namespace bxl::frontend::javascript
