// Base64 as in RFC 4648, with padding, without line breaks.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace bxl::frontend::json_graph {

// Empty for anything but what an encoder writes: unused bits are zero, '=' fills the last four.
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace bxl::frontend::json_graph
