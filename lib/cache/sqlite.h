// A connection and its statements behind Result. Private to this module; sqlite.cc is the only
// SQLite include.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace bxl::cache {

// errnum of Errors here: EBADMSG the database is damaged or no database; EBUSY another process held
// it for longer than the busy timeout; ENOSPC, EROFS, EACCES, ENOMEM, EIO as usual.
class Database {
 public:
  // Read needs -wal and -shm beside the database, if it has a log; Immutable does without and looks
  // at neither.
  enum class Access { ReadWrite, Read, Immutable, Memory };
  // Never creates the file unless `create`. Checks nothing but that SQLite opens it.
  static Result<Database> open(const std::string& path, Access access, bool create);
  Database(Database&& other) noexcept;
  Database& operator=(Database&& other) noexcept;
  // Leaves -wal and -shm in place: another connection may rely on them.
  ~Database();

  Result<void> execute(const char* sql);
  Result<std::int64_t> integer(
      const char* sql);  // the first column of the first row, 0 without one
  bool in_transaction() const;
  std::int64_t changes() const;  // rows of the last INSERT, UPDATE or DELETE
  // Moves the write-ahead log into the database unless somebody else uses it.
  void checkpoint();
  sqlite3* handle() const { return db_; }
  Error error(const std::string& what) const;  // of the last failed call

 private:
  Database() = default;
  sqlite3* db_ = nullptr;
  std::string path_;
};

// One run of one prepared statement: bind, step, read; the destructor resets it for the next run.
class Query {
 public:
  explicit Query(Database& db, sqlite3_stmt* statement) : db_(db), statement_(statement) {}
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;
  ~Query();
  // Parameters count from 1. Bytes must outlive the run.
  Query& bind(int index, std::string_view bytes);
  Query& bind(int index, const Digest& digest) { return bind(index, digest.view()); }
  Query& bind(int index, std::int64_t value);
  Query& bind_text(int index, std::string_view text);
  Result<bool> step();  // true: a row
  // Columns count from 0; views are valid until the next step.
  std::string_view bytes(int column) const;
  std::int64_t integer(int column) const;

 private:
  Database& db_;
  sqlite3_stmt* statement_;
};

// Statements prepared on first use, by position in a fixed list of texts.
class Statements {
 public:
  explicit Statements(std::vector<const char*> texts)
      : texts_(std::move(texts)), prepared_(texts_.size()) {}
  Statements(const Statements&) = delete;
  Statements& operator=(const Statements&) = delete;
  ~Statements() { finalize(); }
  Result<sqlite3_stmt*> get(Database& db, std::size_t which);
  void finalize();  // before the connection is closed

 private:
  std::vector<const char*> texts_;
  std::vector<sqlite3_stmt*> prepared_;
};

}  // namespace bxl::cache
