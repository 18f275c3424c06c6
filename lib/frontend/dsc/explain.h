// Every value of a configuration with its origin, for `bxl config --explain`.
#pragma once

#include <string>

#include "frontend/dsc/evaluate.h"

namespace bxl::frontend::dsc {

// One line per value that is neither object nor array, and one for each empty one, in the order of
// the text:
//   resolvers[0].kind = "Lage"  # config.dsc:4:13
//   resolvers[0].root = d`/src/repo`  # config.dsc:5:13, environment variable REPO
// then the variables that were looked for and not set. Control characters are escaped.
std::string explain_text(const Evaluation& evaluation);
// {"values":[{"name","type","value","origin","variable"},…],"variables":{"NAME":"value" or null}}
std::string explain_json(const Evaluation& evaluation);

}  // namespace bxl::frontend::dsc
