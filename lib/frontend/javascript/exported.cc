// What imports of other resolvers' exports come to, once all resolvers are read.
#include <algorithm>

#include "frontend/javascript/exports.h"
#include "frontend/javascript/parts.h"
#include "frontend/javascript/shapes.h"

namespace bxl::frontend::javascript {

Result<void> Parts::check_exports(const Part& part) const {
  for (const Export& one : part.resolver.exports)
    if (!one.allow_empty &&
        std::none_of(part.graph.tasks.begin(), part.graph.tasks.end(),
                     [&](const Task& task) { return any_matches(one.content, task); }))
      return s_.evaluation->error(one.origin, "the content of the export '" + one.symbol +
                                                  "' names no task; allowEmpty: true says that "
                                                  "there may be none");
  return {};
}

Result<std::vector<PipId>> Parts::imported(const Imported& import) const {
  std::vector<std::string_view> modules;
  const Part* part = nullptr;
  for (const Part& one : parts_) {
    if (one.resolver.module_name.empty()) continue;
    modules.push_back(one.resolver.module_name);
    if (one.resolver.module_name == import.module) part = &one;
  }
  if (part == nullptr)
    return s_.evaluation->error(import.origin, "no resolver has the moduleName '" + import.module +
                                                   "'" + suggestion(import.module, modules));
  std::vector<std::string_view> symbols{"all"};
  const Export* found = nullptr;
  for (const Export& one : part->resolver.exports) {
    symbols.push_back(one.symbol);
    if (one.symbol == import.symbol) found = &one;
  }
  if (found == nullptr && import.symbol != "all")
    return s_.evaluation->error(import.origin, "the module '" + import.module + "' exports no '" +
                                                   import.symbol + "'" +
                                                   suggestion(import.symbol, symbols));
  std::vector<PipId> out = part->defaults;  // of Ninja
  for (std::size_t i = 0; i < part->graph.tasks.size(); ++i)
    if (found == nullptr || any_matches(found->content, part->graph.tasks[i]))
      out.push_back(PipId(static_cast<std::uint32_t>(part->first + i)));
  return out;
}

}  // namespace bxl::frontend::javascript
