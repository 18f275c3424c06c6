#include "exec/recorder.h"

#include <fcntl.h>

#include <algorithm>

#include "fingerprint/projection.h"

namespace bxl::exec {
namespace {

using fingerprint::Seen;
using fingerprint::View;

bool within_any(std::string_view path, const std::vector<std::string>& dirs) {
  return std::any_of(dirs.begin(), dirs.end(),
                     [&](const std::string& d) { return path_within(path, d); });
}

// Places where what a pip itself makes is scratch; a workspace may lie in one of
// them.
bool is_temp_place(std::string_view path, const graph::Mounts& mounts) {
  if (!within_any(path, {"/tmp", "/var/tmp", "/dev/shm", "/run/user"})) return false;
  const wire::Mount* mount = mounts.of(path);
  return !mount || mount->token == "%tmp%" || mount->token == "%home%" ||
         (mount->flags & wire::kMountSystem);
}

bool content_mutation(std::uint32_t ops) {
  return (ops & (sandbox::kMutations & ~sandbox::kMetadata)) != 0;
}

}  // namespace

Ingested ingest(const sandbox::Outcome& outcome, std::int64_t start_ns,
                const std::vector<std::string>& scratch, const graph::Mounts& mounts,
                cas::BlobStore* store, cas::HashMemo& memo) {
  Ingested result;
  for (const sandbox::Access& access : outcome.accesses) {
    if (within_any(access.path, scratch)) continue;
    if ((access.ops & sandbox::kMutations) == 0) {
      bool content = (access.ops & (sandbox::kRead | sandbox::kExec | sandbox::kStat)) != 0;
      if (!content || access.first.kind != FileKind::File) continue;
      if (!memo.find(access.first)) {
        if (access.first.ctime_ns >= start_ns - kClockGranularityNs)
          result.young.insert(access.path);
        // Warms the memo in parallel; the main thread then only looks up. System files that were
        // merely stat'ed are probes and need no hash.
        if (access.ops & (sandbox::kRead | sandbox::kExec))
          (void)memo.digest(access.path, access.first);
      }
      continue;
    }
    auto id = lstat_identity(access.path);
    if (!id) {
      result.files.push_back({access.path, {}, false, id.error().errnum});
      continue;
    }
    if (!id->exists()) continue;
    Ingested::File file;
    file.path = access.path;
    file.output.identity = *id;
    switch (id->kind) {
      case FileKind::Directory:
        file.output.kind = wire::OutputKind::Directory;
        break;
      case FileKind::Symlink: {
        file.output.kind = wire::OutputKind::Symlink;
        auto target = read_link(access.path);
        if (!target) {
          file.errnum = target.error().errnum;
          break;
        }
        file.output.link_target = std::move(*target);
        file.output.digest = Digest::of(file.output.link_target);
        break;
      }
      case FileKind::File: {
        if (!content_mutation(access.ops) || is_temp_place(access.path, mounts)) break;
        file.output.executable = id->executable;
        file.output.size = id->size;
        auto fd = open_file(access.path, O_RDONLY | O_NOFOLLOW);
        if (!fd) {
          file.errnum = fd.error().errnum;
          break;
        }
        if (store) {
          auto put = store->put(fd->get());
          if (put) {
            file.output.digest = put->digest;
          } else {
            file.errnum = put.error().errnum;
            if (auto digest = hash_fd(fd->get())) file.output.digest = *digest;
          }
        } else if (auto digest = hash_fd(fd->get())) {
          file.output.digest = *digest;
        } else {
          file.errnum = digest.error().errnum;
        }
        auto after = lstat_identity(access.path);
        if (!after || *after != *id) file.errnum = EAGAIN;
        if (file.errnum == 0) memo.learn(access.path, *id, file.output.digest);
        file.other_kind = (id->mode & 06000) != 0;
        break;
      }
      case FileKind::Other:
      case FileKind::Absent:
        file.other_kind = true;
        break;
    }
    result.files.push_back(std::move(file));
  }
  return result;
}

namespace {

class Recorder {
 public:
  Recorder(View& view, const graph::OutputRecords& records, const RunContext& context,
           const sandbox::Outcome& outcome, const Ingested& ingested, BuildIndex& index)
      : view_(view),
        paths_(view.paths()),
        records_(records),
        context_(context),
        outcome_(outcome),
        ingested_(ingested),
        index_(index),
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

    for (PathId path : pip_.outputs)
      if (!now_.count(view_.physical(path)))
        not_published("it did not make its declared output " + show(path));
    std::sort(result_.outputs.begin(), result_.outputs.end(),
              [&](auto& a, auto& b) { return paths_.str(a.path) < paths_.str(b.path); });
    return std::move(result_);
  }

 private:
  std::string show(PathId path) { return view_.mounts().tokenise(paths_.str(path)); }
  void not_published(std::string why) { result_.why_not.push_back(std::move(why)); }

  void violation(const char* code, const char* letter, const char* role, PipId related, PathId path,
                 const std::string& message) {
    wire::Violation v;
    v.code = code;
    v.letter = letter;
    v.role = role;
    v.pip = pip_.stable_id;
    if (related != kNoPip) v.related = view_.graph().pip(related).stable_id;
    v.path = path;
    v.message = message;
    result_.violations.push_back(std::move(v));
    not_published(message);
  }

  bool recorded_own(PathId path) const {
    auto it = records_.find(path);
    return it != records_.end() && it->second.owner == pip_.stable_id;
  }

  // Did the pip leave the git index as it was, but for stat data? Then writing it was no edit (rule
  // 36).
  bool git_index_kept(PathId path) {
    auto before = index_.git_indexes.find(path);
    if (before == index_.git_indexes.end()) return false;
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
    bool output_scope = mount && (mount->flags & wire::kMountOutput);

    if (now == now_.end()) {
      // Gone at the end. Its own scratch is nothing; a file that was there before is somebody's.
      if (!existed || ours || is_temp_place(access.path, view_.mounts())) return;
      // An empty directory that bxl made for some declared output is made again when it is needed.
      if (auto it = records_.find(path);
          it != records_.end() && it->second.owner == graph::kDirectoryOwner)
        return;
      PipId owner = view_.owner(path);
      result_.deleted.push_back(path);
      if (owner != kNoPip && owner != context_.pip)
        violation("DX5002", "DW", "W", owner, path,
                  "it removed " + show(path) + ", an output of another pip");
      else
        not_published("it removed " + show(path) + ", which existed before it ran");
      return;
    }
    const Ingested::File& file = *now->second;

    if (!declared && !output_scope) {
      if (is_temp_place(access.path, view_.mounts())) return;
      const wire::Mount* home = view_.mounts().find("%home%");
      if (home && mount == home) {
        not_published("it wrote " + show(path) + ", outside of the build");
      } else if (!content_mutation(access.ops)) {
        not_published("it changed the attributes of " + show(path) + ", which is not its output");
      } else if (existed) {
        violation(
            "DX5047", "W", "W", kNoPip, path,
            "it rewrote the existing file " + show(path) + " without declaring it as an output");
      } else {
        violation("DX5008", "W", "W", kNoPip, path,
                  "it wrote " + show(path) +
                      ", outside of the build directory, without declaring it as an output");
      }
      return;
    }
    if (file.other_kind)
      not_published(show(path) + " is not a plain file, directory or link: it cannot be replayed");
    if (file.errnum == EAGAIN)
      not_published(show(path) + " was changed by somebody else while the pip ended");
    else if (file.errnum != 0)
      not_published(show(path) + kNotStored + std::strerror(file.errnum));

    PipId owner = view_.owner(path);
    if (owner != kNoPip && owner != context_.pip &&
        file.output.kind != wire::OutputKind::Directory) {
      violation("DX5002", "DW", "W", owner, path,
                "it wrote " + show(path) + ", an output of another pip");
      return;
    }
    if (existed && !ours && before.kind != FileKind::Directory) {
      // It existed, nobody recorded it: the user's or the configure step's.
      auto readers = index_.readers.find(path);
      PipId reader = kNoPip;
      if (readers != index_.readers.end())
        for (PipId r : readers->second)
          if (r != context_.pip) reader = r;
      if (reader != kNoPip) {
        violation("DX5025", "MD", "W", reader, path,
                  "it rewrote " + show(path) + ", which another pip reads as a source");
      } else if (!content_mutation(access.ops)) {
        not_published("it changed the attributes of " + show(path) +
                      ", which existed before it ran");
      } else if (access.first_content_seq != 0 &&
                 access.first_content_seq <= access.first_mutation_seq &&
                 (access.ops & sandbox::kRead)) {
        not_published("it edits its own input " + show(path));
      } else {
        not_published("it rewrote " + show(path) + ", which existed before it ran");
      }
      index_.writers[path] = context_.pip;
      return;  // never recorded as an output: it stays the user's file
    }
    if (!access.moved_from.empty()) {
      // A rename that brought a file of the user: unlinking it before the next run would lose the
      // only copy.
      PathId origin = paths_.intern(access.moved_from);
      if (view_.owner(origin) == kNoPip && records_.count(origin) == 0) {
        not_published("it moved " + show(origin) + ", which existed before it ran, to " +
                      show(path));
        index_.writers[path] = context_.pip;
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
    index_.writers[path] = context_.pip;
  }

  // The topmost absent component says it all: half of what compilers probe lies below directories
  // that do not exist.
  PathId topmost_absent(PathId path) {
    while (true) {
      PathId up = paths_.parent(path);
      if (up == kRootPath) return path;
      Seen seen = view_.at(context_.pip, up);
      if (seen.certainty != Seen::Certainty::Known || seen.kind != FileKind::Absent) return path;
      path = up;
    }
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
    if (seen.hidden && access.first.exists() && access.first.kind != FileKind::Directory) {
      PipId owner = seen.owner;
      bool downstream = view_.is_upstream(context_.pip, owner);
      if (reads || (access.ops & sandbox::kStat)) {
        violation(downstream ? "DX5007" : "DX5003", "R", "R", owner, path,
                  "it read " + show(path) + ", an output of a pip it does not depend on");
      } else {
        not_published("it probed " + show(path) + ", an output of a pip it does not depend on");
      }
      return;
    }
    if (seen.kind != access.first.kind) {
      if (access.first.kind == FileKind::Absent && seen.owner != kNoPip &&
          seen.owner != context_.pip && !seen.from_disk) {
        result_.false_absence = true;
        not_published("it did not find " + show(path) + ", an output it depends on");
      } else if (access.first.kind == FileKind::Directory && seen.kind == FileKind::Absent &&
                 !(access.ops & sandbox::kEnumerate) && seen.hidden) {
        not_published("it saw the directory " + show(path) +
                      ", made by a pip it does not depend on");
      } else {
        not_published(show(path) + " changed while the build ran");
      }
      return;
    }

    std::uint8_t flags = fingerprint::kProbe;
    if (access.first.kind == FileKind::Absent) {
      result_.observations.push_back({topmost_absent(path), flags});
      return;
    }
    const wire::Mount* mount = view_.mounts().of(access.path);
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
      auto& readers = index_.readers[path];
      if (readers.empty() || readers.back() != context_.pip) readers.push_back(context_.pip);
      if (auto writer = index_.writers.find(path);
          writer != index_.writers.end() && writer->second != context_.pip &&
          seen.owner == kNoPip && !view_.is_upstream(writer->second, context_.pip))
        violation("DX5025", "MD", "R", writer->second, path,
                  "it read " + show(path) + " as a source, which another pip rewrote");
    } else if (seen.executable != access.first.executable) {
      not_published(show(path) + " changed while the build ran");
    }
    result_.observations.push_back({path, flags});
  }

  // Rule 12: what was hashed is what was read.
  void unchanged(const sandbox::Access& access, PathId path, const Seen& seen) {
    if (seen.from_disk) {
      if (seen.identity != access.first) {
        not_published(show(path) + " was modified while the pip ran");
      } else if (access.first.kind == FileKind::File && ingested_.young.count(access.path)) {
        not_published(show(path) + " was modified as the pip started");
      }
      return;
    }
    auto record = records_.find(path);
    if (record == records_.end() || !graph::still_recorded(record->second, access.first))
      not_published(show(path) + ", an output of another pip, was changed by somebody else");
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
    std::erase_if(truth, touched);
    for (const std::string& name : **visible)
      if (!touched(name)) mine.push_back(name);
    if (truth == mine) return;
    std::vector<std::string> extra;
    std::set_symmetric_difference(truth.begin(), truth.end(), mine.begin(), mine.end(),
                                  std::back_inserter(extra));
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
  BuildIndex& index_;
  const wire::Pip& pip_;
  Recorded result_;
  std::unordered_set<PathId> declared_, own_dirs_, mutated_;
  std::unordered_map<PathId, const Ingested::File*> now_;
  PathId rspfile_ = kNoPath;
};

}  // namespace

Recorded record(View& view, const graph::OutputRecords& records, const RunContext& context,
                const sandbox::Outcome& outcome, const Ingested& ingested, BuildIndex& index) {
  return Recorder(view, records, context, outcome, ingested, index).run();
}

}  // namespace bxl::exec
