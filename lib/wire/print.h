// Any stream as text or JSON lines, for `bxl-graph show`, `bxl-plan show` and people.
#pragma once

#include <ostream>
#include <string>

#include "base/result.h"

namespace bxl::wire {

enum class PrintFormat { Text, Json };  // Json: one object per record and line

// Prints the stream read from `fd`, whatever its kind. Errors as StreamReader.
Result<void> print_stream(int fd, PrintFormat format, std::ostream& out);

}  // namespace bxl::wire
