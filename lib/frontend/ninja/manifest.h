// A parsed manifest: scopes, rules, pools and edges, with everything that is looked up late still
// unevaluated.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "frontend/ninja/lexer.h"
#include "frontend/source.h"

namespace bxl::frontend::ninja {

enum class NodeId : std::uint32_t {};
inline constexpr NodeId kNoNode{0xffffffffu};
inline constexpr std::uint32_t kNoEdge = 0xffffffffu;

// A file name as ninja spells it: canonical, but relative or absolute as written.
struct Node {
  std::string_view text;
  std::uint32_t producer = kNoEdge;  // index into Manifest::edges
};

struct Rule {
  std::string_view name;
  std::vector<std::pair<std::string_view, std::vector<Piece>>> bindings;  // last one of a name wins
  const std::vector<Piece>* find(std::string_view variable) const;
};

struct Pool {
  std::string_view name;
  std::uint32_t depth = 0;  // 0: no limit
};

// The variables and rules of a file. `include` shares the includer's scope, `subninja` opens a
// child.
class Scope {
 public:
  explicit Scope(const Scope* parent) : parent_(parent) {}
  const Scope* parent() const { return parent_; }
  void set(std::string_view variable, std::string value);
  const std::string* find_here(std::string_view variable) const;
  // Here or in a parent; empty when unknown, as in ninja.
  std::string_view lookup(std::string_view variable) const;
  bool add_rule(const Rule* rule);  // false: this scope has the name already
  const Rule* find_rule(std::string_view name) const;

 private:
  const Scope* parent_;
  std::unordered_map<std::string_view, std::string> variables_;
  std::unordered_map<std::string_view, const Rule*> rules_;
};

// One build statement. Its nodes lie in Manifest::refs from `first`: explicit outputs, implicit
// outputs, explicit inputs, implicit inputs, order-only inputs.
struct Edge {
  const Rule* rule = nullptr;
  const Scope* scope = nullptr;
  const Source* source = nullptr;
  const Pool* pool = nullptr;  // null: none
  std::size_t offset = 0;      // of the statement in `source`
  std::uint32_t line = 0;
  // Indented lines open a scope of the edge's own, even when they set nothing new: it changes the
  // order of lookup.
  bool own_scope = false;
  std::uint32_t first = 0;
  std::uint32_t explicit_outputs = 0, implicit_outputs = 0;
  std::uint32_t explicit_inputs = 0, implicit_inputs = 0, order_only = 0;
  std::uint32_t validations = 0;  // after the inputs; none of them
  NodeId dyndep = kNoNode;        // the file that says more about this edge; one of its inputs
  std::vector<std::pair<std::string_view, std::string>> bindings;

  std::uint32_t outputs() const { return explicit_outputs + implicit_outputs; }
  std::uint32_t inputs() const { return explicit_inputs + implicit_inputs + order_only; }
};

// Views point into `sources` and `strings`, which never move.
struct Manifest {
  std::deque<Source> sources;
  std::deque<std::string> strings;
  std::deque<Scope> scopes;
  std::deque<Rule> rules;
  std::deque<Pool> pools;
  const Rule* phony = nullptr;
  const Pool* console = nullptr;
  std::vector<Edge> edges;
  std::vector<Node> nodes;
  std::vector<NodeId> refs;
  std::vector<NodeId> defaults;
  std::unordered_map<std::string_view, NodeId> by_text;

  // The node of that name, made when there is none. The path need not be canonical. `stable`: the
  // bytes live as long as the manifest.
  NodeId intern(std::string_view path, bool stable);

  const NodeId* outputs(const Edge& edge) const { return refs.data() + edge.first; }
  const NodeId* inputs(const Edge& edge) const { return outputs(edge) + edge.outputs(); }
  std::string_view text(NodeId id) const { return nodes[static_cast<std::size_t>(id)].text; }
};

// ninja's lexical canonical form: no "//", ".", "x/.." or trailing slash; leading ".." stay; "."
// for nothing left.
std::string canonical(std::string_view path);
bool is_canonical(std::string_view path);

}  // namespace bxl::frontend::ninja
