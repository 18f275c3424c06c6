// Edges to pips.
#include "frontend/ninja/pips.h"

#include <algorithm>

#include "frontend/ninja/evaluate.h"

namespace bxl::frontend::ninja {
namespace {

using Quote = EdgeEvaluator::Quote;

class PipMaker {
 public:
  PipMaker(const Manifest& manifest, const PipSettings& settings, PathTable& paths)
      : manifest_(manifest), settings_(settings), paths_(paths), evaluator_(manifest) {}
  Result<PipSet> run();

 private:
  PathId intern(std::string_view text);
  PathId path_of(NodeId id) const { return node_paths_[static_cast<std::size_t>(id)]; }
  bool is_alias(const Edge& edge) const { return edge.rule == manifest_.phony; }
  void add_output(PathId path, wire::Pip& pip, PipId id);
  void add_inputs(const Edge& edge, wire::Pip& pip);
  Result<void> fill_values(const Edge& edge, wire::Pip& pip);
  void intern_nodes();
  bool make_alias(const Edge& edge, wire::Pip& pip, PipId id);
  Result<void> make_process(const Edge& edge, wire::Pip& pip, PipId id);
  void connect(wire::Pip& pip);
  void add_validations(const Edge& edge, wire::Pip& pip) const;
  void spread_always_dirty();
  void find_actions();
  std::string stable_id(NodeId first) const;

  const Manifest& manifest_;
  const PipSettings& settings_;
  PathTable& paths_;
  EdgeEvaluator evaluator_;
  PathId directory_ = kRootPath;
  std::vector<PathId> node_paths_;
  std::unordered_map<std::string_view, PathId> directories_;  // spelled directory -> its path
  std::vector<PipId> producers_;                              // by PathId
  std::vector<std::uint32_t> seen_;  // by PathId: the last list that had it
  std::uint32_t list_ = 0;
  std::vector<bool> made_;          // by PathId: an edge with a command makes it
  std::vector<bool> dirty_source_;  // by PathId: an existing file named together with a missing one
  std::vector<PipId> always_dirty_;
  PipSet out_;
};

PathId PipMaker::intern(std::string_view text) {
  if (!text.empty() && text.front() == '/') return paths_.intern(place(settings_, text));
  return paths_.intern_at(directory_, text);
}

// "relative to the build directory": absolute spellings of files inside it are shortened, so that
// both spellings give one id; everything else is as ninja spells it.
std::string PipMaker::stable_id(NodeId first) const {
  std::string_view text = manifest_.text(first);
  if (text.front() != '/') return std::string(text);
  std::string full = paths_.str(path_of(first));
  if (!path_within(full, settings_.directory) || full == settings_.directory) return full;
  return full.substr(settings_.directory.size() + 1);
}

// CMake names one file twice in one edge, once relative and once absolute: lists are made unique.
// list_ was advanced.
void PipMaker::add_output(PathId path, wire::Pip& pip, PipId id) {
  if (std::exchange(seen_[index(path)], list_) == list_) return;
  pip.outputs.push_back(path);
  // Of two edges the first keeps the file; graph::PipGraph names both.
  if (producers_[index(path)] == kNoPip) producers_[index(path)] = id;
}

void PipMaker::add_inputs(const Edge& edge, wire::Pip& pip) {
  const NodeId* nodes = manifest_.inputs(edge);
  ++list_;
  for (std::uint32_t i = 0; i < edge.inputs(); ++i) {
    PathId path = path_of(nodes[i]);
    if (std::exchange(seen_[index(path)], list_) == list_) continue;
    bool order_only = i >= edge.explicit_inputs + edge.implicit_inputs;
    (order_only ? pip.order_only : pip.inputs).push_back(path);
  }
}

Result<void> PipMaker::fill_values(const Edge& edge, wire::Pip& pip) {
  Error error;
  bool failed = false;
  auto value = [&](std::string_view variable, Quote quote) -> std::string {
    auto result = evaluator_.value(edge, variable, quote);
    if (result) return std::move(*result);
    if (!failed) error = std::move(result.error()).in(pip.spec + ": " + std::string(variable));
    failed = true;
    return {};
  };
  pip.command = value("command", Quote::Shell);
  pip.description = value("description", Quote::Shell);
  // Any value but the empty one means yes, "0" too.
  if (!value("restat", Quote::Shell).empty()) pip.flags |= wire::kPipRestat;
  if (!value("generator", Quote::Shell).empty()) pip.flags |= wire::kPipGenerator;
  if (edge.pool == manifest_.console) pip.flags |= wire::kPipConsole;
  if (std::string depfile = value("depfile", Quote::No); !depfile.empty()) {
    pip.depfile = intern(depfile);
    if (value("deps", Quote::Shell) == "gcc")
      pip.flags |= wire::kPipDepsGcc;
    else if (std::find(pip.outputs.begin(), pip.outputs.end(), pip.depfile) == pip.outputs.end())
      pip.optional_outputs.push_back(pip.depfile);
  }
  if (std::string rspfile = value("rspfile", Quote::No); !rspfile.empty()) {
    pip.rspfile = intern(rspfile);
    pip.rspfile_content = value("rspfile_content", Quote::Shell);
  }
  if (failed) return error;
  for (const std::string* text : {&pip.command, &pip.rspfile_content})
    if (text->find('\0') != std::string::npos)
      return make_error(EINVAL, pip.spec + ": the command holds a NUL byte");
  return {};
}

void PipMaker::connect(wire::Pip& pip) {
  for (const auto* list : {&pip.inputs, &pip.order_only})
    for (PathId path : *list)
      if (index(path) < producers_.size() && producers_[index(path)] != kNoPip)
        pip.dependencies.push_back(producers_[index(path)]);
  std::sort(pip.dependencies.begin(), pip.dependencies.end());
  pip.dependencies.erase(std::unique(pip.dependencies.begin(), pip.dependencies.end()),
                         pip.dependencies.end());
}

// Every output has its producer by now: a validation may be declared after the edge that names it.
// A source file validates nothing.
void PipMaker::add_validations(const Edge& edge, wire::Pip& pip) const {
  const NodeId* nodes = manifest_.inputs(edge) + edge.inputs();
  for (std::uint32_t i = 0; i < edge.validations; ++i)
    if (PipId producer = producers_[index(path_of(nodes[i]))]; producer != kNoPip)
      pip.validations.push_back(producer);
  std::sort(pip.validations.begin(), pip.validations.end());
  pip.validations.erase(std::unique(pip.validations.begin(), pip.validations.end()),
                        pip.validations.end());
}

// From the missing phony files along inputs (not order-only ones, as in ninja) through aliases.
void PipMaker::spread_always_dirty() {
  if (always_dirty_.empty()) return;
  std::vector<std::vector<PipId>> users(out_.pips.size());  // of aliases
  auto mark = [&](PipId user) {
    wire::Pip& pip = out_.pips[index(user)];
    if (pip.flags & wire::kPipAlwaysDirty) return;
    pip.flags |= wire::kPipAlwaysDirty;
    if (pip.kind == wire::PipKind::Alias) always_dirty_.push_back(user);
  };
  for (std::size_t i = 0; i < out_.pips.size(); ++i)
    for (PathId input : out_.pips[i].inputs) {
      PipId producer = producers_[index(input)];
      if (producer != kNoPip && out_.pips[index(producer)].kind == wire::PipKind::Alias)
        users[index(producer)].push_back(PipId(i));
      else if (dirty_source_[index(input)])
        mark(PipId(i));
    }
  while (!always_dirty_.empty()) {
    PipId from = always_dirty_.back();
    always_dirty_.pop_back();
    for (PipId user : users[index(from)]) mark(user);
  }
}

void PipMaker::find_actions() {
  for (wire::Pip& pip : out_.pips) {
    if (pip.kind != wire::PipKind::Process || (pip.flags & wire::kPipGenerator)) continue;
    const bool name_only = settings_.is_name_only && !pip.outputs.empty() &&
                           settings_.is_name_only(paths_.str(pip.outputs.front()));
    if (name_only || (pip.flags & (wire::kPipConsole | wire::kPipAlwaysDirty)))
      pip.flags |= wire::kPipAction;
  }
}

void PipMaker::intern_nodes() {
  directory_ = paths_.intern(settings_.directory);
  node_paths_.reserve(manifest_.nodes.size());
  for (const Node& node : manifest_.nodes) {
    std::size_t slash = node.text.rfind('/');
    std::size_t begin = slash == std::string_view::npos ? 0 : slash + 1;
    std::string_view parent = node.text.substr(0, begin), last = node.text.substr(begin);
    if (last.empty() || last == "." || last == "..") {
      node_paths_.push_back(intern(node.text));
      continue;
    }
    // Names of one directory share its lookup: a fifth of the time of folding each path from the
    // root.
    auto [it, added] = directories_.try_emplace(parent, kNoPath);
    if (added) it->second = intern(parent);
    node_paths_.push_back(paths_.child(it->second, last));
  }
  producers_.assign(paths_.size(), kNoPip);
  seen_.assign(paths_.size(), 0);
  made_.assign(paths_.size(), false);
  dirty_source_.assign(paths_.size(), false);
  for (const Edge& edge : manifest_.edges)
    for (std::uint32_t i = 0; !is_alias(edge) && i < edge.outputs(); ++i)
      made_[index(path_of(manifest_.outputs(edge)[i]))] = true;
}

// False when nothing is left that an alias could name.
bool PipMaker::make_alias(const Edge& edge, wire::Pip& pip, PipId id) {
  std::vector<PathId> names;
  for (std::uint32_t i = 0; i < edge.outputs(); ++i)
    names.push_back(path_of(manifest_.outputs(edge)[i]));
  auto is_own = [&](PathId path) {
    return std::find(names.begin(), names.end(), path) != names.end();
  };
  // `build x: phony x` is tolerated (CMake before 3.1 wrote it). `build out: phony /build/out`,
  // where an edge with a command makes /build/out, is two spellings of one file.
  if (std::erase_if(pip.inputs, is_own) + std::erase_if(pip.order_only, is_own) > 0)
    std::erase_if(names, [&](PathId path) { return made_[index(path)]; });
  if (pip.inputs.empty() && pip.order_only.empty()) {
    auto first_source = std::stable_partition(names.begin(), names.end(), [&](PathId path) {
      return !settings_.exists(paths_.str(path));
    });
    if (first_source != names.begin()) {
      pip.flags |= wire::kPipAlwaysDirty;
      for (auto it = first_source; it != names.end(); ++it) dirty_source_[index(*it)] = true;
    }
    names.erase(first_source, names.end());
  }
  if (names.empty()) return false;
  for (std::uint32_t i = edge.outputs(); i-- > 0;)
    if (path_of(manifest_.outputs(edge)[i]) == names.front())
      pip.stable_id = stable_id(manifest_.outputs(edge)[i]);
  pip.kind = wire::PipKind::Alias;
  ++list_;
  for (PathId path : names) add_output(path, pip, id);
  pip.explicit_outputs = static_cast<std::uint32_t>(pip.outputs.size());
  if (pip.flags & wire::kPipAlwaysDirty) always_dirty_.push_back(id);
  return true;
}

Result<void> PipMaker::make_process(const Edge& edge, wire::Pip& pip, PipId id) {
  ++list_;
  for (std::uint32_t i = 0; i < edge.outputs(); ++i) {
    add_output(path_of(manifest_.outputs(edge)[i]), pip, id);
    if (i + 1 == edge.explicit_outputs)
      pip.explicit_outputs = static_cast<std::uint32_t>(pip.outputs.size());
  }
  if (edge.pool) {
    pip.pool = std::string(edge.pool->name);
    pip.pool_depth = edge.pool->depth;
  }
  return fill_values(edge, pip);
}

Result<PipSet> PipMaker::run() {
  intern_nodes();
  out_.pips.reserve(manifest_.edges.size());
  std::vector<std::pair<PipId, const Edge*>> validated;
  for (const Edge& edge : manifest_.edges) {
    PipId id{static_cast<std::uint32_t>(out_.pips.size())};
    wire::Pip pip;
    pip.spec = edge.source->name + ":" + std::to_string(edge.line);
    pip.rule = std::string(edge.rule->name);
    pip.working_directory = directory_;
    pip.stable_id = stable_id(manifest_.outputs(edge)[0]);
    add_inputs(edge, pip);
    if (is_alias(edge)) {
      if (!make_alias(edge, pip, id)) continue;
    } else {
      BXL_TRY(make_process(edge, pip, id));
    }
    if (edge.dyndep != kNoNode) pip.dyndep = path_of(edge.dyndep);
    if (edge.validations != 0) validated.emplace_back(id, &edge);
    out_.pips.push_back(std::move(pip));
  }
  for (wire::Pip& pip : out_.pips) connect(pip);
  for (const auto& [id, edge] : validated) add_validations(*edge, out_.pips[index(id)]);
  spread_always_dirty();
  find_actions();
  for (NodeId node : manifest_.defaults) {
    PipId pip = producers_[index(path_of(node))];
    if (pip != kNoPip) out_.default_targets.push_back(pip);
  }
  auto& targets = out_.default_targets;
  std::sort(targets.begin(), targets.end());
  targets.erase(std::unique(targets.begin(), targets.end()), targets.end());
  return std::move(out_);
}

}  // namespace

std::string place(const PipSettings& settings, std::string_view name) {
  if (name.empty() || name.front() != '/')
    return normalize_path(settings.directory + "/" + std::string(name));
  for (const auto& [spelled, real] : settings.spellings)
    if (path_within(name, spelled)) return real + std::string(name.substr(spelled.size()));
  return std::string(name);
}

Result<PipSet> make_pips(const Manifest& manifest, const PipSettings& settings, PathTable& paths) {
  return PipMaker(manifest, settings, paths).run();
}

}  // namespace bxl::frontend::ninja
