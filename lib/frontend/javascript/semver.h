// Does a package of the repository satisfy what another one asks for?
#pragma once

#include <string_view>

namespace bxl::frontend::javascript {

// npm's ranges: "^1.2.0", "~1.2", "1.x", ">=1 <3", "1.0.0 - 2.0.0", "1 || 2", "*" and "". What is
// no range at all (a tag such as "latest", a URL) is not satisfied: it comes from elsewhere.
bool satisfies(std::string_view version, std::string_view range);

}  // namespace bxl::frontend::javascript
