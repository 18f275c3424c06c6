#include "plan/lookup.h"

#include <algorithm>
#include <unordered_set>

#include "os/unique_fd.h"
#include "wire/stream.h"

namespace bxl::plan {

using fingerprint::Computed;
using wire::Action;

const fingerprint::PathSet* Lookup::decoded(const Digest& digest, const std::string& bytes) {
  auto it = path_sets_.find(digest);
  if (it != path_sets_.end()) return &it->second;
  auto set = fingerprint::decode_path_set(bytes, view_.paths(), view_.mounts());
  // A path set of another mount table, or a damaged one, can never match here.
  if (!set || set->digest != digest) return nullptr;
  return &path_sets_.emplace(digest, std::move(*set)).first->second;
}

const fingerprint::PathSet* Lookup::cached_path_set(const Digest& digest) {
  if (auto it = path_sets_.find(digest); it != path_sets_.end()) return &it->second;
  auto bytes = stores_.metadata->path_set(digest);
  return bytes && *bytes ? decoded(digest, **bytes) : nullptr;
}

bool Lookup::content_available(const wire::Entry& entry, bool* all_in_place) {
  *all_in_place = true;
  bool available = true;
  for (const wire::Output& out : entry.outputs) {
    const FileIdentity& disk = view_.disk(out.path);
    if (out.kind == wire::OutputKind::Directory) {
      if (disk.kind != FileKind::Directory) *all_in_place = false;
      continue;
    }
    if (out.identity.exists() && out.identity == disk) continue;
    // Another name was made of it, or removed: what it holds is asked once, and remembered.
    if (differ_in_ctime_only(out.identity, disk))
      if (auto digest = view_.tree().digest(view_.paths().str(out.path), disk);
          digest && *digest == out.digest)
        continue;
    *all_in_place = false;
    if (out.kind == wire::OutputKind::Symlink) continue;
    if (!stores_.blobs || !stores_.blobs->rely_on(out.digest, out.size)) available = false;
  }
  if (entry.console_bytes != 0 &&
      (!stores_.blobs || !stores_.blobs->rely_on(entry.console, entry.console_bytes)))
    available = false;
  // Not needed, but its age is the entry's: no other entry shares it.
  if (!*all_in_place && stores_.blobs && !entry.evidence.is_zero())
    (void)stores_.blobs->rely_on(entry.evidence);
  return available;
}

std::string Lookup::outside_its_scope(PipId pip, const wire::Entry& entry) {
  const PathTable& paths = view_.paths();
  std::unordered_set<PathId> no_directories;
  for (const wire::Output& out : entry.outputs) {
    const bool directory = out.kind == wire::OutputKind::Directory;
    const PipId owner = view_.owner(out.path);
    if (owner != kNoPip && owner != pip && !directory && !view_.makes_for_another(pip, out.path))
      return "replaying it would write " + paths.str(out.path) + ", an output of " +
             view_.graph().pip(owner).stable_id;
    if (!view_.may_output(pip, out.path, directory))
      return "its result has an output where this pip may not write: " + paths.str(out.path);
    if (view_.declares(pip, out.path)) continue;
    if (const PathId own = repository_directory(out.path); own != kNoPath)
      return "replaying it would write " + paths.str(out.path) + " into " + paths.str(own) +
             ", which bxl did not make";
  }
  for (const wire::Output& out : entry.outputs) {
    if (out.kind != wire::OutputKind::Symlink) continue;
    if (out.link_target.empty() || out.link_target.find('\0') != std::string::npos ||
        Digest::of(out.link_target) != out.digest)
      return "its result has a link that is not what its digest names: " + paths.str(out.path);
    no_directories.insert(out.path);
  }
  if (no_directories.empty()) return {};
  for (const wire::Output& out : entry.outputs)
    for (PathId at = paths.parent(out.path); at != kRootPath; at = paths.parent(at))
      if (no_directories.contains(at))
        return "its result has an output behind a link of its own: " + paths.str(out.path);
  return {};
}

// The directory of a version control system on the way to `path` that is not ours: what lies there
// runs at the user's next commit. kNoPath: there is none.
PathId Lookup::repository_directory(PathId path) {
  const PathTable& paths = view_.paths();
  const wire::Mount* mount = view_.mounts().of(paths.str(path));
  const PathId top = mount ? paths.find(mount->path) : kRootPath;
  PathId found = kNoPath;
  for (PathId at = path; at != top && at != kRootPath; at = paths.parent(at))
    if (fingerprint::is_ignored_member(paths.name(at))) found = at;
  if (found == kNoPath || !view_.disk(found).exists()) return kNoPath;
  return stores_.records->contains(found) ? kNoPath : found;
}

std::string Lookup::unsafe_to_replay(PipId pip, const wire::Entry& entry) {
  for (const wire::Output& out : entry.outputs) {
    const FileIdentity& disk = view_.disk(out.path);
    if (!disk.exists() ||
        (out.kind == wire::OutputKind::Directory && disk.kind == FileKind::Directory))
      continue;
    std::string text = view_.paths().str(out.path);
    if (view_.declares(pip, out.path)) {
      if (disk.kind == FileKind::Directory) return text + " is a directory";
      continue;  // declared: it is set aside when it is the user's
    }
    auto record = stores_.records->find(out.path);
    if (record != stores_.records->end() && graph::still_recorded(record->second, disk)) continue;
    if (disk.kind == FileKind::File && out.kind == wire::OutputKind::File &&
        disk.size == out.size) {
      auto digest = view_.tree().digest(text, disk);
      if (digest && *digest == out.digest) continue;
    }
    return "replaying it would replace " + text + ", which bxl did not make";
  }
  return {};
}

Decision Lookup::decide(PipId id) {
  const wire::Pip& pip = view_.graph().pip(id);
  Decision decision;
  if (!view_.dependencies_final(id)) {
    decision.action = Action::Deferred;
    decision.reason = "waits for what it depends on";
    return decision;
  }
  std::string static_text = fingerprint::static_text(view_, id, salts_);
  decision.static_hash = Digest::of(static_text);
  if (const wire::PipResult* done =
          stores_.rounds ? stores_.rounds->settled(id, decision.static_hash) : nullptr) {
    bool in_place = false;
    (void)content_available(done->entry, &in_place);
    if (in_place) {
      decision.action = Action::Clean;
      decision.weak = done->weak;
      decision.entry = done->entry;
      return decision;
    }
  }
  if (pip.flags & wire::kRunsAlways) {
    decision.reason =
        pip.flags & wire::kPipAction    ? "is an action: it runs each time it is asked for"
        : pip.flags & wire::kPipConsole ? "runs in the console pool: it is an action, never cached"
        : pip.flags & wire::kPipAlwaysDirty ? "has an input that is always dirty: never cached"
                                            : "is declared as not cacheable";
    return decision;
  }
  Computed weak = fingerprint::weak_fingerprint(view_, id, static_text);
  if (weak.status == Computed::Status::Unknown) {
    decision.action = Action::Deferred;
    decision.reason = weak.why;
    return decision;
  }
  if (weak.status == Computed::Status::Unusable) {
    decision.reason = "an input cannot be read: " + weak.why;
    return decision;
  }
  decision.weak = weak.digest;

  bool known = false;
  if (const wire::StateRow* row = stores_.state ? stores_.state->find(pip.stable_id) : nullptr;
      row && row->static_hash == decision.static_hash && row->weak == decision.weak) {
    const std::string* bytes = stores_.state->path_set(row->path_set);
    const fingerprint::PathSet* set = bytes ? decoded(row->path_set, *bytes) : nullptr;
    if (set) {
      Computed strong = fingerprint::strong_fingerprint(view_, id, decision.weak, *set);
      if (strong.status == Computed::Status::Ok && strong.digest == row->strong) {
        known = true;
        bool in_place = false;
        bool available = content_available(row->entry, &in_place);
        if (outside_its_scope(id, row->entry).empty() &&
            (in_place || (available && unsafe_to_replay(id, row->entry).empty()))) {
          decision.action = in_place ? Action::Clean : Action::Hit;
          decision.strong = row->strong;
          decision.path_set = row->path_set;
          decision.entry = row->entry;
          return decision;
        }
      }
    }
  }
  return from_cache(id, std::move(decision), known);
}

Decision Lookup::from_cache(PipId id, Decision decision, bool known) {
  if (!stores_.metadata || !stores_.blobs) {
    decision.reason = "the cache cannot be used";
    return decision;
  }
  std::size_t visited = 0;
  ScopeExit counting([&] {
    visits_.path_sets += visited;
    visits_.most = std::max<std::uint64_t>(visits_.most, visited);
  });
  auto found = levels(id, decision.weak, &visited);
  if (!found) {
    decision.reason = "the cache cannot be read: " + found.error().to_string();
    return decision;
  }
  const bool seen = found->size() > 1 || !found->front().candidates.path_sets.empty();
  decision.reason =
      known   ? "the cache no longer has its entry (evicted, removed, or another cache directory)"
      : !seen ? "never seen with this command, environment and declared inputs"
              : "an observed input differs from every cached run";
  std::unordered_map<Digest, Computed> strongs;  // by path set
  // The last level is the most likely one: augmented for what is found now.
  for (auto level = found->rbegin(); level != found->rend(); ++level) {
    for (const Digest& path_set : level->candidates.path_sets) {
      auto computed = strongs.find(path_set);
      if (computed == strongs.end()) {
        const fingerprint::PathSet* set = cached_path_set(path_set);
        if (!set) continue;
        ++visited;
        computed =
            strongs
                .emplace(path_set, fingerprint::strong_fingerprint(view_, id, decision.weak, *set))
                .first;
      }
      const Computed& strong = computed->second;
      if (strong.status != Computed::Status::Ok) continue;
      const cache::Selector selector{path_set, strong.digest};
      auto bytes = stores_.metadata->entry(level->weak, selector);
      if (!bytes || !*bytes) continue;
      if (use(id, level->weak, selector, **bytes, decision)) return decision;
    }
  }
  (void)from_elsewhere(id, decision, &visited);
  return decision;
}

bool Lookup::from_elsewhere(PipId id, Decision& decision, std::size_t* visited) {
  const fingerprint::Portable* portable = stores_.portable;
  if (!portable || portable->roots().empty()) return false;
  const Computed weak = fingerprint::weak_fingerprint(
      view_, id, fingerprint::static_text(view_, id, salts_, portable));
  if (weak.status != Computed::Status::Ok) return false;
  // Not augmented: a few of the newest are looked at.
  auto found = stores_.metadata->candidates(weak.digest, kSharedPathSets);
  if (!found) return false;
  for (const Digest& path_set : found->path_sets) {
    const fingerprint::PathSet* set = cached_path_set(path_set);
    if (!set) continue;
    ++*visited;
    const Computed strong = fingerprint::strong_fingerprint(view_, id, weak.digest, *set);
    if (strong.status != Computed::Status::Ok) continue;
    auto bytes = stores_.metadata->entry(weak.digest, {path_set, strong.digest});
    if (!bytes || !*bytes) continue;
    // In the workspace's state it is a result like any other.
    const Computed own = fingerprint::strong_fingerprint(view_, id, decision.weak, *set);
    if (own.status != Computed::Status::Ok) continue;
    Decision trial = decision;
    if (!use(id, weak.digest, {path_set, strong.digest}, **bytes, trial)) continue;
    if (!trial.entry.root_free || !portable->has_places(trial.entry.root_names)) {
      decision.reason = "the result of another checkout contains a part of its path";
      continue;
    }
    decision = std::move(trial);
    decision.strong = own.digest;
    decision.reason = kElsewhere;
    return true;
  }
  return false;
}

bool Lookup::use(PipId id, const Digest& weak, const cache::Selector& selector,
                 const std::string& bytes, Decision& decision) {
  auto entry = wire::decode_entry(bytes, [&](std::string_view token) -> Result<PathId> {
    BXL_TRY_ASSIGN(auto path, view_.mounts().expand(token));
    return view_.paths().intern(path);
  });
  if (!entry) {
    decision.reason = "its cache entry is damaged: " + entry.error().to_string();
    return false;
  }
  bool in_place = false;
  if (!content_available(*entry, &in_place)) {
    decision.reason = "content of its cache entry is gone from the store";
    return false;
  }
  std::string why = outside_its_scope(id, *entry);
  if (why.empty()) why = unsafe_to_replay(id, *entry);
  if (!why.empty()) {
    decision.reason = std::move(why);
    return false;
  }
  (void)stores_.metadata->touch(weak, selector);
  decision.action = Action::Hit;
  decision.reason.clear();
  decision.strong = selector.strong;
  decision.path_set = selector.path_set;
  decision.entry = std::move(*entry);
  return true;
}

Result<std::vector<Lookup::Level>> Lookup::levels(PipId id, const Digest& weak,
                                                  std::size_t* visited) {
  std::vector<Level> found;
  for (Digest at = weak;;) {
    BXL_TRY_ASSIGN(auto candidates, stores_.metadata->candidates(at));
    found.push_back({at, std::move(candidates)});
    Level& level = found.back();
    if (!level.candidates.augmenting) return found;
    const fingerprint::PathSet* set =
        found.size() <= kAugmentations ? cached_path_set(*level.candidates.augmenting) : nullptr;
    if (!set) {
      level.candidates.augmenting.reset();
      return found;
    }
    ++*visited;
    Computed augmented = fingerprint::strong_fingerprint(view_, id, at, *set);
    if (augmented.status != Computed::Status::Ok) return found;
    (void)stores_.metadata->touch(at, {*level.candidates.augmenting, cache::kAugmentingMarker});
    at = augmented.digest;
  }
}

wire::Filed Lookup::file(PipId id, const Digest& weak, const Digest& path_set) {
  wire::Filed filed;
  if (!stores_.metadata) return filed;
  std::size_t visited = 0;
  auto found = levels(id, weak, &visited);
  if (!found) return filed;
  const Level& last = found->back();
  if (found->size() > 1) filed.weak = last.weak;
  const std::vector<Digest>& there = last.candidates.path_sets;
  // With an augmenting path set that cannot be evaluated now, what is published is found as before.
  if (last.candidates.augmenting || found->size() > kAugmentations ||
      there.size() < kPathSetThreshold ||
      std::find(there.begin(), there.end(), path_set) != there.end())
    return filed;
  std::vector<const fingerprint::PathSet*> sets;
  for (const Digest& digest : there)
    if (const fingerprint::PathSet* set = cached_path_set(digest)) sets.push_back(set);
  const std::string bytes = fingerprint::encode_path_set(
      fingerprint::common_observations(sets, kCommonPathSets), view_.paths(), view_.mounts());
  const fingerprint::PathSet* augmenting = decoded(Digest::of(bytes), bytes);
  if (!augmenting || augmenting->observations.empty()) return filed;
  Computed augmented = fingerprint::strong_fingerprint(view_, id, last.weak, *augmenting);
  if (augmented.status != Computed::Status::Ok) return filed;
  return {augmented.digest, last.weak, bytes};
}

std::string Lookup::explain(PipId id) {
  std::string static_text = fingerprint::static_text(view_, id, salts_);
  Computed weak = fingerprint::weak_fingerprint(view_, id, static_text);
  std::string out = "static hash " + Digest::of(static_text).hex() + "\n";
  if (weak.status != Computed::Status::Ok) return out + "weak fingerprint: " + weak.why + "\n";
  out += "weak fingerprint " + weak.digest.hex() + " is the digest of these bytes:\n" + weak.text;
  auto show = [&](const char* where, const Digest& digest, const std::string& bytes,
                  const Digest& wanted) {
    const fingerprint::PathSet* set = decoded(digest, bytes);
    if (!set) return;
    Computed strong = fingerprint::strong_fingerprint(view_, id, weak.digest, *set);
    out += std::string("\nfrom the ") + where + ": path set " + digest.hex() +
           ", recorded strong fingerprint " + wanted.hex() + "\n";
    if (strong.status != Computed::Status::Ok) {
      out += "strong fingerprint: " + strong.why + "\n";
      return;
    }
    out += "strong fingerprint " + strong.digest.hex() +
           (strong.digest == wanted ? " (equal)" : " (differs)") +
           " is the digest of these lines without what follows a tab:\n" +
           fingerprint::explain_strong(view_, *set, strong.text);
  };
  if (const wire::StateRow* row =
          stores_.state ? stores_.state->find(view_.graph().pip(id).stable_id) : nullptr)
    if (const std::string* bytes = stores_.state->path_set(row->path_set))
      show("workspace state", row->path_set, *bytes, row->strong);
  if (!stores_.metadata) return out;
  std::size_t visited = 0;
  auto found = levels(id, weak.digest, &visited);
  if (!found) return out;
  for (const Level& level : *found) {
    if (level.weak != weak.digest)
      out += "\naugmented weak fingerprint " + level.weak.hex() +
             ": what most path sets have in common, as it is now\n";
    auto selectors = stores_.metadata->selectors(level.weak);
    if (!selectors) continue;
    for (const cache::Selector& s : *selectors)
      if (auto bytes = stores_.metadata->path_set(s.path_set); bytes && *bytes)
        show("cache", s.path_set, **bytes, s.strong);
  }
  return out;
}

}  // namespace bxl::plan
