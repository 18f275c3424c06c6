// Inspection over SQLite.
#include "cache/inspection.h"

#include <unistd.h>

#include <utility>

#include "cache/row_sum.h"
#include "cache/sqlite.h"

namespace bxl::cache {
namespace {

enum Sql : std::size_t {
  kEntries,
  kPathSets,
  kHasPathSet,
  kHasEntry,
  kRemoveEntry,
  kRemovePathSet,
  kQuickCheck
};
// In the order of Sql.
const std::vector<const char*> kTexts = {
    "SELECT id, weak, path_set, strong, used, created, stable_id, blobs, entry, sum FROM entries"
    " WHERE id > ?1 ORDER BY id LIMIT 256",
    "SELECT id, digest, bytes, sum FROM path_sets WHERE id > ?1 ORDER BY id LIMIT 256",
    "SELECT 1 FROM path_sets WHERE digest = ?1",
    "SELECT 1 FROM entries WHERE id = ?1 AND sum = ?2",
    "DELETE FROM entries WHERE id = ?1 AND sum = ?2",
    "DELETE FROM path_sets WHERE id = ?1",
    "PRAGMA quick_check(1)",
};

EntryRow entry_of(Query& query) {
  EntryRow row;
  row.id = query.integer(0);
  auto weak = Digest::from_bytes(query.bytes(1));
  auto path_set = Digest::from_bytes(query.bytes(2));
  auto strong = Digest::from_bytes(query.bytes(3));
  row.used_unix_s = query.integer(4);
  row.created_unix_s = query.integer(5);
  row.stable_id = query.bytes(6);
  const std::string_view blobs = query.bytes(7);
  row.entry_bytes = query.bytes(8);
  row.sum = query.integer(9);
  if (!weak || !path_set || !strong) return row;
  row.weak = *weak;
  row.selector = {*path_set, *strong};
  for (std::size_t at = 0; at + 16 <= blobs.size(); at += 16)
    row.blobs.push_back(*Digest::from_bytes(blobs.substr(at, 16)));
  row.intact = entry_sum(row.weak, row.selector, row.created_unix_s, row.stable_id, blobs,
                         row.entry_bytes) == row.sum;
  return row;
}

PathSetRow path_set_of(Query& query) {
  PathSetRow row;
  row.id = query.integer(0);
  row.bytes = query.bytes(2);
  auto digest = Digest::from_bytes(query.bytes(1));
  if (!digest) return row;
  row.digest = *digest;
  row.intact = path_set_sum(row.digest, row.bytes) == query.integer(3);
  return row;
}

class SqliteInspection final : public Inspection {
 public:
  explicit SqliteInspection(Database db) : db_(std::move(db)) {}
  ~SqliteInspection() override { statements_.finalize(); }

  Result<std::string> damage() override {
    BXL_TRY_ASSIGN(auto prepared, statements_.get(db_, kQuickCheck));
    Query query(db_, prepared);
    auto row = query.step();
    if (!row) {
      if (row.error().errnum == EBADMSG) return row.error().to_string();
      return std::move(row.error());
    }
    const std::string said(*row ? query.bytes(0) : "no answer");
    return said == "ok" ? std::string() : said;
  }

  Result<void> entries(const std::function<Result<void>(const EntryRow&)>& each) override {
    return scan<EntryRow>(kEntries, entry_of, each);
  }
  Result<void> path_sets(const std::function<Result<void>(const PathSetRow&)>& each) override {
    return scan<PathSetRow>(kPathSets, path_set_of, each);
  }
  Result<bool> has_path_set(const Digest& digest) override {
    BXL_TRY_ASSIGN(auto prepared, statements_.get(db_, kHasPathSet));
    Query query(db_, prepared);
    return query.bind(1, digest).step();
  }
  Result<bool> has_entry(const EntryRow& row) override {
    BXL_TRY_ASSIGN(auto prepared, statements_.get(db_, kHasEntry));
    Query query(db_, prepared);
    return query.bind(1, row.id).bind(2, row.sum).step();
  }
  Result<void> remove_entry(const EntryRow& row) override {
    BXL_TRY_ASSIGN(auto prepared, statements_.get(db_, kRemoveEntry));
    Query query(db_, prepared);
    BXL_TRY(query.bind(1, row.id).bind(2, row.sum).step());
    return {};
  }
  Result<void> remove_path_set(std::int64_t id) override {
    BXL_TRY_ASSIGN(auto prepared, statements_.get(db_, kRemovePathSet));
    Query query(db_, prepared);
    BXL_TRY(query.bind(1, id).step());
    return {};
  }

 private:
  // A page of rows at a time, each read whole before the first is handed on.
  template <typename Row, typename Make, typename Each>
  Result<void> scan(Sql which, Make make, const Each& each) {
    for (std::int64_t after = 0;;) {
      std::vector<Row> page;
      {
        BXL_TRY_ASSIGN(auto prepared, statements_.get(db_, which));
        Query query(db_, prepared);
        query.bind(1, after);
        for (;;) {
          BXL_TRY_ASSIGN(const bool row, query.step());
          if (!row) break;
          page.push_back(make(query));
        }
      }
      if (page.empty()) return {};
      after = page.back().id;
      for (const Row& row : page) BXL_TRY(each(row));
    }
  }

  Database db_;
  Statements statements_{kTexts};
};

}  // namespace

Result<std::unique_ptr<Inspection>> Inspection::open(const std::string& directory) {
  const std::string path = directory + "/metadata.sqlite";
  const bool writable = ::access(path.c_str(), W_OK) == 0 && ::access(directory.c_str(), W_OK) == 0;
  auto db =
      Database::open(path, writable ? Database::Access::ReadWrite : Database::Access::Read, false);
  if (!db && !writable) db = Database::open(path, Database::Access::Immutable, false);
  if (!db) return std::move(db.error());
  return std::unique_ptr<Inspection>(std::make_unique<SqliteInspection>(std::move(*db)));
}

}  // namespace bxl::cache
