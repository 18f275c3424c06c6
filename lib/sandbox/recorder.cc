// The table of accesses.
#include "sandbox/recorder.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace bxl::sandbox {

namespace {

constexpr std::size_t kMaxReasons = 100;
constexpr std::size_t kMaxViolations = 100'000;  // a build that writes everywhere; some 20 MB
constexpr std::uint32_t kContent = kRead | kExec | kStat | kEnumerate;

}  // namespace

Recorder::Recorder(PathTable& paths, const Resolver& resolver, UniqueFd journal)
    : paths_(paths), resolver_(resolver), journal_(std::move(journal)) {}

FileIdentity Recorder::identity(PathId id, int& error) {
  auto found = lstat_identity(paths_.str(id));
  if (found) return *found;
  error = found.error().errnum;
  return {};
}

void Recorder::journal(PathId id) {
  if (!journal_) return;
  std::string line = paths_.str(id);
  line.push_back('\0');
  // One write per path: what is torn by a full disk is the tail, and the reader drops a tail
  // without its NUL.
  if (auto written = write_all(journal_.get(), line); !written)
    reason("observation", "", "the journal of writes: " + written.error().to_string());
}

void Recorder::note(const Place& place, std::uint32_t ops) {
  if (place.tracked) record(place.id, ops, place.error);
}

void Recorder::note_seen(const Place& place, std::uint32_t ops, const FileIdentity& first) {
  if (place.tracked) record(place.id, ops, place.error, &first);
}

void Recorder::note(PathId id, std::uint32_t ops) {
  if (resolver_.is_tracked(id)) record(id, ops, 0);
}

void Recorder::record(PathId id, std::uint32_t ops, int error, const FileIdentity* first) {
  if (index(id) >= slot_.size()) slot_.resize(index(id) + 1 + slot_.size() / 2);
  std::uint32_t& slot = slot_[index(id)];
  if (slot == 0) {
    entries_.push_back({id, {}});
    slot = static_cast<std::uint32_t>(entries_.size());
    Access& fresh = entries_.back().access;
    fresh.first_seq = ++sequence_;
    fresh.first_ops = ops;
    fresh.first_errno = error;
    int failed = 0;
    fresh.first = first != nullptr ? *first : identity(id, failed);
    if (fresh.first_errno == 0) fresh.first_errno = failed;
  }
  Access& access = entries_[slot - 1].access;
  // A link may have been read before the walk found the loop it is part of.
  if (error != 0 && access.first_errno == 0) access.first_errno = error;
  if ((ops & ~access.ops) == 0) return;
  access.ops |= ops;
  // Content before mutation: opening for writing without truncation sees the old bytes first.
  if ((ops & kContent) != 0 && access.first_content_seq == 0)
    access.first_content_seq = ++sequence_;
  if ((ops & kMutations) != 0 && access.first_mutation_seq == 0) {
    access.first_mutation_seq = ++sequence_;
    int failed = 0;
    access.before_mutation = identity(id, failed);
    // What was there before is not the run's, whatever the run does to it or calls it: a recovery
    // must not take it for an output.
    if (!access.before_mutation.exists() && moved_.count(id) == 0) journal(id);
  }
}

// The name under which what lies at `id` existed before the run; kNoPath: the run made it.
PathId Recorder::origin(PathId id) const {
  if (auto moved = moved_.find(id); moved != moved_.end()) return moved->second;
  if (index(id) >= slot_.size() || slot_[index(id)] == 0) return id;
  const Access& access = entries_[slot_[index(id)] - 1].access;
  const FileIdentity& before =
      access.first_mutation_seq != 0 ? access.before_mutation : access.first;
  // Unlinked before: what lies there now came later.
  return before.exists() && (access.ops & kUnlink) == 0 ? id : kNoPath;
}

void Recorder::set_origin(PathId id, PathId origin) {
  if (origin == kNoPath || !resolver_.is_tracked(id))
    moved_.erase(id);
  else
    moved_[id] = origin;
}

void Recorder::moving(PathId from, PathId to) {
  const PathId what = origin(from);
  moved_.erase(from);
  set_origin(to, what);
}

void Recorder::exchanging(PathId a, PathId b) {
  const PathId first = origin(a), second = origin(b);
  set_origin(a, second);
  set_origin(b, first);
}

void Recorder::note_listing(PathId id, const std::string& process) {
  if (!resolver_.is_tracked(id)) return;
  record(id, kEnumerate, 0);
  Access& access = entries_[slot_[index(id)] - 1].access;
  if (access.listed) return;
  access.listed = true;
  auto members = list_directory(paths_.str(id));
  if (members) {
    access.members = std::move(*members);
  } else {
    reason("observation", process, "list " + paths_.str(id) + ": " + members.error().to_string());
  }
}

bool Recorder::mutated(PathId id) const {
  if (index(id) >= slot_.size() || slot_[index(id)] == 0) return false;
  return entries_[slot_[index(id)] - 1].access.first_mutation_seq != 0;
}

void Recorder::reason(std::string what, std::string process, std::string detail) {
  if (reasons_.size() >= kMaxReasons) return;
  for (const Reason& known : reasons_) {
    if (known.what == what && known.detail == detail) return;
  }
  reasons_.push_back({std::move(what), std::move(process), std::move(detail)});
}

void Recorder::violation(Violation::Kind kind, std::string path, std::string process, bool denied) {
  if (violations_.size() >= kMaxViolations) return;
  auto [at, fresh] = violations_.try_emplace({kind, path});
  if (fresh) at->second = {kind, std::move(path), std::move(process), denied};
  // Whatever happened once has happened.
  at->second.denied &= denied;
}

std::vector<Violation> Recorder::take_violations() {
  std::vector<Violation> out;
  for (auto& [key, violation] : violations_) out.push_back(std::move(violation));
  violations_.clear();
  return out;
}

bool Recorder::has_reason(std::string_view what) const {
  return std::any_of(reasons_.begin(), reasons_.end(),
                     [&](const Reason& r) { return r.what == what; });
}

void Recorder::attempt(const Place& place, std::uint32_t ops) {
  note(place, kAccess);
  if (!place.tracked) return;
  if (attempts_.empty() || attempts_.back().first != place.id) {
    attempts_.emplace_back(place.id, ops);
    journal(place.id);
  }
}

void Recorder::settle_attempts() {
  for (const auto& [id, ops] : attempts_) {
    Access& access = entries_[slot_[index(id)] - 1].access;
    if (access.first_mutation_seq != 0 || access.first.exists() || access.first_errno != 0)
      continue;
    int failed = 0;
    if (!identity(id, failed).exists()) continue;
    access.ops |= ops;
    access.first_mutation_seq = ++sequence_;
    access.before_mutation = {};
  }
  attempts_.clear();
}

std::vector<Access> Recorder::take_accesses() {
  settle_attempts();
  std::vector<Access> out;
  out.reserve(entries_.size());
  for (Entry& entry : entries_) {
    entry.access.path = paths_.str(entry.id);
    if (auto moved = moved_.find(entry.id); moved != moved_.end())
      entry.access.moved_from = paths_.str(moved->second);
    out.push_back(std::move(entry.access));
  }
  entries_.clear();
  slot_.clear();
  moved_.clear();
  std::sort(out.begin(), out.end(),
            [](const Access& a, const Access& b) { return a.path < b.path; });
  return out;
}

}  // namespace bxl::sandbox
