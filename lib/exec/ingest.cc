// Hashes and stores what a run left, on the job's own thread (rule 22).
#include <fcntl.h>

#include "exec/access.h"
#include "exec/recorder.h"

namespace bxl::exec {

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
        if (roots && file.errnum == 0) file.roots = scan_file(*roots, fd->get());
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

}  // namespace bxl::exec
