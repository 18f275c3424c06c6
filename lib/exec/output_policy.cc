// Exclusions say more than the lack of a declaration.
#include "exec/output_policy.h"

namespace bxl::exec {

wire::Violation out_of_place(const fingerprint::View& view, violation::Analyzer& analyzer,
                             PipId pip, PathId path, bool existed) {
  if (const PathId barrier = view.output_exclusion(pip, path); barrier != kNoPath)
    return analyzer.excluded_write(pip, path, existed, barrier);
  return analyzer.undeclared_write(pip, path, existed, view.output_directory_of(path));
}

}  // namespace bxl::exec
