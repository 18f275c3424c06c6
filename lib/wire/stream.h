// Framed, checksummed streams of records: header, items, end. Layout and compatibility:
// lib/wire/FORMAT.md.
#pragma once

#include <functional>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "base/path_table.h"
#include "base/result.h"
#include "os/unique_fd.h"
#include "wire/records.h"

namespace bxl::wire {

// Any item between header and end, except the graph body (see graph_stream.h).
using Record = std::variant<PlanHeader, PlanPip, Basis, Scrub, PipResult, Stats, StateHeader,
                            StateRow, PathSetBlob>;

// Where encoded frames go. write() may be called from one thread at a time.
class Sink {
 public:
  virtual ~Sink() = default;
  virtual Result<void> write(std::string_view bytes) = 0;
  // Hands on what is buffered. StreamWriter calls it after the header, each PipResult and the end.
  virtual Result<void> flush() { return {}; }
};
// Writes to a descriptor it does not own, through a 64 KiB buffer: what was not flushed is lost
// with the sink. EPIPE is an Error (SIGPIPE is ignored by every tool).
std::unique_ptr<Sink> fd_sink(int fd);
std::unique_ptr<Sink> string_sink(std::string* out);

// Writes one stream. Not thread-safe. Without end() the stream is incomplete by definition.
class StreamWriter {
 public:
  // `paths` must outlive the writer. The header is written at once.
  static Result<StreamWriter> create(Sink& sink, const PathTable& paths, const Header& header);
  StreamWriter(StreamWriter&&) noexcept;
  StreamWriter& operator=(StreamWriter&&) noexcept;
  ~StreamWriter();
  // Emits the frames that define paths not yet known to the stream, then the record. Ids must be in
  // the table; only Violation::path may be kNoPath. After a failed write of the sink every later
  // call fails with the same error: a stream with a hole never gets an end record. Errors: the
  // sink's; ENAMETOOLONG (a path over 64 KiB), EFBIG (a record over 1 GiB), EOVERFLOW: then the
  // stream goes on without the record.
  Result<void> write(const Record& record);
  // `end.records` is filled in.
  Result<void> end(End end);

 private:
  struct Impl;
  explicit StreamWriter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Reads one stream, record by record as they arrive. Foreign bytes are untrusted: every frame is
// bounded (1 GiB), checksummed and validated: enums and path ids are good when a record is handed
// out. All errors of open()/next() carry errnum EBADMSG (damaged or cut: "upstream incomplete"),
// EPROTO (wrong kind or newer major, named) or the read's errno; the tool's exit code for EBADMSG
// and EPROTO is 8.
class StreamReader {
 public:
  // Reads the header; refuses another kind by name. `paths` receives the stream's paths and must
  // outlive the reader. `fd` is not owned.
  static Result<StreamReader> open(int fd, StreamKind expected, PathTable& paths);
  // `bytes` must outlive the reader.
  static Result<StreamReader> open_bytes(std::string_view bytes, StreamKind expected,
                                         PathTable& paths);
  StreamReader(StreamReader&&) noexcept;
  StreamReader& operator=(StreamReader&&) noexcept;
  ~StreamReader();
  const Header& header() const;
  // From now on a record whose pip is not below `count` (the size of the graph that the header
  // names) is EBADMSG. Without it, `pip` of PlanPip and PipResult is any number: compare before
  // indexing.
  void expect_pips(std::uint32_t count);
  // The next record; empty after a good end record (then end() is set) and the end of the input: a
  // pipe's writer must have closed it. A record kind unknown to this build with the same major is
  // skipped. An error is repeated by later calls.
  Result<std::optional<Record>> next();
  // Requires that next() returned an empty optional.
  const End& end() const;

 private:
  struct Impl;
  explicit StreamReader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Reads only the first frame: what kind of stream is this? Errors as StreamReader::open, any known
// kind is accepted.
Result<Header> peek_header(std::string_view bytes);

// One entry on its own (no paths table): used by stores. Paths are encoded as text, checksummed
// like a frame. Same entry and tokens, same bytes. Errors of decode_entry: EBADMSG; those of
// `expand` are handed on.
std::string encode_entry(const Entry& entry, const PathTable& paths,
                         const std::function<std::string(PathId)>& tokenise);
Result<Entry> decode_entry(std::string_view bytes,
                           const std::function<Result<PathId>(std::string_view)>& expand);

}  // namespace bxl::wire
