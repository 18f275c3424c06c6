// The syntax tree of one configuration file.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "frontend/source.h"

namespace bxl::frontend::dsc {

enum class NodeKind : std::uint8_t {
  // Expressions. `kids` are their operands, in order; what `text` is stands behind.
  Undefined,
  Boolean,      // number: 0 or 1
  Number,       // number
  String,       // text: the value
  Template,     // kids: String and other expressions
  Path,         // text: f, d, p, r or a; kids as of Template
  Name,         // text
  Array,        // kids; some Spread
  Object,       // kids: Property, ComputedProperty, Spread
  Property,     // text: the key; kid: value
  Computed,     // kids: key, value
  Spread,       // kid
  Conditional,  // kids: condition, then, else
  Binary,       // text: the operator
  Unary,        // text: the operator
  Call,         // kids: callee, arguments
  Member,       // text: the name; number 1: "?."
  Index,        // kids: object, key
  Function,     // names: parameters; number 1: the last takes the rest; kid: an expression or Block
  // Statements.
  Block,       // kids
  Constant,    // text: the name; kid: value; number 1: let
  Assign,      // text: the name; kid: value
  If,          // kids: condition, then, else or not
  Return,      // kid or none
  ForOf,       // text: the name; kids: array, body
  Evaluate,    // kid
  Unavailable  // text: a name of an import, which only a full interpreter could follow
};

struct Node {
  NodeKind kind = NodeKind::Undefined;
  std::uint32_t offset = 0;  // where messages about it point
  double number = 0;
  std::string text;
  std::vector<std::string> names;
  std::vector<const Node*> kids;
};

// Owns source and nodes. Chains of operators and of calls may be as deep as the file is long;
// everything else nests at most kMaxNesting deep.
struct Syntax {
  Source source;
  std::deque<Node> nodes;
  std::vector<const Node*> statements;
};

inline constexpr std::size_t kMaxFileBytes = 1u << 20;
inline constexpr int kMaxNesting = 100;

// Types, interfaces, decorators and `export` are skipped. Errors point into the source.
Result<std::unique_ptr<const Syntax>> parse(Source source);

}  // namespace bxl::frontend::dsc
