// Eviction over SQLite.
#include "cache/eviction.h"

#include <sys/stat.h>

#include <utility>

#include "cache/sqlite.h"

namespace bxl::cache {
namespace {

constexpr off_t kLogWorthEmptying_bytes = 256 * 1024;

enum Sql : std::size_t { kEntries, kEvict, kDropPathSet, kSetUsed };
// In the order of Sql.
const std::vector<const char*> kTexts = {
    "SELECT id, used, blobs FROM entries ORDER BY used, id",
    "DELETE FROM entries WHERE id = ?1 AND used = ?2 RETURNING path_set",
    "DELETE FROM path_sets WHERE digest = ?1"
    " AND NOT EXISTS (SELECT 1 FROM entries WHERE path_set = ?1)",
    "UPDATE entries SET used = ?3 WHERE id = ?1 AND used = ?2",
};

class SqliteEviction final : public Eviction {
 public:
  explicit SqliteEviction(Database db, std::string path)
      : db_(std::move(db)), path_(std::move(path)) {}
  ~SqliteEviction() override;
  Result<void> prepare();

  Result<std::vector<Aged>> entries() override;
  Result<std::vector<bool>> evict(const std::vector<const Aged*>& entries) override;
  Result<void> set_used(const std::vector<std::pair<const Aged*, std::int64_t>>& entries) override;
  Result<std::uint64_t> drop_orphan_path_sets() override;
  Result<std::uint64_t> bytes() override;
  Result<bool> shrink(unsigned pages) override;

 private:
  // Runs `body` as one transaction.
  template <typename T, typename Body>
  Result<T> transact(Body body);

  Database db_;
  const std::string path_;
  Statements statements_{kTexts};
};

SqliteEviction::~SqliteEviction() {
  statements_.finalize();
  struct stat log;
  if (::stat((path_ + "-wal").c_str(), &log) == 0 && log.st_size > kLogWorthEmptying_bytes)
    db_.checkpoint();
}

Result<void> SqliteEviction::prepare() {
  // Databases from before collections existed lack the index.
  return db_.execute(
      "PRAGMA synchronous = NORMAL;"
      "CREATE INDEX IF NOT EXISTS entries_by_path_set ON entries (path_set)");
}

Result<std::vector<Aged>> SqliteEviction::entries() {
  BXL_TRY_ASSIGN(auto prepared, statements_.get(db_, kEntries));
  Query query(db_, prepared);
  std::vector<Aged> out;
  for (;;) {
    BXL_TRY_ASSIGN(const bool row, query.step());
    if (!row) return out;
    Aged& entry = out.emplace_back();
    entry.id = query.integer(0);
    entry.used_unix_s = query.integer(1);
    const std::string_view blobs = query.bytes(2);
    // A column that was damaged names less than it should: what it no longer names is an orphan,
    // and the entry, whose checksum is wrong, a miss.
    for (std::size_t at = 0; at + 16 <= blobs.size(); at += 16)
      entry.blobs.push_back(*Digest::from_bytes(blobs.substr(at, 16)));
  }
}

template <typename T, typename Body>
Result<T> SqliteEviction::transact(Body body) {
  BXL_TRY(db_.execute("BEGIN IMMEDIATE"));
  Result<T> result = body();
  auto ended = result ? db_.execute("COMMIT") : Result<void>();
  if (db_.in_transaction()) (void)!db_.execute("ROLLBACK");
  if (!ended) return std::move(ended.error());
  return result;
}

Result<std::vector<bool>> SqliteEviction::evict(const std::vector<const Aged*>& entries) {
  return transact<std::vector<bool>>([&]() -> Result<std::vector<bool>> {
    std::vector<bool> gone;
    for (const Aged* entry : entries) {
      std::string path_set;
      {
        BXL_TRY_ASSIGN(auto prepared, statements_.get(db_, kEvict));
        Query query(db_, prepared);
        query.bind(1, entry->id).bind(2, entry->used_unix_s);
        for (;;) {
          BXL_TRY_ASSIGN(const bool row, query.step());
          if (!row) break;
          path_set = query.bytes(0);
        }
      }
      gone.push_back(!path_set.empty());
      if (path_set.empty()) continue;
      BXL_TRY_ASSIGN(auto prepared, statements_.get(db_, kDropPathSet));
      Query query(db_, prepared);
      query.bind(1, path_set);
      BXL_TRY(query.step());
    }
    return gone;
  });
}

Result<void> SqliteEviction::set_used(
    const std::vector<std::pair<const Aged*, std::int64_t>>& entries) {
  return transact<void>([&]() -> Result<void> {
    for (const auto& [entry, used] : entries) {
      BXL_TRY_ASSIGN(auto prepared, statements_.get(db_, kSetUsed));
      Query query(db_, prepared);
      query.bind(1, entry->id).bind(2, entry->used_unix_s).bind(3, used);
      BXL_TRY(query.step());
    }
    return {};
  });
}

Result<std::uint64_t> SqliteEviction::drop_orphan_path_sets() {
  BXL_TRY(
      db_.execute("DELETE FROM path_sets WHERE NOT EXISTS"
                  " (SELECT 1 FROM entries WHERE entries.path_set = path_sets.digest)"));
  return static_cast<std::uint64_t>(db_.changes());
}

Result<std::uint64_t> SqliteEviction::bytes() {
  BXL_TRY_ASSIGN(auto pages, db_.integer("PRAGMA page_count"));
  BXL_TRY_ASSIGN(auto free, db_.integer("PRAGMA freelist_count"));
  BXL_TRY_ASSIGN(auto size, db_.integer("PRAGMA page_size"));
  return static_cast<std::uint64_t>((pages - free) * size);
}

Result<bool> SqliteEviction::shrink(unsigned pages) {
  BXL_TRY_ASSIGN(const auto before, db_.integer("PRAGMA freelist_count"));
  if (before == 0) return false;
  BXL_TRY(db_.execute(("PRAGMA incremental_vacuum(" + std::to_string(pages) + ")").c_str()));
  BXL_TRY_ASSIGN(const auto after, db_.integer("PRAGMA freelist_count"));
  return after > 0 && after < before;  // an older database has no incremental mode: nothing moves
}

}  // namespace

Result<std::unique_ptr<Eviction>> Eviction::open(const std::string& directory) {
  const std::string path = directory + "/metadata.sqlite";
  BXL_TRY_ASSIGN(auto db, Database::open(path, Database::Access::ReadWrite, false));
  auto eviction = std::make_unique<SqliteEviction>(std::move(db), path);
  BXL_TRY(eviction->prepare());
  return std::unique_ptr<Eviction>(std::move(eviction));
}

}  // namespace bxl::cache
