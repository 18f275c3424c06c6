// The graph stream: written in one go, read by mmap.
#include "wire/graph_stream.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/file.h"
#include "wire/frame.h"
#include "wire/graph_body.h"
#include "wire/stream_frames.h"

namespace bxl::wire {
namespace {

class Mapping {
 public:
  Mapping() = default;
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping() {
    if (size_ > 0) ::munmap(at_, size_);
  }
  // An empty file maps to no bytes.
  Result<void> map(int fd) {
    BXL_TRY_ASSIGN(FileIdentity file, fstat_identity(fd));
    if (file.size == 0) return {};
    void* at = ::mmap(nullptr, file.size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (at == MAP_FAILED) return errno_error("mmap graph");
    at_ = at;
    size_ = file.size;
    return {};
  }
  std::string_view bytes() const { return {static_cast<const char*>(at_), size_}; }

 private:
  void* at_ = nullptr;
  std::size_t size_ = 0;
};

struct Parts {
  Header header;
  std::string_view body;  // of the memory source's bytes
};

// Header, body, end, in this order.
Result<Parts> read_parts(Source& source) {
  FrameReader frames(source);
  Parts parts;
  BXL_TRY_ASSIGN(parts.header, read_header(frames, StreamKind::Graph));
  bool found = false;
  for (;;) {
    BXL_TRY_ASSIGN(Frame frame, frames.next());
    if (frame.kind == FrameKind::End) {
      BXL_TRY(read_end(frames, frame));
      break;
    }
    if (frame.kind != FrameKind::Graph) continue;  // of a newer minor
    if (found) return make_error(EBADMSG, "stream damaged: two graphs in one stream");
    found = true;
    parts.body = frame.body;
  }
  if (!found) return make_error(EBADMSG, "upstream incomplete: the stream has no graph");
  return parts;
}

Result<UniqueFd> spool(int fd) {
  UniqueFd memory(::memfd_create("bxl-graph", MFD_CLOEXEC));
  if (!memory) return errno_error("memfd_create");
  auto input = fd_source(fd);
  auto tee = tee_source(*input, memory.get());
  // Checked frame by frame as it comes: an endless or foreign input is refused before it fills the
  // memory.
  BXL_TRY(read_parts(*tee));
  return memory;
}

// Can `fd` be mapped as it is: a regular file, to be read from its start?
bool mappable(int fd) {
  struct stat st;
  return ::fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && ::lseek(fd, 0, SEEK_CUR) == 0;
}

}  // namespace

Result<Digest> write_graph(Sink& sink, const Header& header, const PathTable& paths,
                           const GraphRecord& graph) {
  PathsOut out(paths);
  BXL_TRY_ASSIGN(Words words, encode<schema::Graph>([&](schema::Graph::Builder to) {
                   put(to, graph, out);
                   put(to.initPaths(), out);
                 }));
  FrameTally tally;
  BXL_TRY(write_header(sink, tally, header));
  BXL_TRY_ASSIGN(std::uint64_t checksum, write_frame(sink, FrameKind::Graph, bytes_of(words)));
  tally.add(FrameKind::Graph, checksum);
  BXL_TRY(write_end(sink, tally, End{}));
  return Digest::of(bytes_of(words));
}

struct GraphReader::Impl {
  Mapping mapping;
  Header header;
  Digest digest;
  std::optional<GraphBody> body;
};

GraphReader::GraphReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
GraphReader::GraphReader(GraphReader&&) noexcept = default;
GraphReader& GraphReader::operator=(GraphReader&&) noexcept = default;
GraphReader::~GraphReader() = default;

Result<GraphReader> GraphReader::open(int fd, PathTable& paths) {
  auto impl = std::make_unique<Impl>();
  UniqueFd memory;
  if (!mappable(fd)) {
    BXL_TRY_ASSIGN(memory, spool(fd));
  }
  BXL_TRY(impl->mapping.map(memory ? memory.get() : fd));
  auto source = memory_source(impl->mapping.bytes());
  BXL_TRY_ASSIGN(Parts parts, read_parts(*source));
  BXL_TRY_ASSIGN(impl->body, GraphBody::open(parts.body, paths));
  impl->header = std::move(parts.header);
  impl->digest = Digest::of(parts.body);
  return GraphReader(std::move(impl));
}

const Header& GraphReader::header() const { return impl_->header; }
Digest GraphReader::digest() const { return impl_->digest; }
std::uint32_t GraphReader::pip_count() const { return impl_->body->pip_count(); }
Pip GraphReader::pip(PipId id) const { return impl_->body->pip(id); }
GraphRecord GraphReader::frame() const { return impl_->body->frame(); }
std::string_view GraphReader::bytes() const { return impl_->mapping.bytes(); }

}  // namespace bxl::wire
