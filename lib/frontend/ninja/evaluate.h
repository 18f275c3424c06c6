// Evaluates pieces: at once in a scope, or late for an edge with ninja's order of lookup.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "frontend/ninja/manifest.h"

namespace bxl::frontend::ninja {

// Text that doubles line by line must end in an error, not in the memory killer.
inline constexpr std::size_t kMaxValueBytes = 64u << 20;

// Replaces `out`. Errors: EMSGSIZE when the value would be larger than kMaxValueBytes.
Result<void> evaluate(std::span<const Piece> pieces, const Scope& scope, std::string& out);

// As above for a path in a build statement: the edge's own bindings come before the scope's.
Result<void> evaluate(std::span<const Piece> pieces, const Edge& edge, std::string& out);

// Appends `path` as ninja quotes it for the shell: untouched unless it holds a character outside
// [A-Za-z0-9_+./-].
void append_shell_quoted(std::string_view path, std::string& out);

// The late-bound variables of edges. Order of lookup: $in, $in_newline, $out; the edge's own scope,
// or the file's where the edge has none; the rule; the (remaining) file scopes, with the values
// they have now.
class EdgeEvaluator {
 public:
  explicit EdgeEvaluator(const Manifest& manifest) : manifest_(manifest) {}
  enum class Quote {
    No,
    Shell
  };  // of $in and $out; depfile and rspfile are file names and take No
  // Errors: EINVAL for a cycle of rule variables (named); EMSGSIZE as above.
  Result<std::string> value(const Edge& edge, std::string_view variable, Quote quote);

 private:
  void append(const Edge& edge, std::string_view variable, std::string& out);
  void append_nodes(const NodeId* first, std::uint32_t count, char separator, std::string& out);

  const Manifest& manifest_;
  Quote quote_ = Quote::Shell;
  std::vector<std::string_view> active_;  // rule variables being expanded
  std::size_t steps_ = 0;
  Error error_;
  bool failed_ = false;
};

}  // namespace bxl::frontend::ninja
