// Hashes and stores what a run left, on the job's own thread (rule 22).
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>

#include <optional>

#include "exec/access.h"
#include "exec/recorder.h"

namespace bxl::exec {

namespace {

// Opened for writing, with its old content kept, is all that happened to it: sqlite does so, and
// Python's "r+".
bool only_opened(const sandbox::Access& access) {
  return access.before_mutation.kind == FileKind::File &&
         (access.ops & sandbox::kMutations) == sandbox::kWrite;
}

// Is the content of `now` that of before? Equal identities say so, unless the last change before
// the run was so recent that one more leaves no trace, or the clock is one that stores through a
// mapping do not move (tmpfs): then the digest that somebody knew before has to be equal, too.
bool is_unwritten(const sandbox::Access& access, const FileIdentity& now,
                  const std::optional<Digest>& known, const Digest& digest, std::int64_t start_ns) {
  if (!only_opened(access) || now != access.before_mutation) return false;
  if (known) return *known == digest;
  struct statfs fs;
  return now.ctime_ns < start_ns - kClockGranularityNs && ::statfs(access.path.c_str(), &fs) == 0 &&
         fs.f_type != TMPFS_MAGIC;
}

}  // namespace

Ingested ingest(const sandbox::Outcome& outcome, std::int64_t start_ns,
                const std::vector<std::string>& scratch, const graph::Mounts& mounts,
                cas::BlobStore* store, cas::HashMemo& memo, const RootPatterns* roots) {
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
    const FileIdentity& before = access.before_mutation;
    if (before.kind == FileKind::File && (access.ops & (sandbox::kUnlink | sandbox::kCreate)))
      result.relinked.emplace(before.dev, before.ino);
    auto id = lstat_identity(access.path);
    if (!id) {
      result.files.push_back({access.path, {}, false, id.error().errnum});
      continue;
    }
    if (!id->exists()) continue;
    if (id->kind == FileKind::File && (access.ops & sandbox::kCreate))
      result.relinked.emplace(id->dev, id->ino);
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
        const std::optional<Digest> known = only_opened(access) ? memo.find(before) : std::nullopt;
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
        if (roots && file.errnum == 0) file.roots = scan_file(*roots, fd->get());
        auto after = lstat_identity(access.path);
        if (!after || *after != *id) file.errnum = EAGAIN;
        if (file.errnum == 0) memo.learn(access.path, *id, file.output.digest);
        file.unwritten =
            file.errnum == 0 && is_unwritten(access, *id, known, file.output.digest, start_ns);
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

}  // namespace bxl::exec
