// What is remembered of an action.
#include "exec/action.h"

#include <algorithm>

namespace bxl::exec {
namespace {

// As it lies there now; none when it does not, or cannot be an output.
std::optional<wire::Output> output_at(fingerprint::View& view, PathId path) {
  const FileIdentity& identity = view.disk(path);
  const std::string text = view.paths().str(path);
  wire::Output out;
  out.path = path;
  out.identity = identity;
  switch (identity.kind) {
    case FileKind::File: {
      auto digest = view.tree().digest(text, identity);
      if (!digest) return std::nullopt;
      out.executable = identity.executable;
      out.size = identity.size;
      out.digest = *digest;
      return out;
    }
    case FileKind::Symlink: {
      auto target = view.tree().read_link(text);
      if (!target) return std::nullopt;
      out.kind = wire::OutputKind::Symlink;
      out.link_target = std::move(*target);
      out.digest = Digest::of(out.link_target);
      return out;
    }
    case FileKind::Directory:
      out.kind = wire::OutputKind::Directory;
      return out;
    default:
      return std::nullopt;
  }
}

}  // namespace

Recorded record_action(fingerprint::View& view, const graph::OutputRecords& records, PipId pip,
                       const sandbox::Outcome& outcome) {
  Recorded result;
  result.why_not.emplace_back(kIsAction);
  for (PathId declared : view.graph().pip(pip).outputs) {
    const PathId path = view.physical(declared);
    if (auto out = output_at(view, path))
      result.outputs.push_back(std::move(*out));
    else
      result.missing.push_back(declared);
  }
  for (const sandbox::Access& access : outcome.accesses) {
    if ((access.ops & sandbox::kMutations) == 0) continue;
    const PathId path = view.paths().find(access.path);
    if (path == kNoPath) continue;
    auto record = records.find(path);
    const PipId owner = view.owner(path);
    if (record == records.end() || owner == kNoPip || owner == pip ||
        record->second.owner != view.graph().pip(owner).stable_id)
      continue;
    // It stays the other's: the next build makes it anew, and sets nothing aside.
    if (auto out = output_at(view, path)) result.overwritten.emplace_back(owner, std::move(*out));
  }
  std::sort(result.outputs.begin(), result.outputs.end(),
            [&](const wire::Output& a, const wire::Output& b) {
              return view.paths().str(a.path) < view.paths().str(b.path);
            });
  return result;
}

}  // namespace bxl::exec
