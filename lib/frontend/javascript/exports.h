// What a resolver exports under a name, and how another one names it.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "frontend/dsc/evaluate.h"
#include "frontend/javascript/selectors.h"

namespace bxl::frontend::javascript {

struct Export {
  std::string symbol;
  Selectors content;
  bool allow_empty = false;
  dsc::Origin origin;
};

// Of `exports`. Errors: with place and line; a symbol that is no name, stands twice, or is "all",
// which every module has.
Result<std::vector<Export>> read_exports(const dsc::Evaluation& evaluation, const dsc::Value& list);

// importFrom("M").x, or {expression: "importFrom('M').x"}. Errors: with place and line.
bool is_imported(const dsc::Value& value);
Result<Imported> read_imported(const dsc::Evaluation& evaluation, const dsc::Value& value);

}  // namespace bxl::frontend::javascript
