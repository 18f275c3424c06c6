// What values of a configuration may look like: checks and their messages.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "frontend/dsc/evaluate.h"

namespace bxl::frontend::javascript {

// What an option may be is written with one letter per alternative: b boolean, n natural number,
// s string, f file, d directory, p any absolute path, r relative path, a atom, o object, m map,
// F function, x an export of another module, * anything, [ an array of what follows. undefined is
// always allowed.
class Shapes {
 public:
  explicit Shapes(const dsc::Evaluation& evaluation) : evaluation_(evaluation) {}
  using Keys = std::vector<std::pair<std::string_view, std::string_view>>;  // and their shapes

  // All errors have place and line.
  Result<void> check(const dsc::Value& value, const std::string& what,
                     std::string_view shape) const;
  // The members of an object, each of the named shape; nothing else.
  Result<void> check_object(const dsc::Value& value, const std::string& what,
                            const Keys& keys) const;
  Error unknown(const dsc::Member& member, const std::string& where,
                const std::vector<std::string_view>& known) const;
  // The member `key`, which must be there and have text.
  Result<std::string> text(const dsc::Value& object, std::string_view key,
                           const std::string& what) const;
  Error error(const dsc::Value& value, const std::string& message) const {
    return evaluation_.error(value.origin, message);
  }

 private:
  const dsc::Evaluation& evaluation_;
};

// Null: not there, or undefined.
const dsc::Value* find(const dsc::Value& object, std::string_view key);
// "; did you mean 'x'?", or nothing.
std::string suggestion(std::string_view name, const std::vector<std::string_view>& known);

}  // namespace bxl::frontend::javascript
