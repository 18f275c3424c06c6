// Pips that do not run in this build and yet may be disturbed: what they rest on, told to the
// analyzer when somebody writes what nobody could foresee.
#include <algorithm>
#include <utility>

#include "exec/build.h"

namespace bxl::exec {

Progress Build::progress(PipId id) const {
  const Node& n = nodes_[index(id)];
  switch (n.state) {
    case State::Outside:
      return Progress::Outside;
    case State::Waiting:
    case State::Ready:
      return Progress::Undecided;
    default:
      return Progress::Started;
  }
}

// What a pip met of an earlier build although it is to be made later in this one. Whoever makes it
// is looked up after that, and replayed if it may be.
Result<void> Build::remove_leftovers(std::vector<PathId> paths) {
  std::sort(paths.begin(), paths.end(),
            [&](PathId a, PathId b) { return paths_.str(a) > paths_.str(b); });
  paths.erase(std::unique(paths.begin(), paths.end()), paths.end());
  const std::vector<PathId> directories = directories_among(paths);
  for (PathId path : paths) {
    auto record = s_.log.records().find(path);
    if (record == s_.log.records().end() || is_used_by_running(path)) continue;
    const PipId owner = graph_.find(record->second.owner);
    const FileIdentity identity = record->second.identity;
    BXL_TRY(s_.placer.scrub(path, identity));
    if (owner != kNoPip) s_.view.disown(owner, path);
  }
  note_removed(directories);
  s_.view.invalidate_all();
  return {};
}

std::optional<fingerprint::PathSet> Build::path_set_of(const Digest& digest) {
  if (!s_.path_set || digest.is_zero()) return std::nullopt;
  const std::string bytes = s_.path_set(digest);
  if (bytes.empty()) return std::nullopt;
  auto set = fingerprint::decode_path_set(bytes, paths_, s_.view.mounts());
  if (!set || set->digest != digest) return std::nullopt;
  return std::move(*set);
}

void Build::tell_of(PipId id, const Digest& path_set) {
  auto set = path_set_of(path_set);
  if (!set) return;
  for (const fingerprint::Observation& o : set->observations) {
    violation::Fact fact;
    fact.touch = o.flags & fingerprint::kContent     ? violation::Touch::Read
                 : o.flags & fingerprint::kEnumerate ? violation::Touch::List
                                                     : violation::Touch::Look;
    analyzer_.remember(id, o.path, fact);
  }
}

// Clean pips and hits by what they were found by, those outside the request by their rows of the
// workspace state. A row of another command says nothing about this one.
void Build::tell_of_others() {
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    const PipId id{static_cast<std::uint32_t>(i)};
    const Node& n = nodes_[i];
    const wire::Pip& p = pip(id);
    if (p.kind == wire::PipKind::Alias || (p.flags & wire::kPipGenerator)) continue;
    if (n.state == State::Succeeded && (n.action == Action::Clean || n.action == Action::Hit)) {
      tell_of(id, n.path_set);
    } else if (n.state == State::Outside && s_.state_row) {
      const wire::StateRow* row = s_.state_row(p.stable_id);
      if (row && row->static_hash == Digest::of(fingerprint::static_text(s_.view, id, s_.salts)))
        tell_of(id, row->path_set);
    }
  }
}

// Who changed, in this build, a source that a late hit rests on? View shows the pip the new
// content, as if it had always been there.
PipId Build::disturber(PipId id, const Digest& path_set) {
  if (!analyzer_.sources_changed()) return kNoPip;
  auto set = path_set_of(path_set);
  if (!set) return kNoPip;
  for (const fingerprint::Observation& o : set->observations)
    if (PipId other = analyzer_.changed_by(id, o.path); other != kNoPip) return other;
  return kNoPip;
}

}  // namespace bxl::exec
