// Where the tasks of a resolver come from: files of the repository, or a tool of it.
#pragma once

#include "base/result.h"
#include "frontend/dsc/evaluate.h"
#include "frontend/javascript/graph.h"
#include "frontend/javascript/resolver.h"
#include "frontend/javascript/tools.h"

namespace bxl::frontend::javascript {

struct TaskSources {
  Reads& reads;
  Tools& tools;
  dsc::Evaluation* evaluation;  // null: there is no config.dsc
};

// The tasks of any resolver but Ninja, with what its options say of each. `environment`: of its
// pips, and of the tools that are asked. Errors: sentences for the user.
Result<TaskGraph> read_tasks(const Resolver& resolver, const Environment& environment,
                             TaskSources& sources);

}  // namespace bxl::frontend::javascript
