// Collects what one run did: one Access per physical path, the reasons not to cache, the journal.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/path_table.h"
#include "os/unique_fd.h"
#include "sandbox/resolver.h"
#include "sandbox/sandbox.h"

namespace bxl::sandbox {

// Not thread-safe: one supervisor thread owns it.
class Recorder {
 public:
  // `journal` may be an empty descriptor.
  Recorder(PathTable& paths, const Resolver& resolver, UniqueFd journal);

  // Adds `ops` to the path, before the system call goes on. Takes the identities that are due
  // (first access, first mutation) and writes the journal. Untracked places are dropped.
  void note(const Place& place, std::uint32_t ops);
  // As above; `first`: the identity that the access itself met, when it is known.
  void note_seen(const Place& place, std::uint32_t ops, const FileIdentity& first);
  void note(PathId id, std::uint32_t ops);
  // As note(id, kEnumerate); lists the directory the first time.
  void note_listing(PathId id, const std::string& process);

  // What lies at `from` is about to be renamed to `to`: to be said before both are noted.
  void moving(PathId from, PathId to);
  void exchanging(PathId a, PathId b);
  void removing(PathId id) { moved_.erase(id); }

  bool mutated(PathId id) const;
  // Said once per (what, detail); at most kMaxReasons are kept, since one is enough.
  void reason(std::string what, std::string process, std::string detail);
  // Said once per kind and text.
  void violation(Violation::Kind kind, std::string path, std::string process, bool denied);
  bool has_reason(std::string_view what) const;

  // A call would make something at `place` with `ops`, and fails, as its directory is missing;
  // unless another thread makes that directory before the kernel looks. What is there at the end
  // was made by the run.
  void attempt(const Place& place, std::uint32_t ops);

  // Sorted by path. The recorder is empty afterwards.
  std::vector<Access> take_accesses();
  std::vector<Reason> take_reasons() { return std::move(reasons_); }
  std::vector<Violation> take_violations();

 private:
  struct Entry {
    PathId id;
    Access access;  // `path` is filled in at the end
  };
  void settle_attempts();
  void record(PathId id, std::uint32_t ops, int error, const FileIdentity* first = nullptr);
  FileIdentity identity(PathId id, int& error);
  void journal(PathId id);
  PathId origin(PathId id) const;
  void set_origin(PathId id, PathId origin);

  PathTable& paths_;
  const Resolver& resolver_;
  UniqueFd journal_;
  std::vector<std::uint32_t> slot_;  // by PathId: position in entries_ + 1, 0 = none
  std::deque<Entry> entries_;
  // What lies here existed before the run, under the name given: a rename brought it.
  std::unordered_map<PathId, PathId> moved_;
  std::vector<std::pair<PathId, std::uint32_t>> attempts_;
  std::vector<Reason> reasons_;
  std::map<std::pair<Violation::Kind, std::string>, Violation> violations_;
  std::uint64_t sequence_ = 0;
};

}  // namespace bxl::sandbox
