// Reads "target: a b \" lines.
#include "frontend/ninja/depfile.h"

namespace bxl::frontend::ninja {

std::vector<std::string> parse_depfile(std::string_view text) {
  std::vector<std::string> out;
  std::string word;
  bool after_colon = false;
  auto finish = [&] {
    if (after_colon && !word.empty()) out.push_back(word);
    word.clear();
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i], next = i + 1 < text.size() ? text[i + 1] : '\n';
    if (c == '\\' && (next == '\n' || next == '\r')) {
      finish();
      if (next == '\r' && i + 2 < text.size() && text[i + 2] == '\n') ++i;
      ++i;
    } else if (c == '\\' && (next == ' ' || next == '#' || next == ':')) {
      word += next;
      ++i;
    } else if (c == '$' && next == '$') {
      word += '$';
      ++i;
    } else if (c == ':' && !after_colon &&
               (next == ' ' || next == '\t' || next == '\n' || next == '\r' || next == '\\')) {
      word.clear();
      after_colon = true;
    } else if (c == '\n') {
      finish();
      after_colon = false;
    } else if (c == ' ' || c == '\t' || c == '\r' || c == '\0') {
      finish();
    } else {
      word += c;
    }
  }
  finish();
  return out;
}

}  // namespace bxl::frontend::ninja
