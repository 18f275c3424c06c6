// What is wrong with a JSON graph, said with file, line, column and JSON pointer.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace bxl::frontend::json_graph {

// A piece of the text: where it starts, and how it is reached from the top ("/pips/3/command",
// RFC 6901).
struct Origin {
  std::size_t offset = 0;
  std::string pointer;
};

// A string of the graph that others will talk about.
struct Located {
  std::string text;
  Origin origin;
};

// Collects; the first 20 are told. `text` must outlive it.
class Problems {
 public:
  Problems(std::string file, std::string_view text) : file_(std::move(file)), text_(text) {}
  // "graph.bxl.json:12:7: /pips/3/command: WHAT"
  void add(const Origin& where, const std::string& what);
  bool empty() const { return count_ == 0; }
  bool told_all_it_tells() const;
  // All of them, a line each. EINVAL is not told: the text says it all, so `errnum` is 0.
  Error error() const;
  const std::string& file() const { return file_; }
  // "graph.bxl.json:12"
  std::string file_and_line(const Origin& where) const;

 private:
  std::string file_;
  std::string_view text_;
  std::size_t count_ = 0;
  std::string told_;
};

// One step of a JSON pointer: '~' and '/' escaped.
std::string pointer_step(std::string_view key);

}  // namespace bxl::frontend::json_graph
