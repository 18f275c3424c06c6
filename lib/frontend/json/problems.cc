// Collects the errors of a JSON graph.
#include "frontend/json/problems.h"

#include "json/reader.h"

namespace bxl::frontend::json_graph {
namespace {

constexpr std::size_t kTold = 20;

}  // namespace

void Problems::add(const Origin& where, const std::string& what) {
  if (++count_ > kTold) return;
  if (!told_.empty()) told_ += '\n';
  told_ += file_ + ":" + ::bxl::json::line_and_column(text_, where.offset) + ": ";
  if (!where.pointer.empty()) told_ += where.pointer + ": ";
  told_ += what;
}

bool Problems::told_all_it_tells() const { return count_ >= kTold; }

Error Problems::error() const {
  std::string text = told_;
  if (count_ > kTold) text += "\n… and " + std::to_string(count_ - kTold) + " more errors";
  return make_error(0, text);
}

std::string Problems::file_and_line(const Origin& where) const {
  const std::string place = ::bxl::json::line_and_column(text_, where.offset);
  return file_ + ":" + place.substr(0, place.find(':'));
}

std::string pointer_step(std::string_view key) {
  std::string out = "/";
  for (char c : key) {
    if (c == '~')
      out += "~0";
    else if (c == '/')
      out += "~1";
    else
      out += c;
  }
  return out;
}

}  // namespace bxl::frontend::json_graph
