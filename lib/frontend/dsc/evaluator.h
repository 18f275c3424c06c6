// The interpreter behind evaluate.h.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "frontend/dsc/evaluate.h"
#include "frontend/dsc/syntax.h"

namespace bxl::frontend::dsc {

class Evaluator;

struct CallSite {
  Origin origin;
  const std::string* name;  // as called, for messages
};
using Arguments = std::span<const Value>;
// A function of the language's own. `self` is what it is a member of.
using Native = Result<Value> (*)(Evaluator&, const CallSite&, const Value& self, Arguments);

struct NativeRow {
  std::string_view name;
  std::size_t min_arguments, max_arguments;
  Native native;
};

// A variable whose constant has not been needed yet keeps its expression.
struct Variable {
  std::string_view name;
  Value value;
  const Node* pending = nullptr;
  bool evaluating = false;
  bool can_change = false;
};
struct Frame {
  Frame* parent = nullptr;
  std::uint32_t file = 0;
  std::vector<Variable> variables;
  // Of a file: what was declared there, since there may be many.
  std::unordered_map<std::string_view, std::size_t> index;
};

struct Function {
  const Node* node = nullptr;  // with `frame`, or
  Frame* frame = nullptr;
  const NativeRow* native = nullptr;  // with `self`
  Value self;
};

class Evaluator {
 public:
  explicit Evaluator(World world) : world_(std::move(world)) {}
  Result<Value> run(const std::string& path);

  // --- making values (evaluator.cc); what they hold counts against kMaxBytes
  // -----------------------
  Value boolean(const CallSite& at, bool value) const;
  Value number(const CallSite& at, double value) const;
  Result<Value> text(Origin origin, Type type, std::string text);
  Result<Value> array(Origin origin, std::vector<Value> items);
  Result<Value> object(Origin origin, std::vector<Member> members);  // the last of two keys counts
  Result<Value> map(Origin origin, const std::vector<std::pair<Value, Value>>& entries);
  Result<void> spend(Origin origin, std::size_t bytes);

  // --- running (evaluator.cc, statements.cc) -----------------------------------------------------
  Result<Value> call(const Value& function, const CallSite& at, Arguments arguments);
  Result<Value> import_file(const CallSite& at, const std::string& path);
  Result<std::string> to_text(const Value& value, Origin at);
  Result<bool> truth(const Value& value, Origin at) const;

  // --- messages ---------------------------------------------------------------------------------
  Error error(Origin origin, const std::string& message) const;
  std::string place(Origin origin) const;
  Error wrong_type(const Value& value, Origin at, const std::string& what,
                   const std::string& expected) const;

  // --- the world
  // ----------------------------------------------------------------------------------
  const World& world() const { return world_; }
  std::optional<std::string> variable(const std::string& name, Origin& origin);
  const std::vector<std::string>& variable_names() const { return variable_names_; }
  const std::map<std::string, std::optional<std::string>>& variables() const { return variables_; }
  const std::string& directory(Origin origin) const { return files_[origin.file].directory; }
  const std::string& root() const { return files_.front().directory; }

  // A global object of native functions; made once.
  Result<Value> name_space(Origin origin, std::string_view name, std::span<const NativeRow> rows);
  // A native function as a value.
  Result<Value> native_member(Origin origin, const NativeRow& row, const Value& self);

 private:
  struct File {
    std::string path, directory;
    std::unique_ptr<const Syntax> syntax;
    Frame* frame = nullptr;
  };
  enum class Flow { Next, Return };
  class Depth;

  Result<std::uint32_t> load(const std::string& path, const CallSite* at);
  Result<void> declare(File& file, std::uint32_t number);
  Origin origin_of(const Node& node, const Frame& frame) const {
    return {frame.file, node.offset, 0};
  }
  Result<void> step(Origin origin);

  Result<Value> evaluate(const Node& node, Frame& frame);
  Result<Value> evaluate_base(const Node& node, Frame& frame);
  Result<Value> apply(const Node& node, Value base, Frame& frame);
  Result<Value> binary(const Node& node, Value left, Frame& frame);
  Result<Value> name(const Node& node, Frame& frame);
  Result<Value> force(Variable& variable, Frame& frame);
  Result<Value> member(const Node& node, const Value& base, const std::string& name, Frame& frame);
  Result<Value> index(const Node& node, const Value& base, Frame& frame);
  Result<Value> call_node(const Node& node, const Value& callee, Frame& frame);
  Result<Value> template_text(const Node& node, Frame& frame);
  Result<Value> path_literal(const Node& node, Frame& frame);
  Result<Value> array_literal(const Node& node, Frame& frame);
  Result<Value> object_literal(const Node& node, Frame& frame);
  Result<Flow> execute(const Node& node, Frame& frame, Value& result);
  Result<Flow> execute_block(const std::vector<const Node*>& statements, Frame& frame,
                             Value& result);

  World world_;
  std::deque<File> files_;
  std::map<std::string, std::uint32_t> by_path_;
  std::map<std::string, std::optional<std::string>> variables_;
  std::vector<std::string> variable_names_{""};
  std::map<std::string_view, Value> name_spaces_;
  std::optional<Value> configuration_;
  std::uint64_t steps_ = 0, bytes_ = 0;
  int depth_ = 0;
  // What values point to: freed all at once, so that no value's depth can exhaust the stack.
  std::deque<std::string> texts_;
  std::deque<Array> arrays_;
  std::deque<Object> objects_;
  std::deque<Map> maps_;
  std::deque<Function> functions_;
  std::deque<Frame> frames_;
};

// --- builtins ------------------------------------------------------------------------------------
// A global name such as Environment or glob; a namespace is an Object of native functions.
// Null: none of that name.
Result<std::optional<Value>> global(Evaluator& evaluator, Origin origin, const std::string& name);
// A method or property of `value`; empty: none of that name.
Result<std::optional<Value>> method(Evaluator& evaluator, Origin origin, const Value& value,
                                    const std::string& name);
// The names that global() and method() know, for suggestions.
std::vector<std::string_view> global_names();
std::vector<std::string_view> method_names(const Value& value);

// --- paths ---------------------------------------------------------------------------------------
// The absolute path for `text` beside a file in `directory`: both separators, "." and ".." folded.
// Errors: a sentence without place for an empty path or one with a zero byte.
Result<std::string> absolute_path(const std::string& directory, std::string text);
Result<std::string> relative_path(std::string text);
Result<std::string> path_atom(std::string text);

}  // namespace bxl::frontend::dsc
