// Detection by environment variables as other tools understand them; text without surprises.
#include "console/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace bxl::console {
namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

}  // namespace

Terminal Terminal::detect(int out) {
  Terminal t;
  t.out = out;
  const std::string term = variable("TERM");
  if (!term.empty() && term != "dumb" && ::isatty(out) == 1) t.status = out;
  const std::string force = variable("CLICOLOR_FORCE");
  t.colour = t.status >= 0 && variable("CLICOLOR") != "0";
  if (!force.empty() && force != "0") t.colour = true;
  if (!variable("NO_COLOR").empty()) t.colour = false;
  return t;
}

std::size_t Terminal::width() const {
  winsize size{};
  return status >= 0 && ::ioctl(status, TIOCGWINSZ, &size) == 0 && size.ws_col != 0 ? size.ws_col
                                                                                    : 80;
}

std::string without_escapes(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\033') {
      out += text[i];
      continue;
    }
    if (++i == text.size()) break;
    if (text[i] == '[') {  // CSI: ends with a byte from '@' to '~'
      for (++i; i < text.size() && (text[i] < '@' || text[i] > '~'); ++i) {
      }
    } else if (text[i] == ']') {  // OSC: ends with BEL or ESC backslash; never beyond the line
      for (++i; i < text.size() && text[i] != '\a' && text[i] != '\n'; ++i)
        if (text[i] == '\033' && i + 1 < text.size() && text[i + 1] == '\\') {
          ++i;
          break;
        }
      if (i < text.size() && text[i] == '\n') --i;
    }
  }
  return out;
}

std::string fit(std::string_view text, std::size_t width) {
  std::string line;
  std::size_t columns = 0;
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    line += byte < 0x20 || byte == 0x7F ? '?' : c;
    if (!continues_character(c)) ++columns;
  }
  if (columns <= width) return line;
  constexpr std::string_view kGap = "...";
  if (width <= kGap.size() + 1) return line.substr(0, 0) + std::string(kGap.substr(0, width));
  const std::size_t head = (width - kGap.size()) / 2, tail = width - kGap.size() - head;
  auto offset = [&](std::size_t column) {  // of the character at `column`
    std::size_t at = 0;
    for (std::size_t seen = 0; at < line.size(); ++at)
      if (!continues_character(line[at]) && seen++ == column) break;
    return at;
  };
  return line.substr(0, offset(head)) + std::string(kGap) + line.substr(offset(columns - tail));
}

std::string brief(std::uint64_t ms) {
  const std::uint64_t s = (ms + 500) / 1000;
  if (s < 60) return std::to_string(s) + " s";
  if (s < 3600) return std::to_string(s / 60) + " min " + std::to_string(s % 60) + " s";
  return std::to_string(s / 3600) + " h " + std::to_string(s / 60 % 60) + " min";
}

}  // namespace bxl::console
