// The two-phase lookup: what is to be done about one pip whose upstream is final. Used by bxl-plan
// for the whole graph and by bxl-exec, as its oracle, for deferred pips.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "cache/metadata_store.h"
#include "cas/blob_store.h"
#include "fingerprint/fingerprint.h"
#include "fingerprint/view.h"
#include "state/rounds.h"
#include "state/state_table.h"
#include "wire/records.h"

namespace bxl::plan {

// Under a weak fingerprint with this many path sets no further one is published: pips with few
// declared inputs would collect hundreds, each to be visited by each lookup. What at least
// kCommonPathSets of them observed becomes an augmenting path set, and the content found there now
// tells the results apart: an augmented weak fingerprint. The numbers are BuildXL's.
inline constexpr std::size_t kPathSetThreshold = 5;
inline constexpr std::size_t kCommonPathSets = 2;
// An augmented weak fingerprint may be augmented in turn, unlike BuildXL's: a file that all results
// read since the first augmenting path set was made is not in that one.
inline constexpr std::size_t kAugmentations = 4;
// Path sets of other checkouts that a lookup visits at most.
inline constexpr std::size_t kSharedPathSets = 8;

// The reason of a hit whose result was made in another checkout.
inline constexpr const char* kElsewhere = "made in another checkout, and no output tells where";

struct Decision {
  wire::Action action = wire::Action::Miss;  // Clean, Hit, Miss or Deferred
  std::string reason;                        // Miss, Deferred: one sentence; Hit: see kElsewhere
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
    // Not null: results of other checkouts are looked for as well.
    const fingerprint::Portable* portable = nullptr;
  };
  Lookup(fingerprint::View& view, fingerprint::Salts salts, Stores stores)
      : view_(view), salts_(std::move(salts)), stores_(stores) {}

  // Order of questions: is upstream final; did the pip run in an earlier round of this build; may
  // the pip be cached at all; does the state row still hold (clean, or a hit when only outputs are
  // gone); does the cache have an entry whose observations hold now. View is only read.
  Decision decide(PipId pip);

  // Under what the result of a run of `pip` with this path set is to be published. View is as when
  // the strong fingerprint was computed. A result filed elsewhere is only harder to find: lookups
  // compare the strong fingerprint in any case.
  wire::Filed file(PipId pip, const Digest& weak, const Digest& path_set);

  // By decide() so far.
  const wire::Visits& visits() const { return visits_; }

  // The fingerprint texts of one pip, for --explain: weak text, then each candidate path set with
  // its strong text.
  std::string explain(PipId pip);

  const fingerprint::Salts& salts() const { return salts_; }

 private:
  const fingerprint::PathSet* decoded(const Digest& digest, const std::string& bytes);
  // From the cache; null when it is not there, damaged, or of another mount table.
  const fingerprint::PathSet* cached_path_set(const Digest& digest);
  // A weak fingerprint and what it leads to; the first is the pip's own, each further one augments
  // the one before. `visited`: path sets looked at for that.
  struct Level {
    Digest weak;
    cache::Candidates candidates;
  };
  Result<std::vector<Level>> levels(PipId pip, const Digest& weak, std::size_t* visited);
  // An entry is anybody's word: of another machine, out of an export, of a graph that was another
  // one. Its outputs may only be such as this pip can make: where it may write, not another pip's
  // (then the run shows who is right), not in a repository's own directory, each in a directory and
  // with the text that its digest names. Empty: so they are.
  std::string outside_its_scope(PipId pip, const wire::Entry& entry);
  PathId repository_directory(PathId path);
  // Would replaying `entry` leave every file alone that bxl did not make (rule 7)? Empty: yes.
  std::string unsafe_to_replay(PipId pip, const wire::Entry& entry);
  // Is all the content that is not already in place in the store?
  bool content_available(const wire::Entry& entry, bool* all_in_place);
  // `known`: the workspace state has the result that is looked for, but not its content.
  // Makes the entry a hit, if it can be replayed; else says in the reason why not.
  bool use(PipId pip, const Digest& weak, const cache::Selector& selector, const std::string& bytes,
           Decision& decision);
  Decision from_cache(PipId pip, Decision decision, bool known);
  // A result of another checkout, whose outputs tell nothing of it; false: there is none.
  bool from_elsewhere(PipId pip, Decision& decision, std::size_t* visited);

  fingerprint::View& view_;
  fingerprint::Salts salts_;
  Stores stores_;
  std::unordered_map<Digest, fingerprint::PathSet> path_sets_;
  wire::Visits visits_;
};

}  // namespace bxl::plan
