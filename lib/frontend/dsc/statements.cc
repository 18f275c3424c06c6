// Statements, calls and files.
#include "base/path_table.h"
#include "frontend/dsc/depth.h"
#include "frontend/dsc/evaluator.h"

namespace bxl::frontend::dsc {
namespace {

constexpr std::size_t kMaxFiles = 1000;
constexpr std::size_t kMaxLocals = 1000;

// Where the search for a variable of that name ends.
Variable* find_variable(Frame& frame, const std::string& name, Frame*& owner) {
  for (Frame* at = &frame; at != nullptr; at = at->parent)
    for (auto it = at->variables.rbegin(); it != at->variables.rend(); ++it)
      if (it->name == name) {
        owner = at;
        return &*it;
      }
  return nullptr;
}

}  // namespace

Result<Value> Evaluator::call(const Value& function, const CallSite& at, Arguments arguments) {
  Depth depth(depth_);
  BXL_TRY(step(at.origin));
  if (!function.is(Type::Function)) return wrong_type(function, at.origin, *at.name, "a function");
  const Function& callee = *function.function;
  if (callee.native != nullptr) {
    const NativeRow& row = *callee.native;
    if (arguments.size() < row.min_arguments || arguments.size() > row.max_arguments)
      return error(
          at.origin,
          *at.name + " takes " +
              (row.min_arguments == row.max_arguments ? std::to_string(row.min_arguments)
               : row.max_arguments == SIZE_MAX ? std::to_string(row.min_arguments) + " or more"
                                               : std::to_string(row.min_arguments) + " to " +
                                                     std::to_string(row.max_arguments)) +
              " arguments, not " + std::to_string(arguments.size()));
    return row.native(*this, at, callee.self, arguments);
  }
  BXL_TRY(spend(at.origin, sizeof(Frame) + (arguments.size() + 2) * sizeof(Variable)));
  const Node& node = *callee.node;
  Frame& frame = frames_.emplace_back();
  frame.parent = callee.frame;
  frame.file = callee.frame->file;
  for (std::size_t i = 0; i < node.names.size(); ++i) {
    Variable variable;
    variable.name = node.names[i];
    variable.value = {Type::Undefined, at.origin, {}};
    if (node.number == 1 && i + 1 == node.names.size()) {
      std::vector<Value> rest;
      for (std::size_t j = i; j < arguments.size(); ++j) rest.push_back(arguments[j]);
      BXL_TRY_ASSIGN(variable.value, array(at.origin, std::move(rest)));
    } else if (i < arguments.size()) {
      variable.value = arguments[i];
    }
    frame.variables.push_back(variable);
  }
  const Node& body = *node.kids[0];
  if (body.kind != NodeKind::Block) return evaluate(body, frame);
  Value result{Type::Undefined, at.origin, {}};
  BXL_TRY(execute_block(body.kids, frame, result));
  return result;
}

Result<Evaluator::Flow> Evaluator::execute_block(const std::vector<const Node*>& statements,
                                                 Frame& frame, Value& result) {
  for (const Node* statement : statements) {
    BXL_TRY_ASSIGN(Flow flow, execute(*statement, frame, result));
    if (flow == Flow::Return) return flow;
  }
  return Flow::Next;
}

Result<Evaluator::Flow> Evaluator::execute(const Node& node, Frame& frame, Value& result) {
  Depth depth(depth_);
  const Origin origin = origin_of(node, frame);
  BXL_TRY(step(origin));
  auto inner = [&]() -> Result<Frame*> {
    BXL_TRY(spend(origin, sizeof(Frame) + sizeof(Variable)));
    Frame& made = frames_.emplace_back();
    made.parent = &frame;
    made.file = frame.file;
    return &made;
  };
  switch (node.kind) {
    case NodeKind::Block: {
      BXL_TRY_ASSIGN(Frame * scope, inner());
      return execute_block(node.kids, *scope, result);
    }
    case NodeKind::Constant: {
      BXL_TRY_ASSIGN(Value value, evaluate(*node.kids[0], frame));
      BXL_TRY(spend(origin, sizeof(Variable)));
      // Names are looked for one by one.
      if (frame.variables.size() >= kMaxLocals)
        return error(origin, "more than " + std::to_string(kMaxLocals) + " names in one block");
      frame.variables.push_back({node.text, value, nullptr, false, node.number == 1});
      return Flow::Next;
    }
    case NodeKind::Assign: {
      BXL_TRY_ASSIGN(Value value, evaluate(*node.kids[0], frame));
      Frame* owner = nullptr;
      Variable* variable = find_variable(frame, node.text, owner);
      if (variable == nullptr) return error(origin, "unknown name '" + node.text + "'");
      if (!variable->can_change || owner->parent == nullptr)
        return error(origin, "'" + node.text + "' is a constant");
      variable->value = value;
      return Flow::Next;
    }
    case NodeKind::If: {
      BXL_TRY_ASSIGN(Value condition, evaluate(*node.kids[0], frame));
      BXL_TRY_ASSIGN(bool yes, truth(condition, origin));
      if (yes) return execute(*node.kids[1], frame, result);
      return node.kids.size() > 2 ? execute(*node.kids[2], frame, result) : Flow::Next;
    }
    case NodeKind::Return:
      if (!node.kids.empty()) {
        BXL_TRY_ASSIGN(result, evaluate(*node.kids[0], frame));
      }
      return Flow::Return;
    case NodeKind::ForOf: {
      BXL_TRY_ASSIGN(Value array, evaluate(*node.kids[0], frame));
      if (!array.is(Type::Array))
        return wrong_type(array, origin, "what is looped over", "an array");
      for (const Value& item : array.array->items) {
        BXL_TRY_ASSIGN(Frame * scope, inner());
        scope->variables.push_back({node.text, item, nullptr, false, false});
        BXL_TRY_ASSIGN(Flow flow, execute(*node.kids[1], *scope, result));
        if (flow == Flow::Return) return flow;
      }
      return Flow::Next;
    }
    case NodeKind::Evaluate: {
      BXL_TRY_ASSIGN([[maybe_unused]] Value ignored, evaluate(*node.kids[0], frame));
      return Flow::Next;
    }
    default:
      return error(origin, "this statement only makes sense at the top of a file");
  }
}

// --- files
// -------------------------------------------------------------------------------------------

Result<std::uint32_t> Evaluator::load(const std::string& path, const CallSite* at) {
  if (auto it = by_path_.find(path); it != by_path_.end()) return it->second;
  if (files_.size() >= kMaxFiles)
    return error(at->origin, "more than " + std::to_string(kMaxFiles) + " files are imported");
  File file;
  file.path = path;
  file.directory = parent_path(path);
  Source source;
  const std::string root = files_.empty() ? file.directory : files_.front().directory;
  source.name = root != "/" && path_within(path, root) ? path.substr(root.size() + 1) : path;
  auto text = world_.read_file(path);
  if (!text) {
    if (at == nullptr) return std::move(text.error());
    return error(at->origin, "cannot import: " + text.error().to_string());
  }
  source.text = std::move(*text);
  BXL_TRY_ASSIGN(file.syntax, parse(std::move(source)));
  const auto number = static_cast<std::uint32_t>(files_.size());
  files_.push_back(std::move(file));
  by_path_.emplace(path, number);
  BXL_TRY(declare(files_.back(), number));
  return number;
}

Result<void> Evaluator::declare(File& file, std::uint32_t number) {
  Frame& frame = frames_.emplace_back();
  frame.file = number;
  file.frame = &frame;
  auto add = [&](const Node& node, std::string_view name) -> Result<void> {
    BXL_TRY(spend(origin_of(node, frame), 2 * sizeof(Variable)));
    if (!frame.index.emplace(name, frame.variables.size()).second)
      return error(origin_of(node, frame), "'" + std::string(name) + "' is declared twice");
    frame.variables.push_back({name, {}, &node, false, false});
    return {};
  };
  for (const Node* statement : file.syntax->statements) {
    if (statement->kind == NodeKind::Constant) {
      BXL_TRY(add(*statement, statement->text));
    } else if (statement->kind == NodeKind::Unavailable) {
      for (const std::string& name : statement->names)
        if (name != "as") BXL_TRY(add(*statement, name));
    } else if (statement->kind != NodeKind::Evaluate) {
      return error(origin_of(*statement, frame),
                   "only declarations and config({...}) can stand at the top of a file");
    }
  }
  return {};
}

Result<Value> Evaluator::import_file(const CallSite& at, const std::string& path) {
  BXL_TRY_ASSIGN(std::uint32_t number, load(path, &at));
  Frame& frame = *files_[number].frame;
  std::vector<Member> members;
  for (Variable& variable : frame.variables) {
    if (variable.pending != nullptr && variable.pending->kind == NodeKind::Unavailable) continue;
    Member member{std::string(variable.name), at.origin, {}};
    BXL_TRY_ASSIGN(member.value, force(variable, frame));
    members.push_back(std::move(member));
  }
  BXL_TRY_ASSIGN(Value out, object(at.origin, std::move(members)));
  objects_.back().complete = true;
  return out;
}

Result<Value> Evaluator::run(const std::string& path) {
  BXL_TRY_ASSIGN([[maybe_unused]] std::uint32_t number, load(path, nullptr));
  const File& file = files_.front();
  for (const Node* statement : file.syntax->statements) {
    if (statement->kind != NodeKind::Evaluate) continue;
    const Node& call = *statement->kids[0];
    const Origin origin = origin_of(*statement, *file.frame);
    const bool is_config = call.kind == NodeKind::Call && call.kids[0]->kind == NodeKind::Name &&
                           call.kids[0]->text == "config";
    if (!is_config || call.kids.size() != 2)
      return error(origin, "expected config({...}); nothing else can be called at the top");
    if (configuration_) return error(origin, "config({...}) stands here for the second time");
    BXL_TRY_ASSIGN(Value value, evaluate(*call.kids[1], *file.frame));
    if (!value.is(Type::Object))
      return wrong_type(value, origin, "the argument of config", "an object");
    configuration_ = value;
  }
  if (!configuration_)
    return make_error(0, file.syntax->source.name + ": config({...}) is missing");
  return *configuration_;
}

// --- the interface
// -------------------------------------------------------------------------------------

Evaluation::Evaluation() = default;
Evaluation::~Evaluation() = default;

Result<std::unique_ptr<Evaluation>> Evaluation::run(const std::string& path, World world) {
  std::unique_ptr<Evaluation> out(new Evaluation());
  out->evaluator_ = std::make_unique<Evaluator>(std::move(world));
  BXL_TRY_ASSIGN(out->configuration_, out->evaluator_->run(path));
  return out;
}

Result<Value> Evaluation::call(const Value& function, const std::vector<Value>& arguments) {
  static const std::string kName = "this";
  return evaluator_->call(function, {function.origin, &kName}, arguments);
}

Result<Value> Evaluation::import_file(const Origin& origin, const std::string& path) {
  static const std::string kName = "importFile";
  return evaluator_->import_file({origin, &kName}, path);
}

Result<Value> Evaluation::text(Type type, std::string text) {
  return evaluator_->text({}, type, std::move(text));
}
Result<Value> Evaluation::object(std::vector<std::pair<std::string, Value>> members) {
  std::vector<Member> all;
  for (auto& [key, value] : members) all.push_back({std::move(key), {}, value});
  return evaluator_->object({}, std::move(all));
}
Result<Value> Evaluation::array(std::vector<Value> items) {
  return evaluator_->array({}, std::move(items));
}

std::string Evaluation::place(const Origin& origin) const { return evaluator_->place(origin); }
std::string Evaluation::variable(const Origin& origin) const {
  return evaluator_->variable_names()[origin.variable];
}
Error Evaluation::error(const Origin& origin, const std::string& message) const {
  return evaluator_->error(origin, message);
}
const std::map<std::string, std::optional<std::string>>& Evaluation::variables() const {
  return evaluator_->variables();
}

}  // namespace bxl::frontend::dsc
