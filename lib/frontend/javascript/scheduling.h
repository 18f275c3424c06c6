// customScheduling: a function of the user that may replace what a task runs.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "frontend/dsc/evaluate.h"
#include "frontend/environment.h"
#include "frontend/javascript/graph.h"

namespace bxl::frontend::javascript {

struct Scheduling {
  std::string file;  // absolute; empty: there is none
  std::string function;
  dsc::Value argument;  // undefined: none
  dsc::Origin origin;
};

// `directory`: of config.dsc. Errors: with place and line.
Result<Scheduling> read_scheduling(const dsc::Evaluation& evaluation, const dsc::Value& value,
                                   const std::string& directory);

// Calls the function for each task, with (project, argument). Where it returns what
// Transformer.execute gave, that command takes the place of the scripts; where it returns
// undefined, the task stays as it is. `environment`: of all tasks, for the project. Errors: with
// place and line: there is no such file or function, it returns something else, or what it says.
Result<void> schedule(dsc::Evaluation& evaluation, const Scheduling& scheduling,
                      const Environment& environment, std::vector<Task>& tasks);

}  // namespace bxl::frontend::javascript
