// Records with random values: every field of every record takes part in every round trip.
#pragma once

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "base/path_table.h"
#include "os/file.h"
#include "wire/frame.h"
#include "wire/graph_stream.h"
#include "wire/stream.h"
#include "wire/stream_frames.h"

namespace bxl::wire::test {

class RandomRecords {
 public:
  RandomRecords(unsigned seed, PathTable& paths) : random_(seed), paths_(paths) {}

  unsigned below(unsigned n) { return static_cast<unsigned>(random_() % n); }
  bool flag() { return below(2) == 1; }
  // Extreme values are as likely as others.
  std::uint64_t number() { return below(4) == 0 ? ~std::uint64_t{0} : random_() >> below(64); }
  std::string bytes() {
    std::string out(below(4) == 0 ? below(300) : below(12), '\0');
    for (char& c : out) c = static_cast<char>(random_());
    return out;
  }
  Digest digest() { return below(4) == 0 ? Digest{} : Digest::of(bytes()); }
  PathId path() {
    PathId at = kRootPath;
    static const char* const kNames[] = {"src", "a.c",        "ü",        "\xff\xfe",
                                         "..x", "with space", "new\nline"};
    for (unsigned depth = below(5); depth > 0; --depth)
      at = paths_.child(at, kNames[below(std::size(kNames))]);
    return at;
  }
  template <typename Make>
  auto list(Make make) {
    std::vector<decltype(make())> out;
    for (unsigned n = below(4); n > 0; --n) out.push_back(make());
    return out;
  }

  FileIdentity identity() {
    if (below(4) == 0) return {};
    return {static_cast<FileKind>(below(5)),
            flag(),
            static_cast<std::uint32_t>(random_()),
            number(),
            number(),
            number(),
            static_cast<std::int64_t>(number()),
            static_cast<std::int64_t>(number())};
  }
  Entry entry() {
    Entry e;
    e.outputs = list([&] {
      return Output{
          path(),    static_cast<OutputKind>(below(3)), flag(), number(), digest(), bytes(),
          identity()};
    });
    e.deleted = list([&] { return path(); });
    e.console = digest();
    e.console_bytes = number();
    e.wall_ms = number();
    e.cpu_ms = number();
    e.peak_kib = number();
    e.evidence = digest();
    e.root_free = number() % 2 == 0;
    for (std::uint64_t n = number() % 3; n > 0; --n) e.root_names.push_back(bytes());
    return e;
  }
  Header header(StreamKind kind) {
    Header h;
    h.kind = kind;
    h.tool_version = bytes();
    h.workspace = bytes();
    h.mounts = list([&] { return Mount{bytes(), bytes(), static_cast<std::uint32_t>(random_())}; });
    h.graph = digest();
    return h;
  }
  PipId pip_id() { return PipId{static_cast<std::uint32_t>(random_())}; }
  PipResult result() {
    PipResult r;
    r.pip = pip_id();
    r.attempt = static_cast<std::uint32_t>(random_());
    r.outcome = static_cast<Outcome>(below(7));
    r.requested = flag();
    r.publishable = flag();
    r.why_not = bytes();
    r.static_hash = digest();
    r.weak = digest();
    r.strong = digest();
    r.path_set = digest();
    r.path_set_blob = bytes();
    r.entry = entry();
    r.console = bytes();
    r.exit_status = static_cast<int>(random_());
    r.violations = list([&] {
      return Violation{bytes(), bytes(), bytes(), bytes(), bytes(), flag() ? path() : kNoPath,
                       bytes()};
    });
    r.reason = bytes();
    r.started_unix_us = static_cast<std::int64_t>(number());
    r.ended_unix_us = static_cast<std::int64_t>(number());
    r.lane = static_cast<std::uint32_t>(random_());
    return r;
  }
  Stats stats() {
    Stats s;
    s.result = bytes();
    s.exit_code = static_cast<int>(random_());
    for (std::uint64_t* counter :
         {&s.total, &s.clean, &s.hit, &s.ran, &s.failed, &s.skipped, &s.uncacheable, &s.published,
          &s.bytes_materialized, &s.files_materialized, &s.wall_ms, &s.cpu_ms})
      *counter = number();
    s.started_unix_ms = static_cast<std::int64_t>(number());
    s.ran_ids = list([&] { return bytes(); });
    return s;
  }
  // One record of the alternative `which` of the variant.
  Record record(std::size_t which) {
    switch (which) {
      case 0:
        return PlanHeader{number(), number(), flag(), bytes(), number(), {number(), number()}};
      case 1:
        return PlanPip{
            pip_id(), static_cast<Action>(below(5)), flag(), bytes(), digest(), digest(), digest(),
            entry()};
      case 2:
        return Basis{path(), identity(), flag()};
      case 3:
        return Scrub{path(), identity(), bytes()};
      case 4:
        return result();
      case 5:
        return stats();
      case 6:
        return StateHeader{number()};
      case 7:
        return StateRow{bytes(), digest(), digest(), digest(), digest(), entry()};
      default:
        return PathSetBlob{digest(), bytes()};
    }
  }
  std::vector<Record> records(unsigned count) {
    std::vector<Record> out;
    for (unsigned i = 0; i < count; ++i) out.push_back(record(below(std::variant_size_v<Record>)));
    return out;
  }

  Pip pip(unsigned pip_count) {
    Pip p;
    p.kind = static_cast<PipKind>(below(4));
    p.flags = static_cast<std::uint32_t>(random_());
    for (std::string* text :
         {&p.stable_id, &p.command, &p.description, &p.rule, &p.spec, &p.pool, &p.rspfile_content})
      *text = bytes();
    p.pool_depth = static_cast<std::uint32_t>(random_());
    p.working_directory = path();
    for (auto* some : {&p.inputs, &p.order_only, &p.outputs, &p.optional_outputs})
      *some = list([&] { return path(); });
    p.explicit_outputs = below(static_cast<unsigned>(p.outputs.size()) + 1);
    p.depfile = flag() ? path() : kNoPath;
    p.rspfile = flag() ? path() : kNoPath;
    p.dyndep = flag() ? path() : kNoPath;
    for (auto* some : {&p.dependencies, &p.validations}) {
      *some = list([&] { return PipId{below(pip_count)}; });
      std::sort(some->begin(), some->end());
      some->erase(std::unique(some->begin(), some->end()), some->end());
    }
    if (flag()) p.options = Boxed(options());
    return p;
  }
  PipOptions options() {
    PipOptions o;
    o.argv = list([&] { return bytes(); });
    o.environment = list([&] { return std::pair<std::string, std::string>(bytes(), bytes()); });
    o.directory_outputs = list([&] { return DirectoryOutput{path(), flag()}; });
    o.read_scopes = list([&] { return ReadScope{path(), flag()}; });
    o.untracked = list([&] { return path(); });
    o.surviving = list([&] { return bytes(); });
    o.breakaway = list([&] { return bytes(); });
    o.temporary_directories = list([&] { return path(); });
    o.output_exclusions = list([&] { return path(); });
    o.breakaway_calls = list([&] { return BreakawayCall{bytes(), bytes(), flag()}; });
    o.survivor_grace_ms = static_cast<std::uint32_t>(random_());
    for (PathId* one : {&o.stdin_file, &o.stdout_file, &o.stderr_file})
      *one = flag() ? path() : kNoPath;
    for (std::string* text : {&o.stdin_text, &o.content, &o.module, &o.retry_attempt_variable,
                              &o.warning_regex, &o.error_regex})
      *text = bytes();
    o.timeout_ms = number();
    o.weight = static_cast<std::uint32_t>(random_());
    o.retries = static_cast<std::uint32_t>(random_());
    for (auto* codes : {&o.retry_exit_codes, &o.success_exit_codes, &o.uncacheable_exit_codes})
      *codes = list([&] { return static_cast<std::uint32_t>(random_()); });
    o.tags = list([&] { return bytes(); });
    return o;
  }
  GraphRecord graph(unsigned pip_count) {
    GraphRecord g;
    g.front_end = bytes();
    g.options = bytes();
    g.environment = list([&] { return std::pair<std::string, std::string>(bytes(), bytes()); });
    g.reads = list([&] { return FrontEndRead{path(), identity(), digest()}; });
    for (unsigned i = 0; i < pip_count; ++i) g.pips.push_back(pip(pip_count));
    g.dyndeps = list([&] { return Dyndep{path(), digest(), bytes()}; });
    if (pip_count > 0) g.default_targets = list([&] { return PipId{below(pip_count)}; });
    return g;
  }

 private:
  std::mt19937_64 random_;
  PathTable& paths_;
};

inline std::string encode_stream(const Header& header, const PathTable& paths,
                                 const std::vector<Record>& records, End end = {}) {
  std::string bytes;
  auto sink = string_sink(&bytes);
  auto writer = StreamWriter::create(*sink, paths, header);
  EXPECT_TRUE(writer);
  for (const Record& record : records) EXPECT_TRUE(writer->write(record));
  EXPECT_TRUE(writer->end(std::move(end)));
  return bytes;
}

inline std::string encode_graph(const Header& header, const PathTable& paths,
                                const GraphRecord& graph) {
  std::string bytes;
  auto sink = string_sink(&bytes);
  EXPECT_TRUE(write_graph(*sink, header, paths, graph));
  return bytes;
}

// What a whole stream says, or the error that refused it.
struct Content {
  Header header;
  std::vector<Record> records;
  End end;
  bool operator==(const Content&) const = default;
};
inline Result<Content> read_all(Result<StreamReader> reader) {
  if (!reader) return std::move(reader.error());
  Content content;
  content.header = reader->header();
  for (;;) {
    BXL_TRY_ASSIGN(std::optional<Record> record, reader->next());
    if (!record) break;
    content.records.push_back(std::move(*record));
  }
  content.end = reader->end();
  return content;
}
inline Result<Content> decode_stream(std::string_view bytes, StreamKind kind, PathTable& paths) {
  return read_all(StreamReader::open_bytes(bytes, kind, paths));
}

// Frames of a stream as byte ranges.
inline std::vector<std::string> split(std::string_view bytes) {
  std::vector<std::string> frames;
  while (!bytes.empty()) {
    std::uint32_t length;
    std::memcpy(&length, bytes.data(), 4);
    frames.emplace_back(bytes.substr(0, kFrameHeaderBytes + length));
    bytes.remove_prefix(frames.back().size());
  }
  return frames;
}

// The same frames with other bodies, with good checksums and a good end record: damage no checksum
// can notice.
inline std::string seal(const std::vector<std::string>& frames) {
  std::string bytes;
  auto sink = string_sink(&bytes);
  FrameTally tally;
  for (std::size_t i = 0; i + 1 < frames.size(); ++i) {
    std::uint32_t kind;
    std::memcpy(&kind, frames[i].data() + 4, 4);
    auto sum =
        write_frame(*sink, FrameKind{kind}, std::string_view(frames[i]).substr(kFrameHeaderBytes));
    EXPECT_TRUE(sum);
    tally.add(FrameKind{kind}, *sum);
  }
  EXPECT_TRUE(write_end(*sink, tally, {}));
  return bytes;
}

// A graph of these bytes, through an unlinked file.
inline Result<GraphReader> open_graph(std::string_view bytes, PathTable& paths) {
  UniqueFd file(::memfd_create("test", MFD_CLOEXEC));
  BXL_TRY(write_all(file.get(), bytes));
  ::lseek(file.get(), 0, SEEK_SET);
  return GraphReader::open(file.get(), paths);
}

}  // namespace bxl::wire::test
