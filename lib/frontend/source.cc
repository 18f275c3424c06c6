// Turns an offset into line, column and a quotation.
#include "frontend/source.h"

#include <algorithm>

namespace bxl::frontend {

Position position_of(const Source& source, std::size_t offset) {
  std::string_view before = std::string_view(source.text).substr(0, offset);
  Position at;
  at.line += static_cast<std::uint32_t>(std::count(before.begin(), before.end(), '\n'));
  std::size_t newline = before.rfind('\n');
  at.column += static_cast<std::uint32_t>(
      newline == std::string_view::npos ? before.size() : before.size() - newline - 1);
  return at;
}

Error error_at(const Source& source, std::size_t offset, const std::string& message) {
  std::string_view text = source.text;
  offset = std::min(offset, text.size());
  Position at = position_of(source, offset);
  std::size_t begin = offset - (at.column - 1);
  std::size_t end = std::min(text.find('\n', begin), text.size());
  // 40 bytes before the caret and 60 after it fit any terminal that shows the message itself.
  std::string prefix, suffix;
  if (offset - begin > 72) {
    begin = offset - 40;
    prefix = "...";
  }
  if (end > offset + 60) {
    end = offset + 60;
    suffix = "...";
  }
  std::string line(text.substr(begin, end - begin));
  for (char& c : line)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = c == '\r' ? ' ' : '?';
  while (!line.empty() && line.back() == ' ') line.pop_back();
  return make_error(0, source.name + ":" + std::to_string(at.line) + ":" +
                           std::to_string(at.column) + ": " + message + "\n" + prefix + line +
                           suffix + "\n" + std::string(prefix.size() + offset - begin, ' ') + "^");
}

}  // namespace bxl::frontend
