// Variable lookup and shell quoting, as ninja does them.
#include "frontend/ninja/evaluate.h"

#include <algorithm>

#include "base/shell_text.h"

namespace bxl::frontend::ninja {
namespace {

// Rule variables can multiply without adding a byte; a million lookups for one value is no honest
// manifest.
constexpr std::size_t kMaxSteps = 1'000'000;

Error too_long() {
  return make_error(EMSGSIZE, "a value grows beyond 64 MiB while variables are expanded");
}

template <typename Lookup>
Result<void> evaluate_with(std::span<const Piece> pieces, std::string& out, Lookup lookup) {
  out.clear();
  for (const Piece& piece : pieces) {
    out += piece.variable ? lookup(piece.text) : piece.text;
    if (out.size() > kMaxValueBytes) return too_long();
  }
  return {};
}

const std::string* find_binding(const Edge& edge, std::string_view variable) {
  for (auto it = edge.bindings.rbegin(); it != edge.bindings.rend(); ++it)
    if (it->first == variable) return &it->second;
  return nullptr;
}

bool is_shell_safe(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '+' || c == '-' || c == '.' || c == '/';
}

}  // namespace

Result<void> evaluate(std::span<const Piece> pieces, const Scope& scope, std::string& out) {
  return evaluate_with(pieces, out,
                       [&](std::string_view variable) { return scope.lookup(variable); });
}

Result<void> evaluate(std::span<const Piece> pieces, const Edge& edge, std::string& out) {
  return evaluate_with(pieces, out, [&](std::string_view variable) -> std::string_view {
    if (const std::string* own = find_binding(edge, variable)) return *own;
    return edge.scope->lookup(variable);
  });
}

void append_shell_quoted(std::string_view path, std::string& out) {
  if (std::all_of(path.begin(), path.end(), is_shell_safe))
    out += path;
  else
    out += shell_quoted(path);
}

void EdgeEvaluator::append_nodes(const NodeId* first, std::uint32_t count, char separator,
                                 std::string& out) {
  for (std::uint32_t i = 0; i < count; ++i) {
    if (i != 0) out += separator;
    if (quote_ == Quote::Shell)
      append_shell_quoted(manifest_.text(first[i]), out);
    else
      out += manifest_.text(first[i]);
  }
}

void EdgeEvaluator::append(const Edge& edge, std::string_view variable, std::string& out) {
  if (failed_) return;
  if (++steps_ > kMaxSteps || out.size() > kMaxValueBytes) {
    error_ = too_long();
    failed_ = true;
    return;
  }
  if (variable == "in" || variable == "in_newline") {
    append_nodes(manifest_.inputs(edge), edge.explicit_inputs, variable == "in" ? ' ' : '\n', out);
    return;
  }
  if (variable == "out") {
    append_nodes(manifest_.outputs(edge), edge.explicit_outputs, ' ', out);
    return;
  }
  // Checked with ninja: without a scope of the edge's own, the file's variables even shadow the
  // rule's.
  const std::string* own =
      edge.own_scope ? find_binding(edge, variable) : edge.scope->find_here(variable);
  if (own) {
    out += *own;
    return;
  }
  if (const std::vector<Piece>* late = edge.rule->find(variable)) {
    if (std::find(active_.begin(), active_.end(), variable) != active_.end()) {
      std::string cycle = "cycle in rule variables: ";
      for (std::string_view name : active_) cycle += std::string(name) + " -> ";
      error_ = make_error(EINVAL, cycle + std::string(variable));
      failed_ = true;
      return;
    }
    active_.push_back(variable);
    for (const Piece& piece : *late) {
      if (piece.variable)
        append(edge, piece.text, out);
      else
        out += piece.text;
    }
    active_.pop_back();
    return;
  }
  const Scope* scope = edge.own_scope ? edge.scope : edge.scope->parent();
  if (scope) out += scope->lookup(variable);
}

Result<std::string> EdgeEvaluator::value(const Edge& edge, std::string_view variable, Quote quote) {
  quote_ = quote;
  active_.clear();
  steps_ = 0;
  failed_ = false;
  std::string out;
  append(edge, variable, out);
  if (failed_) return std::move(error_);
  return out;
}

}  // namespace bxl::frontend::ninja
