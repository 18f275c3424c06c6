// Where words for people go: a terminal or not, how wide, with colours or not; and text made fit
// for it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace bxl::console {

struct Terminal {
  int out = 2;          // lines are written here
  int status = -1;      // the terminal to draw a status line on; -1: none
  bool colour = false;  // escape sequences are understood and wanted

  // For words on `out`, from the environment. The status line goes where the lines go, or nowhere:
  // with `bxl | tee log`, tee has the terminal. TERM=dumb, or no TERM, is no terminal. NO_COLOR
  // beats CLICOLOR_FORCE, which beats CLICOLOR=0; colours are on by default on a terminal.
  static Terminal detect(int out);

  // Columns of the status terminal now: asked each time, for windows are resized. 80 when unknown.
  std::size_t width() const;
};

// Colours and cursor movements taken out: CSI and OSC sequences, and other two-byte escapes.
std::string without_escapes(std::string_view text);

// At most `width` columns of one line: control characters become "?", and what is too long loses
// its middle, since both the verb in front and the file name at the end say something. Each UTF-8
// character counts as one column.
std::string fit(std::string_view text, std::size_t width);

// Milliseconds as "4 s", "1 min 20 s", "2 h 5 min".
std::string brief(std::uint64_t ms);

}  // namespace bxl::console
