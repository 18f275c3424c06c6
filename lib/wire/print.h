// Any stream as text or JSON lines, for `bxl-graph show`, `bxl-plan show` and people.
#pragma once

#include <ostream>
#include <string>

#include "base/result.h"

namespace bxl::wire {

enum class PrintFormat { Text, Json };  // Json: one object per record and line

// Prints the stream read from `fd`, whatever its kind, record by record as they come: of a damaged
// stream what came before the damage. Text leaves out empty, zero and false fields, and shows
// control characters as JSON does; JSON has every field, bytes as base/json_writer.h says. Errors
// as StreamReader, and EIO when `out` fails.
Result<void> print_stream(int fd, PrintFormat format, std::ostream& out);

}  // namespace bxl::wire
