// Commits entries on a thread of its own, so that neither a slow database nor a slow disk holds up
// the stream.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "cache/metadata_store.h"
#include "cas/blob_store.h"

namespace bxl::cache_tool {

// In place of a size: a blob that is kept with the entry, and without which it can be replayed.
inline constexpr std::uint64_t kOptional = ~std::uint64_t{0};

// An entry ready to be committed.
struct Candidate {
  cache::PublishRequest request;
  std::vector<std::uint64_t> sizes;  // of request.blobs, in bytes, or kOptional
  bool is_marker = false;            // no entry: it is not counted
  bool retract = false;              // take the entry back instead: a later record distrusts it
};

// Entries are committed in the order given, in transactions of at most 50 ms of work. An entry
// whose content is not in the store, or whose commit fails, costs one call of `warn` (from the
// thread of the publisher) and nothing else.
class Publisher {
 public:
  // `store` and `blobs` must outlive the publisher and belong to it alone.
  Publisher(cache::MetadataStore& store, const cas::BlobStore& blobs,
            std::function<void(const std::string&)> warn);
  ~Publisher();  // finishes what was submitted
  Publisher(const Publisher&) = delete;
  Publisher& operator=(const Publisher&) = delete;

  void submit(Candidate candidate);
  // Waits until everything submitted so far was handled. Returns how many entries are new in the
  // cache.
  std::uint64_t drain();

 private:
  void run();
  void commit(std::vector<Candidate> candidates);
  // Handles candidates from the front until 50 ms have passed; returns how many.
  std::size_t commit_some(const Candidate* first, std::size_t count);
  Result<cache::PublishResult> publish(const Candidate& candidate);
  bool holds_content(const Candidate& candidate);
  bool is_replayable(const std::string& entry_bytes) const;

  cache::MetadataStore& store_;
  const cas::BlobStore& blobs_;
  const std::function<void(const std::string&)> warn_;

  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::vector<Candidate> waiting_;
  bool busy_ = false, stop_ = false;
  std::uint64_t published_ = 0;

  std::thread thread_;  // last: it uses all of the above
};

}  // namespace bxl::cache_tool
