// What a run looked at: observations, and whether View tells the same.
#include <algorithm>
#include <cstring>

#include "exec/access.h"
#include "exec/recording.h"

namespace bxl::exec {

using fingerprint::Seen;

// The topmost absent component says it all: half of what compilers probe lies below directories
// that do not exist. Not where pips write: there the directory may come into being for a file
// that nobody looked for.
PathId Recorder::topmost_absent(PathId path, const wire::Mount* mount) {
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
bool Recorder::undeclared_read(const sandbox::Access& access, PathId path, const Seen& seen,
                               const wire::Mount* mount) {
  if (!(pip_.flags & wire::kPipDeclaredReads) || access.first.kind != FileKind::File ||
      seen.owner != kNoPip || (mount && (mount->flags & wire::kMountSystem)) ||
      is_temp_place(access.path, view_.mounts()))
    return false;
  if (readable_.empty()) {
    readable_.insert(kRootPath);  // no file
    for (PathId input : fingerprint::declared_inputs(view_, context_.pip)) readable_.insert(input);
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

void Recorder::observation(const sandbox::Access& access) {
  PathId path = paths_.intern(access.path);
  if (path == rspfile_) return;
  bool mutated = access.first_mutation_seq != 0 && is_mutated(access);
  bool content_first = access.first_content_seq != 0 &&
                       (!mutated || access.first_content_seq < access.first_mutation_seq);
  bool made_here = mutated && !access.first.exists();
  // What the pip itself brings into being says nothing about the world (rule 34).
  if (made_here) return;
  if (mutated && !content_first) return;
  if (in_tool_cache(access, path)) return from_tool_cache(access, path);
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
    // Its own directory, which outputs of others that come after it kept from being removed.
    if (access.first.kind == FileKind::Directory && recorded_own(path) && holds_leftovers(path))
      return met_leftover(path, FileKind::Directory);
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

// What is absent there, or a directory, is no input: whoever starts with an empty cache finds it
// so.
void Recorder::from_tool_cache(const sandbox::Access& access, PathId path) {
  if (!access.first.exists()) {
    // Not for ever, where another task writes.
    for (const ToolCaches::User& other : context_.tool_caches->used(
             path, {context_.pip, ToolCaches::Use::Looked, context_.start_ns, context_.end_ns}))
      not_published(met_in_tool_cache(other.pip, path));
    return;
  }
  if (found_tool_cache_) return;
  if (access.first.kind == FileKind::Directory) {
    // Sub-directories that earlier tasks left are as good as none.
    auto left =
        std::find_if(access.members.begin(), access.members.end(), [&](const std::string& name) {
          const PathId child = paths_.child(path, name);
          return mutated().count(child) == 0 && view_.disk(child).kind != FileKind::Directory;
        });
    if (!(access.ops & sandbox::kEnumerate) || left == access.members.end()) return;
    path = paths_.child(path, *left);
  }
  found_tool_cache_ = true;
  not_published(
      "it found " + show(path) +
      " in a tool's cache, which another task or tool put there: empty that cache, and let "
      "each task have one of its own, below $TMPDIR, say");
}

const std::unordered_set<PathId>& Recorder::mutated() {
  if (mutated_.empty())
    for (const sandbox::Access& access : outcome_.accesses)
      if (access.first_mutation_seq != 0 && is_mutated(access))
        mutated_.insert(paths_.intern(access.path));
  return mutated_;
}

// Tells the analyzer what the pip found, by the truth of the run and not by View.
void Recorder::observe(const sandbox::Access& access, PathId path, const Seen& seen, bool reads) {
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
      fact.touch =
          reads || (access.ops & sandbox::kStat) ? violation::Touch::Read : violation::Touch::Probe;
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
void Recorder::unchanged(const sandbox::Access& access, PathId path, const Seen& seen) {
  // A link that this run made to it, or took away, moved its ctime and no more.
  auto relinked = [&](const FileIdentity& now) {
    return differ_in_ctime_only(access.first, now) && ingested_.is_relinked(now);
  };
  if (seen.from_disk) {
    if (seen.identity != access.first && !relinked(seen.identity)) {
      not_published(show(path) + " was modified while the pip ran");
    } else if (access.first.kind == FileKind::File && ingested_.young.count(access.path) &&
               !is_lock_file(access)) {
      // Also what was saved before the clock was set back: whether it changed since cannot be
      // told.
      not_published(show(path) + (access.first.ctime_ns > context_.start_ns + kClockGranularityNs
                                      ? " has a change time in the future"
                                      : " was modified as the pip started"));
    }
    return;
  }
  auto record = records_.find(path);
  const FileIdentity& now = view_.disk(path);
  const bool found_as_recorded =
      record != records_.end() && graph::still_recorded(record->second, access.first);
  if (found_as_recorded && now == access.first) return;
  const bool recorded =
      found_as_recorded ||
      (record != records_.end() && differ_in_ctime_only(record->second.identity, access.first));
  // A pip that ran beside this one may have linked to it too: the content tells.
  auto same_content = [&] {
    if (found_as_recorded && relinked(now)) return true;
    if (now != access.first && !differ_in_ctime_only(access.first, now)) return false;
    auto digest = view_.tree().digest(paths_.str(path), now);
    return digest && *digest == record->second.digest;
  };
  if (!recorded || !same_content()) {
    not_published(show(path) + ", an output of another pip, was changed by somebody else");
  } else if (!graph::still_recorded(record->second, now)) {
    wire::Output as_it_is;
    as_it_is.path = path;
    as_it_is.kind = record->second.kind;
    as_it_is.executable = now.executable;
    as_it_is.size = now.size;
    as_it_is.digest = record->second.digest;
    as_it_is.identity = now;
    if (const PipId owner = view_.owner(path); owner != kNoPip)
      result_.overwritten.emplace_back(owner, std::move(as_it_is));
  }
}

PipId Recorder::running_maker(PathId path) {
  const std::vector<PipId>* makers = view_.output_directory_of(path);
  if (!makers) return kNoPip;
  auto running = [&](PipId maker) {
    return maker != context_.pip && progress(maker) == Progress::Started &&
           !view_.is_upstream(maker, context_.pip);
  };
  auto found = std::find_if(makers->begin(), makers->end(), running);
  return found == makers->end() ? kNoPip : *found;
}

// Tasks look at every package: what others put there meanwhile must not keep them out of the
// cache.
void Recorder::task_listing(PathId dir, const std::vector<std::string>& truth,
                            const std::vector<std::string>& visible,
                            const std::function<bool(const std::string&)>& touched) {
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
      return running_maker(paths_.child(dir, name)) != kNoPip;
    });
    if (!anothers) return not_published(why);
    result_.unsettled = why;
  }
  result_.listings.push_back(std::move(seen));
}

void Recorder::listing(const sandbox::Access& access, PathId dir) {
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
    return child != kNoPath && (mutated().count(child) || declared_.count(child) ||
                                own_dirs_.count(child) || child == rspfile_);
  };
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
  const PathId child = paths_.child(dir, extra.front());
  PipId owner = view_.owner(child);
  if (owner == kNoPip) owner = running_maker(child);
  not_published("it enumerates " + show(dir) + ", which " +
                (owner == kNoPip
                     ? "changed meanwhile (" + extra.front() + ")"
                     : "also receives outputs of " + view_.graph().pip(owner).stable_id +
                           ", a pip it does not depend on"));
}

}  // namespace bxl::exec
