#include "fingerprint/view.h"

#include <algorithm>

#include "base/assert.h"

namespace bxl::fingerprint {

bool is_own_name(std::string_view name) {
  return name == ".bxl" || name == ".bxl-root" || name.starts_with(".bxl-tmp-");
}

bool is_own_place(const graph::Mounts& mounts, std::string_view path) {
  // A workspace may lie below a directory of that name itself.
  const wire::Mount* mount = mounts.of(path);
  for (std::size_t at = mount ? mount->path.size() : 0; at < path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    if (is_own_name(path.substr(at, end - at))) return true;
    at = end + 1;
  }
  return false;
}

bool is_ignored_member(std::string_view name) {
  return name == ".git" || name == ".hg" || name == ".jj" || is_own_name(name);
}

View::View(const graph::PipGraph& graph, PathTable& paths, const graph::Mounts& mounts, Tree& tree,
           const graph::OutputRecords& records)
    : graph_(graph),
      paths_(paths),
      mounts_(mounts),
      tree_(tree),
      records_(records),
      reach_(graph),
      final_(graph.size(), false) {
  for (std::size_t i = 0; i < graph.size(); ++i) {
    PipId id{static_cast<std::uint32_t>(i)};
    const wire::Pip& pip = graph.pip(id);
    if (pip.kind == wire::PipKind::Alias) continue;
    if (pip.flags & wire::kPipGenerator) {
      // The front end brought it up to date; its files (build.ninja…) are sources for everybody
      // (rule 48).
      final_[i] = true;
      continue;
    }
    auto declare_directory = [&](PathId path) {
      for (PathId dir = path; dir != kRootPath; dir = paths_.parent(dir)) {
        if (!declared_dirs_.insert(dir).second) break;
        children_[paths_.parent(dir)].push_back(dir);
      }
    };
    auto declare = [&](PathId lexical) {
      PathId path = physical(lexical);
      declared_.emplace(path, id);
      own(path, id);
      declare_directory(paths_.parent(path));
    };
    for (const wire::DirectoryOutput& directory : pip.more().directory_outputs) {
      const PathId path = physical_directory(directory.path);
      output_dirs_[path].push_back(id);
      declare_directory(path);
    }
    for (PathId directory : pip.more().temporary_directories) {
      const PathId path = physical_directory(directory);
      temporary_dirs_[path].push_back(id);
      declare_directory(path);
    }
    for (PathId directory : pip.more().output_exclusions)
      excluded_dirs_[physical_directory(directory)].push_back(id);
    for (PathId path : pip.outputs) declare(path);
    for (PathId path : pip.optional_outputs) declare(path);
    if (pip.depfile != kNoPath) declare(pip.depfile);
    if (pip.rspfile != kNoPath) declare(pip.rspfile);
  }
  // A directory that is itself the output of a pip, or lies below one, is that pip's to make: it
  // may become a symlink.
  std::erase_if(declared_dirs_, [&](PathId dir) {
    for (PathId at = dir; at != kRootPath; at = paths_.parent(at)) {
      if (declared_.count(at) == 0) continue;
      declared_parents_.insert(at);
      return true;
    }
    return false;
  });
  for (const auto& [path, record] : records) {
    PipId owner = record.owner.empty() ? kNoPip : graph.find(record.owner);
    if (owner != kNoPip && declared_.count(path) == 0)
      note(path, owner);
    else
      own(path, owner);
  }
}

const std::vector<PipId>* View::output_directory_of(PathId path) const {
  if (output_dirs_.empty()) return nullptr;
  for (PathId at = path; at != kRootPath; at = paths_.parent(at))
    if (auto found = output_dirs_.find(at); found != output_dirs_.end()) return &found->second;
  return nullptr;
}

static bool lists(const std::unordered_map<PathId, std::vector<PipId>>& directories, PathId at,
                  PipId pip) {
  auto found = directories.find(at);
  return found != directories.end() &&
         std::find(found->second.begin(), found->second.end(), pip) != found->second.end();
}

bool View::in_output_directory(PipId pip, PathId path) const {
  if (output_dirs_.empty()) return false;
  for (PathId at = path; at != kRootPath; at = paths_.parent(at)) {
    if (lists(output_dirs_, at, pip)) return true;
    if (!excluded_dirs_.empty() && lists(excluded_dirs_, at, pip)) return false;
  }
  return false;
}

bool View::in_output_scope(PipId pip, PathId path, bool directory) const {
  const std::string text = paths_.str(path);
  if (is_own_place(mounts_, text)) return false;
  const wire::Mount* mount = mounts_.of(text);
  return (mount && (mount->flags & wire::kMountOutput)) || in_output_directory(pip, path) ||
         (directory && is_declared_directory(path));
}

PathId View::output_exclusion(PipId pip, PathId path) const {
  if (excluded_dirs_.empty()) return kNoPath;
  for (PathId at = path; at != kRootPath; at = paths_.parent(at)) {
    if (lists(output_dirs_, at, pip)) return kNoPath;
    if (lists(excluded_dirs_, at, pip)) return at;
  }
  return kNoPath;
}

void View::own(PathId path, PipId) { children_[paths_.parent(path)].push_back(path); }

void View::note(PathId path, PipId pip) {
  auto [it, added] = noted_.emplace(path, pip);
  if (added) own(path, pip);
  if (!added && it->second == pip) return;
  it->second = pip;
  noted_by_[pip].push_back(path);
}

void View::disown(PipId pip, PathId path) {
  auto it = noted_.find(path);
  if (it != noted_.end() && it->second == pip) noted_.erase(it);
}

const graph::OutputRecord* View::record(PathId path) const {
  auto it = records_.find(path);
  return it == records_.end() ? nullptr : &it->second;
}

PathId View::physical(PathId path) {
  if (path == kRootPath) return path;
  const PathId dir = paths_.parent(path), real = physical_directory(dir);
  return real == dir ? path : paths_.child(real, paths_.name(path));
}

PathId View::physical_directory(PathId dir) {
  if (auto it = physical_dirs_.find(dir); it != physical_dirs_.end()) return it->second;
  PathId real = physical(dir);
  for (int hops = 0; hops < 40; ++hops) {
    if (auto made = finals_.find(real); made != finals_.end()) {
      if (made->second.output.kind != wire::OutputKind::Symlink) break;
      real = physical(paths_.intern_at(paths_.parent(real), made->second.output.link_target));
      continue;
    }
    const FileIdentity& id = disk(real);
    // A recorded link leads nowhere until its pip is final: it may be made anew, or be stale.
    if (id.kind != FileKind::Symlink || record(real)) break;
    auto target = tree_.read_link(paths_.str(real));
    if (!target) break;
    real = physical(paths_.intern_at(paths_.parent(real), *target));
  }
  physical_dirs_.emplace(dir, real);
  return real;
}

const FileIdentity& View::disk(PathId path, int* errnum) {
  if (disk_.size() <= index(path)) disk_.resize(std::max(paths_.size(), index(path) + 1));
  Disk& entry = disk_[index(path)];
  if (entry.epoch != epoch_) {
    if (entry.epoch == 0) consulted_.push_back(path);
    entry.epoch = epoch_;
    auto id = tree_.lstat(paths_.str(path));
    entry.errnum = id ? 0 : id.error().errnum;
    entry.identity = id ? *id : FileIdentity{};
  }
  if (errnum) *errnum = entry.errnum;
  return entry.identity;
}

void View::invalidate(PathId path) {
  if (index(path) >= disk_.size() || disk_[index(path)].epoch == 0) return;
  bool was_directory = disk_[index(path)].identity.kind == FileKind::Directory;
  disk_[index(path)].epoch = 0;
  std::erase(consulted_, path);
  if (!was_directory) return;
  // Rare (a directory was renamed or replaced): everything below it is looked at again.
  for (std::size_t i = 0; i < disk_.size(); ++i) {
    PathId id{static_cast<std::uint32_t>(i)};
    if (disk_[i].epoch != 0 && id != path && paths_.is_within(id, path))
      disk_[i].epoch = epoch_ - 1;
  }
}

Seen View::from_disk(PathId path) {
  Seen seen;
  seen.from_disk = true;
  int errnum = 0;
  seen.identity = disk(path, &errnum);
  if (errnum != 0) {
    seen.certainty = Seen::Certainty::Unreadable;
    seen.errnum = errnum;
    return seen;
  }
  seen.kind = seen.identity.kind;
  seen.executable = seen.identity.executable;
  return seen;
}

bool View::has_visible_member(PipId pip, PathId dir) {
  auto it = children_.find(dir);
  if (it != children_.end()) {
    // A copy: at() may intern and grow the table.
    std::vector<PathId> owned = it->second;
    for (PathId child : owned)
      if (at(pip, child).kind != FileKind::Absent) return true;
  }
  if (disk(dir).kind != FileKind::Directory) return false;
  listed_.insert(dir);
  auto names = tree_.list(paths_.str(dir));
  if (!names) return false;
  for (const std::string& name : *names)
    if (!is_ignored_member(name) && at(pip, paths_.child(dir, name)).kind != FileKind::Absent)
      return true;
  return false;
}

// A directory that bxl or a pip made is there for this pip only when rules 1-5 put something into
// it.
Seen View::owned_directory(PipId pip, PathId path, Seen otherwise) {
  if (!has_visible_member(pip, path)) return otherwise;
  Seen seen = from_disk(path);
  if (seen.kind == FileKind::Absent) {
    seen = Seen{};
    seen.kind = FileKind::Directory;
  }
  return seen;
}

Seen View::at(PipId pip, PathId path) {
  Seen absent;
  const graph::OutputRecord* rec = record(path);
  PipId who = owner(path);
  absent.owner = who;
  bool declared = declared_.count(path) != 0;
  bool is_dir = rec && rec->kind == wire::OutputKind::Directory;

  if (who != kNoPip || rec) {
    // A recorded, undeclared file that someone changed since is the user's: rule 6.
    bool users = rec && !declared && !is_dir && finals_.count(path) == 0 && disk(path).exists() &&
                 !still_recorded(*rec, disk(path));
    if (!users) {
      // It is there before any pip starts, also when one empties it and makes it anew.
      if (is_declared_directory(path) && who != kNoPip &&
          (who == pip || !reach_.is_upstream(who, pip))) {
        Seen seen = from_disk(path);
        if (seen.kind == FileKind::Absent) {
          seen = Seen{};
          seen.kind = FileKind::Directory;
        }
        return seen;
      }
      if (who == pip && who != kNoPip) {
        return is_dir ? owned_directory(pip, path, absent) : absent;
      }
      if (who != kNoPip && reach_.is_upstream(who, pip)) {
        if (!final_[index(who)]) {
          absent.certainty = Seen::Certainty::Unknown;
          return absent;
        }
        auto it = finals_.find(path);
        if (it != finals_.end()) {
          const wire::Output& out = it->second.output;
          Seen seen;
          seen.owner = who;
          seen.kind = out.kind == wire::OutputKind::File      ? FileKind::File
                      : out.kind == wire::OutputKind::Symlink ? FileKind::Symlink
                                                              : FileKind::Directory;
          seen.executable = out.executable;
          seen.digest = out.digest;
          return seen;
        }
        // Declared or recorded, but this build's result does not have it: what bxl once put there
        // is stale.
        if (rec && still_recorded(*rec, disk(path)))
          return is_dir ? owned_directory(pip, path, absent) : absent;
        if (is_declared_directory(path)) return owned_directory(pip, path, absent);
        return from_disk(path);
      }
      if (who != kNoPip) {
        absent.hidden = true;
        return is_dir ? owned_directory(pip, path, absent) : absent;
      }
      // Recorded for a pip that left the graph, or a directory bxl-exec made.
      if (is_declared_directory(path)) {
        Seen seen = from_disk(path);
        if (seen.kind == FileKind::Absent) seen.kind = FileKind::Directory;
        return seen;
      }
      if (is_dir) return owned_directory(pip, path, absent);
      if (still_recorded(*rec, disk(path)) || !disk(path).exists()) return absent;
    }
    return from_disk(path);
  }
  Seen seen = from_disk(path);
  if (seen.certainty == Seen::Certainty::Known && seen.kind == FileKind::Absent &&
      is_declared_directory(path)) {
    seen = Seen{};
    seen.kind = FileKind::Directory;
  }
  return seen;
}

View::Resolved View::follow(PipId pip, PathId path) {
  PathId at_path = physical(path);
  Seen seen = at(pip, at_path);
  for (int hops = 0; hops < 40 && seen.kind == FileKind::Symlink; ++hops) {
    std::string target;
    auto it = finals_.find(at_path);
    if (!seen.from_disk && it != finals_.end()) {
      target = it->second.output.link_target;
    } else {
      auto text = tree_.read_link(paths_.str(at_path));
      if (!text) break;
      target = std::move(*text);
    }
    if (target.empty()) break;
    at_path = physical(paths_.intern_at(paths_.parent(at_path), target));
    seen = at(pip, at_path);
  }
  return {at_path, seen};
}

Result<Digest> View::content(PathId path, const Seen& seen) {
  if (seen.digest) return *seen.digest;
  std::string text = paths_.str(path);
  if (seen.kind == FileKind::Symlink) {
    BXL_TRY_ASSIGN(auto target, tree_.read_link(text));
    return Digest::of(target);
  }
  BXL_ASSERT(seen.kind == FileKind::File && seen.from_disk);
  return tree_.digest(text, seen.identity);
}

Result<std::optional<std::vector<std::string>>> View::members(PipId pip, PathId dir,
                                                              PipId* intruder) {
  if (intruder) *intruder = kNoPip;
  std::vector<std::string> names;
  if (disk(dir).kind == FileKind::Directory) {
    listed_.insert(dir);
    BXL_TRY_ASSIGN(names, tree_.list(paths_.str(dir)));
  }
  auto it = children_.find(dir);
  if (it != children_.end())
    for (PathId child : it->second) names.emplace_back(paths_.name(child));
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  std::vector<std::string> visible;
  for (std::string& name : names) {
    if (is_ignored_member(name)) continue;
    Seen seen = at(pip, paths_.child(dir, name));
    if (seen.certainty == Seen::Certainty::Unknown)
      return std::optional<std::vector<std::string>>();
    if (intruder && *intruder == kNoPip && seen.hidden && !reach_.is_upstream(pip, seen.owner))
      *intruder = seen.owner;
    if (seen.certainty == Seen::Certainty::Unreadable || seen.kind != FileKind::Absent)
      visible.push_back(std::move(name));
  }
  return std::optional(std::move(visible));
}

void View::finalize(PipId pip, const std::vector<wire::Output>& outputs) {
  final_[index(pip)] = true;
  if (graph_.pip(pip).kind == wire::PipKind::Alias) return;
  if (auto old = results_.find(pip); old != results_.end())  // a later result supersedes
    for (const wire::Output& out : old->second) finals_.erase(out.path);
  // What it made in an earlier build and makes no more is nobody's (and stale).
  if (auto noted = noted_by_.find(pip); noted != noted_by_.end()) {
    std::unordered_set<PathId> made;
    for (const wire::Output& out : outputs) made.insert(out.path);
    std::erase_if(noted->second, [&](PathId path) {
      if (made.count(path) != 0) return false;
      disown(pip, path);
      return true;
    });
  }
  for (const wire::Output& out : outputs) {
    if (declared_.count(out.path) == 0) note(out.path, pip);
    finals_[out.path] = Final{pip, out};
  }
  for (const wire::Output& out : outputs)
    if (out.kind == wire::OutputKind::Symlink && declared_parents_.count(out.path) != 0)
      rehome(out.path);
  results_[pip] = outputs;
}

// `link` is final: what is declared below it lies elsewhere.
void View::rehome(PathId link) {
  std::erase_if(physical_dirs_,
                [&](const auto& memo) { return paths_.is_within(memo.first, link); });
  std::vector<std::pair<PathId, PipId>> below;
  for (const auto& [path, pip] : declared_)
    if (path != link && paths_.is_within(path, link)) below.emplace_back(path, pip);
  for (const auto& [path, pip] : below) {
    PathId real = physical(path);
    if (real != path && declared_.emplace(real, pip).second) own(real, pip);
  }
}

bool View::dependencies_final(PipId pip) const {
  for (PipId dep : graph_.pip(pip).dependencies)
    if (!final_[index(dep)]) return false;
  return true;
}

const std::vector<wire::Output>* View::result(PipId pip) const {
  auto it = results_.find(pip);
  return it == results_.end() ? nullptr : &it->second;
}

void View::note_outputs(PipId pip, const std::vector<PathId>& outputs) {
  for (PathId path : outputs)
    if (declared_.count(path) == 0) note(path, pip);
}

bool View::makes_for_another(PipId pip, PathId path) {
  auto declared = declared_.find(path);
  if (declared == declared_.end() || declared->second == pip ||
      !reach_.is_upstream(declared->second, pip))
    return false;
  const std::vector<wire::Output>* made = result(declared->second);
  return made && std::none_of(made->begin(), made->end(),
                              [&](const wire::Output& out) { return out.path == path; });
}

PipId View::owner(PathId path) const {
  if (auto it = declared_.find(path); it != declared_.end()) return it->second;
  if (auto it = noted_.find(path); it != noted_.end()) return it->second;
  return kNoPip;
}

}  // namespace bxl::fingerprint
