// The metadata half of the cache: weak fingerprint -> (path set, strong fingerprint) -> entry. The
// only SQLite include is sqlite.cc; the schema is schema.sql.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/result.h"

namespace bxl::cache {

struct Selector {
  Digest path_set;
  Digest strong;
};

// In place of a strong fingerprint: `path_set` is an augmenting one. Its strong fingerprint over
// the current state is a weak one to look further under (BuildXL: augmented weak fingerprint). Such
// a marker is an entry without content; it is in no list and no count.
inline constexpr Digest kAugmentingMarker{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                           0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};

// What a weak fingerprint leads to.
struct Candidates {
  std::optional<Digest> augmenting;  // of several the one published first
  std::vector<Digest> path_sets;     // most recently used first, each once
};

struct PublishRequest {
  Digest weak, path_set, strong;
  std::string path_set_bytes;  // encoded path set, stored once by digest
  std::string entry_bytes;     // encoded wire::Entry with tokenised paths
  std::string stable_id;       // for people: `bxl-cache ls`
  std::vector<Digest> blobs;   // what the entry needs
};
// Converged: another entry was there first and stays; that counts as a use of it.
enum class PublishResult { Published, Converged };

struct Counts {
  std::uint64_t entries = 0, path_sets = 0, weak = 0;
};

// One entry as people see it.
struct Listed {
  Digest weak;
  Selector selector;
  std::string stable_id;
  std::int64_t created_unix_s = 0, used_unix_s = 0;
  std::uint64_t entry_bytes = 0, blobs = 0;
};

// One connection; one thread at a time. Any number of processes may use one store: WAL, short
// transactions, a busy timeout of 5 s after which a read answers "nothing" and a publish is skipped
// with an Error (EBUSY).
class MetadataStore {
 public:
  // Opens `<directory>/metadata.sqlite`, creating it. A damaged database, or one of another schema
  // version, is moved aside (name + ".damaged-<time>") and a new one is made; then `set_aside()`
  // names it. The same happens when damage is met later: the call then answers as an empty store
  // would. Each row carries a checksum of its own, so a damaged row that SQLite does not notice is
  // absent, never wrong. A directory that cannot be written is only read.
  static Result<std::unique_ptr<MetadataStore>> open(const std::string& directory);
  virtual ~MetadataStore() = default;
  virtual const std::string& set_aside() const = 0;
  // For an audit that found damage which no call has met: as if one had.
  virtual Result<void> set_damaged_aside() = 0;

  // At most `limit` path sets.
  virtual Result<Candidates> candidates(const Digest& weak, std::size_t limit = 64) = 0;
  // Most recently used first, at most `limit`.
  virtual Result<std::vector<Selector>> selectors(const Digest& weak, std::size_t limit = 64) = 0;
  virtual Result<std::optional<std::string>> path_set(const Digest& digest) = 0;
  virtual Result<std::optional<std::string>> entry(const Digest& weak,
                                                   const Selector& selector) = 0;
  // Marks an entry as used (for LRU). Granularity one day, kept in memory and written with the next
  // commit() or on destruction, so that hits write nothing most of the time. Failure to write is
  // not reported: it costs order only.
  virtual Result<void> touch(const Digest& weak, const Selector& selector) = 0;

  // Reads between the two see one state of the store and cost less (CPU: 16 instead of 26 us for
  // selectors, path set and entry). For the length of a plan, not of a build: the log cannot be
  // emptied meanwhile. begin() and damage end it as well; calling either twice does nothing.
  virtual void begin_reads() = 0;
  virtual void end_reads() = 0;

  // begin()…commit() batch publishes into one write transaction; keep it under 50 ms of work.
  virtual Result<void> begin() = 0;
  virtual Result<PublishResult> publish(const PublishRequest& request) = 0;
  virtual Result<void> commit() = 0;
  // Removes one entry (its content was lost). A later publish may replace it.
  virtual Result<void> forget(const Digest& weak, const Selector& selector) = 0;
  virtual Result<Counts> counts() = 0;
  // Most recently used first, at most `limit`.
  virtual Result<std::vector<Listed>> list(std::size_t limit) = 0;
};

}  // namespace bxl::cache
