// Any stream as text or JSON lines.
#include "wire/print.h"

#include "wire/describe.h"
#include "wire/graph_body.h"
#include "wire/record_reader.h"
#include "wire/stream_frames.h"

namespace bxl::wire {
namespace {

class Printer {
 public:
  Printer(PrintFormat format, std::ostream& out)
      : fields_(format == PrintFormat::Json ? json_fields() : text_fields()), out_(out) {}

  template <typename... Parts>
  Result<void> print(const Parts&... parts) {
    describe(*fields_, parts...);
    if (out_ << fields_->end_record()) return {};
    return make_error(EIO, "write the printed stream");
  }

 private:
  std::unique_ptr<Fields> fields_;
  std::ostream& out_;
};

Result<void> print_graph(FrameReader& frames, Printer& printer) {
  bool found = false;
  for (;;) {
    BXL_TRY_ASSIGN(Frame frame, frames.next());
    if (frame.kind == FrameKind::End) {
      BXL_TRY_ASSIGN(End end, read_end(frames, frame));
      if (!found) return make_error(EBADMSG, "upstream incomplete: the stream has no graph");
      return printer.print(end);
    }
    if (frame.kind != FrameKind::Graph) continue;
    if (std::exchange(found, true))
      return make_error(EBADMSG, "stream damaged: two graphs in one stream");
    PathTable paths;
    BXL_TRY_ASSIGN(GraphBody graph, GraphBody::open(frame.body, paths));
    BXL_TRY(printer.print(graph.frame(), paths));
    for (std::uint32_t i = 0; i < graph.pip_count(); ++i)
      BXL_TRY(printer.print(PipId{i}, graph.pip(PipId{i}), paths));
  }
}

Result<void> print_records(FrameReader& frames, Printer& printer) {
  PathTable paths;
  RecordReader records(frames, paths);
  for (;;) {
    BXL_TRY_ASSIGN(std::optional<Record> record, records.next());
    if (!record) return printer.print(*records.end());
    BXL_TRY(printer.print(*record, paths));
  }
}

}  // namespace

Result<void> print_stream(int fd, PrintFormat format, std::ostream& out) {
  auto source = fd_source(fd);
  FrameReader frames(*source);
  BXL_TRY_ASSIGN(Header header, read_header(frames, std::nullopt));
  Printer printer(format, out);
  BXL_TRY(printer.print(header));
  return header.kind == StreamKind::Graph ? print_graph(frames, printer)
                                          : print_records(frames, printer);
}

}  // namespace bxl::wire
