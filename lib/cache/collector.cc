// Orphans first, since nobody misses them; then entries in order of their last use, in batches.
#include "cache/collector.h"

#include <sys/statvfs.h>

#include <algorithm>
#include <ctime>
#include <unordered_map>
#include <utility>
#include <vector>

#include "cache/eviction.h"
#include "cache/metadata_store.h"
#include "cas/sweep.h"
#include "os/file.h"

namespace bxl::cache {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint64_t kMostByDefault_bytes = 20'000'000'000;
constexpr std::int64_t kDay_s = 24 * 3600;
// Below the limit, what no entry names is kept for a day: a failed pip's evidence explains it to
// `bxl why`, and results of a killed build may yet be published.
constexpr std::int64_t kOrphanAge_s = kDay_s;
// Damaged files, for a look; and how long a count of a slice is believed.
constexpr std::int64_t kWeek_s = 7 * kDay_s;
// Some room, so that not every build has to collect.
constexpr std::uint64_t keep_below(std::uint64_t limit) { return limit - limit / 10; }
constexpr std::size_t kBatch = 64;       // entries per transaction: about 2 ms
constexpr unsigned kPagesAtATime = 256;  // 1 MiB

Result<cas::Slices> slices_of(const std::string& directory) {
  return cas::UsageFile(directory).read();
}

std::uint64_t bytes_of(const cas::Slices& slices) {
  std::int64_t sum = 0;
  for (const cas::Slice& slice : slices) sum += slice.bytes;
  return static_cast<std::uint64_t>(std::max<std::int64_t>(sum, 0));
}

class Collection {
 public:
  Collection(cas::BlobStore& store, Eviction& eviction, const CollectRequest& request)
      : store_(store),
        eviction_(eviction),
        request_(request),
        began_(Clock::now()),
        now_s_(::time(nullptr)) {}

  Result<Collected> run() {
    BXL_TRY_ASSIGN(before_s_, cas::removable_before(store_.root(), now_s_));
    BXL_TRY_ASSIGN(entries_, eviction_.entries());
    for (const Aged& entry : entries_)
      for (const Digest& blob : entry.blobs) ++references_[blob];
    BXL_TRY_ASSIGN(size_, measure());
    remove_debris();
    BXL_TRY(sweep());
    BXL_TRY_ASSIGN(done_.path_sets, eviction_.drop_orphan_path_sets());
    BXL_TRY_ASSIGN(size_, measure());
    if (is_over()) BXL_TRY(evict());
    for (bool more = true; more && !is_late();) {
      BXL_TRY_ASSIGN(more, eviction_.shrink(kPagesAtATime));
    }
    BXL_TRY_ASSIGN(done_.size_bytes, measure());
    return done_;
  }

 private:
  bool is_over() const { return request_.limit_bytes != 0 && size_ > request_.limit_bytes; }
  bool is_late(int part = 1) const {
    return request_.box && Clock::now() - began_ >= *request_.box / part;
  }

  Result<std::uint64_t> measure() {
    BXL_TRY(store_.usage_file().flush());
    BXL_TRY_ASSIGN(auto slices, slices_of(store_.root()));
    BXL_TRY_ASSIGN(auto metadata, eviction_.bytes());
    return bytes_of(slices) + metadata;
  }

  void count(const cas::Removed& removed) {
    done_.blobs += removed.blobs;
    done_.freed_bytes += removed.bytes;
  }

  void remove_debris() {
    const std::string& root = store_.root();
    const std::int64_t before = is_over() ? before_s_ : now_s_ - kWeek_s;
    for (const auto& [directory, prefix] :
         {std::pair{root + "/quarantine", ""}, std::pair{root, "metadata.sqlite.damaged-"},
          std::pair{root, "hash-memo.damaged-"}})
      done_.freed_bytes += cas::remove_old_files(directory, prefix, before).bytes;
  }

  // Slices that were counted longest ago first; with a time box, only those that are due, and for
  // at most half of the time, so that evictions get theirs.
  Result<void> sweep() {
    BXL_TRY_ASSIGN(const auto slices, slices_of(store_.root()));
    std::vector<std::size_t> order;
    const std::int64_t due = now_s_ - (is_over() ? kDay_s : kWeek_s);
    for (std::size_t i = 0; i < cas::kSlices; ++i)
      if (!request_.box || slices[i].counted_unix_s <= due) order.push_back(i);
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return slices[a].counted_unix_s < slices[b].counted_unix_s;
    });
    const std::int64_t before = is_over() ? before_s_ : std::min(before_s_, now_s_ - kOrphanAge_s);
    for (std::size_t slice : order) {
      if (is_late(2)) {
        done_.complete = false;
        return {};
      }
      BXL_TRY_ASSIGN(auto removed, cas::sweep_slice(store_, slice, before, [&](const Digest& blob) {
                       return references_.count(blob) != 0;
                     }));
      count(removed);
    }
    return {};
  }

  // When any build last relied on all that is left of the entry: what was written since, by hits
  // that the database was not told of, counts as a use. Empty: nothing is left, or needed.
  std::optional<std::int64_t> last_touched(const Aged& entry, std::uint64_t* bytes) const {
    std::optional<std::int64_t> oldest;
    for (const Digest& blob : entry.blobs) {
      const auto stat = cas::stat_blob(store_, blob);
      if (!stat) continue;
      *bytes += stat->bytes;
      oldest = std::min(oldest.value_or(stat->touched_unix_s), stat->touched_unix_s);
    }
    return oldest;
  }

  Result<void> evict() {
    const std::uint64_t target = keep_below(request_.limit_bytes);
    for (std::size_t next = 0; next < entries_.size() && size_ > target;) {
      if (is_late()) {
        done_.complete = false;
        return {};
      }
      std::vector<const Aged*> batch;
      std::vector<std::pair<const Aged*, std::int64_t>> younger;
      std::uint64_t expected = 0;  // a batch must not go far below the target
      for (std::size_t end = std::min(next + kBatch, entries_.size());
           next < end && size_ > target + expected; ++next) {
        const Aged& entry = entries_[next];
        std::uint64_t bytes = 0;
        const auto touched = last_touched(entry, &bytes);
        if (touched && *touched > entry.used_unix_s + kDay_s) {
          younger.emplace_back(&entry, *touched);
          if (*touched >= before_s_) done_.held_bytes += bytes;
        } else if (touched && *touched >= before_s_) {
          done_.held_bytes += bytes;
        } else {
          expected += bytes;
          batch.push_back(&entry);
        }
      }
      // Told to the database, so that the next collection meets them in their place.
      if (!younger.empty()) BXL_TRY(eviction_.set_used(younger));
      younger_.insert(younger_.end(), younger.begin(), younger.end());
      BXL_TRY(remove(batch));
    }
    return size_ > target ? evict_younger(target) : Result<void>();
  }

  // Nothing older is left: entries whose last use was found in their content, in its order.
  Result<void> evict_younger(std::uint64_t target) {
    std::sort(younger_.begin(), younger_.end(),
              [](const auto& a, const auto& b) { return a.second < b.second; });
    for (const auto& [entry, touched] : younger_) {
      if (size_ <= target) break;
      if (is_late()) {
        done_.complete = false;
        break;
      }
      if (touched >= before_s_) break;  // it and all that follow are held
      entries_[static_cast<std::size_t>(entry - entries_.data())].used_unix_s = touched;
      BXL_TRY(remove({entry}));
    }
    return {};
  }

  // Entries before their content: killed in between, this leaves orphans.
  Result<void> remove(const std::vector<const Aged*>& batch) {
    if (batch.empty()) return {};
    BXL_TRY_ASSIGN(const auto gone, eviction_.evict(batch));
    std::vector<Digest> unneeded;
    for (std::size_t i = 0; i < batch.size(); ++i) {
      if (!gone[i]) continue;
      ++done_.entries;
      if (batch[i]->used_unix_s + kDay_s > now_s_) ++done_.recent_entries;
      for (const Digest& blob : batch[i]->blobs)
        if (--references_[blob] == 0) unneeded.push_back(blob);
    }
    BXL_TRY_ASSIGN(auto removed, cas::remove_blobs(store_, unneeded, before_s_));
    count(removed);
    BXL_TRY_ASSIGN(size_, measure());
    return {};
  }

  cas::BlobStore& store_;
  Eviction& eviction_;
  const CollectRequest& request_;
  const Clock::time_point began_;
  const std::int64_t now_s_;
  std::int64_t before_s_ = 0;  // content touched since then stays
  std::uint64_t size_ = 0;
  std::vector<Aged> entries_;
  std::unordered_map<Digest, std::uint32_t> references_;
  std::vector<std::pair<const Aged*, std::int64_t>> younger_;  // and when they were touched
  Collected done_;
};

}  // namespace

std::uint64_t default_limit(const std::string& directory) {
  struct statvfs disk;
  if (::statvfs(directory.c_str(), &disk) != 0) return kMostByDefault_bytes;
  const std::uint64_t free = static_cast<std::uint64_t>(disk.f_bavail) * disk.f_frsize;
  return std::min(kMostByDefault_bytes, (free + estimated_size(directory).bytes) / 10);
}

Size estimated_size(const std::string& directory) {
  Size size;
  if (auto slices = slices_of(directory)) {
    size.bytes = bytes_of(*slices);
    size.complete = std::all_of(slices->begin(), slices->end(),
                                [](const cas::Slice& slice) { return slice.counted_unix_s != 0; });
  }
  if (auto metadata = stat_identity(directory + "/metadata.sqlite")) size.bytes += metadata->size;
  return size;
}

bool is_collection_due(const std::string& directory, std::uint64_t limit_bytes) {
  if (limit_bytes != 0 && estimated_size(directory).bytes > limit_bytes) return true;
  auto slices = slices_of(directory);
  const std::int64_t due = ::time(nullptr) - kWeek_s;
  return slices && std::any_of(slices->begin(), slices->end(), [due](const cas::Slice& slice) {
           return slice.counted_unix_s <= due;
         });
}

Result<Collected> collect(const std::string& directory, const CollectRequest& request) {
  BXL_TRY_ASSIGN(auto store, cas::BlobStore::open(directory));
  BXL_TRY_ASSIGN(auto lock, FileLock::take(directory + "/gc.lock", FileLock::Wait::No));
  if (!lock) {
    Collected busy;
    busy.busy = true;
    return busy;
  }
  // Makes the database, or sets a damaged one aside.
  BXL_TRY(MetadataStore::open(directory));
  BXL_TRY_ASSIGN(auto eviction, Eviction::open(directory));
  return Collection(store, *eviction, request).run();
}

}  // namespace bxl::cache
