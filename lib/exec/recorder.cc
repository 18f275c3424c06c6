#include "exec/recorder.h"

#include <algorithm>

#include "exec/access.h"
#include "fingerprint/projection.h"

namespace bxl::exec {
namespace {

using fingerprint::Seen;
using fingerprint::View;

// Front ends whose graphs say where each pip may write.
constexpr std::uint32_t kSaysWhere = wire::kPipJson | wire::kPipJavaScript;

class Recorder {
 public:
  Recorder(View& view, const graph::OutputRecords& records, const RunContext& context,
           const sandbox::Outcome& outcome, const Ingested& ingested, violation::Analyzer& analyzer)
      : view_(view),
        paths_(view.paths()),
        records_(records),
        context_(context),
        outcome_(outcome),
        ingested_(ingested),
        analyzer_(analyzer),
        pip_(view.graph().pip(context.pip)) {}

  Recorded run() {
    for (const sandbox::Reason& reason : outcome_.reasons)
      not_published(reason.detail.empty() ? reason.what : reason.detail);
    for (PathId path : pip_.outputs) declared_.insert(view_.physical(path));
    for (PathId path : pip_.optional_outputs) declared_.insert(view_.physical(path));
    if (pip_.depfile != kNoPath) declared_.insert(view_.physical(pip_.depfile));
    if (pip_.rspfile != kNoPath) rspfile_ = view_.physical(pip_.rspfile);
    for (const Ingested::File& file : ingested_.files) now_[paths_.intern(file.path)] = &file;

    for (const sandbox::Access& access : outcome_.accesses)
      if (!within_any(access.path, context_.scratch) && (access.ops & sandbox::kMutations))
        mutation(access);
    std::vector<PathId> own;
    for (const wire::Output& out : result_.outputs) own.push_back(out.path);
    view_.note_outputs(context_.pip, own);
    for (PathId path : own)
      for (PathId dir = paths_.parent(path); dir != kRootPath && own_dirs_.insert(dir).second;)
        dir = paths_.parent(dir);
    for (const sandbox::Access& access : outcome_.accesses)
      if (!within_any(access.path, context_.scratch)) observation(access);

    forget_directories_of_violations();
    for (PathId path : pip_.outputs)
      if (!now_.count(view_.physical(path)))
        not_published("it did not make its declared output " + show(path));
    judge();
    std::sort(result_.outputs.begin(), result_.outputs.end(),
              [&](auto& a, auto& b) { return paths_.str(a.path) < paths_.str(b.path); });
    return std::move(result_);
  }

 private:
  std::string show(PathId path) { return view_.mounts().tokenise(paths_.str(path)); }
  void not_published(std::string why) { result_.why_not.push_back(std::move(why)); }

  // Whose output is this beyond doubt, other than the pip's own? What an earlier build recorded for
  // a pip that is still to run means nothing yet: should it make the path again, it is told then.
  struct Owner {
    PipId pip = kNoPip;
    bool declares = false, directory = false;
    Digest content;
  };
  Owner owner_of(PathId path) {
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
  Progress progress(PipId pip) const {
    return context_.progress ? context_.progress(pip) : Progress::Outside;
  }

  // Was this put here by an earlier build, for a pip that has not had its turn in this one? For the
  // pip it must not be there, as it is not in a build from scratch.
  bool leftover(PathId path, const FileIdentity& seen) {
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
  void met_leftover(PathId path, FileKind kind) {
    result_.leftovers.push_back(path);
    if (kind == FileKind::Directory)
      for (const auto& [member, record] : records_)
        if (member != path && paths_.is_within(member, path) && leftover(member, record.identity))
          result_.leftovers.push_back(member);
    not_published("it met " + show(path) + ", which an earlier build left of " +
                  view_.graph().pip(view_.owner(path)).stable_id);
  }

  // Nobody's pips write there, and the memory for what every compiler reads there is better spent.
  bool of_interest(std::string_view path) const {
    const wire::Mount* mount = view_.mounts().of(path);
    return !mount || !(mount->flags & wire::kMountSystem) || is_temp_place(path, view_.mounts());
  }
  void touch(PathId path, violation::Fact fact, const Owner& owner) {
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
    touched_.push_back(std::move(touched));
  }
  void wrote(PathId path, violation::Touch how, const Ingested::File* file) {
    wrote(path, how, file, Owner());
  }
  void wrote(PathId path, violation::Touch how, const Ingested::File* file, const Owner& owner) {
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

  // What did not happen, because its declaration denies it.
  void denied() {
    for (const sandbox::Violation& v : outcome_.violations) {
      if (!v.denied) continue;
      if (v.kind == sandbox::Violation::Kind::Network)
        result_.violations.push_back(analyzer_.denied_network(context_.pip, v.path));
      else
        result_.violations.push_back(analyzer_.denied_write(context_.pip, paths_.intern(v.path)));
    }
  }

  void judge() {
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

  bool recorded_own(PathId path) const {
    auto it = records_.find(path);
    return it != records_.end() && it->second.owner == pip_.stable_id;
  }

  // Did the pip leave the git index as it was, but for stat data? Then writing it was no edit (rule
  // 36).
  bool git_index_kept(PathId path) {
    if (!context_.git_indexes) return false;
    auto before = context_.git_indexes->find(path);
    if (before == context_.git_indexes->end()) return false;
    auto bytes = view_.tree().read(paths_.str(path));
    return bytes && fingerprint::project_git_index(*bytes) == before->second;
  }

  void mutation(const sandbox::Access& access) {
    PathId path = paths_.intern(access.path);
    if (path == rspfile_ || git_index_kept(path)) return;
    bool declared = declared_.count(path) != 0;
    auto now = now_.find(path);
    const FileIdentity& before = access.before_mutation;
    bool existed = before.exists();
    bool ours = declared || recorded_own(path);
    const wire::Mount* mount = view_.mounts().of(access.path);
    // Directories on the way to declared outputs are made for everybody; to make one anew is not to
    // write where one may not.
    const bool way = now != now_.end() && now->second->output.kind == wire::OutputKind::Directory &&
                     view_.is_declared_directory(path);
    bool output_scope = (mount && (mount->flags & wire::kMountOutput)) || way ||
                        view_.in_output_directory(context_.pip, path);
    if (!declared && temporary(access, path, now == now_.end() ? nullptr : now->second)) return;

    if (output_scope && content_mutation(access.ops) && (existed || now != now_.end()))
      if (PathId inner = inner_workspace(path); inner != kNoPath) {
        result_.violations.push_back(analyzer_.foreign_write(context_.pip, path, inner));
        return;
      }

    // Put here by bxl or one of its pips: nobody's loss.
    auto record = records_.find(path);
    const bool recorded =
        record != records_.end() && existed && graph::still_recorded(record->second, before);

    if (now == now_.end()) {
      // Gone at the end. Its own scratch is nothing; a file that was there before is somebody's.
      if (is_temp_place(access.path, view_.mounts())) return;
      if (!existed && !declared) wrote(path, violation::Touch::Temporary, nullptr);
      // It made this and did not take it away: what it leaves is not what it made.
      if (!existed && (access.ops & (sandbox::kCreate | sandbox::kMkdir)) &&
          !(access.ops & sandbox::kUnlink))
        not_published(show(path) + ", which it made, was removed by somebody else while it ran");
      if (!existed || ours) return;
      // An empty directory that bxl made for some declared output is made again when it is needed.
      if (record != records_.end() && record->second.owner == graph::kDirectoryOwner) return;
      Owner owner = owner_of(path);
      wrote(path, violation::Touch::Remove, nullptr, owner);
      if (owner.pip != kNoPip || recorded) return;
      result_.deleted.push_back(path);
      not_published("it removed " + show(path) + ", which existed before it ran");
      return;
    }
    const Ingested::File& file = *now->second;

    // A declared output of another pip is between the two, wherever it lies.
    const bool anothers = (pip_.flags & kSaysWhere) && owner_of(path).pip != kNoPip;
    if (!declared && !output_scope && !anothers) {
      if (is_temp_place(access.path, view_.mounts())) {
        if (existed || !content_mutation(access.ops)) return;
        violation::Fact left;
        left.touch = violation::Touch::Create;
        left.scratch = true;
        left.directory = file.output.kind == wire::OutputKind::Directory;
        touch(path, left, Owner());
        return;
      }
      const wire::Mount* home = view_.mounts().find("%home%");
      if (home && mount == home) {
        not_published("it wrote " + show(path) + ", outside of the build");
      } else if (!content_mutation(access.ops)) {
        not_published("it changed the attributes of " + show(path) + ", which is not its output");
      } else {
        const std::vector<PipId>* makers = view_.output_directory_of(path);
        result_.violations.push_back(
            analyzer_.undeclared_write(context_.pip, path, existed, makers));
        // Junk, to be removed before the next run: all of such a workspace is as read-only as this
        // place, and nobody looks for such files by hand.
        if (!existed && (pip_.flags & kSaysWhere) && file.errnum == 0 && !file.other_kind) {
          result_.outputs.push_back(file.output);
          result_.outputs.back().path = path;
        }
        wrote(path, existed ? violation::Touch::Rewrite : violation::Touch::Create, &file);
      }
      return;
    }
    if (file.other_kind)
      not_published(show(path) + " is not a plain file, directory or link: it cannot be replayed");
    if (file.errnum == EAGAIN)
      not_published(show(path) + " was changed by somebody else while the pip ended");
    else if (file.errnum != 0)
      not_published(show(path) + kNotStored + std::strerror(file.errnum));

    Owner owner = owner_of(path);
    if (owner.pip != kNoPip && file.output.kind != wire::OutputKind::Directory) {
      wrote(path, violation::Touch::Create, &file, owner);
      not_published("it wrote " + show(path) + ", an output of " +
                    view_.graph().pip(owner.pip).stable_id);
      // It stays the other's, as this pip left it: no file of the user.
      if (!existed || recorded) {
        result_.overwritten.emplace_back(owner.pip, file.output);
        result_.overwritten.back().second.path = path;
      }
      return;
    }
    if (existed && !ours && !recorded && before.kind != FileKind::Directory) {
      // It existed, nobody recorded it: the user's or the configure step's.
      wrote(path, violation::Touch::Rewrite, &file);
      if ((pip_.flags & wire::kPipKeepSources) && content_mutation(access.ops))
        result_.violations.push_back(analyzer_.undeclared_write(context_.pip, path, true));
      if (!content_mutation(access.ops)) {
        not_published("it changed the attributes of " + show(path) +
                      ", which existed before it ran");
      } else if (access.first_content_seq != 0 &&
                 access.first_content_seq <= access.first_mutation_seq &&
                 (access.ops & sandbox::kRead)) {
        not_published("it edits its own input " + show(path));
      } else {
        not_published("it rewrote " + show(path) +
                      (pip_.flags & wire::kPipJavaScript
                           ? ", which bxl did not make; if another tool built it here before, "
                             "remove what that one left first (git clean -xdf)"
                           : ", which existed before it ran: what was there is gone, and nobody "
                             "could look this result up again"));
      }
      return;  // never recorded as an output: it stays the user's file
    }
    if (!access.moved_from.empty()) {
      // A rename that brought a file of the user: unlinking it before the next run would lose the
      // only copy.
      PathId origin = paths_.intern(access.moved_from);
      if (view_.owner(origin) == kNoPip && records_.count(origin) == 0) {
        not_published("it moved " + show(origin) + ", which existed before it ran, to " +
                      show(path));
        wrote(path, violation::Touch::Rewrite, &file);
        return;  // it stays the user's file
      }
    }
    if (file.output.kind == wire::OutputKind::Directory &&
        !(access.ops & (sandbox::kMkdir | sandbox::kCreate)))
      return;  // chmod or utimes of a directory
    if (path == view_.physical(pip_.depfile == kNoPath ? kRootPath : pip_.depfile) &&
        (pip_.flags & wire::kPipDepsGcc))
      return;  // removed by bxl after success; observation replaces it
    wire::Output out = file.output;
    out.path = path;
    result_.outputs.push_back(std::move(out));
    if (file.output.kind != wire::OutputKind::Directory || !existed)
      wrote(path, violation::Touch::Create, &file);
  }

  // Below a temporary directory that some pip declares. What its own pip makes there is scratch;
  // nobody else makes anything there. Directories on the way are not below.
  bool temporary(const sandbox::Access& access, PathId path, const Ingested::File* file) {
    const auto& all = view_.temporary_directories();
    if (all.empty()) return false;
    PipId other = kNoPip;
    bool own = false;
    for (PathId dir = paths_.parent(path); dir != kRootPath; dir = paths_.parent(dir))
      if (auto found = all.find(dir); found != all.end())
        for (PipId pip : found->second) pip == context_.pip ? void(own = true) : void(other = pip);
    if (!own && other == kNoPip) return false;
    const bool existed = access.before_mutation.exists();
    if (!own) {
      if (!file && !existed) return true;
      result_.violations.push_back(analyzer_.temporary_write(context_.pip, path, other));
      wrote(path, existed ? violation::Touch::Rewrite : violation::Touch::Create, file);
      return true;
    }
    if (existed) {
      if (access.before_mutation.kind == FileKind::Directory && file) return true;
      not_published("it changed " + show(path) +
                    ", which lies in its temporary directory and was there before it ran");
      wrote(path, file ? violation::Touch::Rewrite : violation::Touch::Remove, file);
      return true;
    }
    if (!file) {
      wrote(path, violation::Touch::Temporary, nullptr);
      return true;
    }
    result_.scratch.push_back(path);
    violation::Fact left;
    left.touch = violation::Touch::Create;
    left.scratch = true;
    left.directory = file->output.kind == wire::OutputKind::Directory;
    touch(path, left, Owner());
    return true;
  }

  // Of a directory made out of place and the files in it the files say it all.
  void forget_directories_of_violations() {
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

  // The directory between this path and the root of its mount that is a workspace itself, with a
  // record of outputs of its own; kNoPath: none.
  PathId inner_workspace(PathId path) {
    const wire::Mount* mount = view_.mounts().of(paths_.str(path));
    const PathId root = mount ? paths_.find(mount->path) : kNoPath;
    for (PathId dir = paths_.parent(path); dir != kRootPath && dir != root;
         dir = paths_.parent(dir)) {
      auto [known, first] = workspaces_.try_emplace(dir, false);
      if (first) {
        auto state = lstat_identity(paths_.str(dir) + "/.bxl");
        known->second = state && state->kind == FileKind::Directory;
      }
      if (known->second) return dir;
    }
    return kNoPath;
  }

  // The topmost absent component says it all: half of what compilers probe lies below directories
  // that do not exist. Not where pips write: there the directory may come into being for a file
  // that nobody looked for.
  PathId topmost_absent(PathId path, const wire::Mount* mount) {
    if ((mount && (mount->flags & wire::kMountOutput)) || view_.output_directory_of(path))
      return path;
    while (true) {
      PathId up = paths_.parent(path);
      if (up == kRootPath) return path;
      Seen seen = view_.at(context_.pip, up);
      if (seen.certainty != Seen::Certainty::Known || seen.kind != FileKind::Absent) return path;
      path = up;
    }
  }

  // With kPipDeclaredReads: a source that it neither names nor has through a seal. Links on the way
  // to what it may read, directories, and what is not there are no reads.
  bool undeclared_read(const sandbox::Access& access, PathId path, const Seen& seen,
                       const wire::Mount* mount) {
    if (!(pip_.flags & wire::kPipDeclaredReads) || access.first.kind != FileKind::File ||
        seen.owner != kNoPip || (mount && (mount->flags & wire::kMountSystem)) ||
        is_temp_place(access.path, view_.mounts()))
      return false;
    if (readable_.empty()) {
      readable_.insert(kRootPath);  // no file
      for (PathId input : fingerprint::declared_inputs(view_, context_.pip))
        readable_.insert(input);
      for (PathId input : pip_.order_only) readable_.insert(view_.follow(context_.pip, input).path);
    }
    if (readable_.count(path) != 0) return false;
    for (const wire::ReadScope& scope : pip_.more().read_scopes) {
      const PathId directory = view_.follow(context_.pip, scope.path).path;
      if (scope.recursive ? paths_.is_within(path, directory) : paths_.parent(path) == directory)
        return false;
    }
    return true;
  }

  void observation(const sandbox::Access& access) {
    PathId path = paths_.intern(access.path);
    if (path == rspfile_) return;
    bool mutated = access.first_mutation_seq != 0;
    bool content_first = access.first_content_seq != 0 &&
                         (!mutated || access.first_content_seq < access.first_mutation_seq);
    bool made_here = mutated && !access.first.exists();
    // What the pip itself brings into being says nothing about the world (rule 34).
    if (made_here) return;
    if (mutated && !content_first) return;
    if (access.first_errno != 0) {
      not_published(show(path) + " could not be looked at: " + std::strerror(access.first_errno));
      return;
    }
    // Directories on the way to its own outputs: it would have made them itself.
    if (own_dirs_.count(path) && !(access.ops & sandbox::kEnumerate)) return;

    Seen seen = view_.at(context_.pip, path);
    bool reads = (access.ops & (sandbox::kRead | sandbox::kExec)) != 0;
    if (seen.certainty == Seen::Certainty::Unreadable) {
      not_published(show(path) + " could not be looked at: " + std::strerror(seen.errnum));
      return;
    }
    observe(access, path, seen, reads);
    if (seen.hidden && access.first.exists()) {
      const bool enumerates = (access.ops & sandbox::kEnumerate) != 0;
      if (access.first.kind != FileKind::Directory) {
        if (leftover(path, access.first)) return met_leftover(path, access.first.kind);
        not_published("it read " + show(path) + ", an output of " +
                      view_.graph().pip(seen.owner).stable_id + ", which it does not depend on");
        return;
      }
      if (seen.kind == FileKind::Absent) {
        if (leftover(path, access.first)) return met_leftover(path, access.first.kind);
        not_published(std::string("it ") + (enumerates ? "enumerates" : "saw") + " the directory " +
                      show(path) + ", made by " + view_.graph().pip(seen.owner).stable_id +
                      ", a pip it does not depend on");
        return;
      }
    }
    if (seen.kind != access.first.kind) {
      if (access.first.kind == FileKind::Absent && seen.owner != kNoPip &&
          seen.owner != context_.pip && !seen.from_disk) {
        result_.false_absence = true;
        not_published("it did not find " + show(path) + ", an output it depends on");
      } else {
        not_published(show(path) + " changed while the build ran");
      }
      return;
    }

    std::uint8_t flags = fingerprint::kProbe;
    const wire::Mount* mount = view_.mounts().of(access.path);
    if (undeclared_read(access, path, seen, mount))
      result_.violations.push_back(analyzer_.undeclared_read(context_.pip, path));
    if (access.first.kind == FileKind::Absent) {
      result_.observations.push_back({topmost_absent(path, mount), flags});
      return;
    }
    bool system = mount && (mount->flags & wire::kMountSystem);
    bool content = reads || ((access.ops & sandbox::kStat) && !system);
    if (access.first.kind == FileKind::Directory) {
      if (access.ops & sandbox::kEnumerate) {
        flags |= fingerprint::kEnumerate;
        listing(access, path);
      }
    } else if (access.first.kind == FileKind::Other) {
      if (reads) not_published("it read " + show(path) + ", which is not a plain file");
    } else if (content || access.first.kind == FileKind::Symlink) {
      flags |= fingerprint::kContent;
      if (!git_index_kept(path)) unchanged(access, path, seen);
    } else if (seen.executable != access.first.executable) {
      not_published(show(path) + " changed while the build ran");
    }
    result_.observations.push_back({path, flags});
  }

  // Tells the analyzer what the pip found, by the truth of the run and not by View.
  void observe(const sandbox::Access& access, PathId path, const Seen& seen, bool reads) {
    if (!of_interest(access.path)) return;
    violation::Fact fact;
    Owner owner;
    switch (access.first.kind) {
      case FileKind::Absent:
        fact.touch = violation::Touch::AbsentProbe;
        if (seen.hidden) owner = owner_of(path);
        break;
      case FileKind::Directory:
        if (!(access.ops & sandbox::kEnumerate)) return;
        fact.touch = violation::Touch::List;
        break;
      default:
        fact.touch = reads || (access.ops & sandbox::kStat) ? violation::Touch::Read
                                                            : violation::Touch::Probe;
        if (seen.hidden && !leftover(path, access.first)) {
          owner = owner_of(path);
          // Of an earlier build, of a pip that failed: whatever it is, it is not for this pip.
          owner.pip = seen.owner;
        }
        break;
    }
    if (!seen.hidden && seen.owner != context_.pip) owner.pip = seen.owner;
    touch(path, fact, owner);
  }

  // Rule 12: what was hashed is what was read.
  void unchanged(const sandbox::Access& access, PathId path, const Seen& seen) {
    if (seen.from_disk) {
      if (seen.identity != access.first) {
        not_published(show(path) + " was modified while the pip ran");
      } else if (access.first.kind == FileKind::File && ingested_.young.count(access.path)) {
        // Also what was saved before the clock was set back: whether it changed since cannot be
        // told.
        not_published(show(path) + (access.first.ctime_ns > context_.start_ns + kClockGranularityNs
                                        ? " has a change time in the future"
                                        : " was modified as the pip started"));
      }
      return;
    }
    auto record = records_.find(path);
    if (record == records_.end() || !graph::still_recorded(record->second, access.first) ||
        view_.disk(path) != access.first)
      not_published(show(path) + ", an output of another pip, was changed by somebody else");
  }

  // Tasks look at every package: what others put there meanwhile must not keep them out of the
  // cache.
  template <typename Touched>
  void task_listing(PathId dir, const std::vector<std::string>& truth,
                    const std::vector<std::string>& visible, Touched touched) {
    Listing seen;
    seen.directory = dir;
    for (const std::string& name : truth) (touched(name) ? seen.own : seen.names).push_back(name);
    for (const std::string& name : visible)
      if (touched(name)) seen.own.push_back(name);
    std::sort(seen.own.begin(), seen.own.end());
    std::vector<std::string> extra;
    if (!shows_listing(view_, context_.pip, seen, &extra)) {
      const std::string why =
          "it enumerates " + show(dir) + ", which changed meanwhile (" + extra.front() + ")";
      const bool anothers = std::all_of(extra.begin(), extra.end(), [&](const std::string& name) {
        const std::vector<PipId>* makers = view_.output_directory_of(paths_.child(dir, name));
        return makers && std::any_of(makers->begin(), makers->end(), [&](PipId maker) {
                 return maker != context_.pip && progress(maker) == Progress::Started;
               });
      });
      if (!anothers) return not_published(why);
      result_.unsettled = why;
    }
    result_.listings.push_back(std::move(seen));
  }

  void listing(const sandbox::Access& access, PathId dir) {
    auto visible = view_.members(context_.pip, dir);
    if (!visible || !*visible) {
      not_published(show(dir) + " could not be listed");
      return;
    }
    std::vector<std::string> truth, mine;
    for (const std::string& name : access.members)
      if (!fingerprint::is_ignored_member(name)) truth.push_back(name);
    std::sort(truth.begin(), truth.end());
    // Names this run itself brought in or took away are its own affair.
    auto touched = [&](const std::string& name) {
      PathId child = paths_.find_child(dir, name);
      return child != kNoPath && (mutated_.count(child) || declared_.count(child) ||
                                  own_dirs_.count(child) || child == rspfile_);
    };
    if (mutated_.empty())
      for (const sandbox::Access& a : outcome_.accesses)
        if (a.first_mutation_seq != 0) mutated_.insert(paths_.intern(a.path));
    if (pip_.flags & wire::kPipToolLists) return task_listing(dir, truth, **visible, touched);
    std::erase_if(truth, touched);
    for (const std::string& name : **visible)
      if (!touched(name)) mine.push_back(name);
    if (truth == mine) return;
    std::vector<std::string> extra;
    std::set_symmetric_difference(truth.begin(), truth.end(), mine.begin(), mine.end(),
                                  std::back_inserter(extra));
    bool left = true;
    for (const std::string& name : extra) {
      PathId child = paths_.child(dir, name);
      left = left && std::binary_search(truth.begin(), truth.end(), name) &&
             view_.owner(child) != kNoPip && view_.is_upstream(context_.pip, view_.owner(child)) &&
             leftover(child, view_.disk(child));
    }
    if (left) {
      for (const std::string& name : extra) {
        PathId child = paths_.child(dir, name);
        met_leftover(child, view_.disk(child).kind);
      }
      return;
    }
    PathId child = paths_.find_child(dir, extra.front());
    PipId owner = child == kNoPath ? kNoPip : view_.owner(child);
    not_published("it enumerates " + show(dir) + ", which " +
                  (owner == kNoPip
                       ? "changed meanwhile (" + extra.front() + ")"
                       : "also receives outputs of " + view_.graph().pip(owner).stable_id +
                             ", a pip it does not depend on"));
  }

  View& view_;
  PathTable& paths_;
  const graph::OutputRecords& records_;
  const RunContext& context_;
  const sandbox::Outcome& outcome_;
  const Ingested& ingested_;
  violation::Analyzer& analyzer_;
  const wire::Pip& pip_;
  Recorded result_;
  std::vector<violation::Touched> touched_;
  std::unordered_set<PathId> declared_, own_dirs_, mutated_;
  std::unordered_set<PathId> readable_;  // with kPipDeclaredReads; empty: not asked yet
  std::unordered_map<PathId, const Ingested::File*> now_;
  std::unordered_map<PathId, bool> workspaces_;  // directories: is it one?
  PathId rspfile_ = kNoPath;
};

}  // namespace

bool shows_listing(View& view, PipId pip, const Listing& listing, std::vector<std::string>* extra) {
  std::vector<std::string> differ;
  auto visible = view.members(pip, listing.directory);
  if (!visible || !*visible) {
    differ.emplace_back(".");
  } else {
    std::vector<std::string> now;
    for (const std::string& name : **visible)
      if (!std::binary_search(listing.own.begin(), listing.own.end(), name)) now.push_back(name);
    std::set_symmetric_difference(listing.names.begin(), listing.names.end(), now.begin(),
                                  now.end(), std::back_inserter(differ));
    std::erase_if(differ, [&](const std::string& name) {
      return view.at(pip, view.paths().child(listing.directory, name)).hidden;
    });
  }
  const bool same = differ.empty();
  if (extra) *extra = std::move(differ);
  return same;
}

Recorded record(View& view, const graph::OutputRecords& records, const RunContext& context,
                const sandbox::Outcome& outcome, const Ingested& ingested,
                violation::Analyzer& analyzer) {
  return Recorder(view, records, context, outcome, ingested, analyzer).run();
}

}  // namespace bxl::exec
