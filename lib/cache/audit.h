// Is the cache what it says? Content is hashed again, and database and store are compared; what
// does not hold is taken out, so that it can only cost a run.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace bxl::cache {

struct AuditRequest {
  // Of every 100 blobs that many are read and hashed, chosen at random; 0: none.
  double hash_percent = 100;
  bool check_rows = true;  // checksums of rows, the structure of the database, path sets
  bool repair = true;      // take out what does not hold; false: only say so
  bool recount = false;    // count the store anew for the running sum (cas/usage.h)
};

struct Problem {
  enum class Kind {
    DamagedDatabase,  // set aside, and a new one made
    DamagedRow,       // an entry or path set whose checksum does not hold
    DamagedBlob,      // moved to quarantine
    MissingContent,   // an entry whose content is gone: it can only miss
    MissingPathSet,   // an entry that no lookup can reach
    Undecodable,      // an entry that is whole and yet no entry of this version
    ForeignFile,      // in the store, and no blob: left where it is
  };
  Kind kind;
  std::string subject;  // stable id, digest, or file
  std::string text;     // one sentence
};
const char* name(Problem::Kind kind);

struct Audit {
  std::uint64_t entries = 0, path_sets = 0, markers = 0;  // looked at
  std::uint64_t blobs = 0;                                // in the store
  std::uint64_t hashed_blobs = 0, hashed_bytes = 0;
  std::uint64_t orphan_blobs = 0;  // that no entry names; a collection removes them by and by
  std::vector<Problem> problems;
  std::string set_aside;  // the damaged database, when it was
};

// Builds and collections go on meanwhile: what they removed between two looks is no problem.
// Killed at any point it leaves a cache that is as good as before. Errors: a cache that cannot be
// read, or, to repair, written (EACCES, EROFS, ENOSPC). ENOENT: there is no cache.
Result<Audit> audit(const std::string& directory, const AuditRequest& request);

}  // namespace bxl::cache
