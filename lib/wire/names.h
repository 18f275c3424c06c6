// Names of the enumerators that only printing needs; the others are declared beside their types.
#pragma once

#include "wire/records.h"

namespace bxl::wire {

const char* name(PipKind kind);
const char* name(OutputKind kind);
const char* name(FileKind kind);

}  // namespace bxl::wire
