// `.bxl/environment`: what variables the pips of the last build had, so that a value which has
// changed since is named before work starts.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/digest.h"
#include "base/result.h"
#include "state/workspace.h"

namespace bxl::state {

// Names and digests of values, for values may be secrets. One line each: "NAME DIGEST".
class KnownEnvironment {
 public:
  using Variables = std::vector<std::pair<std::string, std::string>>;

  explicit KnownEnvironment(const Variables& variables);
  // An absent or damaged file gives one that knows nothing.
  static KnownEnvironment load(const Workspace& workspace);

  // Names whose values differ here and there, or that only one of the two has; sorted. Empty when
  // either knows nothing.
  std::vector<std::string> differences(const KnownEnvironment& other) const;
  // Replaces the file unless it says the same. Losing it costs a sentence.
  Result<void> save(const Workspace& workspace) const;

 private:
  KnownEnvironment() = default;
  std::map<std::string, Digest> values_;
};

}  // namespace bxl::state
