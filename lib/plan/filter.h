// BuildXL's pip filters: which pips a build is asked for. Grammar and meaning:
// tools/bxl-plan/README.md.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/path_table.h"
#include "base/result.h"
#include "graph/mounts.h"
#include "graph/output_record.h"
#include "graph/pip_graph.h"

namespace bxl::plan {

// What a filter is evaluated over. All references must outlive the call.
struct FilterWorld {
  const graph::PipGraph& graph;
  const PathTable& paths;
  const graph::Mounts& mounts;
  std::string directory;  // absolute: relative paths of the filter and specs of pips begin here
  std::string module;     // of pips that name none
  // What earlier builds made; null: not asked.
  const graph::OutputRecords* records = nullptr;
  // What a build without a filter is asked for: filters select among these pips and what they need.
  // A pip beside them (CMake's install) is selected by its own name alone: its id, one of its
  // outputs or aliases spelled out, or what the author of a JSON or JavaScript graph calls it.
  // Null: among all pips.
  const std::vector<PipId>* asked = nullptr;
};

// A parsed filter. A tuple gives a set of outputs; `and` is their intersection and binds tighter
// than `or`, their union; `~` is the complement over all outputs of the graph. Immutable.
class Filter {
 public:
  // Errors (errnum 0): a sentence with the column, counted in bytes from 1. Any text gives a Filter
  // or an Error in bounded time and stack.
  static Result<Filter> parse(std::string_view text);
  // BuildXL's shorthand for arguments that are no targets: `output='*/X' or spec='*/X' or tag='X'`,
  // and `or id='X'` where X may be one; joined with `or`. X with a leading `*` is taken as it is.
  // Errors: EINVAL for an argument with a quote, which no filter can hold.
  static Result<Filter> of_arguments(const std::vector<std::string>& arguments);

  Filter(Filter&&) noexcept;
  Filter& operator=(Filter&&) noexcept;
  ~Filter();

  // The pips that make a matching output, ascending; no aliases: what is asked of an alias is asked
  // of what it stands for. Errors (errnum 0): a mount that does not exist.
  Result<std::vector<PipId>> evaluate(const FilterWorld& world) const;

  // Fully parenthesised; parses to the same filter.
  std::string to_string() const;

  struct Node;

 private:
  explicit Filter(std::unique_ptr<Node> root);
  std::unique_ptr<Node> root_;
};

// "Pip" and 16 hexadecimal digits: a short name of a pip that stays from build to build. `id='…'`
// takes it with or without "Pip", in either case, or the pip's stable id itself.
std::string short_id(std::string_view stable_id);

}  // namespace bxl::plan
