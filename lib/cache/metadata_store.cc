// The metadata store over SQLite: row checksums, damage set aside at any time, batched use times.
#include "cache/metadata_store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ctime>
#include <unordered_map>
#include <utility>

#include "base/assert.h"
#include "cache/row_sum.h"
#include "cache/schema.inc"  // kSchemaSql, generated from schema.sql
#include "cache/sqlite.h"
#include "cas/blob_store.h"
#include "os/file.h"

namespace bxl::cache {
namespace {

constexpr std::int64_t kApplicationId = 0x62786c63;  // "bxlc", bytes 68-71 of the file
constexpr std::int64_t kSchemaVersion = 1;
constexpr std::int64_t kUseGranularity_s = 24 * 3600;
constexpr std::size_t kMaxPendingUses = 4096;
// A log below this is read back in a fraction of a millisecond by the next process; emptying it
// costs two fsyncs.
constexpr off_t kLogWorthEmptying_bytes = 256 * 1024;

enum Sql : std::size_t {
  kCandidates,
  kSelectors,
  kPathSet,
  kEntry,
  kPutPathSet,
  kPutEntry,
  kForget,
  kWriteUse,
  kReadUse,
  kCountEntries,
  kCountPathSets,
  kCountWeak,
  kList,
  kBegin,
  kBeginReads,
  kCommit,
};
// In the order of Sql.
const std::vector<const char*> kTexts = {
    "SELECT path_set, strong = ?2 AS augmenting FROM entries WHERE weak = ?1"
    " GROUP BY path_set, augmenting"
    " ORDER BY augmenting DESC, iif(augmenting, min(id), -max(used)), -max(id)",
    "SELECT path_set, strong FROM entries WHERE weak = ?1 AND strong <> ?3"
    " ORDER BY used DESC, id DESC LIMIT ?2",
    "SELECT bytes, sum FROM path_sets WHERE digest = ?1",
    "SELECT entry, blobs, stable_id, created, used, sum FROM entries"
    " WHERE weak = ?1 AND path_set = ?2 AND strong = ?3",
    "INSERT INTO path_sets (digest, bytes, sum) VALUES (?1, ?2, ?3) ON CONFLICT (digest) DO UPDATE"
    " SET bytes = excluded.bytes, sum = excluded.sum"
    " WHERE bytes <> excluded.bytes OR sum <> excluded.sum",
    "INSERT OR REPLACE INTO entries"
    " (weak, path_set, strong, used, created, stable_id, blobs, entry, sum)"
    " VALUES (?1, ?2, ?3, ?4, ?4, ?5, ?6, ?7, ?8)",
    "DELETE FROM entries WHERE weak = ?1 AND path_set = ?2 AND strong = ?3",
    "UPDATE entries SET used = ?4 WHERE weak = ?1 AND path_set = ?2 AND strong = ?3",
    "SELECT used FROM entries WHERE weak = ?1 AND path_set = ?2 AND strong = ?3",
    "SELECT count(*) FROM entries WHERE strong <> ?1",
    "SELECT count(*) FROM path_sets",
    "SELECT count(DISTINCT weak) FROM entries",
    "SELECT weak, path_set, strong, stable_id, created, used, length(entry), length(blobs) / 16"
    " FROM entries WHERE strong <> ?2 ORDER BY used DESC, id DESC LIMIT ?1",
    "BEGIN IMMEDIATE",
    "BEGIN",
    "COMMIT",
};

struct Key {
  Digest weak, path_set, strong;
  bool operator==(const Key&) const = default;
};
struct KeyHash {
  std::size_t operator()(const Key& key) const { return std::hash<Digest>()(key.strong); }
};

class SqliteStore final : public MetadataStore {
 public:
  explicit SqliteStore(const std::string& directory)
      : directory_(directory), path_(directory + "/metadata.sqlite") {}
  ~SqliteStore() override;
  Result<void> connect();

  const std::string& set_aside() const override { return set_aside_; }
  Result<void> set_damaged_aside() override { return recover(); }
  Result<Candidates> candidates(const Digest& weak, std::size_t limit) override;
  Result<std::vector<Selector>> selectors(const Digest& weak, std::size_t limit) override;
  Result<std::optional<std::string>> path_set(const Digest& digest) override;
  Result<std::optional<std::string>> entry(const Digest& weak, const Selector& selector) override;
  Result<void> touch(const Digest& weak, const Selector& selector) override;
  void begin_reads() override;
  void end_reads() override;
  Result<void> begin() override;
  Result<PublishResult> publish(const PublishRequest& request) override;
  Result<void> commit() override;
  Result<void> forget(const Digest& weak, const Selector& selector) override;
  Result<Counts> counts() override;
  Result<std::vector<Listed>> list(std::size_t limit) override;

 private:
  enum class State { Good, Empty, Foreign };
  Result<State> inspect();
  Result<void> connect_read_only();
  Result<void> create_locked();
  Result<void> move_aside(const FileIdentity& damaged);
  Result<void> recover();
  void close();

  // Runs `body`, which reads. Damage is set aside and a busy database left alone: both answer T().
  template <typename T, typename Body>
  Result<T> read(Body body);
  Result<sqlite3_stmt*> statement(Sql which) { return statements_.get(*db_, which); }
  Result<void> run(Sql which);
  Result<std::optional<std::string>> read_entry(const Digest& weak, const Selector& selector);
  Result<PublishResult> insert(const PublishRequest& request);
  void note_failure(const Error& error);
  Result<void> write_uses();

  const std::string directory_, path_;
  std::string set_aside_;
  bool read_only_ = false;
  FileIdentity opened_;  // which file `db_` is
  std::optional<Database> db_;
  Statements statements_{kTexts};
  bool in_batch_ = false;
  bool in_reads_ = false;
  std::optional<Error> lost_;  // why the current batch cannot be committed whole
  bool wrote_ = false;
  std::unordered_map<Key, bool, KeyHash> use_is_old_;  // entries read so far
  std::vector<Key> pending_uses_;
};

// --- opening and damage --------------------------------------------------------------------------

Result<SqliteStore::State> SqliteStore::inspect() {
  BXL_TRY_ASSIGN(auto application, db_->integer("PRAGMA application_id"));
  BXL_TRY_ASSIGN(auto version, db_->integer("PRAGMA user_version"));
  if (application == kApplicationId && version == kSchemaVersion) return State::Good;
  BXL_TRY_ASSIGN(auto tables, db_->integer("SELECT count(*) FROM sqlite_schema"));
  return application == 0 && version == 0 && tables == 0 ? State::Empty : State::Foreign;
}

Result<void> SqliteStore::connect() {
  read_only_ = ::access(directory_.c_str(), W_OK) != 0 ||
               (::access(path_.c_str(), F_OK) == 0 && ::access(path_.c_str(), W_OK) != 0);
  if (read_only_) return connect_read_only();
  // Twice aside, then a last time: another process may damage or replace the file as well.
  for (int attempt = 0; attempt < 3; ++attempt) {
    BXL_TRY_ASSIGN(opened_, stat_identity(path_));
    // Files are created under the lock only, so that setting aside cannot meet a half-made
    // successor.
    if (!opened_.exists() || opened_.size == 0) {
      BXL_TRY(create_locked());
      BXL_TRY_ASSIGN(opened_, stat_identity(path_));
    }
    Result<State> state = State::Foreign;
    if (auto db = Database::open(path_, Database::Access::ReadWrite, false); db) {
      db_ = std::move(*db);
      state = inspect();
      if (state && *state == State::Good) {
        auto ready = db_->execute(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cell_size_check = ON;"
            "PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY");
        if (ready) return {};
        state = std::move(ready.error());
      }
    } else {
      state = std::move(db.error());
    }
    close();
    if (!state && state.error().errnum == ENOENT) continue;  // set aside by another process
    if (!state && state.error().errnum != EBADMSG) return std::move(state.error());
    if (state && *state == State::Empty) {
      BXL_TRY(create_locked());
    } else {
      BXL_TRY(move_aside(opened_));
    }
  }
  return make_error(EBADMSG, path_ + ": damaged again and again");
}

// Without its log, which a copied cache may lack, the database file alone is served; row checksums
// guard it.
Result<void> SqliteStore::connect_read_only() {
  for (const auto access : {Database::Access::Read, Database::Access::Immutable}) {
    auto db = Database::open(path_, access, false);
    if (!db) continue;
    db_ = std::move(*db);
    auto state = inspect();
    if (state && *state == State::Good) return {};
    const bool unusable = state ? *state == State::Foreign : state.error().errnum == EBADMSG;
    if (unusable && access == Database::Access::Immutable && set_aside_.empty()) set_aside_ = path_;
    close();
  }
  BXL_TRY_ASSIGN(db_, Database::open(path_, Database::Access::Memory, true));
  return db_->execute(kSchemaSql);
}

Result<void> SqliteStore::create_locked() {
  BXL_TRY_ASSIGN(auto lock, FileLock::take(path_ + ".lock", FileLock::Wait::Yes));
  BXL_TRY_ASSIGN(db_, Database::open(path_, Database::Access::ReadWrite, true));
  ScopeExit closing([this] { close(); });
  auto state = inspect();
  // Damaged or made by another process meanwhile: connect() looks at it next.
  if (!state || *state != State::Empty) return {};
  // No fsyncs: a power loss now leaves an empty or damaged file, which is worth as much as none.
  // incremental: a collection gives pages back piece by piece, where VACUUM would need the space
  // of the whole database a second time.
  BXL_TRY(db_->execute(
      "PRAGMA auto_vacuum = INCREMENTAL; PRAGMA synchronous = OFF; PRAGMA journal_mode = WAL"));
  BXL_TRY(db_->execute("BEGIN IMMEDIATE"));
  BXL_TRY(db_->execute(kSchemaSql));
  BXL_TRY(db_->execute(("PRAGMA application_id = " + std::to_string(kApplicationId) +
                        "; PRAGMA user_version = " + std::to_string(kSchemaVersion))
                           .c_str()));
  return db_->execute("COMMIT");
}

Result<void> SqliteStore::move_aside(const FileIdentity& damaged) {
  BXL_TRY_ASSIGN(auto lock, FileLock::take(path_ + ".lock", FileLock::Wait::Yes));
  BXL_TRY_ASSIGN(auto there, stat_identity(path_));
  // Another process was first: what is there now is the successor.
  if (there.dev != damaged.dev || there.ino != damaged.ino) return {};
  const std::string aside = path_ + ".damaged-" + std::to_string(::time(nullptr));
  if (::rename(path_.c_str(), aside.c_str()) != 0 && errno != ENOENT)
    return errno_error("set aside " + path_);
  // SQLite finds the log of a database by its name. An orphan left by a crash here is harmless:
  // SQLite deletes the log it finds beside an empty database.
  ::rename((path_ + "-wal").c_str(), (aside + "-wal").c_str());
  ::unlink((path_ + "-shm").c_str());
  set_aside_ = aside;
  return {};
}

Result<void> SqliteStore::recover() {
  close();
  use_is_old_.clear();
  pending_uses_.clear();
  if (read_only_) {
    if (set_aside_.empty()) set_aside_ = path_;
    BXL_TRY_ASSIGN(db_, Database::open(path_, Database::Access::Memory, true));
    return db_->execute(kSchemaSql);
  }
  BXL_TRY(move_aside(opened_));
  BXL_TRY(connect());
  return in_batch_ ? run(kBegin) : Result<void>();
}

void SqliteStore::close() {
  in_reads_ = false;
  statements_.finalize();
  db_.reset();
}

SqliteStore::~SqliteStore() {
  if (!db_) return;
  end_reads();
  if (!read_only_ && !pending_uses_.empty() && !in_batch_) {
    (void)!db_->execute("PRAGMA busy_timeout = 100");
    if (begin()) (void)!commit();
  }
  struct stat log;
  if (db_ && wrote_ && ::stat((path_ + "-wal").c_str(), &log) == 0 &&
      log.st_size > kLogWorthEmptying_bytes) {
    statements_.finalize();
    db_->checkpoint();
  }
  close();
}

// --- reading -------------------------------------------------------------------------------------

template <typename T, typename Body>
Result<T> SqliteStore::read(Body body) {
  if (!db_) return T();
  Result<T> result = body();
  if (result) return result;
  if (result.error().errnum == EBUSY) return T();
  if (result.error().errnum != EBADMSG) return result;
  BXL_TRY(recover());
  return T();
}

void SqliteStore::begin_reads() {
  if (!db_ || in_batch_ || in_reads_) return;
  in_reads_ = run(kBeginReads).has_value();
}

void SqliteStore::end_reads() {
  if (!std::exchange(in_reads_, false)) return;
  if (db_->in_transaction()) (void)!run(kCommit);
}

Result<Candidates> SqliteStore::candidates(const Digest& weak, std::size_t limit) {
  return read<Candidates>([&]() -> Result<Candidates> {
    BXL_TRY_ASSIGN(auto prepared, statement(kCandidates));
    Query query(*db_, prepared);
    query.bind(1, weak).bind(2, kAugmentingMarker);
    Candidates out;
    for (;;) {
      BXL_TRY_ASSIGN(const bool row, query.step());
      if (!row || out.path_sets.size() == limit) return out;
      auto path_set = Digest::from_bytes(query.bytes(0));
      if (!path_set) continue;
      if (query.integer(1) == 0)
        out.path_sets.push_back(*path_set);
      else if (!out.augmenting)
        out.augmenting = *path_set;
    }
  });
}

Result<std::vector<Selector>> SqliteStore::selectors(const Digest& weak, std::size_t limit) {
  using Out = std::vector<Selector>;
  return read<Out>([&]() -> Result<Out> {
    BXL_TRY_ASSIGN(auto prepared, statement(kSelectors));
    Query query(*db_, prepared);
    query.bind(1, weak).bind(2, static_cast<std::int64_t>(limit)).bind(3, kAugmentingMarker);
    Out out;
    for (;;) {
      BXL_TRY_ASSIGN(const bool row, query.step());
      if (!row) return out;
      auto path_set = Digest::from_bytes(query.bytes(0));
      auto strong = Digest::from_bytes(query.bytes(1));
      if (path_set && strong) out.push_back({*path_set, *strong});
    }
  });
}

Result<std::optional<std::string>> SqliteStore::path_set(const Digest& digest) {
  using Out = std::optional<std::string>;
  return read<Out>([&]() -> Result<Out> {
    BXL_TRY_ASSIGN(auto prepared, statement(kPathSet));
    Query query(*db_, prepared);
    query.bind(1, digest);
    BXL_TRY_ASSIGN(const bool row, query.step());
    if (!row || path_set_sum(digest, query.bytes(0)) != query.integer(1)) return Out();
    return Out(query.bytes(0));
  });
}

Result<std::optional<std::string>> SqliteStore::read_entry(const Digest& weak,
                                                           const Selector& selector) {
  BXL_TRY_ASSIGN(auto prepared, statement(kEntry));
  Query query(*db_, prepared);
  query.bind(1, weak).bind(2, selector.path_set).bind(3, selector.strong);
  BXL_TRY_ASSIGN(const bool row, query.step());
  if (!row || entry_sum(weak, selector, query.integer(3), query.bytes(2), query.bytes(1),
                        query.bytes(0)) != query.integer(5))
    return std::optional<std::string>();
  use_is_old_[{weak, selector.path_set, selector.strong}] =
      query.integer(4) + kUseGranularity_s <= ::time(nullptr);
  return std::optional<std::string>(query.bytes(0));
}

Result<std::optional<std::string>> SqliteStore::entry(const Digest& weak,
                                                      const Selector& selector) {
  return read<std::optional<std::string>>([&] { return read_entry(weak, selector); });
}

Result<Counts> SqliteStore::counts() {
  return read<Counts>([&]() -> Result<Counts> {
    Counts counts;
    for (auto [which, out] :
         {std::pair{kCountEntries, &counts.entries}, std::pair{kCountPathSets, &counts.path_sets},
          std::pair{kCountWeak, &counts.weak}}) {
      BXL_TRY_ASSIGN(auto prepared, statement(which));
      Query query(*db_, prepared);
      if (which == kCountEntries) query.bind(1, kAugmentingMarker);
      BXL_TRY_ASSIGN(const bool row, query.step());
      if (row) *out = static_cast<std::uint64_t>(query.integer(0));
    }
    return counts;
  });
}

Result<std::vector<Listed>> SqliteStore::list(std::size_t limit) {
  using Out = std::vector<Listed>;
  return read<Out>([&]() -> Result<Out> {
    BXL_TRY_ASSIGN(auto prepared, statement(kList));
    Query query(*db_, prepared);
    query.bind(1, static_cast<std::int64_t>(limit)).bind(2, kAugmentingMarker);
    Out out;
    for (;;) {
      BXL_TRY_ASSIGN(const bool row, query.step());
      if (!row) return out;
      auto weak = Digest::from_bytes(query.bytes(0));
      auto path_set = Digest::from_bytes(query.bytes(1));
      auto strong = Digest::from_bytes(query.bytes(2));
      if (!weak || !path_set || !strong) continue;
      out.push_back({*weak,
                     {*path_set, *strong},
                     std::string(query.bytes(3)),
                     query.integer(4),
                     query.integer(5),
                     static_cast<std::uint64_t>(query.integer(6)),
                     static_cast<std::uint64_t>(query.integer(7))});
    }
  });
}

// --- writing -------------------------------------------------------------------------------------

Result<void> SqliteStore::run(Sql which) {
  BXL_TRY_ASSIGN(auto prepared, statement(which));
  Query query(*db_, prepared);
  BXL_TRY(query.step());
  return {};
}

Result<void> SqliteStore::begin() {
  BXL_ASSERT(!in_batch_);
  if (read_only_) return make_error(EROFS, path_);
  end_reads();
  if (!db_) BXL_TRY(connect());
  auto begun = run(kBegin);
  if (!begun && begun.error().errnum == EBADMSG) {
    BXL_TRY(recover());
    begun = run(kBegin);
  }
  if (!begun) return begun;
  in_batch_ = true;
  return {};
}

Result<PublishResult> SqliteStore::insert(const PublishRequest& request) {
  const Selector selector{request.path_set, request.strong};
  {
    BXL_TRY_ASSIGN(auto prepared, statement(kPutPathSet));
    Query query(*db_, prepared);
    query.bind(1, request.path_set)
        .bind(2, request.path_set_bytes)
        .bind(3, path_set_sum(request.path_set, request.path_set_bytes));
    BXL_TRY(query.step());
  }
  // A row that fails its checksum counts as absent and is replaced.
  BXL_TRY_ASSIGN(auto there, read_entry(request.weak, selector));
  if (there) {
    // A use, and told at once: a collection that has chosen the entry then leaves it.
    pending_uses_.push_back({request.weak, request.path_set, request.strong});
    return PublishResult::Converged;
  }
  std::string blobs;
  for (const Digest& blob : request.blobs) blobs += blob.view();
  const std::int64_t now = ::time(nullptr);
  BXL_TRY_ASSIGN(auto prepared, statement(kPutEntry));
  Query query(*db_, prepared);
  query.bind(1, request.weak).bind(2, request.path_set).bind(3, request.strong).bind(4, now);
  query.bind_text(5, request.stable_id).bind(6, blobs).bind(7, request.entry_bytes);
  query.bind(8,
             entry_sum(request.weak, selector, now, request.stable_id, blobs, request.entry_bytes));
  BXL_TRY(query.step());
  return PublishResult::Published;
}

Result<PublishResult> SqliteStore::publish(const PublishRequest& request) {
  if (!in_batch_) {
    // Once more when damage was met: the new database has room for it.
    for (int attempt = 0;; ++attempt) {
      BXL_TRY(begin());
      auto result = publish(request);
      auto committed = commit();
      if (result && committed) return result;
      Error error = std::move(result ? committed.error() : result.error());
      if (error.errnum != EBADMSG || attempt > 0) return error;
    }
  }
  if (lost_) return Error(*lost_);
  auto result = insert(request);
  if (!result) note_failure(result.error());
  return result;
}

// After a failed write: damage is set aside, and a transaction that SQLite ended by itself is lost.
void SqliteStore::note_failure(const Error& error) {
  if (error.errnum == EBADMSG) {
    lost_ = error;  // what the batch had before is in the file that was set aside
    if (auto recovered = recover(); !recovered) lost_ = std::move(recovered.error());
  } else if (!db_->in_transaction()) {
    lost_ = error;
  }
}

Result<void> SqliteStore::write_uses() {
  std::vector<Key> keys;
  keys.swap(pending_uses_);
  BXL_TRY_ASSIGN(auto prepared, statement(kWriteUse));
  const std::int64_t now = ::time(nullptr);
  for (const Key& key : keys) {
    Query query(*db_, prepared);
    query.bind(1, key.weak).bind(2, key.path_set).bind(3, key.strong).bind(4, now);
    BXL_TRY(query.step());
  }
  return {};
}

Result<void> SqliteStore::commit() {
  BXL_ASSERT(in_batch_);
  in_batch_ = false;
  wrote_ = true;
  Result<void> done;
  if (lost_) done = std::move(*std::exchange(lost_, {}));
  if (!db_) return done;
  if (done) (void)!write_uses();
  if (db_->in_transaction()) {
    auto committed = run(kCommit);
    if (!committed && done) done = std::move(committed.error());
  }
  if (db_->in_transaction()) (void)!db_->execute("ROLLBACK");
  return done;
}

Result<void> SqliteStore::touch(const Digest& weak, const Selector& selector) {
  if (read_only_ || !db_) return {};
  const Key key{weak, selector.path_set, selector.strong};
  auto known = use_is_old_.find(key);
  if (known == use_is_old_.end()) {
    auto read_use = read<bool>([&]() -> Result<bool> {
      BXL_TRY_ASSIGN(auto prepared, statement(kReadUse));
      Query query(*db_, prepared);
      query.bind(1, weak).bind(2, selector.path_set).bind(3, selector.strong);
      BXL_TRY_ASSIGN(const bool row, query.step());
      return row && query.integer(0) + kUseGranularity_s <= ::time(nullptr);
    });
    if (!read_use) return std::move(read_use.error());
    known = use_is_old_.emplace(key, *read_use).first;
  }
  if (!known->second) return {};
  known->second = false;
  pending_uses_.push_back(key);
  if (pending_uses_.size() >= kMaxPendingUses && !in_batch_ && begin()) (void)!commit();
  return {};
}

Result<void> SqliteStore::forget(const Digest& weak, const Selector& selector) {
  if (!in_batch_) {
    BXL_TRY(begin());
    auto forgotten = forget(weak, selector);
    auto committed = commit();
    return forgotten ? std::move(committed) : std::move(forgotten);
  }
  if (lost_) return Error(*lost_);
  use_is_old_.erase({weak, selector.path_set, selector.strong});
  auto forgotten = [&]() -> Result<void> {
    BXL_TRY_ASSIGN(auto prepared, statement(kForget));
    Query query(*db_, prepared);
    query.bind(1, weak).bind(2, selector.path_set).bind(3, selector.strong);
    BXL_TRY(query.step());
    return {};
  }();
  if (!forgotten) note_failure(forgotten.error());
  return forgotten;
}

}  // namespace

Result<std::unique_ptr<MetadataStore>> MetadataStore::open(const std::string& directory) {
  BXL_TRY(cas::make_cache_directory(directory));
  auto store = std::make_unique<SqliteStore>(directory);
  BXL_TRY(store->connect());
  return std::unique_ptr<MetadataStore>(std::move(store));
}

}  // namespace bxl::cache
