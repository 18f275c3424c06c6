// What a run changed: outputs, scratch, and what it must not touch.
#include <algorithm>
#include <cstring>

#include "exec/access.h"
#include "exec/output_policy.h"
#include "exec/recording.h"
#include "violation/javascript.h"

namespace bxl::exec {

bool Recorder::Change::edits_content() const { return content_mutation(access.ops); }

bool Recorder::is_mutated(const sandbox::Access& access) {
  if ((access.ops & sandbox::kMutations) == 0) return false;
  const PathId path = paths_.find(access.path);
  auto now = path == kNoPath ? now_.end() : now_.find(path);
  return now == now_.end() || !now->second->unwritten;
}

// How commands wait for each other: an empty file that is locked tells nobody anything (rule 59).
bool Recorder::is_lock_file(const sandbox::Access& access) const {
  constexpr std::uint32_t kOnlyLocks = sandbox::kRead | sandbox::kStat | sandbox::kAccess |
                                       sandbox::kWrite | sandbox::kCreate | sandbox::kLock;
  if ((access.ops & sandbox::kLock) == 0 || (access.ops & ~kOnlyLocks) != 0) return false;
  const bool empty_before =
      !access.first.exists() || (access.first.kind == FileKind::File && access.first.size == 0);
  const PathId path = paths_.find(access.path);
  if (!empty_before || path == kNoPath || declared_.count(path) != 0) return false;
  if ((access.ops & sandbox::kMutations) == 0) return true;
  auto now = now_.find(path);
  return now != now_.end() && now->second->output.kind == wire::OutputKind::File &&
         !now->second->other_kind && now->second->output.identity.size == 0;
}

void Recorder::mutation(const sandbox::Access& access) {
  const PathId path = paths_.intern(access.path);
  if (path == rspfile_ || git_index_kept(path)) return;
  auto now = now_.find(path);
  auto record = records_.find(path);
  const FileIdentity& before = access.before_mutation;
  const bool existed = before.exists(), declared = declared_.count(path) != 0;
  const Change change{
      access,
      path,
      now == now_.end() ? nullptr : now->second,
      view_.mounts().of(access.path),
      existed,
      declared,
      declared || recorded_own(path),
      record != records_.end() && existed && graph::still_recorded(record->second, before)};
  if (existed && before.kind != FileKind::Directory && leftover(path, before)) {
    // As this attempt left it, it is still what an earlier build left: it goes, and the pip runs
    // again.
    if (change.file) {
      result_.overwritten.emplace_back(view_.owner(path), change.file->output);
      result_.overwritten.back().second.path = path;
    }
    return met_leftover(path, before.kind);
  }
  if (!declared && in_tool_cache(access, path)) return into_tool_cache(change);
  if (!declared && temporary(access, path, change.file)) return;
  const bool output_scope = may_write(change);
  if (output_scope && change.edits_content() && (existed || change.file))
    if (PathId inner = inner_workspace(path); inner != kNoPath) {
      result_.violations.push_back(analyzer_.foreign_write(context_.pip, path, inner));
      return;
    }
  if (!change.file) return gone(change);
  // A declared output of another pip is between the two, wherever it lies.
  const bool anothers = (pip_.flags & kSaysWhere) && owner_of(path).pip != kNoPip;
  if (!declared && !output_scope && !anothers) return elsewhere(change);
  if (change.file->other_kind)
    not_published(show(path) + " is not a plain file, directory or link: it cannot be replayed");
  if (change.file->errnum == EAGAIN)
    not_published(show(path) + " was changed by somebody else while the pip ended");
  else if (change.file->errnum != 0)
    not_published(show(path) + kNotStored + std::strerror(change.file->errnum));
  if (!of_another(change) && !of_the_user(change)) add_output(change);
}

bool Recorder::may_write(const Change& change) {
  // To make a directory anew is not to write where one may not.
  const bool directory = change.file && change.file->output.kind == wire::OutputKind::Directory;
  return view_.in_output_scope(context_.pip, change.path, directory);
}

// Its own scratch is nothing; a file that was there before is somebody's.
void Recorder::gone(const Change& change) {
  const PathId path = change.path;
  const std::uint32_t ops = change.access.ops;
  if (is_temp_place(change.access.path, view_.mounts())) return;
  if (!change.existed && !change.declared) wrote(path, violation::Touch::Temporary, nullptr);
  // It made this and did not take it away: what it leaves is not what it made.
  if (!change.existed && (ops & (sandbox::kCreate | sandbox::kMkdir)) && !(ops & sandbox::kUnlink))
    not_published(show(path) + ", which it made, was removed by somebody else while it ran");
  if (!change.existed || change.ours) return;
  // An empty directory that bxl made for some declared output is made again when it is needed.
  auto record = records_.find(path);
  if (record != records_.end() && record->second.owner == graph::kDirectoryOwner) return;
  Owner owner = owner_of(path);
  wrote(path, violation::Touch::Remove, nullptr, owner);
  if (owner.pip != kNoPip || change.recorded) return;
  result_.deleted.push_back(path);
  // Taking away is writing: where that is out of place, this is; so it is where sources are kept.
  const bool closed = (pip_.flags & kSaysWhere) && !may_write(change);
  if (closed || (pip_.flags & wire::kPipKeepSources)) {
    wire::Violation removed = closed ? out_of_place(view_, analyzer_, context_.pip, path, true)
                                     : analyzer_.undeclared_write(context_.pip, path, true);
    removed.message = "it removed " + show(path) + ", which existed before it ran";
    result_.violations.push_back(std::move(removed));
    return;
  }
  not_published("it removed " + show(path) + ", which existed before it ran");
}

// Where it may not write.
void Recorder::elsewhere(const Change& change) {
  const PathId path = change.path;
  const Ingested::File& file = *change.file;
  if (is_temp_place(change.access.path, view_.mounts())) {
    if (!change.existed && change.edits_content()) left_scratch(path, file);
    return;
  }
  const wire::Mount* home = view_.mounts().find("%home%");
  if (home && change.mount == home) {
    not_published("it wrote " + show(path) + ", outside of the build");
  } else if (!change.edits_content()) {
    not_published("it changed the attributes of " + show(path) + ", which is not its output");
  } else {
    result_.violations.push_back(
        out_of_place(view_, analyzer_, context_.pip, path, change.existed));
    // Junk, to be removed before the next run: all of such a workspace is as read-only as this
    // place, and nobody looks for such files by hand.
    if (!change.existed && (pip_.flags & kSaysWhere) && file.errnum == 0 && !file.other_kind) {
      result_.outputs.push_back(file.output);
      result_.outputs.back().path = path;
    }
    wrote(path, change.existed ? violation::Touch::Rewrite : violation::Touch::Create, &file);
  }
}

bool Recorder::of_another(const Change& change) {
  const Ingested::File& file = *change.file;
  const Owner owner = owner_of(change.path);
  if (owner.pip == kNoPip || file.output.kind == wire::OutputKind::Directory) return false;
  if (!change.existed && view_.makes_for_another(context_.pip, change.path)) {
    result_.made_for.emplace_back(owner.pip, change.path);
    return false;
  }
  wrote(change.path, violation::Touch::Create, &file, owner);
  not_published("it wrote " + show(change.path) + ", an output of " +
                view_.graph().pip(owner.pip).stable_id);
  // It stays the other's, as this pip left it: no file of the user.
  if (!change.existed || change.recorded) {
    result_.overwritten.emplace_back(owner.pip, file.output);
    result_.overwritten.back().second.path = change.path;
  }
  return true;
}

// What existed and nobody recorded is the user's, or the configure step's: it never becomes an
// output, whose copy the next run would remove.
bool Recorder::of_the_user(const Change& change) {
  const PathId path = change.path;
  const sandbox::Access& access = change.access;
  if (change.existed && !change.ours && !change.recorded &&
      access.before_mutation.kind != FileKind::Directory) {
    wrote(path, violation::Touch::Rewrite, change.file);
    if ((pip_.flags & wire::kPipKeepSources) && change.edits_content())
      result_.violations.push_back(analyzer_.undeclared_write(context_.pip, path, true));
    const std::string advice =
        pip_.flags & wire::kPipJavaScript
            ? std::string("; if another tool built it here before, ") + violation::kCleanFirst
            : std::string();
    if (!change.edits_content())
      not_published("it changed the attributes of " + show(path) + ", which existed before it ran");
    else if (access.first_content_seq != 0 &&
             access.first_content_seq <= access.first_mutation_seq && (access.ops & sandbox::kRead))
      not_published("it edits its own input " + show(path) + advice);
    else
      not_published("it rewrote " + show(path) +
                    (advice.empty() ? ", which existed before it ran: what was there is gone, and "
                                      "nobody could look this result up again"
                                    : ", which bxl did not make" + advice));
    return true;
  }
  if (access.moved_from.empty()) return false;
  // A rename that brought a file of the user: unlinking it before the next run would lose the only
  // copy.
  const PathId origin = paths_.intern(access.moved_from);
  if (view_.owner(origin) != kNoPip || records_.count(origin) != 0) return false;
  not_published("it moved " + show(origin) + ", which existed before it ran, to " + show(path));
  wrote(path, violation::Touch::Rewrite, change.file);
  return true;
}

void Recorder::add_output(const Change& change) {
  const bool directory = change.file->output.kind == wire::OutputKind::Directory;
  if (directory && !(change.access.ops & (sandbox::kMkdir | sandbox::kCreate)))
    return;  // chmod or utimes of a directory
  if (change.path == view_.physical(pip_.depfile == kNoPath ? kRootPath : pip_.depfile) &&
      (pip_.flags & wire::kPipDepsGcc))
    return;  // removed by bxl after success; observation replaces it
  wire::Output out = change.file->output;
  out.path = change.path;
  result_.outputs.push_back(std::move(out));
  if (!directory || !change.existed) wrote(change.path, violation::Touch::Create, change.file);
}

// Directories stay: another task may be about to write into them.
void Recorder::into_tool_cache(const Change& change) {
  const PathId path = change.path;
  const bool directory = change.file && change.file->output.kind == wire::OutputKind::Directory;
  if (directory || change.access.before_mutation.kind == FileKind::Directory ||
      !change.edits_content())
    return;
  if (change.existed)
    not_published("it changed " + show(path) + ", which was in a tool's cache before it ran");
  else if (change.file)
    result_.scratch.push_back(path);
  for (const ToolCaches::User& other : context_.tool_caches->used(
           path, {context_.pip, ToolCaches::Use::Wrote, context_.start_ns, context_.end_ns})) {
    if (other.use == ToolCaches::Use::Wrote) not_published(met_in_tool_cache(other.pip, path));
    result_.uncached_others.emplace_back(other.pip, met_in_tool_cache(context_.pip, path));
  }
}

// Below a temporary directory that some pip declares. What its own pip makes there is scratch;
// nobody else makes anything there. Directories on the way are not below.
bool Recorder::temporary(const sandbox::Access& access, PathId path, const Ingested::File* file) {
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
  left_scratch(path, *file);
  return true;
}

// The directory between this path and the root of its mount that is a workspace itself, with a
// record of outputs of its own; kNoPath: none.
PathId Recorder::inner_workspace(PathId path) {
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

}  // namespace bxl::exec
