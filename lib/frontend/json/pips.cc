// Declarations to pips.
#include "frontend/json/pips.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <unordered_map>
#include <unordered_set>

#include "base/nearest.h"
#include "base/shell_text.h"
#include "frontend/json/places.h"

namespace bxl::frontend::json_graph {
namespace {

constexpr std::size_t kMaxPath = 4095;

class PipMaker {
 public:
  PipMaker(const GraphDeclaration& graph, const PipSettings& settings, PathTable& paths,
           Problems& problems)
      : graph_(graph),
        settings_(settings),
        paths_(paths),
        problems_(problems),
        root_(paths.intern(settings.directory)),
        private_(paths.intern(settings.directory + "/.bxl")),
        graph_file_(paths.intern(settings.graph_file)),
        places_(graph.pips, paths, root_, problems) {}

  PipSet run();

 private:
  // These give kNoPath after telling what is wrong.
  PathId path(const Located& text);
  PathId output_path(const Located& text);
  PipId find(const Located& id);
  void index_pips();
  void index_seals();
  void add_output(PipId id, const Located& text, std::vector<PathId>& to);
  void add_directory(PipId id, const Located& text, bool exclusive);
  void outputs(PipId id);
  void streams(PipId id);
  void values(PipId id);
  void process_values(const PipDeclaration& declaration, wire::Pip& pip);
  PathId temporary(const Located& text, const wire::Pip& pip);
  void pool(const PipDeclaration& declaration, wire::Pip& pip);
  void inputs(PipId id);
  void depend_on_makers(PipId id, PathId path);
  void use_seal(PipId id, const Located& name, std::unordered_set<PathId>& seen);
  void copies();
  Environment overlay(const std::vector<Located>& passed,
                      const std::vector<std::pair<Located, std::string>>& set) const;

  const GraphDeclaration& graph_;
  const PipSettings& settings_;
  PathTable& paths_;
  Problems& problems_;
  PathId root_, private_, graph_file_;
  Places places_;
  PipSet out_;
  std::unordered_map<std::string_view, PipId> ids_;
};

PathId PipMaker::path(const Located& text) {
  const char* why = nullptr;
  if (text.text.empty())
    why = "a path is not empty";
  else if (text.text.size() > kMaxPath)
    why = "a path has at most 4095 bytes";
  else if (text.text.find('\0') != std::string::npos)
    why = "a zero byte has no place in a path";
  if (why) {
    problems_.add(text.origin, why);
    return kNoPath;
  }
  return paths_.intern_at(root_, text.text);
}

PathId PipMaker::output_path(const Located& text) {
  const PathId out = path(text);
  if (out == kNoPath) return out;
  const char* why = nullptr;
  if (paths_.is_within(root_, out))
    why = " is or holds the workspace, and cannot be an output";
  else if (paths_.is_within(out, private_))
    why = " belongs to bxl, and cannot be an output";
  else if (out == graph_file_)
    why = " is the graph, and cannot be an output of it";
  if (!why) return out;
  problems_.add(text.origin, text.text + why);
  return kNoPath;
}

PipId PipMaker::find(const Located& id) {
  auto found = ids_.find(id.text);
  if (found != ids_.end()) return found->second;
  std::string near;
  if (!problems_.told_all_it_tells()) {
    std::vector<std::string_view> names;
    for (const PipDeclaration& pip : graph_.pips) names.push_back(pip.id.text);
    near = nearest(id.text, names);
  }
  problems_.add(id.origin, "no pip has the id \"" + id.text + "\"" +
                               (near.empty() ? "" : "; did you mean \"" + near + "\"?"));
  return kNoPip;
}

void PipMaker::index_pips() {
  for (std::size_t i = 0; i < graph_.pips.size(); ++i) {
    const Located& id = graph_.pips[i].id;
    if (id.text.empty()) continue;
    auto [other, added] = ids_.emplace(id.text, PipId(i));
    if (!added)
      problems_.add(id.origin,
                    "\"" + id.text + "\" is also the id of " + places_.name(other->second));
  }
}

void PipMaker::index_seals() {
  for (const SealDeclaration& declaration : graph_.seals) {
    if (declaration.id.text.empty() || declaration.path.text.empty()) continue;  // told
    Seal seal{&declaration, path(declaration.path), {}};
    if (seal.path == kNoPath) continue;
    for (const Located& file : declaration.files) {
      const PathId member = path(file);
      if (member == kNoPath) continue;
      if (member == seal.path || !paths_.is_within(member, seal.path))
        problems_.add(file.origin, file.text + " does not lie below " + declaration.path.text +
                                       ", the directory of the seal");
      else
        seal.files.push_back(member);
    }
    std::sort(seal.files.begin(), seal.files.end());
    places_.add_seal(std::move(seal));
  }
}

void PipMaker::add_output(PipId id, const Located& text, std::vector<PathId>& to) {
  if (const PathId out = output_path(text);
      out != kNoPath && places_.add_file(id, out, text.origin))
    to.push_back(out);
}

void PipMaker::add_directory(PipId id, const Located& text, bool exclusive) {
  if (const PathId out = output_path(text);
      out != kNoPath && places_.add_directory(id, out, exclusive, text.origin))
    out_.pips[index(id)].options.make().directory_outputs.push_back({out, exclusive});
}

void PipMaker::outputs(PipId id) {
  const PipDeclaration& declaration = graph_.pips[index(id)];
  wire::Pip& pip = out_.pips[index(id)];
  switch (declaration.kind) {
    case PipWord::Process:
      for (const Located& text : declaration.outputs) add_output(id, text, pip.outputs);
      for (const Located& text : declaration.optional_outputs)
        add_output(id, text, pip.optional_outputs);
      for (const DirectoryDeclaration& directory : declaration.output_directories)
        if (!directory.path.text.empty()) add_directory(id, directory.path, directory.exclusive);
      streams(id);
      break;
    case PipWord::WriteFile:
    case PipWord::CopyFile:
      if (!declaration.to.text.empty()) add_output(id, declaration.to, pip.outputs);
      break;
    case PipWord::CopyDirectory:
      if (!declaration.to.text.empty()) add_directory(id, declaration.to, true);
      break;
  }
  pip.explicit_outputs = static_cast<std::uint32_t>(pip.outputs.size());
}

void PipMaker::streams(PipId id) {
  const PipDeclaration& declaration = graph_.pips[index(id)];
  wire::Pip& pip = out_.pips[index(id)];
  // Both into one file, or into one that also stands among the outputs: it is one output.
  auto redirect = [&](const Located& text, PathId wire::PipOptions::* to) {
    if (text.text.empty()) return;
    const PathId out = output_path(text);
    if (out == kNoPath) return;
    if (places_.producer(out) != id) add_output(id, text, pip.outputs);
    pip.options.make().*to = out;
  };
  redirect(declaration.stdout_file, &wire::PipOptions::stdout_file);
  redirect(declaration.stderr_file, &wire::PipOptions::stderr_file);
  if (declaration.response_file.text.empty()) return;
  pip.rspfile = output_path(declaration.response_file);
  pip.rspfile_content = declaration.response_text;
  if (pip.rspfile != kNoPath && places_.producer(pip.rspfile) == id)
    problems_.add(declaration.response_file.origin,
                  declaration.response_file.text + " is an output of this pip, too");
}

void PipMaker::depend_on_makers(PipId id, PathId path) {
  auto& dependencies = out_.pips[index(id)].dependencies;
  if (const PipId producer = places_.producer(path); producer != kNoPip) {
    if (producer != id) dependencies.push_back(producer);
    return;
  }
  if (const OutputDirectory* directory = places_.directory_over(path))
    for (PipId maker : directory->pips)
      if (maker != id) dependencies.push_back(maker);
}

void PipMaker::use_seal(PipId id, const Located& name, std::unordered_set<PathId>& seen) {
  const Seal* seal = places_.seal(name.text);
  if (!seal) {
    const std::string near(nearest(name.text, places_.seal_ids()));
    problems_.add(name.origin, "no seal has the id \"" + name.text + "\"" +
                                   (near.empty() ? "" : "; did you mean \"" + near + "\"?"));
    return;
  }
  wire::Pip& pip = out_.pips[index(id)];
  if (seal->declaration->kind == SealKind::Source)
    pip.options.make().read_scopes.push_back({seal->path, seal->declaration->recursive});
  // Members count only when they are read: they are in no weak fingerprint.
  for (PathId file : seal->files) {
    depend_on_makers(id, file);
    if (seen.insert(file).second) pip.order_only.push_back(file);
  }
}

void PipMaker::inputs(PipId id) {
  const PipDeclaration& declaration = graph_.pips[index(id)];
  wire::Pip& pip = out_.pips[index(id)];
  std::unordered_set<PathId> seen;
  auto add = [&](const Located& text) {
    const PathId input = path(text);
    if (input == kNoPath) return;
    if (places_.producer(input) == id) {
      problems_.add(text.origin, text.text + " is an output of this pip, too");
      return;
    }
    depend_on_makers(id, input);
    if (seen.insert(input).second) pip.inputs.push_back(input);
  };
  for (const Located& text : declaration.inputs) add(text);
  if (!declaration.stdin_file.text.empty()) {
    add(declaration.stdin_file);
    pip.options.make().stdin_file = path(declaration.stdin_file);
  }
  if (declaration.kind == PipWord::CopyFile && !declaration.from.text.empty())
    add(declaration.from);
  for (const Located& name : declaration.input_seals)
    if (!name.text.empty()) use_seal(id, name, seen);
  for (const Located& name : declaration.dependencies) {
    const PipId other = find(name);
    if (other == id)
      problems_.add(name.origin, "a pip cannot depend on itself");
    else if (other != kNoPip)
      pip.dependencies.push_back(other);
  }
}

Environment PipMaker::overlay(const std::vector<Located>& passed,
                              const std::vector<std::pair<Located, std::string>>& set) const {
  std::map<std::string, std::string> out;
  for (const Located& name : passed)
    if (const auto value = value_of(settings_.variables, name.text)) out[name.text] = *value;
  for (const auto& [name, value] : set) out[name.text] = value;
  return {out.begin(), out.end()};
}

void PipMaker::values(PipId id) {
  const PipDeclaration& declaration = graph_.pips[index(id)];
  wire::Pip& pip = out_.pips[index(id)];
  pip.flags |= wire::kPipJson;
  pip.stable_id = declaration.id.text;
  pip.spec = problems_.file_and_line(declaration.origin);
  pip.description = declaration.description;
  pip.rule = declaration.value;
  pip.working_directory = root_;
  wire::PipOptions& options = pip.options.make();
  options.tags = declaration.tags;
  options.module = declaration.module.empty() ? graph_.module : declaration.module;
  switch (declaration.kind) {
    case PipWord::Process:
      process_values(declaration, pip);
      break;
    case PipWord::WriteFile:
      pip.kind = wire::PipKind::WriteFile;
      pip.command = "write " + shell_word(declaration.to.text);
      options.content = declaration.content;
      if (declaration.executable) pip.flags |= wire::kPipExecutable;
      break;
    case PipWord::CopyFile:
    case PipWord::CopyDirectory:
      pip.kind = wire::PipKind::CopyFile;
      pip.command =
          "copy " + shell_word(declaration.from.text) + " to " + shell_word(declaration.to.text);
      break;
  }
}

void PipMaker::process_values(const PipDeclaration& declaration, wire::Pip& pip) {
  wire::PipOptions& options = pip.options.make();
  pip.command = declaration.command;
  options.argv = declaration.argv;
  for (const std::string& word : declaration.argv)
    pip.command += (pip.command.empty() ? "" : " ") + shell_word(word);
  if (!declaration.directory.text.empty())
    if (const PathId directory = path(declaration.directory); directory != kNoPath)
      pip.working_directory = directory;
  options.environment = overlay(declaration.pass_environment, declaration.environment);
  options.stdin_text = declaration.stdin_text;
  for (const Located& text : declaration.untracked) {
    const PathId place = path(text);
    if (place == kNoPath) continue;
    if (paths_.is_within(root_, place))
      problems_.add(text.origin, text.text + " is or holds the workspace: nothing would be seen");
    for (const auto* list : {&pip.outputs, &pip.optional_outputs})
      for (PathId output : *list)
        if (paths_.is_within(output, place))
          problems_.add(text.origin, places_.show(output) + " is an output of this pip, too");
    options.untracked.push_back(place);
  }
  for (const Located& text : declaration.temporary_directories)
    if (const PathId place = temporary(text, pip); place != kNoPath)
      options.temporary_directories.push_back(place);
  for (const Located& text : declaration.readable)
    if (const PathId place = path(text); place != kNoPath)
      options.read_scopes.push_back({place, true});
  options.surviving = declaration.surviving;
  options.breakaway = declaration.breakaway;
  options.breakaway_calls = declaration.breakaway_calls;
  options.survivor_grace_ms = declaration.survivor_grace_ms;
  options.warning_regex = declaration.warning_regex;
  options.error_regex = declaration.error_regex;
  options.timeout_ms = declaration.timeout_ms;
  options.weight = declaration.weight;
  options.retries = declaration.retries;
  options.retry_exit_codes = declaration.retry_exit_codes;
  options.success_exit_codes = declaration.success_exit_codes;
  options.uncacheable_exit_codes = declaration.uncacheable_exit_codes;
  options.retry_attempt_variable = declaration.retry_attempt_variable;
  if (declaration.stderr_fails) pip.flags |= wire::kPipStderrFails;
  for (const Located& text : declaration.output_exclusions)
    if (const PathId place = path(text); place != kNoPath)
      options.output_exclusions.push_back(place);
  if (declaration.declared_reads) pip.flags |= wire::kPipDeclaredReads;
  if (declaration.same_content) pip.flags |= wire::kPipSameContent;
  if (!declaration.cacheable) pip.flags |= wire::kPipUncacheable;
  if (declaration.restricted_reads) pip.flags |= wire::kPipRestrictedReads;
  if (declaration.keep_sources) pip.flags |= wire::kPipKeepSources;
  if (declaration.deny_writes) pip.flags |= wire::kPipDenyWrites;
  if (declaration.network == PipDeclaration::Network::Deny) pip.flags |= wire::kPipDenyNetwork;
  if (declaration.network == PipDeclaration::Network::Trusted) pip.flags |= wire::kPipTrustNetwork;
  pool(declaration, pip);
}

// kNoPath after telling what is wrong.
PathId PipMaker::temporary(const Located& text, const wire::Pip& pip) {
  const PathId place = output_path(text);
  if (place == kNoPath) return place;
  for (const auto* list : {&pip.outputs, &pip.optional_outputs})
    for (PathId output : *list)
      if (paths_.is_within(output, place))
        problems_.add(text.origin, places_.show(output) + " is an output of this pip, too");
  if (places_.directory_over(place))
    problems_.add(text.origin, text.text + " lies in an output directory: what is left there " +
                                   "would be an output");
  return place;
}

void PipMaker::pool(const PipDeclaration& declaration, wire::Pip& pip) {
  const Located& name = declaration.pool;
  if (declaration.console) {
    pip.flags |= wire::kPipConsole;
    pip.pool = "console";
    pip.pool_depth = 1;
    if (!name.text.empty()) problems_.add(name.origin, "a pip at the console is in no other pool");
    return;
  }
  if (name.text.empty()) return;
  auto pool = std::find_if(graph_.pools.begin(), graph_.pools.end(),
                           [&](const auto& one) { return one.first == name.text; });
  if (pool == graph_.pools.end()) {
    problems_.add(name.origin, "\"" + name.text + "\" is not among the \"pools\" of the graph");
    return;
  }
  pip.pool = pool->first;
  pip.pool_depth = pool->second;
}

void PipMaker::copies() {
  std::unordered_map<PathId, std::vector<PipId>> copied;  // directories, and who copies them
  for (std::size_t i = 0; i < graph_.pips.size(); ++i) {
    const PipDeclaration& declaration = graph_.pips[i];
    if (declaration.kind != PipWord::CopyDirectory || declaration.from.text.empty() ||
        declaration.to.text.empty())
      continue;
    const PathId from = path(declaration.from), to = output_path(declaration.to);
    if (from == kNoPath || to == kNoPath) continue;
    if (paths_.is_within(from, to) || paths_.is_within(to, from)) {
      problems_.add(declaration.to.origin,
                    declaration.from.text + " and " + declaration.to.text + " hold one another");
      continue;
    }
    out_.pips[i].options.make().read_scopes.push_back({from, true});
    copied[from].push_back(PipId(i));
    depend_on_makers(PipId(i), from);
  }
  if (copied.empty()) return;
  places_.within(copied, [&](PathId directory, PipId maker) {
    for (PipId copy : copied.at(directory))
      if (copy != maker) out_.pips[index(copy)].dependencies.push_back(maker);
  });
}

PipSet PipMaker::run() {
  out_.pips.resize(graph_.pips.size());
  std::map<std::string, std::string> environment(settings_.environment.begin(),
                                                 settings_.environment.end());
  for (auto& [name, value] : overlay(graph_.pass_environment, graph_.environment))
    environment[name] = value;
  out_.environment.assign(environment.begin(), environment.end());
  index_pips();
  index_seals();
  for (std::size_t i = 0; i < graph_.pips.size(); ++i) outputs(PipId(i));
  places_.check();
  for (std::size_t i = 0; i < graph_.pips.size(); ++i) {
    values(PipId(i));
    inputs(PipId(i));
  }
  copies();
  auto make_unique = [](std::vector<PipId>& list) {
    std::sort(list.begin(), list.end());
    list.erase(std::unique(list.begin(), list.end()), list.end());
  };
  for (wire::Pip& pip : out_.pips) make_unique(pip.dependencies);
  for (const Located& id : graph_.defaults)
    if (const PipId pip = find(id); pip != kNoPip) out_.default_targets.push_back(pip);
  make_unique(out_.default_targets);
  return std::move(out_);
}

}  // namespace

PipSet make_pips(const GraphDeclaration& graph, const PipSettings& settings, PathTable& paths,
                 Problems& problems) {
  return PipMaker(graph, settings, paths, problems).run();
}

std::vector<std::string> passed_names(const GraphDeclaration& graph) {
  std::vector<std::string> names;
  for (const Located& name : graph.pass_environment) names.push_back(name.text);
  for (const PipDeclaration& pip : graph.pips)
    for (const Located& name : pip.pass_environment) names.push_back(name.text);
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

}  // namespace bxl::frontend::json_graph
