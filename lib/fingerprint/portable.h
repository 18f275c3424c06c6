// Fingerprints that do not name where the workspace lies: what a checkout shares with another one.
// Rule 17 of lib/RULES.md says when.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "fingerprint/path_set.h"
#include "graph/mounts.h"

namespace bxl::fingerprint {

// Where the directories of a checkout lie, and how to write texts without it. Immutable.
class Portable {
 public:
  explicit Portable(const graph::Mounts& mounts);

  // The real paths that move with the checkout: of all mounts but the system's and the home
  // directory. Empty: there is no workspace among the mounts, and nothing can be shared.
  const std::vector<std::string>& roots() const { return roots_; }

  // The mounts without their places: how those that move lie to each other, and where the others
  // are. Equal for two checkouts with the same structure.
  const std::string& layout() const { return layout_; }

  // A command, or the value of a variable, with each root replaced by its token. Only where it
  // starts a path beyond doubt: at the start of a word, or behind an option such as -I. A root that
  // stays makes the fingerprint one of this checkout. A literal '%' is doubled, so that different
  // texts stay different.
  std::string text(std::string_view in) const;

  // What a result of this checkout observed, as another one may evaluate it. Directories above the
  // roots that were merely walked through are left out: every checkout has some. Returns why it
  // means nothing elsewhere (a sentence's end: "it looked at …"); empty: `out` is set.
  std::string observations(const std::vector<Observation>& in, const PathTable& paths,
                           std::vector<Observation>* out) const;

  // "%src% 3/4 leveldb": that the third of four components of the root of %src% is called so; of
  // all roots whose component is one of `words`, sorted. A result that contains the word may come
  // from `basename $PWD`: it serves checkouts that have the same name there, counted from either
  // end.
  std::vector<std::string> places(const std::vector<std::string>& words) const;
  // Are all of these so in this checkout? Untrusted text.
  bool has_places(const std::vector<std::string>& places) const;

  // Does a text() still name a root, in a way that was not understood?
  bool mentions(std::string_view text) const;

  // Does the path lie in a root?
  bool within(std::string_view path) const;

 private:
  bool is_same_everywhere(const std::string& path) const;

  const graph::Mounts& mounts_;
  std::vector<wire::Mount> moving_;  // longest path first
  std::vector<std::string> roots_;
  std::string layout_;
};

}  // namespace bxl::fingerprint
