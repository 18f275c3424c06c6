// Evaluates filters: sets of outputs as bits.
#include "plan/filter.h"

#include <algorithm>
#include <cctype>
#include <cerrno>

#include "plan/filter_node.h"

namespace bxl::plan {
namespace {

using Node = Filter::Node;
using Set = std::vector<bool>;  // by output; outputs are numbered pip by pip

// A path argument: what the text around its stars asks for.
class PathPattern {
 public:
  static Result<PathPattern> make(const FilterWorld& world, std::string text) {
    PathPattern out;
    if (text.rfind("Mount[", 0) == 0) {
      const std::size_t end = text.find(']');
      const std::string name = text.substr(6, end == std::string::npos ? end : end - 6);
      const wire::Mount* mount = world.mounts.find("%" + name + "%");
      if (end == std::string::npos || !mount)
        return make_error(0, "filter: there is no mount '" + name + "'");
      const std::string rest = text.substr(end + 1);
      if (rest.empty()) {
        out.kind_ = Kind::Within;
        out.text_ = mount->path;
        return out;
      }
      text = mount->path + (rest.front() == '/' ? rest : "/" + rest);
    }
    const bool front = text.front() == '*';
    const bool back = text.size() > 1 && text.back() == '*';
    if (text == "*") {
      out.kind_ = Kind::All;
      return out;
    }
    if (front) {
      out.kind_ = back ? Kind::Contains : Kind::EndsWith;
      out.text_ = text.substr(1, text.size() - (back ? 2 : 1));
      return out;
    }
    const auto absolute = [&](const std::string& path) {
      return path.front() == '/' ? path : world.directory + "/" + path;
    };
    const auto ends = [&](std::string_view tail) {
      return text.size() > tail.size() &&
             text.compare(text.size() - tail.size(), tail.size(), tail) == 0;
    };
    if (ends("/*") || ends("/.")) {
      out.kind_ = back ? Kind::Below : Kind::Child;
      out.text_ = normalize_path(absolute(text.substr(0, text.size() - 2) + "/"));
    } else if (back) {
      // Only what stands before the last '/' is a path; the rest begins a name.
      text.pop_back();
      const std::size_t slash = text.rfind('/');
      const std::string dir = slash == std::string::npos ? "." : text.substr(0, slash + 1);
      const std::string parent = normalize_path(absolute(dir));
      out.kind_ = Kind::BeginsWith;
      out.text_ = (parent == "/" ? "" : parent) + "/" +
                  (slash == std::string::npos ? text : text.substr(slash + 1));
    } else {
      out.kind_ = Kind::Same;
      out.text_ = normalize_path(absolute(text));
    }
    return out;
  }

  bool matches(std::string_view path) const {
    switch (kind_) {
      case Kind::All:
        return true;
      case Kind::Same:
        return path == text_;
      case Kind::Within:
        return path_within(path, text_);
      case Kind::Below:
        return path != text_ && path_within(path, text_);
      case Kind::Child:
        return path != "/" && parent_path(path) == text_;
      case Kind::BeginsWith:
        return path.substr(0, text_.size()) == text_;
      case Kind::EndsWith:
        return path.size() >= text_.size() && path.substr(path.size() - text_.size()) == text_;
      case Kind::Contains:
        return path.find(text_) != std::string_view::npos;
    }
    return false;
  }

  // Does it name one path, and no others?
  bool names() const { return kind_ == Kind::Same; }

  // May it match a member of an output directory? What lies there is known only after the pip ran;
  // patterns that begin with a star name no place and do not count.
  bool reaches_into(std::string_view directory) const {
    return kind_ != Kind::All && kind_ != Kind::EndsWith && kind_ != Kind::Contains &&
           path_within(text_, directory);
  }

 private:
  enum class Kind { All, Same, Within, Below, Child, BeginsWith, EndsWith, Contains };
  Kind kind_ = Kind::All;
  std::string text_;
};

class Evaluator {
 public:
  explicit Evaluator(const FilterWorld& world) : world_(world), graph_(world.graph) {
    first_.reserve(graph_.size() + 1);
    std::size_t count = 0;
    for (std::size_t i = 0; i < graph_.size(); ++i) {
      first_.push_back(count);
      const wire::Pip& pip = graph_.pip(PipId(i));
      // A pip that makes nothing can be asked for all the same. Aliases make names only.
      if (pip.kind != wire::PipKind::Alias && !(pip.flags & wire::kPipGenerator))
        count += std::max<std::size_t>(1, pip.outputs.size() + pip.more().directory_outputs.size());
    }
    first_.push_back(count);
    by_default_ =
        world.asked ? graph_.closure(*world.asked) : std::vector<bool>(graph_.size(), true);
    among_ = by_default_;
    // Tags and modules of these are names that their authors gave.
    for (std::size_t i = 0; i < graph_.size(); ++i)
      if (graph_.pip(PipId(i)).flags & (wire::kPipJson | wire::kPipJavaScript)) among_[i] = true;
  }

  Result<Set> run(const Node& node) {
    switch (node.op) {
      case FilterOp::Tuple:
        return tuple(node);
      case FilterOp::And:
      case FilterOp::Or:
        return chain(node);
      case FilterOp::Not: {
        BXL_TRY_ASSIGN(Set set, run(*node.left));
        set.flip();
        for (std::size_t i = 0; i < graph_.size(); ++i)
          if (!by_default_[i]) std::fill(set.begin() + first(i), set.begin() + first(i + 1), false);
        return set;
      }
      case FilterOp::Dependents: {
        BXL_TRY_ASSIGN(Set set, run(*node.left));
        return closure(set, true);
      }
      case FilterOp::Dependencies: {
        BXL_TRY_ASSIGN(Set set, run(*node.left));
        return closure(set, false);
      }
      case FilterOp::RequiredFor: {
        BXL_TRY_ASSIGN(Set set, run(*node.left));
        Set out(size(), false);
        for (PipId pip : pips_of(set))
          for (PipId dep : direct(pip)) add(dep, out);
        return out;
      }
      case FilterOp::CopyDependents: {
        BXL_TRY_ASSIGN(Set set, run(*node.left));
        return copies(std::move(set));
      }
    }
    return Set(size(), false);
  }

  // Those that make a member of the set, ascending.
  std::vector<PipId> pips_of(const Set& set) const {
    std::vector<PipId> out;
    for (std::size_t i = 0; i < graph_.size(); ++i)
      if (std::find(set.begin() + first(i), set.begin() + first(i + 1), true) !=
          set.begin() + first(i + 1))
        out.push_back(PipId(i));
    return out;
  }

 private:
  std::size_t size() const { return first_.back(); }
  std::ptrdiff_t first(std::size_t pip) const { return static_cast<std::ptrdiff_t>(first_[pip]); }
  // All outputs of the pip; of an alias those of what it stands for.
  void add(PipId id, Set& out) const {
    if (graph_.pip(id).kind != wire::PipKind::Alias) {
      std::fill(out.begin() + first(index(id)), out.begin() + first(index(id) + 1), true);
      return;
    }
    for (PipId member : direct(id)) add(member, out);
  }
  // What a pip depends on directly; aliases in between are seen through.
  std::vector<PipId> direct(PipId id) const {
    std::vector<bool> seen(graph_.size(), false);
    std::vector<PipId> out, stack(graph_.pip(id).dependencies);
    while (!stack.empty()) {
      const PipId at = stack.back();
      stack.pop_back();
      if (seen[index(at)]) continue;
      seen[index(at)] = true;
      if (graph_.pip(at).kind != wire::PipKind::Alias) {
        out.push_back(at);
        continue;
      }
      const auto& more = graph_.pip(at).dependencies;
      stack.insert(stack.end(), more.begin(), more.end());
    }
    return out;
  }

  Result<Set> chain(const Node& node) {
    // The left spine in a loop: chains are as deep as they are long.
    std::vector<const Node*> operands;
    const Node* at = &node;
    for (; at->op == node.op; at = at->left.get()) operands.push_back(at->right.get());
    BXL_TRY_ASSIGN(Set set, run(*at));
    for (auto it = operands.rbegin(); it != operands.rend(); ++it) {
      BXL_TRY_ASSIGN(Set other, run(**it));
      for (std::size_t i = 0; i < set.size(); ++i)
        set[i] = node.op == FilterOp::And ? set[i] && other[i] : set[i] || other[i];
    }
    return set;
  }

  // The members' pips and all that depend on them, or that they depend on.
  Set closure(const Set& set, bool up) const {
    std::vector<bool> seen(graph_.size(), false);
    std::vector<PipId> stack = pips_of(set);
    Set out = set;
    for (PipId id : stack) seen[index(id)] = true;
    while (!stack.empty()) {
      const PipId id = stack.back();
      stack.pop_back();
      for (PipId next : up ? graph_.consumers(id) : graph_.pip(id).dependencies) {
        if (up && !among_[index(next)]) continue;
        // A member's pip that another one leads to counts whole, as any pip on the way.
        if (graph_.pip(next).kind != wire::PipKind::Alias) add(next, out);
        if (seen[index(next)]) continue;
        seen[index(next)] = true;
        stack.push_back(next);
      }
    }
    return out;
  }

  // The members, and the outputs of copies of them, and of copies of those.
  Set copies(Set set) const {
    for (PipId id : graph_.topological_order()) {
      const wire::Pip& pip = graph_.pip(id);
      if (pip.kind != wire::PipKind::CopyFile) continue;
      for (PathId input : pip.inputs) {
        const PipId producer = graph_.producer(input);
        if (producer == kNoPip || graph_.pip(producer).kind == wire::PipKind::Alias) continue;
        const auto& made = graph_.pip(producer).outputs;
        const auto found = std::find(made.begin(), made.end(), input);
        if (found != made.end() &&
            set[first_[index(producer)] + static_cast<std::size_t>(found - made.begin())])
          add(id, set);
      }
    }
    return set;
  }

  Result<Set> tuple(const Node& node) {
    Set out(size(), false);
    switch (node.type) {
      case TupleType::Output: {
        BXL_TRY_ASSIGN(PathPattern pattern, PathPattern::make(world_, node.argument));
        for (std::size_t i = 0; i < graph_.size(); ++i) {
          const wire::Pip& pip = graph_.pip(PipId(i));
          if (!among_[i] && !pattern.names()) continue;
          for (std::size_t k = 0; k < pip.outputs.size(); ++k) {
            if (first_[i] == first_[i + 1] && pip.kind != wire::PipKind::Alias) break;
            if (!pattern.matches(world_.paths.str(pip.outputs[k]))) continue;
            if (pip.kind == wire::PipKind::Alias)
              add(PipId(i), out);
            else
              out[first_[i] + k] = true;
          }
          const auto& directories = pip.more().directory_outputs;
          for (std::size_t k = 0; k < directories.size() && first_[i] != first_[i + 1]; ++k) {
            const std::string directory = world_.paths.str(directories[k].path);
            if (pattern.matches(directory) || pattern.reaches_into(directory))
              out[first_[i] + pip.outputs.size() + k] = true;
          }
        }
        return out;
      }
      case TupleType::Input: {
        BXL_TRY_ASSIGN(PathPattern pattern, PathPattern::make(world_, node.argument));
        for_each([&](PipId id, const wire::Pip& pip) {
          const auto consumes = [&](PathId path) {
            return pattern.matches(world_.paths.str(path));
          };
          if (std::any_of(pip.inputs.begin(), pip.inputs.end(), consumes) ||
              std::any_of(pip.order_only.begin(), pip.order_only.end(), consumes))
            add(id, out);
        });
        return out;
      }
      case TupleType::Spec:
      case TupleType::SpecRef:
      case TupleType::SpecValueTransitive: {
        BXL_TRY_ASSIGN(PathPattern pattern, PathPattern::make(world_, node.argument));
        for_each([&](PipId id, const wire::Pip& pip) {
          if (!pip.spec.empty() && pattern.matches(spec_file(pip))) add(id, out);
        });
        if (node.type == TupleType::SpecValueTransitive) return closure(out, false);
        if (node.type == TupleType::SpecRef)
          for (PipId id : pips_of(Set(out)))
            for (PipId dep : direct(id)) add(dep, out);
        return out;
      }
      case TupleType::Id:
        for (std::size_t i = 0; i < graph_.size(); ++i) {
          const std::string& own = graph_.pip(PipId(i)).stable_id;
          if (first_[i] != first_[i + 1] &&
              (own == node.argument || is_short_id(own, node.argument)))
            add(PipId(i), out);
        }
        return out;
      case TupleType::Tag:
        for_each([&](PipId id, const wire::Pip& pip) {
          const auto& tags = pip.more().tags;
          if (std::find(tags.begin(), tags.end(), node.argument) != tags.end()) add(id, out);
        });
        return out;
      case TupleType::Value:
      case TupleType::ValueTransitive:
        for_each([&](PipId id, const wire::Pip& pip) {
          if (pip.rule == node.argument) add(id, out);
        });
        return node.type == TupleType::Value ? std::move(out) : closure(out, false);
      case TupleType::Module:
        for_each([&](PipId id, const wire::Pip& pip) {
          const std::string& module = pip.more().module;
          if ((module.empty() ? world_.module : module) == node.argument) add(id, out);
        });
        return out;
    }
    return out;
  }

  template <typename Each>
  void for_each(Each each) const {
    for (std::size_t i = 0; i < graph_.size(); ++i)
      if (among_[i] && first_[i] != first_[i + 1]) each(PipId(i), graph_.pip(PipId(i)));
  }

  // "build.ninja:12" without its line, absolute.
  std::string spec_file(const wire::Pip& pip) const {
    std::string file = pip.spec.substr(0, pip.spec.rfind(':'));
    return file.empty() || file.front() != '/' ? normalize_path(world_.directory + "/" + file)
                                               : file;
  }
  static bool is_short_id(const std::string& stable_id, std::string_view text) {
    if (text.size() > 3 && (text.substr(0, 3) == "Pip" || text.substr(0, 3) == "pip"))
      text.remove_prefix(3);
    if (text.size() != 16) return false;
    const std::string id = short_id(stable_id).substr(3);
    return std::equal(id.begin(), id.end(), text.begin(), [](char a, char b) {
      return a == static_cast<char>(std::toupper(static_cast<unsigned char>(b)));
    });
  }

  const FilterWorld& world_;
  const graph::PipGraph& graph_;
  std::vector<bool> by_default_;    // by pip: FilterWorld::asked, and what it needs
  std::vector<bool> among_;         // by pip: may be selected by what it shares with others
  std::vector<std::size_t> first_;  // by pip: number of its first output; one more at the end
};

}  // namespace

Result<std::vector<PipId>> Filter::evaluate(const FilterWorld& world) const {
  Evaluator evaluator(world);
  BXL_TRY_ASSIGN(Set set, evaluator.run(*root_));
  return evaluator.pips_of(set);
}

}  // namespace bxl::plan
