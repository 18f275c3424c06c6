// libFuzzer entry for everything in lib/wire that reads foreign bytes. tests/fuzz/run.sh builds
// and runs it.
#include <sys/mman.h>

#include <cstdint>
#include <sstream>

#include "os/file.h"
#include "wire/frame.h"
#include "wire/graph_stream.h"
#include "wire/print.h"
#include "wire/stream.h"
#include "wire/stream_frames.h"

namespace {

using namespace bxl;
using namespace bxl::wire;

// Gives the frames good checksums and a good end record, as far as the bytes are frames at all:
// otherwise no input but the seeds would ever get past the checksums.
std::string sealed(std::string_view bytes) {
  std::string out;
  auto sink = string_sink(&out);
  FrameTally tally;
  while (bytes.size() >= kFrameHeaderBytes) {
    std::uint32_t length, kind;
    std::memcpy(&length, bytes.data(), 4);
    std::memcpy(&kind, bytes.data() + 4, 4);
    bytes.remove_prefix(kFrameHeaderBytes);
    std::size_t size = std::min<std::size_t>(length, bytes.size()) / 8 * 8;
    if (FrameKind{kind} == FrameKind::End) break;
    auto sum = write_frame(*sink, FrameKind{kind}, bytes.substr(0, size));
    tally.add(FrameKind{kind}, *sum);
    bytes.remove_prefix(size);
    if (FrameKind{kind} == FrameKind::EntryBlob) return out;  // stands alone
  }
  (void)write_end(*sink, tally, {}).has_value();
  return out;
}

void read_all_ways(std::string_view bytes) {
  for (auto kind : {StreamKind::Plan, StreamKind::Results, StreamKind::State}) {
    PathTable paths;
    auto reader = StreamReader::open_bytes(bytes, kind, paths);
    if (!reader) continue;
    for (;;) {
      auto record = reader->next();
      if (!record || !*record) break;
    }
  }
  UniqueFd file(::memfd_create("fuzz", MFD_CLOEXEC));
  (void)write_all(file.get(), bytes).has_value();
  ::lseek(file.get(), 0, SEEK_SET);
  PathTable paths;
  auto graph = GraphReader::open(file.get(), paths);
  if (graph)
    for (std::uint32_t i = 0; i < graph->pip_count(); ++i) (void)graph->pip(PipId{i});
  ::lseek(file.get(), 0, SEEK_SET);
  std::ostringstream out;
  (void)print_stream(file.get(), PrintFormat::Text, out).has_value();
  (void)decode_entry(bytes, [&](std::string_view text) -> Result<PathId> {
    return paths.intern_at(kRootPath, text);
  }).has_value();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  std::string_view input(reinterpret_cast<const char*>(bytes), size);
  read_all_ways(input);
  read_all_ways(sealed(input));
  return 0;
}
