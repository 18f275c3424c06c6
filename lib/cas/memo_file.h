// The file of the hash memo: load, append, compact. Layout: lib/cas/FORMAT.md.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "cas/memo_table.h"

namespace bxl::cas {

// Beyond this many records the oldest are dropped, down to three quarters of it.
inline constexpr std::size_t kMaxMemoRecords = 2'000'000;

// Reads what is good in the file. Absent, foreign, unreadable: an empty table. Takes no lock: a
// record that is being appended fails its checksum and is skipped.
MemoTable load_memo(const std::string& path);

// Appends under `path`.lock. Cuts a torn tail first; sets a file with a foreign header aside as
// `path`.damaged-<time>; rewrites the file when more than half of its records are superseded or
// there are too many of them. Errors: EBUSY after one second of waiting for the lock; otherwise
// those of write, and then nothing was added.
Result<void> append_memo(const std::string& path, const std::vector<MemoRecord>& records,
                         std::size_t max_records = kMaxMemoRecords);

}  // namespace bxl::cas
