#include "plan/plan_input.h"

#include <optional>
#include <variant>

#include "plan/session.h"
#include "wire/stream.h"

namespace bxl::plan {

// The graph must be mapped before the first record is read: its path ids come first in the table.
Result<std::pair<wire::GraphReader, PlanInput>> read_plan(int fd, PathTable& paths) {
  BXL_TRY_ASSIGN(auto stream, wire::StreamReader::open(fd, wire::StreamKind::Plan, paths));
  PlanInput input;
  input.header = stream.header();
  state::Workspace workspace{input.header.workspace};
  BXL_TRY_ASSIGN(auto graph, open_graph(workspace, input.header.graph, paths));
  stream.expect_pips(graph.pip_count());
  for (;;) {
    BXL_TRY_ASSIGN(auto record, stream.next());
    if (!record) break;
    if (auto* head = std::get_if<wire::PlanHeader>(&*record))
      input.plan = std::move(*head);
    else if (auto* basis = std::get_if<wire::Basis>(&*record))
      input.basis.push_back(*basis);
    else if (auto* scrub = std::get_if<wire::Scrub>(&*record))
      input.scrubs.push_back(std::move(*scrub));
    else if (auto* pip = std::get_if<wire::PlanPip>(&*record))
      input.pips.push_back(std::move(*pip));
  }
  if (stream.end().exit_code != 0)
    return make_error(EBADMSG, "upstream incomplete: " + stream.end().message);
  return std::pair(std::move(graph), std::move(input));
}

}  // namespace bxl::plan
