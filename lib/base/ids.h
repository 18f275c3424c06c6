// Strong ids: dense 32-bit positions in a table. Never persisted across builds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

namespace bxl {

enum class PipId : std::uint32_t {};   // position in one graph
enum class PathId : std::uint32_t {};  // position in one PathTable; 0 is "/"

inline constexpr PipId kNoPip{0xffffffffu};
inline constexpr PathId kNoPath{0xffffffffu};
inline constexpr PathId kRootPath{0};

inline std::size_t index(PipId id) { return static_cast<std::size_t>(id); }
inline std::size_t index(PathId id) { return static_cast<std::size_t>(id); }

}  // namespace bxl
