// The graph stream: header, one flat body read by mmap at random access, end.
#pragma once

#include <memory>
#include <string>

#include "base/path_table.h"
#include "base/result.h"
#include "wire/records.h"
#include "wire/stream.h"

namespace bxl::wire {

// Encodes header, body and end. The body's digest (what other streams call `graph`) is returned.
// Same input, same bytes: paths are written in the order of first use.
Result<Digest> write_graph(Sink& sink, const Header& header, const PathTable& paths,
                           const GraphRecord& graph);

// A mapped graph. Random access: each call decodes one pip. Thread-safe after open().
class GraphReader {
 public:
  // Maps `fd` when it is a regular file at offset 0, else copies its stream into a memfd. `fd` may
  // be closed afterwards; a file must be replaced by rename, never rewritten in place, while it is
  // mapped. Every pip is read once here, so that later reads cannot fail. `paths` must be empty
  // (only "/"): graph path ids become its first ids. Errors as StreamReader::open and next(), and
  // those of mmap and memfd.
  static Result<GraphReader> open(int fd, PathTable& paths);
  GraphReader(GraphReader&&) noexcept;
  GraphReader& operator=(GraphReader&&) noexcept;
  ~GraphReader();
  const Header& header() const;
  Digest digest() const;  // of the body
  std::uint32_t pip_count() const;
  Pip pip(PipId id) const;  // requires id < pip_count()
  // Everything but the pips.
  GraphRecord frame() const;
  // The raw bytes of the whole stream (valid while the reader lives), for passing it on or storing
  // it.
  std::string_view bytes() const;

 private:
  struct Impl;
  explicit GraphReader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace bxl::wire
