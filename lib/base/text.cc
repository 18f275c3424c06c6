#include "base/text.h"

#include <algorithm>
#include <cstdio>

#include "base/json_writer.h"

namespace bxl {

std::string count_text(std::uint64_t n, std::string_view one, std::string_view many) {
  return std::to_string(n).append(" ").append(n == 1 ? one : many);
}

std::string size_text(std::uint64_t bytes) {
  if (bytes < 1000) return count_text(bytes, "byte", "bytes");
  double value = static_cast<double>(bytes) / 1000;
  const char* unit = "kB";
  for (const char* larger : {"MB", "GB", "TB"}) {
    if (value < 999.95) break;
    value /= 1000;
    unit = larger;
  }
  char text[32];
  std::snprintf(text, sizeof text, "%.1f %s", value, unit);
  return text;
}

std::string printable(std::string_view text) {
  bool harmless = std::all_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) >= ' ' && c != '\x7f';
  });
  if (harmless) return std::string(text);
  std::string json;
  append_json_string(json, text);
  return json.substr(1, json.size() - 2);
}

}  // namespace bxl
