// Expressions: what they are worth.
#include "frontend/dsc/evaluator.h"

#include <charconv>
#include <cmath>

#include "base/nearest.h"
#include "base/path_table.h"
#include "frontend/dsc/depth.h"

namespace bxl::frontend::dsc {
namespace {

constexpr std::string_view kSdk = "Sdk.";

bool is_chain(NodeKind kind) {
  return kind == NodeKind::Member || kind == NodeKind::Index || kind == NodeKind::Call ||
         kind == NodeKind::Binary;
}

std::string number_text(double number) {
  char digits[64];
  std::to_chars_result end{};
  if (number == std::floor(number) && std::fabs(number) < 1e15)
    end = std::to_chars(digits, digits + sizeof digits, static_cast<std::int64_t>(number));
  else
    end = std::to_chars(digits, digits + sizeof digits, number);
  return {digits, end.ptr};
}

// What a called or missing thing is called in messages.
const std::string& name_of(const Node& callee) {
  static const std::string kAnonymous = "the function";
  const bool named = callee.kind == NodeKind::Name || callee.kind == NodeKind::Member;
  return named ? callee.text : kAnonymous;
}

std::string suggestion(std::string_view name, const std::vector<std::string_view>& known) {
  const std::string best(nearest(name, known));
  return best.empty() ? "" : "; did you mean '" + best + "'?";
}

}  // namespace

// --- values --------------------------------------------------------------------------------------

Result<void> Evaluator::spend(Origin origin, std::size_t bytes) {
  bytes_ += bytes;
  if (bytes_ > kMaxBytes)
    return error(origin, "the configuration needs more than " + std::to_string(kMaxBytes >> 20) +
                             " MB of memory");
  return {};
}

Value Evaluator::boolean(const CallSite& at, bool value) const {
  Value out{Type::Boolean, at.origin, {}};
  out.boolean = value;
  return out;
}

Value Evaluator::number(const CallSite& at, double value) const {
  Value out{Type::Number, at.origin, {}};
  out.number = value;
  return out;
}

Result<Value> Evaluator::text(Origin origin, Type type, std::string text) {
  BXL_TRY(spend(origin, sizeof(std::string) + text.size()));
  Value out{type, origin, {}};
  out.text = &texts_.emplace_back(std::move(text));
  return out;
}

Result<Value> Evaluator::array(Origin origin, std::vector<Value> items) {
  BXL_TRY(spend(origin, sizeof(Array) + items.size() * sizeof(Value)));
  Value out{Type::Array, origin, {}};
  out.array = &arrays_.emplace_back(Array{std::move(items)});
  return out;
}

Result<Value> Evaluator::object(Origin origin, std::vector<Member> members) {
  std::size_t bytes = sizeof(Object);
  for (const Member& member : members) bytes += 2 * sizeof(Member) + member.key.size();
  BXL_TRY(spend(origin, bytes));
  Object& made = objects_.emplace_back();
  std::unordered_map<std::string, std::size_t> seen;
  for (Member& member : members) {
    auto [it, fresh] = seen.emplace(member.key, made.members.size());
    if (fresh)
      made.members.push_back(std::move(member));
    else
      made.members[it->second] = std::move(member);
  }
  for (std::size_t i = 0; i < made.members.size(); ++i) made.index.emplace(made.members[i].key, i);
  Value out{Type::Object, origin, {}};
  out.object = &made;
  return out;
}

Result<Value> Evaluator::map(Origin origin, const std::vector<std::pair<Value, Value>>& entries) {
  BXL_TRY(spend(origin, sizeof(Map) + entries.size() * 4 * sizeof(Value)));
  Map& made = maps_.emplace_back();
  for (auto& entry : entries) {
    std::string key = key_of(entry.first);
    if (key.empty())
      return wrong_type(entry.first, origin, "the key of a map", "a string, path or number");
    auto [it, fresh] = made.index.emplace(std::move(key), made.entries.size());
    if (fresh)
      made.entries.push_back(entry);
    else
      made.entries[it->second].second = entry.second;
  }
  Value out{Type::Map, origin, {}};
  out.map = &made;
  return out;
}

Result<Value> Evaluator::native_member(Origin origin, const NativeRow& row, const Value& self) {
  BXL_TRY(spend(origin, sizeof(Function)));
  Function& made = functions_.emplace_back();
  made.native = &row;
  made.self = self;
  Value out{Type::Function, origin, {}};
  out.function = &made;
  return out;
}

Result<Value> Evaluator::name_space(Origin origin, std::string_view name,
                                    std::span<const NativeRow> rows) {
  if (auto it = name_spaces_.find(name); it != name_spaces_.end()) return it->second;
  std::vector<Member> members;
  for (const NativeRow& row : rows) {
    Member member{std::string(row.name), origin, {}};
    BXL_TRY_ASSIGN(member.value, native_member(origin, row, {}));
    members.push_back(std::move(member));
  }
  BXL_TRY_ASSIGN(Value out, object(origin, std::move(members)));
  objects_.back().complete = true;
  name_spaces_.emplace(name, out);
  return out;
}

// --- messages ------------------------------------------------------------------------------------

Error Evaluator::error(Origin origin, const std::string& message) const {
  return error_at(files_[origin.file].syntax->source, origin.offset, message);
}

std::string Evaluator::place(Origin origin) const {
  const Source& source = files_[origin.file].syntax->source;
  Position at = position_of(source, origin.offset);
  return source.name + ":" + std::to_string(at.line) + ":" + std::to_string(at.column);
}

Error Evaluator::wrong_type(const Value& value, Origin at, const std::string& what,
                            const std::string& expected) const {
  return error(at, what + " must be " + expected + ", not " + type_name(value.type));
}

Result<void> Evaluator::step(Origin origin) {
  if (++steps_ > kMaxSteps)
    return error(origin, "the configuration takes more than " + std::to_string(kMaxSteps) +
                             " steps; is there a recursion without end?");
  if (depth_ > kMaxDepth)
    return error(origin, "calls and values are within each other more than " +
                             std::to_string(kMaxDepth) +
                             " deep; is there a recursion without end?");
  return {};
}

std::optional<std::string> Evaluator::variable(const std::string& name, Origin& origin) {
  auto [it, fresh] = variables_.emplace(name, std::nullopt);
  if (fresh) {
    it->second = world_.variable(name);
    variable_names_.push_back(name);
  }
  for (std::size_t i = 1; i < variable_names_.size(); ++i)
    if (variable_names_[i] == name) origin.variable = static_cast<std::uint32_t>(i);
  return it->second;
}

// --- conversions
// -----------------------------------------------------------------------------------

Result<std::string> Evaluator::to_text(const Value& value, Origin at) {
  if (value.has_text()) return *value.text;
  if (value.is(Type::Number)) return number_text(value.number);
  if (value.is(Type::Boolean)) return std::string(value.boolean ? "true" : "false");
  return wrong_type(value, at, "what becomes text", "a string, number, boolean or path");
}

Result<bool> Evaluator::truth(const Value& value, Origin at) const {
  switch (value.type) {
    case Type::Undefined:
      return false;
    case Type::Boolean:
      return value.boolean;
    case Type::Number:
      return value.number != 0 && !std::isnan(value.number);
    case Type::String:
      return !value.text->empty();
    case Type::Unit:
      return wrong_type(value, at, "a condition", "a boolean");
    default:
      return true;
  }
}

// --- expressions
// -------------------------------------------------------------------------------------

// Chains of operators and calls are walked in a loop: a configuration may add thousands of entries
// to a map, one call after the other.
Result<Value> Evaluator::evaluate(const Node& node, Frame& frame) {
  Depth depth(depth_);
  BXL_TRY(step(origin_of(node, frame)));
  if (!is_chain(node.kind)) return evaluate_base(node, frame);
  std::vector<const Node*> chain;
  const Node* at = &node;
  for (; is_chain(at->kind); at = at->kids[0]) chain.push_back(at);
  BXL_TRY_ASSIGN(Value value, evaluate_base(*at, frame));
  bool skipping = false;  // behind "?." on undefined
  for (; !chain.empty(); chain.pop_back()) {
    const Node& next = *chain.back();
    BXL_TRY(step(origin_of(next, frame)));
    if (next.kind == NodeKind::Binary) skipping = false;
    if (next.kind == NodeKind::Member && next.number == 1 && value.is_undefined()) skipping = true;
    if (skipping) continue;
    BXL_TRY_ASSIGN(value, apply(next, value, frame));
  }
  return value;
}

Result<Value> Evaluator::evaluate_base(const Node& node, Frame& frame) {
  const Origin origin = origin_of(node, frame);
  Value out{Type::Undefined, origin, {}};
  switch (node.kind) {
    case NodeKind::Undefined:
      return out;
    case NodeKind::Boolean:
      out.type = Type::Boolean;
      out.boolean = node.number != 0;
      return out;
    case NodeKind::Number:
      out.type = Type::Number;
      out.number = node.number;
      return out;
    case NodeKind::String:  // the tree outlives every value
      out.type = Type::String;
      out.text = &node.text;
      return out;
    case NodeKind::Template:
      return template_text(node, frame);
    case NodeKind::Path:
      return path_literal(node, frame);
    case NodeKind::Name:
      return name(node, frame);
    case NodeKind::Array:
      return array_literal(node, frame);
    case NodeKind::Object:
      return object_literal(node, frame);
    case NodeKind::Conditional: {
      BXL_TRY_ASSIGN(Value condition, evaluate(*node.kids[0], frame));
      BXL_TRY_ASSIGN(bool yes, truth(condition, origin_of(*node.kids[0], frame)));
      return evaluate(*node.kids[yes ? 1 : 2], frame);
    }
    case NodeKind::Unary: {
      BXL_TRY_ASSIGN(Value value, evaluate(*node.kids[0], frame));
      if (node.text == "!") {
        BXL_TRY_ASSIGN(bool yes, truth(value, origin));
        return boolean({origin, nullptr}, !yes);
      }
      if (node.text == "typeof") {
        static const char* const kNames[] = {"undefined", "object", "boolean", "number", "string"};
        const auto i = static_cast<std::size_t>(value.type);
        return text(origin, Type::String,
                    value.is(Type::Function) ? "function"
                    : i < 5                  ? kNames[i]
                                             : "object");
      }
      if (!value.is(Type::Number)) return wrong_type(value, origin, "this", "a number");
      if (node.text == "-") value.number = -value.number;
      value.origin = origin;
      return value;
    }
    case NodeKind::Function: {
      BXL_TRY(spend(origin, sizeof(Function)));
      Function& made = functions_.emplace_back();
      made.node = &node;
      made.frame = &frame;
      out.type = Type::Function;
      out.function = &made;
      return out;
    }
    default:
      return error(origin, "a value is missing here");
  }
}

Result<Value> Evaluator::apply(const Node& node, Value base, Frame& frame) {
  switch (node.kind) {
    case NodeKind::Member:
      return member(node, base, node.text, frame);
    case NodeKind::Index:
      return index(node, base, frame);
    case NodeKind::Call:
      return call_node(node, base, frame);
    default:
      return binary(node, base, frame);
  }
}

Result<Value> Evaluator::binary(const Node& node, Value left, Frame& frame) {
  const std::string& op = node.text;
  const Origin origin = origin_of(node, frame);
  if (op == "??") return left.is_undefined() ? evaluate(*node.kids[1], frame) : left;
  if (op == "&&" || op == "||") {
    BXL_TRY_ASSIGN(bool yes, truth(left, origin));
    return yes == (op == "&&") ? evaluate(*node.kids[1], frame) : left;
  }
  BXL_TRY_ASSIGN(Value right, evaluate(*node.kids[1], frame));
  const CallSite at{origin, &op};
  if (op == "===" || op == "==") return boolean(at, equal(left, right));
  if (op == "!==" || op == "!=") return boolean(at, !equal(left, right));
  if (op == "+" && (left.is(Type::String) || right.is(Type::String))) {
    BXL_TRY_ASSIGN(std::string a, to_text(left, origin));
    BXL_TRY_ASSIGN(std::string b, to_text(right, origin));
    return text(origin, Type::String, a + b);
  }
  if ((op == "<" || op == ">" || op == "<=" || op == ">=") && left.is(Type::String) &&
      right.is(Type::String)) {
    const int order = left.text->compare(*right.text);
    return boolean(at, op == "<"    ? order < 0
                       : op == ">"  ? order > 0
                       : op == "<=" ? order <= 0
                                    : order >= 0);
  }
  if (!left.is(Type::Number) || !right.is(Type::Number))
    return error(origin, "'" + op + "' does not apply to " + type_name(left.type) + " and " +
                             type_name(right.type));
  const double a = left.number, b = right.number;
  if (op == "+") return number(at, a + b);
  if (op == "-") return number(at, a - b);
  if (op == "*") return number(at, a * b);
  if (op == "<") return boolean(at, a < b);
  if (op == ">") return boolean(at, a > b);
  if (op == "<=") return boolean(at, a <= b);
  if (op == ">=") return boolean(at, a >= b);
  if (op == "/" || op == "%") {
    if (b == 0) return error(origin, "division by zero");
    return number(at, op == "/" ? a / b : std::fmod(a, b));
  }
  // What else JavaScript has works on 32 bits.
  if (std::fabs(a) > 2147483648.0 || std::fabs(b) > 2147483648.0)
    return error(origin, "'" + op + "' takes numbers of 32 bits");
  const auto x = static_cast<std::int64_t>(a), y = static_cast<std::int64_t>(b);
  return number(at, static_cast<double>(op == "&" ? x & y : op == "|" ? x | y : x ^ y));
}

Result<Value> Evaluator::name(const Node& node, Frame& frame) {
  for (Frame* at = &frame; at != nullptr; at = at->parent) {
    if (!at->index.empty()) {
      auto it = at->index.find(node.text);
      if (it != at->index.end()) return force(at->variables[it->second], *at);
      continue;
    }
    for (auto it = at->variables.rbegin(); it != at->variables.rend(); ++it)
      if (it->name == node.text) return force(*it, *at);
  }
  const Origin origin = origin_of(node, frame);
  BXL_TRY_ASSIGN(auto found, global(*this, origin, node.text));
  if (found) return *found;
  std::vector<std::string_view> known = global_names();
  for (Frame* at = &frame; at != nullptr; at = at->parent)
    for (const Variable& one : at->variables) known.push_back(one.name);
  return error(origin, "unknown name '" + node.text + "'" + suggestion(node.text, known));
}

// Constants of a file may be used above the line that declares them, so they are evaluated when
// they are first needed.
Result<Value> Evaluator::force(Variable& variable, Frame& frame) {
  if (variable.pending == nullptr) return variable.value;
  const Node& node = *variable.pending;
  if (node.kind == NodeKind::Unavailable && node.text.starts_with(kSdk)) {
    BXL_TRY_ASSIGN(auto builtin, global(*this, origin_of(node, frame), std::string(variable.name)));
    if (builtin) return *builtin;
  }
  if (node.kind == NodeKind::Unavailable)
    return error(origin_of(node, frame), "'" + std::string(variable.name) +
                                             "' comes from module \"" + node.text +
                                             "\"; modules cannot be imported here");
  if (variable.evaluating)
    return error(origin_of(node, frame),
                 "'" + std::string(variable.name) + "' needs its own value");
  variable.evaluating = true;
  auto value = evaluate(*node.kids[0], frame);
  variable.evaluating = false;
  if (!value) return value;
  variable.value = *value;
  variable.pending = nullptr;
  return value;
}

Result<Value> Evaluator::member(const Node& node, const Value& base, const std::string& name,
                                Frame& frame) {
  const Origin origin = origin_of(node, frame);
  if (base.is(Type::Object)) {
    if (const Member* found = base.object->find(name)) return found->value;
    if (base.object->complete) {
      std::vector<std::string_view> known;
      for (const Member& one : base.object->members) known.push_back(one.key);
      return error(origin, "there is no '" + name + "' here" + suggestion(name, known));
    }
  }
  if (base.is(Type::Module)) {
    // BuildXL's own modules are part of the language here.
    if (base.text->starts_with(kSdk)) {
      BXL_TRY_ASSIGN(auto builtin, global(*this, origin, name));
      if (builtin) return *builtin;
      return error(origin, "the module \"" + *base.text + "\" has no '" + name + "' here" +
                               suggestion(name, global_names()));
    }
    return text(origin, Type::Export, *base.text + '\0' + name);
  }
  BXL_TRY_ASSIGN(auto found, method(*this, origin, base, name));
  if (found) return *found;
  if (base.is(Type::Object)) return Value{Type::Undefined, origin, {}};
  if (base.is_undefined())
    return error(origin, "cannot take '" + name + "' of undefined" +
                             (base.origin.offset != 0 ? ", which comes from " + place(base.origin)
                                                      : std::string()));
  return error(origin, std::string(type_name(base.type)) + " has no member '" + name + "'" +
                           suggestion(name, method_names(base)));
}

Result<Value> Evaluator::index(const Node& node, const Value& base, Frame& frame) {
  const Origin origin = origin_of(node, frame);
  BXL_TRY_ASSIGN(Value key, evaluate(*node.kids[1], frame));
  if (base.is(Type::Array) && key.is(Type::Number)) {
    if (key.number < 0 || key.number >= static_cast<double>(base.array->items.size()))
      return Value{Type::Undefined, origin, {}};
    return base.array->items[static_cast<std::size_t>(key.number)];
  }
  if (base.is(Type::Object) && key.is(Type::String)) return member(node, base, *key.text, frame);
  return error(origin, std::string(type_name(base.type)) + " has no member that " +
                           type_name(key.type) + " names");
}

Result<Value> Evaluator::call_node(const Node& node, const Value& callee, Frame& frame) {
  const Origin origin = origin_of(*node.kids[0], frame);
  const std::string& name = name_of(*node.kids[0]);
  if (!callee.is(Type::Function))
    return error(origin, name + " is " + type_name(callee.type) + ", not a function");
  std::vector<Value> arguments;
  for (std::size_t i = 1; i < node.kids.size(); ++i) {
    const Node& kid = *node.kids[i];
    const bool spread = kid.kind == NodeKind::Spread;
    BXL_TRY_ASSIGN(Value value, evaluate(spread ? *kid.kids[0] : kid, frame));
    if (!spread) {
      arguments.push_back(value);
    } else if (value.is(Type::Array)) {
      BXL_TRY(spend(origin, value.array->items.size() * sizeof(Value)));
      arguments.insert(arguments.end(), value.array->items.begin(), value.array->items.end());
    } else {
      return wrong_type(value, origin_of(kid, frame), "what is spread", "an array");
    }
  }
  return call(callee, {origin, &name}, arguments);
}

Result<Value> Evaluator::template_text(const Node& node, Frame& frame) {
  std::string out;
  for (const Node* kid : node.kids) {
    BXL_TRY_ASSIGN(Value value, evaluate(*kid, frame));
    BXL_TRY_ASSIGN(std::string piece, to_text(value, origin_of(*kid, frame)));
    out += piece;
    BXL_TRY(spend(origin_of(*kid, frame), piece.size()));
  }
  return text(origin_of(node, frame), Type::String, std::move(out));
}

Result<Value> Evaluator::array_literal(const Node& node, Frame& frame) {
  std::vector<Value> items;
  for (const Node* kid : node.kids) {
    const bool spread = kid->kind == NodeKind::Spread;
    BXL_TRY_ASSIGN(Value value, evaluate(spread ? *kid->kids[0] : *kid, frame));
    if (!spread) {
      items.push_back(value);
      continue;
    }
    if (value.is_undefined()) continue;
    if (value.is(Type::Export)) {  // its elements are known later
      items.push_back(value);
      continue;
    }
    if (!value.is(Type::Array))
      return wrong_type(value, origin_of(*kid, frame), "what is spread in an array", "an array");
    BXL_TRY(spend(origin_of(*kid, frame), value.array->items.size() * sizeof(Value)));
    items.insert(items.end(), value.array->items.begin(), value.array->items.end());
  }
  return array(origin_of(node, frame), std::move(items));
}

Result<Value> Evaluator::object_literal(const Node& node, Frame& frame) {
  std::vector<Member> members;
  for (const Node* kid : node.kids) {
    const Origin origin = origin_of(*kid, frame);
    Member member{kid->text, origin, {}};
    if (kid->kind == NodeKind::Computed) {
      BXL_TRY_ASSIGN(Value key, evaluate(*kid->kids[0], frame));
      if (!key.is(Type::String)) return wrong_type(key, origin, "a computed key", "a string");
      member.key = *key.text;
    }
    BXL_TRY_ASSIGN(member.value, evaluate(*kid->kids.back(), frame));
    if (kid->kind != NodeKind::Spread) {
      members.push_back(std::move(member));
      continue;
    }
    if (member.value.is_undefined()) continue;
    if (!member.value.is(Type::Object))
      return wrong_type(member.value, origin, "what is spread in an object", "an object");
    const auto& more = member.value.object->members;
    BXL_TRY(spend(origin, more.size() * sizeof(Member)));
    members.insert(members.end(), more.begin(), more.end());
  }
  return object(origin_of(node, frame), std::move(members));
}

}  // namespace bxl::frontend::dsc
