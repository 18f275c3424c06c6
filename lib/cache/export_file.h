// The records of an export, written and read. Private to this module.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/result.h"
#include "os/unique_fd.h"

namespace bxl::cache {

inline constexpr std::string_view kExportMagic = "bxl-cache-export 1\n";

enum class ExportKind : std::uint8_t { Salt = 1, PathSet = 2, Blob = 3, Entry = 4, End = 5 };

// Records are read one after the other; the bytes of a blob stay in the file until asked for.
struct ExportRecord {
  ExportKind kind = ExportKind::End;
  std::string payload;           // verified; of a blob: its digest alone
  std::uint64_t blob_bytes = 0;  // of a blob: what follows
};

class ExportWriter {
 public:
  // `fd` is at offset 0 of an empty file, and outlives the writer.
  static Result<ExportWriter> create(int fd);
  Result<void> write(ExportKind kind, std::string_view payload);
  // The whole of the file open at `from`, whose size is said.
  Result<void> write_blob(const Digest& digest, int from, std::uint64_t size);
  std::uint64_t bytes() const { return bytes_; }

 private:
  explicit ExportWriter(int fd) : fd_(fd) {}
  Result<void> head(ExportKind kind, std::uint64_t length, std::uint64_t sum);
  int fd_;
  std::uint64_t bytes_ = 0;
};

class ExportReader {
 public:
  // Errors: those of opening; EBADMSG: no export; EPROTO: another version of it.
  static Result<ExportReader> open(const std::string& file);
  // Empty at the end of what is good; complete() then says whether that is all.
  Result<std::optional<ExportRecord>> next();
  // Copies the bytes of the blob that next() just gave, which nothing has verified yet; fewer at
  // the end of the file. At most once, and not needed.
  Result<void> copy_blob(int to);
  bool complete() const { return complete_; }

 private:
  Result<std::string> take(std::uint64_t count);  // fewer bytes at the end of the file
  UniqueFd fd_;
  std::uint64_t size_ = 0, at_ = 0;
  std::uint64_t blob_left_ = 0;
  bool complete_ = false;
};

// An entry as it travels, or a marker (metadata_store.h), whose entry_bytes are empty.
struct ExportEntry {
  Digest weak, path_set, strong;
  std::string stable_id, entry_bytes;

  std::string encode() const;
  // Empty: damaged.
  static std::optional<ExportEntry> decode(std::string_view payload);
  Digest key() const;  // of the three digests
};

// What an entry needs, by its own word.
struct ExportNeeds {
  std::vector<std::pair<Digest, std::uint64_t>> content;  // with sizes
  Digest evidence;                                        // may be missing; zero: none
};
// Errors: undecodable; EXDEV: it names a path under no mount, which means nothing elsewhere.
Result<ExportNeeds> needs_of(const std::string& entry_bytes);

// A file without a name in `directory`, gone when it is closed.
Result<UniqueFd> unnamed_file(const std::string& directory);

}  // namespace bxl::cache
