// Recursive descent over the filter grammar.
#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>

#include "base/digest.h"
#include "plan/filter_node.h"

namespace bxl::plan {
namespace {

using Node = Filter::Node;
using NodePtr = std::unique_ptr<Node>;

constexpr int kMaxDepth = 200;                 // nested groups; each takes a frame of the parser
constexpr std::size_t kMaxOperands = 100'000;  // of one chain

struct TypeName {
  std::string_view name;
  TupleType type;
};
constexpr std::array kTypes{
    TypeName{"id", TupleType::Id},
    TypeName{"input", TupleType::Input},
    TypeName{"output", TupleType::Output},
    TypeName{"spec", TupleType::Spec},
    TypeName{"specref", TupleType::SpecRef},
    TypeName{"spec_valuetransitive", TupleType::SpecValueTransitive},
    TypeName{"tag", TupleType::Tag},
    TypeName{"value", TupleType::Value},
    TypeName{"valuetransitive", TupleType::ValueTransitive},
    TypeName{"module", TupleType::Module},
};
struct FunctionName {
  std::string_view name;
  FilterOp op;
};
constexpr std::array kFunctions{
    FunctionName{"dpt", FilterOp::Dependents},
    FunctionName{"dpc", FilterOp::Dependencies},
    FunctionName{"requiredfor", FilterOp::RequiredFor},
    FunctionName{"copydpt", FilterOp::CopyDependents},
};

bool is_path_type(TupleType type) {
  return type == TupleType::Input || type == TupleType::Output || type == TupleType::Spec ||
         type == TupleType::SpecRef || type == TupleType::SpecValueTransitive;
}

NodePtr make(FilterOp op, NodePtr left, NodePtr right = nullptr) {
  auto node = std::make_unique<Node>();
  node->op = op;
  node->left = std::move(left);
  node->right = std::move(right);
  return node;
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<NodePtr> run() {
    blanks();
    const bool dependents = take('+');
    NodePtr root = expression(0);
    if (root && at_ < text_.size()) fail("expected 'and', 'or' or the end");
    if (!error_.message.empty()) return std::move(error_);
    return dependents ? make(FilterOp::Dependents, std::move(root)) : std::move(root);
  }

 private:
  void blanks() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
  }
  bool take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    blanks();
    return true;
  }
  NodePtr fail(const std::string& what) {
    if (error_.message.empty())
      error_ = make_error(0, "filter, column " + std::to_string(at_ + 1) + ": " + what);
    return nullptr;
  }
  std::string_view word() const {
    std::size_t end = at_;
    while (end < text_.size() &&
           (std::isalnum(static_cast<unsigned char>(text_[end])) != 0 || text_[end] == '_'))
      ++end;
    return text_.substr(at_, end - at_);
  }

  NodePtr expression(int depth) { return chain("or", FilterOp::Or, depth); }
  // Operands joined by one operator, folded to the left.
  NodePtr chain(std::string_view name, FilterOp op, int depth) {
    const auto operand = [&] {
      return op == FilterOp::Or ? chain("and", FilterOp::And, depth) : group(depth);
    };
    NodePtr left = operand();
    for (std::size_t count = 1; left && word() == name; ++count) {
      if (count >= kMaxOperands) return fail("too many operands");
      at_ += name.size();
      blanks();
      NodePtr right = operand();
      if (!right) return nullptr;
      left = make(op, std::move(left), std::move(right));
    }
    return left;
  }
  NodePtr parenthesised(int depth) {
    if (!take('(')) return fail("expected '('");
    if (depth >= kMaxDepth) return fail("groups are nested too deep");
    NodePtr inner = expression(depth + 1);
    if (!inner) return nullptr;
    return take(')') ? std::move(inner) : fail("expected ')'");
  }
  NodePtr group(int depth) {
    if (take('~')) {
      NodePtr inner = parenthesised(depth);
      return inner ? make(FilterOp::Not, std::move(inner)) : nullptr;
    }
    if (at_ < text_.size() && text_[at_] == '(') return parenthesised(depth);
    if (at_ < text_.size() && text_[at_] == '+')
      return fail("'+' stands for the whole filter and only at its beginning");
    const std::string_view name = word();
    if (name.empty()) return fail("expected a filter such as tag='x'");
    for (const FunctionName& function : kFunctions)
      if (name == function.name) {
        at_ += name.size();
        blanks();
        NodePtr inner = parenthesised(depth);
        return inner ? make(function.op, std::move(inner)) : nullptr;
      }
    for (const TypeName& type : kTypes)
      if (name == type.name) return tuple(type);
    std::string known;
    for (const TypeName& type : kTypes)
      known += (known.empty() ? "" : ", ") + std::string(type.name);
    for (const FunctionName& function : kFunctions)
      known += ", " + std::string(function.name) + "()";
    return fail("unknown filter '" + std::string(name) + "'; there are " + known);
  }
  NodePtr tuple(const TypeName& type) {
    at_ += type.name.size();
    blanks();
    if (!take('=')) return fail("expected '='");
    if (at_ >= text_.size() || text_[at_] != '\'') return fail("expected a value in '…'");
    const std::size_t begin = at_ + 1, end = text_.find('\'', begin);
    if (end == std::string_view::npos) return fail("the value has no closing quote");
    auto node = std::make_unique<Node>();
    node->type = type.type;
    node->argument = std::string(text_.substr(begin, end - begin));
    if (node->argument.empty()) return fail("the value is empty");
    if (is_path_type(type.type)) {
      // A leading and a trailing one (there also "/.") are all there is.
      const std::string& path = node->argument;
      const std::size_t star = path.find('*', 1);
      if (star != std::string::npos && star + 1 != path.size())
        return fail("a '*' stands at the beginning or the end of a path");
    }
    at_ = end + 1;
    blanks();
    return node;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  Error error_;
};

void print(const Node& node, std::string& out) {
  switch (node.op) {
    case FilterOp::Tuple:
      for (const TypeName& type : kTypes)
        if (type.type == node.type) out += std::string(type.name) + "='" + node.argument + "'";
      return;
    case FilterOp::And:
    case FilterOp::Or: {
      // A chain is as deep as it is long: the left spine is walked, not recursed into.
      std::vector<const Node*> operands;
      const Node* at = &node;
      for (; at->op == node.op; at = at->left.get()) operands.push_back(at->right.get());
      out += '(';
      print(*at, out);
      for (auto it = operands.rbegin(); it != operands.rend(); ++it) {
        out += node.op == FilterOp::And ? " and " : " or ";
        print(**it, out);
      }
      out += ')';
      return;
    }
    case FilterOp::Not:
      out += '~';
      break;
    default:
      for (const FunctionName& function : kFunctions)
        if (function.op == node.op) out += function.name;
  }
  out += '(';
  print(*node.left, out);
  out += ')';
}

bool may_be_id(std::string_view text) {
  if (text.size() > 3 && (text.substr(0, 3) == "Pip" || text.substr(0, 3) == "pip"))
    text.remove_prefix(3);
  return !text.empty() && text.size() <= 16 && std::all_of(text.begin(), text.end(), [](char c) {
    return std::isxdigit(static_cast<unsigned char>(c)) != 0;
  });
}

}  // namespace

Filter::Filter(std::unique_ptr<Node> root) : root_(std::move(root)) {}
Filter::Filter(Filter&&) noexcept = default;
Filter& Filter::operator=(Filter&&) noexcept = default;
Filter::~Filter() {
  // Not by recursion: a chain of 100,000 operands is as many nodes deep.
  std::vector<std::unique_ptr<Node>> rest;
  if (root_) rest.push_back(std::move(root_));
  while (!rest.empty()) {
    std::unique_ptr<Node> node = std::move(rest.back());
    rest.pop_back();
    if (node->left) rest.push_back(std::move(node->left));
    if (node->right) rest.push_back(std::move(node->right));
  }
}

Result<Filter> Filter::parse(std::string_view text) {
  BXL_TRY_ASSIGN(auto root, Parser(text).run());
  return Filter(std::move(root));
}

Result<Filter> Filter::of_arguments(const std::vector<std::string>& arguments) {
  std::string text;
  for (const std::string& argument : arguments) {
    if (argument.empty() || argument.find('\'') != std::string::npos)
      return make_error(EINVAL, "'" + argument + "' is neither a target nor part of one's name");
    const bool whole = argument.front() == '*';
    const std::string path = whole ? argument : "*/" + argument;
    text += (text.empty() ? "" : " or ") + ("output='" + path) + "' or spec='" + path + "'";
    if (!whole) text += " or tag='" + argument + "'";
    if (may_be_id(argument)) text += " or id='" + argument + "'";
  }
  return parse(text);
}

std::string Filter::to_string() const {
  std::string out;
  print(*root_, out);
  return out;
}

std::string short_id(std::string_view stable_id) {
  std::string hex = Digest::of(stable_id).hex().substr(0, 16);
  for (char& c : hex) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return "Pip" + hex;
}

}  // namespace bxl::plan
