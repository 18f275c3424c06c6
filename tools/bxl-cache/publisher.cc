// The publishing thread: check content, begin, publish for at most 50 ms, commit.
#include "publisher.h"

#include <chrono>

#include "wire/stream.h"

namespace bxl::cache_tool {

using cache::PublishResult;

namespace {
constexpr std::chrono::milliseconds kBatch{50};

std::string describe(const Candidate& candidate) {
  return candidate.request.stable_id + " (" + candidate.request.weak.hex().substr(0, 8) + ")";
}
}  // namespace

Publisher::Publisher(cache::MetadataStore& store, const cas::BlobStore& blobs,
                     std::function<void(const std::string&)> warn)
    : store_(store), blobs_(blobs), warn_(std::move(warn)), thread_([this] { run(); }) {}

Publisher::~Publisher() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Publisher::submit(Candidate candidate) {
  {
    std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(candidate));
  }
  changed_.notify_all();
}

std::uint64_t Publisher::drain() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return waiting_.empty() && !busy_; });
  return published_;
}

void Publisher::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stop_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    std::vector<Candidate> taken;
    taken.swap(waiting_);
    busy_ = true;
    lock.unlock();
    commit(std::move(taken));
    lock.lock();
    busy_ = false;
    changed_.notify_all();
  }
}

// Looked at outside of any transaction: stats of a cold disk must not keep other builds waiting. A
// touch and our lease keep collections off until the commit.
bool Publisher::holds_content(const Candidate& candidate) {
  if (candidate.retract) return true;
  for (std::size_t i = 0; i < candidate.request.blobs.size(); ++i) {
    const Digest& blob = candidate.request.blobs[i];
    if (candidate.sizes[i] == kOptional) {
      (void)blobs_.rely_on(blob);
      continue;
    }
    if (blobs_.rely_on(blob, candidate.sizes[i])) continue;
    warn_("not published: " + describe(candidate) + ": its content " + blob.hex() +
          " is not in the store");
    return false;
  }
  return true;
}

bool Publisher::is_replayable(const std::string& entry_bytes) const {
  auto entry =
      wire::decode_entry(entry_bytes, [](std::string_view) { return Result<PathId>(kRootPath); });
  if (!entry) return false;
  for (const wire::Output& output : entry->outputs)
    if (output.kind == wire::OutputKind::File && !blobs_.contains(output.digest, output.size))
      return false;
  return entry->console.is_zero() || blobs_.contains(entry->console, entry->console_bytes);
}

// The first entry stays, unless its content was lost: then it is the reason why this pip ran again,
// and would be so in every build to come.
Result<PublishResult> Publisher::publish(const Candidate& candidate) {
  const cache::PublishRequest& request = candidate.request;
  const cache::Selector selector{request.path_set, request.strong};
  if (candidate.retract) {
    BXL_TRY(store_.forget(request.weak, selector));
    return PublishResult::Converged;
  }
  BXL_TRY_ASSIGN(auto result, store_.publish(request));
  if (result == PublishResult::Published) return result;
  BXL_TRY_ASSIGN(auto there, store_.entry(request.weak, selector));
  if (!there || *there == request.entry_bytes || is_replayable(*there)) return result;
  BXL_TRY(store_.forget(request.weak, selector));
  return store_.publish(request);
}

std::size_t Publisher::commit_some(const Candidate* first, std::size_t count) {
  // Twice when the database turned out damaged: it was set aside, and the new one takes the batch.
  for (int attempt = 0;; ++attempt) {
    std::size_t done = 0;
    std::uint64_t published = 0;
    std::vector<std::string> failures;
    auto outcome = store_.begin();
    if (outcome) {
      const auto until = std::chrono::steady_clock::now() + kBatch;
      do {
        auto result = publish(first[done]);
        if (!result)
          failures.push_back(describe(first[done]) + ": " + result.error().to_string());
        else if (*result == PublishResult::Published && !first[done].is_marker)
          ++published;
      } while (++done < count && std::chrono::steady_clock::now() < until);
      outcome = store_.commit();
    }
    if (!outcome && outcome.error().errnum == EBADMSG && attempt == 0) continue;
    if (!outcome) {
      // The database refused the whole batch; the rest would only wait as long as this part did.
      const std::size_t lost = done == 0 ? count : done;
      for (std::size_t i = 0; i < lost; ++i)
        warn_("not published: " + describe(first[i]) + ": " + outcome.error().to_string());
      return lost;
    }
    for (const std::string& failure : failures) warn_("not published: " + failure);
    std::lock_guard lock(mutex_);
    published_ += published;
    return done;
  }
}

void Publisher::commit(std::vector<Candidate> candidates) {
  std::erase_if(candidates, [this](const Candidate& c) { return !holds_content(c); });
  for (std::size_t done = 0; done < candidates.size();)
    done += commit_some(candidates.data() + done, candidates.size() - done);
}

}  // namespace bxl::cache_tool
