// From what one run did to what may be kept of it: the order of questions, and the verdict.
#include "exec/recorder.h"

#include <algorithm>

#include "exec/access.h"
#include "exec/recording.h"
#include "fingerprint/projection.h"

namespace bxl::exec {

using fingerprint::View;

Recorded Recorder::run() {
  for (const sandbox::Reason& reason : outcome_.reasons)
    not_published(reason.detail.empty() ? reason.what : reason.detail);
  for (PathId path : pip_.outputs) declared_.insert(view_.physical(path));
  for (PathId path : pip_.optional_outputs) declared_.insert(view_.physical(path));
  if (pip_.depfile != kNoPath) declared_.insert(view_.physical(pip_.depfile));
  if (pip_.rspfile != kNoPath) rspfile_ = view_.physical(pip_.rspfile);
  for (const Ingested::File& file : ingested_.files) now_[paths_.intern(file.path)] = &file;

  for (const sandbox::Access& access : outcome_.accesses)
    if (!within_any(access.path, context_.scratch) && is_mutated(access) && !is_lock_file(access))
      mutation(access);
  std::vector<PathId> own;
  for (const wire::Output& out : result_.outputs) own.push_back(out.path);
  view_.note_outputs(context_.pip, own);
  for (PathId path : own)
    for (PathId dir = paths_.parent(path); dir != kRootPath && own_dirs_.insert(dir).second;)
      dir = paths_.parent(dir);
  for (const sandbox::Access& access : outcome_.accesses) {
    if (within_any(access.path, context_.scratch)) continue;
    // A lock is no input; who writes something into it all the same hears that it was looked at.
    if (is_lock_file(access))
      touch(paths_.intern(access.path), {violation::Touch::Read}, Owner());
    else
      observation(access);
  }

  forget_directories_of_violations();
  for (PathId path : pip_.outputs)
    if (!now_.count(view_.physical(path)) && !made_later(view_.physical(path)))
      result_.missing.push_back(path);
  judge();
  std::sort(result_.outputs.begin(), result_.outputs.end(),
            [&](auto& a, auto& b) { return paths_.str(a.path) < paths_.str(b.path); });
  return std::move(result_);
}

Recorder::Owner Recorder::owner_of(PathId path) {
  Owner found;
  found.pip = view_.owner(path);
  if (found.pip == context_.pip || found.pip == kNoPip) return {};
  const wire::Pip& other = view_.graph().pip(found.pip);
  found.declares =
      view_.declares(found.pip, path) && path != other.depfile && path != other.rspfile;
  if (auto record = records_.find(path);
      record != records_.end() && record->second.owner == other.stable_id) {
    found.directory = record->second.kind == wire::OutputKind::Directory;
    found.content = record->second.digest;
  } else if (progress(found.pip) == Progress::Outside && !found.declares) {
    return {};
  }
  const std::vector<wire::Output>* made = view_.result(found.pip);
  if (made)
    for (const wire::Output& out : *made)
      if (out.path == path) {
        found.directory = out.kind == wire::OutputKind::Directory;
        found.content = out.digest;
        return found;
      }
  if (found.declares || progress(found.pip) == Progress::Outside) return found;
  return {};
}

Progress Recorder::progress(PipId pip) const {
  return context_.progress ? context_.progress(pip) : Progress::Outside;
}

// Was this put here by an earlier build, for a pip that has not had its turn in this one? For the
// pip it must not be there, as it is not in a build from scratch.
bool Recorder::leftover(PathId path, const FileIdentity& seen) {
  auto record = records_.find(path);
  PipId owner = view_.owner(path);
  if (record == records_.end() || owner == kNoPip || owner == context_.pip ||
      progress(owner) != Progress::Undecided ||
      record->second.owner != view_.graph().pip(owner).stable_id ||
      !graph::still_recorded(record->second, seen))
    return false;
  if (view_.is_upstream(context_.pip, owner)) return true;
  // In no order with that pip. Reading its declared output is wrong, old or new; an undeclared
  // one may by now be made elsewhere, or not at all.
  return !view_.declares(owner, path) && seen.kind != FileKind::Directory;
}

bool Recorder::holds_leftovers(PathId directory) {
  return std::any_of(records_.begin(), records_.end(), [&](const auto& one) {
    return one.first != directory && paths_.is_within(one.first, directory) &&
           leftover(one.first, view_.disk(one.first));
  });
}

void Recorder::met_leftover(PathId path, FileKind kind) {
  result_.leftovers.push_back(path);
  if (kind == FileKind::Directory)
    for (const auto& [member, record] : records_)
      if (member != path && paths_.is_within(member, path) && leftover(member, record.identity))
        result_.leftovers.push_back(member);
  const PipId owner = view_.owner(path);
  not_published("it met " + show(path) + ", which an earlier build left of " +
                (owner == kNoPip ? "pips that come after it" : view_.graph().pip(owner).stable_id));
}

// Nobody's pips write there, and the memory for what every compiler reads there is better spent.
bool Recorder::of_interest(std::string_view path) const {
  const wire::Mount* mount = view_.mounts().of(path);
  return !mount || !(mount->flags & wire::kMountSystem) || is_temp_place(path, view_.mounts());
}

void Recorder::touch(PathId path, violation::Fact fact, const Owner& owner) {
  fact.start_ns = context_.start_ns;
  fact.end_ns = context_.end_ns;
  violation::Touched touched;
  touched.path = path;
  touched.fact = fact;
  touched.recorded = violation::is_write(fact.touch) && recorded_own(path);
  touched.owner = owner.pip;
  touched.owner_declares = owner.declares;
  touched.owner_directory = owner.directory;
  touched.owner_content = owner.content;
  touched_.push_back(touched);
}

void Recorder::wrote(PathId path, violation::Touch how, const Ingested::File* file) {
  wrote(path, how, file, Owner());
}

void Recorder::wrote(PathId path, violation::Touch how, const Ingested::File* file,
                     const Owner& owner) {
  violation::Fact fact;
  fact.touch = how;
  fact.declared = declared_.count(path) != 0;
  fact.same_content = pip_.flags & wire::kPipSameContent;
  if (file) {
    fact.directory = file->output.kind == wire::OutputKind::Directory;
    fact.content = file->output.digest;
  }
  touch(path, fact, owner);
}

void Recorder::left_scratch(PathId path, const Ingested::File& file) {
  violation::Fact left;
  left.touch = violation::Touch::Create;
  left.scratch = true;
  left.directory = file.output.kind == wire::OutputKind::Directory;
  touch(path, left, Owner());
}

std::string Recorder::met_in_tool_cache(PipId met, PathId path) {
  return "in a tool's cache it met " + view_.graph().pip(met).stable_id + " at " + show(path);
}

// What did not happen, because its declaration denies it.
void Recorder::denied() {
  for (const sandbox::Violation& v : outcome_.violations) {
    if (!v.denied) continue;
    if (v.kind == sandbox::Violation::Kind::Network)
      result_.violations.push_back(analyzer_.denied_network(context_.pip, v.path));
    else
      result_.violations.push_back(analyzer_.denied_write(context_.pip, paths_.intern(v.path)));
  }
}

void Recorder::judge() {
  denied();
  violation::Analyzer::Report report = analyzer_.judge(context_.pip, touched_);
  for (auto& [pip, why] : report.uncached)
    if (pip == context_.pip)
      not_published(std::move(why));
    else
      result_.uncached_others.emplace_back(pip, std::move(why));
  result_.relisted = std::move(report.relisted);
  std::vector<std::string> why;
  for (wire::Violation& v : report.violations) result_.violations.push_back(std::move(v));
  for (const wire::Violation& v : result_.violations) why.push_back(v.message);
  result_.why_not.insert(result_.why_not.begin(), why.begin(), why.end());
}

bool Recorder::made_later(PathId path) {
  auto record = records_.find(path);
  const PipId maker = record == records_.end() ? kNoPip : view_.graph().find(record->second.owner);
  return maker != kNoPip && maker != context_.pip && view_.is_upstream(context_.pip, maker) &&
         graph::still_recorded(record->second, view_.disk(path));
}

bool Recorder::recorded_own(PathId path) const {
  auto it = records_.find(path);
  return it != records_.end() && it->second.owner == pip_.stable_id;
}

// Did the pip leave the git index as it was, but for stat data? Then writing it was no edit (rule
// 36).
bool Recorder::git_index_kept(PathId path) {
  if (!context_.git_indexes) return false;
  auto before = context_.git_indexes->find(path);
  if (before == context_.git_indexes->end()) return false;
  auto bytes = view_.tree().read(paths_.str(path));
  return bytes && fingerprint::project_git_index(*bytes) == before->second;
}

// Of a directory made out of place and the files in it the files say it all.
void Recorder::forget_directories_of_violations() {
  auto is_directory = [&](const wire::Violation& v) {
    auto made = now_.find(v.path);
    return made != now_.end() && made->second->output.kind == wire::OutputKind::Directory;
  };
  std::vector<PathId> files;
  for (const wire::Violation& v : result_.violations)
    if (v.path != kNoPath && !is_directory(v)) files.push_back(v.path);
  std::erase_if(result_.violations, [&](const wire::Violation& v) {
    return is_directory(v) && std::any_of(files.begin(), files.end(), [&](PathId file) {
             return paths_.is_within(file, v.path);
           });
  });
}

Recorded record(View& view, const graph::OutputRecords& records, const RunContext& context,
                const sandbox::Outcome& outcome, const Ingested& ingested,
                violation::Analyzer& analyzer) {
  return Recorder(view, records, context, outcome, ingested, analyzer).run();
}

}  // namespace bxl::exec
