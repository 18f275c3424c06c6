// The fields of every record, for printing. Internal to lib/wire.
#pragma once

#include "base/path_table.h"
#include "wire/fields.h"
#include "wire/stream.h"

namespace bxl::wire {

// Each calls begin_record() and leaves end_record() to the caller.
void describe(Fields& to, const Header& header);
void describe(Fields& to, const End& end);
void describe(Fields& to, const Record& record, const PathTable& paths);
void describe(Fields& to, const GraphRecord& graph, const PathTable& paths);  // without pips
void describe(Fields& to, PipId id, const Pip& pip, const PathTable& paths);

}  // namespace bxl::wire
