// The two-phase lookup: what is to be done about one pip whose upstream is final. Used by bxl-plan
// for the whole graph and by bxl-exec, as its oracle, for deferred pips.
#pragma once

#include <string>
#include <unordered_map>

#include "cache/metadata_store.h"
#include "cas/blob_store.h"
#include "fingerprint/fingerprint.h"
#include "fingerprint/view.h"
#include "state/rounds.h"
#include "state/state_table.h"
#include "wire/records.h"

namespace bxl::plan {

struct Decision {
  wire::Action action = wire::Action::Miss;  // Clean, Hit, Miss or Deferred
  std::string reason;                        // Miss, Deferred: one sentence
  Digest static_hash, weak, strong, path_set;
  wire::Entry entry;  // Clean, Hit
};

// All references must outlive it. Not thread-safe.
class Lookup {
 public:
  struct Stores {
    cache::MetadataStore* metadata =
        nullptr;                      // null: the cache cannot be used, only the state is asked
    cas::BlobStore* blobs = nullptr;  // null: as above
    const state::StateTable* state = nullptr;
    const graph::OutputRecords* records = nullptr;
    const state::Rounds* rounds = nullptr;  // null: this is the first round
  };
  Lookup(fingerprint::View& view, fingerprint::Salts salts, Stores stores)
      : view_(view), salts_(std::move(salts)), stores_(stores) {}

  // Order of questions: is upstream final; did the pip run in an earlier round of this build; may
  // the pip be cached at all; does the state row still hold (clean, or a hit when only outputs are
  // gone); does the cache have an entry whose observations hold now. View is only read.
  Decision decide(PipId pip);

  // The fingerprint texts of one pip, for --explain: weak text, then each candidate path set with
  // its strong text.
  std::string explain(PipId pip);

  const fingerprint::Salts& salts() const { return salts_; }

 private:
  const fingerprint::PathSet* decoded(const Digest& digest, const std::string& bytes);
  // What an earlier result made may be another pip's by now: then the run shows who is right.
  // Empty: no such output.
  std::string writes_anothers_output(PipId pip, const wire::Entry& entry);
  // Would replaying `entry` leave every file alone that bxl did not make (rule 7)? Empty: yes.
  std::string unsafe_to_replay(PipId pip, const wire::Entry& entry);
  // Is all the content that is not already in place in the store?
  bool content_available(const wire::Entry& entry, bool* all_in_place);
  // `known`: the workspace state has the result that is looked for, but not its content.
  Decision from_cache(PipId pip, Decision decision, bool known);

  fingerprint::View& view_;
  fingerprint::Salts salts_;
  Stores stores_;
  std::unordered_map<Digest, fingerprint::PathSet> path_sets_;
};

}  // namespace bxl::plan
