// The schema version of every stream and store, where modules that may not see wire can print it.
#pragma once

#include <cstdint>

namespace bxl {

inline constexpr std::uint16_t kStreamSchemaMajor = 1;
inline constexpr std::uint16_t kStreamSchemaMinor = 8;

}  // namespace bxl
