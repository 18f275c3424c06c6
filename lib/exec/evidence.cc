// What a run rested on, put into the store beside its outputs.
#include "exec/evidence.h"

#include "fingerprint/evidence.h"

namespace bxl::exec {

using fingerprint::Computed;

Digest keep_evidence(Services& s, PipId pip, const std::string& weak_text,
                     const fingerprint::PathSet& set, const std::string& strong_text) {
  if (!s.store) return {};
  auto put =
      s.store->put_bytes(fingerprint::encode_evidence(s.view, pip, weak_text, set, strong_text));
  return put ? put->digest : Digest{};
}

Digest keep_evidence(Services& s, PipId pip,
                     const std::vector<fingerprint::Observation>& observations) {
  Computed weak =
      fingerprint::weak_fingerprint(s.view, pip, fingerprint::static_text(s.view, pip, s.salts));
  if (weak.status != Computed::Status::Ok) return {};
  std::string bytes = fingerprint::encode_path_set(observations, s.view.paths(), s.view.mounts());
  auto set = fingerprint::decode_path_set(bytes, s.view.paths(), s.view.mounts());
  if (!set || !s.store) return {};
  // No cache entry will keep it. As a blob it has the digest that the evidence names it by.
  if (!s.store->put_bytes(bytes)) return {};
  Computed strong = fingerprint::strong_fingerprint(s.view, pip, weak.digest, *set);
  return keep_evidence(s, pip, weak.text, *set,
                       strong.status == Computed::Status::Ok ? strong.text : std::string());
}

}  // namespace bxl::exec
