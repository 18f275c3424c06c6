// Compares each fact of a pip with those of everybody else, and words what comes of it.
#include "violation/analyzer.h"

#include <algorithm>

namespace bxl::violation {
namespace {

// "it …": what `mine`, who is told of it, did; `other` is the other pip's name.
std::string sentence(const Verdict& v, Touch mine, Touch theirs, const std::string& path,
                     const std::string& other) {
  const bool reads = v.role == 'R';
  switch (v.kind) {
    case Kind::ReadOutput:
      return reads ? "it read " + path + ", an output of " + other + ", which it does not depend on"
                   : "it made " + path + ", which " + other + " read without depending on it";
    case Kind::ReadDownstream:
      return reads ? "it read " + path + ", an output of " + other + ", which depends on it"
                   : "it made " + path + ", which " + other + " read, a pip it depends on";
    case Kind::ReadScratch:
      return reads ? "it read " + path + ", which " + other + " left there: it is nobody's output"
                   : "it left " + path + " behind, which " + other + " read: it is nobody's output";
    case Kind::ProbedOutput:
      return reads ? "it looked for " + path + " in vain, an output of " + other +
                         ", which it does not depend on"
                   : "it made " + path + ", which " + other +
                         " had looked for in vain without depending on it";
    case Kind::ChangedSource: {
      const char* verb = (reads ? theirs : mine) == Touch::Remove ? "removed" : "rewrote";
      return reads ? "it uses " + path + " as a source, which " + other + " " + verb
                   : std::string("it ") + verb + " " + path + ", which " + other +
                         " uses as a source";
    }
    case Kind::DoubleWrite:
      return theirs == Touch::Rewrite ? "it rewrote " + path + ", which " + other + " rewrote too"
                                      : "it wrote " + path + ", an output of " + other;
    case Kind::SameContent:
      return "it wrote " + path + ", an output of " + other + ", once more with the same content";
    case Kind::RemovedOutput:
      return mine == Touch::Remove ? "it removed " + path + ", an output of " + other
                                   : "it made " + path + ", which " + other + " removed";
    case Kind::SharedTemporary:
      return "it used the temporary file " + path + ", which " + other + " used at the same time";
    case Kind::Listed:
      return "it enumerates " + path + ", which also receives outputs of " + other +
             ", a pip it does not depend on";
    case Kind::ProbedDirectory:
      return "it looked for the directory " + path + " in vain, made by " + other +
             ", a pip it does not depend on";
    case Kind::ReadWhileRewritten:
      return path + " was there for a while and was gone again while it ran: a file of " + other;
  }
  return {};
}

}  // namespace

Analyzer::Analyzer(const graph::PipGraph& graph, const PathTable& paths,
                   const graph::Mounts& mounts, LoadOthers load_others)
    : graph_(graph),
      paths_(paths),
      mounts_(mounts),
      load_others_(std::move(load_others)),
      reach_(graph) {}

Order Analyzer::order(PipId mine, PipId theirs) {
  if (reach_.is_upstream(mine, theirs)) return Order::MineFirst;
  if (reach_.is_upstream(theirs, mine)) return Order::TheirsFirst;
  return Order::None;
}

void Analyzer::remember(PipId pip, PathId path, const Fact& fact) {
  if (is_write(fact.touch))
    writers_[path].push_back({pip, fact});
  else
    readers_[path].push_back({pip, fact.touch});
}

Fact Analyzer::fact_of(const Reader& reader) const {
  Fact fact;
  fact.touch = reader.touch;
  if (auto times = judged_.find(reader.pip); times != judged_.end()) {
    fact.start_ns = times->second.start_ns;
    fact.end_ns = times->second.end_ns;
  }
  return fact;
}

// Rare: an attempt was thrown away, or content was lost and its pip runs again.
void Analyzer::forget(PipId pip) {
  for (auto& [path, readers] : readers_)
    std::erase_if(readers, [&](const Reader& reader) { return reader.pip == pip; });
  for (auto& [path, writers] : writers_)
    std::erase_if(writers, [&](const Writer& writer) { return writer.pip == pip; });
  std::erase_if(removed_, [&](const auto& gone) { return gone.first == pip; });
}

PipId Analyzer::changed_by(PipId pip, PathId path) {
  auto found = writers_.find(path);
  if (found == writers_.end()) return kNoPip;
  for (const Writer& writer : found->second)
    if ((writer.fact.touch == Touch::Rewrite || writer.fact.touch == Touch::Remove) &&
        writer.pip != pip && order(pip, writer.pip) == Order::None)
      return writer.pip;
  return kNoPip;
}

void Analyzer::compare(PipId pip, const Touched& mine, PipId other, const Fact& theirs, PathId path,
                       Report& report) {
  auto verdict = violation::judge(mine.fact, theirs, order(pip, other));
  if (!verdict) return;
  const std::string &id = graph_.pip(pip).stable_id, &other_id = graph_.pip(other).stable_id;
  if (verdict->severity == Severity::Uncached) {
    if (verdict->kind == Kind::SameContent) report.same_content.push_back(path);
    const bool me = verdict->whom == Whom::Mine;
    if (verdict->kind == Kind::Listed &&
        (graph_.pip(me ? pip : other).flags & wire::kPipToolLists)) {
      if (!me) report.relisted.push_back(other);
      return;
    }
    report.uncached.emplace_back(me ? pip : other, sentence(*verdict, mine.fact.touch, theirs.touch,
                                                            show(path), me ? other_id : id));
    return;
  }
  for (const wire::Violation& known : report.violations)
    if (known.path == path && known.related == other_id && known.code == verdict->code) return;
  wire::Violation v;
  v.code = verdict->code;
  v.letter = verdict->letter;
  v.role = std::string(1, verdict->role);
  v.pip = id;
  v.related = other_id;
  v.path = path;
  v.message = sentence(*verdict, mine.fact.touch, theirs.touch, show(path), other_id);
  report.violations.push_back(std::move(v));
}

wire::Violation Analyzer::write_violation(PipId pip, PathId path, std::string_view code) const {
  wire::Violation v;
  v.code = code;
  v.letter = "W";
  v.role = "W";
  v.pip = graph_.pip(pip).stable_id;
  v.path = path;
  return v;
}

void Analyzer::find_sources() {
  if (std::exchange(sources_found_, true)) return;
  for (std::size_t i = 0; i < graph_.size(); ++i) {
    const PipId id{static_cast<std::uint32_t>(i)};
    const wire::Pip& pip = graph_.pip(id);
    for (const auto* list : {&pip.inputs, &pip.order_only})
      for (PathId path : *list) source_files_.try_emplace(path, id);
    for (const wire::ReadScope& scope : pip.more().read_scopes)
      source_directories_.try_emplace(scope.path, id, scope.recursive);
  }
  for (std::size_t i = 0; i < graph_.size(); ++i) {
    const wire::Pip& pip = graph_.pip(PipId{static_cast<std::uint32_t>(i)});
    for (const auto* list : {&pip.outputs, &pip.optional_outputs})
      for (PathId path : *list) source_files_.erase(path);
  }
}

wire::Violation Analyzer::undeclared_write(PipId pip, PathId path, bool existed,
                                           const std::vector<PipId>* makers) {
  const bool json = graph_.pip(pip).flags & (wire::kPipJson | wire::kPipJavaScript);
  bool exclusive = false;
  if (makers)
    for (const wire::DirectoryOutput& directory :
         graph_.pip(makers->front()).more().directory_outputs)
      exclusive |= directory.exclusive && paths_.is_within(path, directory.path);
  wire::Violation v = write_violation(pip, path,
                                      exclusive ? "DX14533"
                                      : existed ? "DX5047"
                                                : "DX5008");
  if (makers) {
    v.related = graph_.pip(makers->front()).stable_id;
    v.message = "it wrote " + show(path) + ", in an output directory of " + v.related +
                ", which it does not share";
    return v;
  }
  find_sources();
  if (auto source = source_files_.find(path); existed && source != source_files_.end()) {
    v.code = "DX5033";
    v.related = graph_.pip(source->second).stable_id;
    v.message = "it rewrote " + show(path) + ", a source that " + v.related + " declares";
    return v;
  }
  PathId directory = paths_.parent(path);
  for (bool direct = true; directory != kRootPath;
       direct = false, directory = paths_.parent(directory)) {
    auto seal = source_directories_.find(directory);
    if (seal == source_directories_.end() || !(direct || seal->second.second)) continue;
    v.code = "DX5023";
    v.related = graph_.pip(seal->second.first).stable_id;
    v.message = "it wrote " + show(path) + ", in " + show(directory) + ", a source directory for " +
                v.related;
    return v;
  }
  if (existed)
    v.message = "it rewrote the existing file " + show(path) + " without declaring it as an output";
  else
    v.message = "it wrote " + show(path) +
                (json ? ", which is neither an output nor in an output directory of it"
                      : ", outside of the build directory, without declaring it as an output");
  return v;
}

wire::Violation Analyzer::excluded_write(PipId pip, PathId path, bool existed,
                                         PathId exclusion) const {
  wire::Violation v = write_violation(pip, path, existed ? "DX5047" : "DX5008");
  v.message = std::string(existed ? "it rewrote the existing file " : "it wrote ") + show(path) +
              ", below " + show(exclusion) + ", " + "where nothing is an output of it";
  return v;
}

wire::Violation Analyzer::temporary_write(PipId pip, PathId path, PipId owner) const {
  wire::Violation v = write_violation(pip, path, "DX5029");
  v.related = graph_.pip(owner).stable_id;
  v.message = "it wrote " + show(path) + ", in a temporary directory of " + v.related;
  return v;
}

wire::Violation Analyzer::denied_write(PipId pip, PathId path) {
  wire::Violation v = undeclared_write(pip, path, false);
  v.message = "it tried to write " + show(path) + ", which its declaration denies it";
  return v;
}

wire::Violation Analyzer::denied_network(PipId pip, const std::string& address) const {
  wire::Violation v = write_violation(pip, kNoPath, "DX5000");
  v.message = "it tried to use the network (" + address + "), which its declaration denies it";
  return v;
}

wire::Violation Analyzer::undeclared_read(PipId pip, PathId path) const {
  wire::Violation v;
  const bool restricted = graph_.pip(pip).flags & wire::kPipRestrictedReads;
  v.code = restricted ? "DX5034" : "DX5006";
  v.letter = "R";
  v.role = "R";
  v.pip = graph_.pip(pip).stable_id;
  v.path = path;
  v.message = "it read " + show(path) +
              (restricted ? ", a source outside of where it may read undeclared ones"
                          : ", a source that it does not declare");
  return v;
}

wire::Violation Analyzer::foreign_write(PipId pip, PathId path, PathId workspace) const {
  wire::Violation v;
  v.code = "DX5008";
  v.letter = "W";
  v.role = "W";
  v.pip = graph_.pip(pip).stable_id;
  v.path = path;
  v.message = "it wrote " + show(path) + ", inside of " + show(workspace) +
              ", a workspace of its own whose files belong to its own builds";
  return v;
}

// An output has an owner, and a third pip wrote it: that is between these two. Who read it as the
// owner's is only a witness, whose content may have been either.
void Analyzer::disturbed_reader(PipId pip, const Touched& mine, PipId other, const Fact& theirs,
                                Report& report) {
  const bool i_write = is_write(mine.fact.touch);
  if (i_write == is_write(theirs.touch)) return;
  const Touch reader = i_write ? theirs.touch : mine.fact.touch;
  if (reader != Touch::Read || order(pip, other) != Order::None) return;
  report.uncached.emplace_back(i_write ? other : pip,
                               "it read " + show(mine.path) + ", an output of " +
                                   graph_.pip(mine.owner).stable_id + ", which " +
                                   graph_.pip(i_write ? pip : other).stable_id + " wrote too");
}

Analyzer::Report Analyzer::judge(PipId pip, const std::vector<Touched>& touched) {
  Report report;
  if (judged_.count(pip) != 0) forget(pip);
  // What a pip brings into being and does not declare nobody could take into account beforehand;
  // what it changes was there for everybody.
  const bool surprise = std::any_of(touched.begin(), touched.end(), [](const Touched& t) {
    return is_write(t.fact.touch) && t.fact.touch != Touch::Temporary && !t.fact.declared &&
           !t.fact.scratch && !t.recorded;
  });
  if (surprise && !loaded_) {
    loaded_ = true;
    if (load_others_) load_others_(*this);
  }
  for (const Touched& mine : touched) {
    bool owner_told = false;
    auto against = [&](PipId other, const Fact& theirs, PathId path) {
      if (other == pip) return;
      if (other == mine.owner && is_write(theirs.touch)) owner_told = true;
      if (mine.owner != kNoPip && other != mine.owner)
        disturbed_reader(pip, mine, other, theirs, report);
      else
        compare(pip, mine, other, theirs, path, report);
    };
    if (auto found = writers_.find(mine.path);
        found != writers_.end() && mine.fact.touch != Touch::List)
      for (const Writer& writer : found->second) against(writer.pip, writer.fact, mine.path);
    if (mine.fact.touch == Touch::List)
      for (const auto& [other, path] : removed_) {
        Fact theirs;
        theirs.touch = Touch::Remove;
        if (paths_.parent(path) == mine.path) against(other, theirs, mine.path);
      }
    if (is_write(mine.fact.touch)) {
      const PathId parent = paths_.parent(mine.path);
      if (auto found = readers_.find(mine.path); found != readers_.end())
        for (const Reader& reader : found->second)
          if (reader.touch != Touch::List) against(reader.pip, fact_of(reader), mine.path);
      if (auto found = readers_.find(parent); found != readers_.end())
        for (const Reader& reader : found->second)
          if (reader.touch == Touch::List && reader.pip != pip)
            compare(pip, mine, reader.pip, fact_of(reader), parent, report);
    }
    if (mine.owner != kNoPip && !owner_told) {
      Fact theirs;
      theirs.touch = Touch::Create;
      theirs.declared = mine.owner_declares;
      theirs.same_content = graph_.pip(mine.owner).flags & wire::kPipSameContent;
      theirs.directory = mine.owner_directory;
      theirs.content = mine.owner_content;
      compare(pip, mine, mine.owner, theirs, mine.path, report);
    }
  }
  Times& times = judged_[pip];
  for (const Touched& mine : touched) {
    remember(pip, mine.path, mine.fact);
    times = {mine.fact.start_ns, mine.fact.end_ns};
    const bool source = mine.fact.touch == Touch::Rewrite || mine.fact.touch == Touch::Remove;
    sources_changed_ |= source;
    if (mine.fact.touch == Touch::Remove && mine.owner == kNoPip)
      removed_.emplace_back(pip, mine.path);
  }
  return report;
}

}  // namespace bxl::violation
