#include "plan/lookup.h"

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

std::string Lookup::writes_anothers_output(PipId pip, const wire::Entry& entry) {
  for (const wire::Output& out : entry.outputs) {
    const PipId owner = view_.owner(out.path);
    if (owner != kNoPip && owner != pip && out.kind != wire::OutputKind::Directory)
      return "replaying it would write " + view_.paths().str(out.path) + ", an output of " +
             view_.graph().pip(owner).stable_id;
  }
  return {};
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
  if (pip.flags & (wire::kPipConsole | wire::kPipAlwaysDirty)) {
    decision.reason = pip.flags & wire::kPipConsole
                          ? "runs in the console pool: it is an action, never cached"
                          : "has an input that is always dirty: never cached";
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
        if (writes_anothers_output(id, row->entry).empty() &&
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
  auto selectors = stores_.metadata->selectors(decision.weak);
  if (!selectors) {
    decision.reason = "the cache cannot be read: " + selectors.error().to_string();
    return decision;
  }
  decision.reason = known ? "its cache entry was evicted"
                    : selectors->empty()
                        ? "never seen with this command, environment and declared inputs"
                        : "an observed input differs from every cached run";
  for (const cache::Selector& selector : *selectors) {
    const fingerprint::PathSet* set = nullptr;
    if (auto it = path_sets_.find(selector.path_set); it != path_sets_.end()) {
      set = &it->second;
    } else {
      auto bytes = stores_.metadata->path_set(selector.path_set);
      if (!bytes || !*bytes) continue;
      set = decoded(selector.path_set, **bytes);
    }
    if (!set) continue;
    Computed strong = fingerprint::strong_fingerprint(view_, id, decision.weak, *set);
    if (strong.status != Computed::Status::Ok || strong.digest != selector.strong) continue;
    auto bytes = stores_.metadata->entry(decision.weak, selector);
    if (!bytes || !*bytes) {
      decision.reason = "its cache entry was evicted";
      continue;
    }
    auto entry = wire::decode_entry(**bytes, [&](std::string_view token) -> Result<PathId> {
      BXL_TRY_ASSIGN(auto path, view_.mounts().expand(token));
      return view_.paths().intern(path);
    });
    if (!entry) {
      decision.reason = "its cache entry is damaged: " + entry.error().to_string();
      continue;
    }
    bool in_place = false;
    if (!content_available(*entry, &in_place)) {
      decision.reason = "content of its cache entry is gone from the store";
      continue;
    }
    std::string why = writes_anothers_output(id, *entry);
    if (why.empty()) why = unsafe_to_replay(id, *entry);
    if (!why.empty()) {
      decision.reason = why;
      continue;
    }
    (void)stores_.metadata->touch(decision.weak, selector);
    decision.action = Action::Hit;
    decision.reason.clear();
    decision.strong = selector.strong;
    decision.path_set = selector.path_set;
    decision.entry = std::move(*entry);
    return decision;
  }
  return decision;
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
  if (stores_.metadata)
    if (auto selectors = stores_.metadata->selectors(weak.digest))
      for (const cache::Selector& s : *selectors)
        if (auto bytes = stores_.metadata->path_set(s.path_set); bytes && *bytes)
          show("cache", s.path_set, **bytes, s.strong);
  return out;
}

}  // namespace bxl::plan
