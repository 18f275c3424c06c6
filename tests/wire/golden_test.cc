// Golden files: today's build writes the bytes of version 1.8, and reads them and those of 1.0
// to 1.7.
//
// Files of version N stay for good (NAME.v1.bin is 1.0). When the schema grows by a minor version,
// a file NAME.v1.N.bin is added beside the old ones, which must still be read: fields they lack are
// zero. Regenerate with BXL_TEST_ACCEPT=1.
#include "support/golden.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "wire/print.h"
#include "wire/random_records.h"

namespace bxl::wire::test {
namespace {

using bxl::test::golden;

Header header(StreamKind kind, std::uint16_t minor = kSchemaMinor) {
  Header h;
  h.kind = kind;
  h.minor = minor;
  h.tool_version = "0.1.0";
  h.workspace = "/w/build";
  h.mounts = {{"%build%", "/w/build", kMountReadable | kMountHashable | kMountOutput},
              {"%src%", "/w/src", kMountReadable | kMountHashable}};
  if (kind != StreamKind::Graph) h.graph = Digest::of("a graph");
  return h;
}

FileIdentity identity() {
  return {FileKind::File, true, 0100755, 64769, 4711, 1234, 1'700'000'000'000'000'001, -1};
}

Entry entry(PathTable& paths, std::uint16_t minor = kSchemaMinor) {
  Entry e;
  Output file{paths.intern("/w/build/a.o"), OutputKind::File, false, 1234, Digest::of("content")};
  file.identity = identity();
  Output link{paths.intern("/w/build/liba.so"), OutputKind::Symlink, false, 0,
              Digest::of("liba.so.1"),          "liba.so.1"};
  Output directory{paths.intern("/w/build/empty"), OutputKind::Directory};
  e.outputs = {file, link, directory};
  e.deleted = {paths.intern("/w/build/old-\xff.o")};
  e.console = Digest::of("warning\n");
  e.console_bytes = 8;
  e.wall_ms = 12;
  e.cpu_ms = 10;
  e.peak_kib = 20480;
  if (minor >= 1) e.evidence = Digest::of("evidence");
  if (minor >= 7) {
    e.root_free = true;
    e.root_names = {"%build% 2/2 build"};
  }
  return e;
}

GraphRecord graph(PathTable& paths) {
  GraphRecord g;
  g.front_end = "ninja";
  g.options = "-f build.ninja";
  g.environment = {{"LANG", "C"}, {"PATH", "/usr/bin:/bin"}};
  g.reads = {{paths.intern("/w/build/build.ninja"), identity(), Digest::of("rule cc")},
             {paths.intern("/w/build/absent.ninja")}};
  Pip compile;
  compile.flags = kPipDepsGcc | kPipRestat;
  compile.stable_id = "a.o";
  compile.command = "gcc -MD -MF a.d -c \"/w/src/a b.c\" -o a.o";
  compile.description = "CC a.o";
  compile.rule = "cc";
  compile.spec = "build.ninja:12";
  compile.pool = "compile";
  compile.pool_depth = 4;
  compile.working_directory = paths.intern("/w/build");
  compile.inputs = {paths.intern("/w/src/a b.c")};
  compile.outputs = {paths.intern("/w/build/a.o")};
  compile.explicit_outputs = 1;
  compile.depfile = paths.intern("/w/build/a.d");
  Pip archive = compile;
  archive.flags = 0;
  archive.stable_id = "liba.a";
  archive.command = "ar @a.rsp";
  archive.inputs = compile.outputs;
  archive.order_only = {paths.intern("/w/build/stamp")};
  archive.outputs = {paths.intern("/w/build/liba.a"), paths.intern("/w/build/liba.map")};
  archive.optional_outputs = {paths.intern("/w/build/liba.log")};
  archive.depfile = kNoPath;
  archive.rspfile = paths.intern("/w/build/a.rsp");
  archive.rspfile_content = "rcs liba.a a.o\n";
  archive.dependencies = {PipId{0}};
  Pip alias;
  alias.kind = PipKind::Alias;
  alias.stable_id = "all";
  alias.dependencies = {PipId{0}, PipId{1}};
  compile.validations = {PipId{1}};
  compile.dyndep = paths.intern("/w/build/a.dd");
  PipOptions& options = compile.options.make();
  options.argv = {"gcc", "-c", "/w/src/a b.c"};
  options.environment = {{"LANG", "de"}};
  options.directory_outputs = {{paths.intern("/w/build/gen"), true}};
  options.read_scopes = {{paths.intern("/w/src/include"), false}};
  options.untracked = {paths.intern("/w/src/log")};
  options.stdin_file = paths.intern("/w/src/in");
  options.stdin_text = "text";
  options.stdout_file = paths.intern("/w/build/a.out");
  options.content = "content";
  options.timeout_ms = 1500;
  options.weight = 2;
  options.retries = 3;
  options.retry_exit_codes = {75, 255};
  options.success_exit_codes = {0, 1};
  options.tags = {"test", "slow"};
  options.module = "app";
  options.surviving = {"agent"};
  options.breakaway = {"server", "watcher"};
  options.temporary_directories = {paths.intern("/w/build/tmp")};
  options.uncacheable_exit_codes = {42};
  options.retry_attempt_variable = "ATTEMPT";
  options.output_exclusions = {paths.intern("/w/build/node_modules")};
  options.warning_regex = "warning:.*";
  options.error_regex = "error:.*";
  options.survivor_grace_ms = 500;
  options.breakaway_calls = {{"node", "--server", true}};
  g.dyndeps = {{paths.intern("/w/build/a.dd"), Digest::of("dyndep"), ""},
               {paths.intern("/w/build/b.dd"), {}, "b.dd:1:1: unexpected indent"}};
  g.pips = {compile, archive, alias};
  g.default_targets = {PipId{2}};
  g.share_checkouts = true;
  return g;
}

std::vector<Record> plan(PathTable& paths, std::uint16_t minor) {
  PlanPip hit{PipId{0},        Action::Hit,        true, "", Digest::of("w"), Digest::of("s"),
              Digest::of("p"), entry(paths, minor)};
  PlanPip miss{PipId{1}, Action::Miss, false, "no entry for its weak fingerprint"};
  Basis probed{paths.intern("/w/src"), {FileKind::Directory}, false};
  return {PlanHeader{7, 2, true, "/w/build/.bxl/graph", minor >= 3 ? 1u : 0u,
                     minor >= 4 ? Visits{17, 5} : Visits{}},
          hit,
          miss,
          Basis{paths.intern("/w/src/a b.c"), identity()},
          probed,
          Scrub{paths.intern("/w/build/gone.o"), identity(), "gone.o"}};
}

std::vector<Record> results(PathTable& paths, std::uint16_t minor) {
  PipResult ran;
  ran.pip = PipId{1};
  ran.attempt = 1;
  ran.requested = true;
  ran.publishable = true;
  ran.static_hash = Digest::of("static");
  ran.weak = Digest::of("w");
  ran.strong = Digest::of("s");
  ran.path_set = Digest::of("p");
  ran.path_set_blob = std::string("path set\0bytes", 14);
  ran.entry = entry(paths, minor);
  ran.console = "\x1b[1mwarning\x1b[0m\n";
  if (minor >= 1) {
    ran.reason = "never seen";
    ran.started_unix_us = 1'700'000'000'000'001;
    ran.ended_unix_us = 1'700'000'000'012'345;
    ran.lane = 2;
  }
  if (minor >= 4) ran.filed = {Digest::of("augmented"), Digest::of("w"), "augmenting path set"};
  if (minor >= 7) {
    ran.shared = {Digest::of("shared"), Digest::of("t"), Digest::of("q"), "shared path set"};
    ran.not_shared = "b.o contains the path /w/build";
  }
  PipResult violated;
  violated.pip = PipId{0};
  violated.outcome = Outcome::Violated;
  violated.why_not = "it wrote a source file";
  violated.exit_status = 139;
  violated.violations = {
      {"DX5009", "DW", "W", "a.o", "b.o", paths.intern("/w/src/x.h"), "both write x.h"},
      {"DX0500", "R", "", "a.o", "", kNoPath, "undeclared"}};
  Stats stats{"failed", 4, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 1'700'000'000'000, {"liba.a"}};
  if (minor >= 3) stats.waiting = 13;
  if (minor >= 4) stats.visits = {19, 6};
  return {ran, violated, stats};
}

std::vector<Record> state(PathTable& paths, std::uint16_t minor) {
  return {StateHeader{8},
          StateRow{"a.o", Digest::of("static"), Digest::of("w"), Digest::of("s"), Digest::of("p"),
                   entry(paths, minor)},
          PathSetBlob{Digest::of("path set"), "path set"}};
}

using Make = std::vector<Record> (*)(PathTable&, std::uint16_t minor);

// The file reads as `make` says that its minor version meant it.
void read_back(const std::string& file, StreamKind kind, Make make, End end, std::uint16_t minor) {
  PathTable paths;
  std::vector<Record> expected = make(paths, minor);
  auto content = decode_stream(golden(file), kind, paths);
  ASSERT_TRUE(content) << file << ": " << content.error().message;
  end.records = expected.size();
  EXPECT_TRUE(*content == (Content{header(kind, minor), expected, end})) << file;
}

// What is written today equals the newest file; all files are read.
void both_ways(const std::string& name, StreamKind kind, Make make, const End& end) {
  read_back(name + ".v1.bin", kind, make, end, 0);
  read_back(name + ".v1.1.bin", kind, make, end, 1);
  read_back(name + ".v1.2.bin", kind, make, end, 2);
  read_back(name + ".v1.3.bin", kind, make, end, 3);
  read_back(name + ".v1.4.bin", kind, make, end, 4);
  read_back(name + ".v1.5.bin", kind, make, end, 5);
  read_back(name + ".v1.6.bin", kind, make, end, 6);
  read_back(name + ".v1.7.bin", kind, make, end, 7);
  PathTable paths;
  BXL_EXPECT_GOLDEN(name + ".v1.8.bin",
                    encode_stream(header(kind), paths, make(paths, kSchemaMinor), end));
  read_back(name + ".v1.8.bin", kind, make, end, kSchemaMinor);
}

TEST(Golden, PlanIsWrittenAsInThisVersionAndReadAsInEach) {
  both_ways("plan", StreamKind::Plan, plan, {});
}
TEST(Golden, ResultsAreWrittenAsInThisVersionAndReadAsInEach) {
  both_ways("results", StreamKind::Results, results, {4, "1 violation"});
}
TEST(Golden, StateIsWrittenAsInThisVersionAndReadAsInEach) {
  both_ways("state", StreamKind::State, state, {});
}

void read_graph(const std::string& file, std::uint16_t minor) {
  PathTable paths;
  auto reader = open_graph(golden(file), paths);
  ASSERT_TRUE(reader) << file << ": " << reader.error().message;
  EXPECT_TRUE(reader->header() == header(StreamKind::Graph, minor));
  ASSERT_EQ(reader->pip_count(), 3u);
  Pip archive = reader->pip(PipId{1});
  EXPECT_EQ(archive.command, "ar @a.rsp");
  EXPECT_EQ(paths.str(archive.outputs.at(1)), "/w/build/liba.map");
  EXPECT_EQ(paths.str(archive.rspfile), "/w/build/a.rsp");
  EXPECT_EQ(archive.depfile, kNoPath);
  EXPECT_FALSE(archive.options);
  if (minor < 5) return;
  Pip expected = graph(paths).pips[0];
  if (minor < 6) {
    expected.options.make().surviving.clear();
    expected.options.make().breakaway.clear();
    expected.options.make().temporary_directories.clear();
  }
  if (minor < 8) {
    const PipOptions none;
    PipOptions& options = expected.options.make();
    options.uncacheable_exit_codes.clear();
    options.retry_attempt_variable.clear();
    options.output_exclusions.clear();
    options.warning_regex.clear();
    options.error_regex.clear();
    options.survivor_grace_ms = none.survivor_grace_ms;
    options.breakaway_calls.clear();
  }
  EXPECT_TRUE(reader->pip(PipId{0}) == expected);
}

TEST(Golden, GraphIsWrittenAsInThisVersionAndReadAsInEach) {
  read_graph("graph.v1.bin", 0);
  read_graph("graph.v1.1.bin", 1);
  read_graph("graph.v1.2.bin", 2);
  read_graph("graph.v1.3.bin", 3);
  read_graph("graph.v1.4.bin", 4);
  read_graph("graph.v1.5.bin", 5);
  read_graph("graph.v1.6.bin", 6);
  read_graph("graph.v1.7.bin", 7);
  PathTable paths;
  BXL_EXPECT_GOLDEN("graph.v1.8.bin", encode_graph(header(StreamKind::Graph), paths, graph(paths)));
  read_graph("graph.v1.8.bin", kSchemaMinor);
}

void read_entry(const std::string& file, std::uint16_t minor) {
  PathTable paths;
  Entry expected = entry(paths, minor);
  auto read = decode_entry(
      golden(file), [&](std::string_view text) -> Result<PathId> { return paths.intern(text); });
  ASSERT_TRUE(read) << file << ": " << read.error().message;
  EXPECT_TRUE(*read == expected) << file;
}

TEST(Golden, EntryIsWrittenAsInThisVersionAndReadAsInEach) {
  read_entry("entry.v1.bin", 0);
  read_entry("entry.v1.1.bin", 6);
  PathTable paths;
  BXL_EXPECT_GOLDEN("entry.v1.7.bin",
                    encode_entry(entry(paths), paths, [&](PathId id) { return paths.str(id); }));
  read_entry("entry.v1.7.bin", kSchemaMinor);
}

class Printed : public testing::TestWithParam<std::string> {};

TEST_P(Printed, IsReadableAsTextAndJson) {
  std::string all;
  for (PrintFormat format : {PrintFormat::Text, PrintFormat::Json}) {
    auto file = open_file(std::string(BXL_TEST_DATA) + "/" + GetParam() + ".bin", O_RDONLY);
    ASSERT_TRUE(file) << file.error().to_string();
    std::ostringstream out;
    auto printed = print_stream(file->get(), format, out);
    ASSERT_TRUE(printed) << printed.error().message;
    all += out.str();
  }
  BXL_EXPECT_GOLDEN(GetParam() + ".txt", all);
}
INSTANTIATE_TEST_SUITE_P(Golden, Printed,
                         testing::Values("graph.v1", "plan.v1", "results.v1", "state.v1",
                                         "graph.v1.1", "plan.v1.1", "results.v1.1", "state.v1.1",
                                         "graph.v1.2", "plan.v1.2", "results.v1.2", "state.v1.2",
                                         "graph.v1.3", "plan.v1.3", "results.v1.3", "state.v1.3",
                                         "graph.v1.4", "plan.v1.4", "results.v1.4", "state.v1.4",
                                         "graph.v1.5", "plan.v1.5", "results.v1.5", "state.v1.5",
                                         "graph.v1.6", "plan.v1.6", "results.v1.6", "state.v1.6",
                                         "graph.v1.7", "plan.v1.7", "results.v1.7", "state.v1.7",
                                         "graph.v1.8", "plan.v1.8", "results.v1.8", "state.v1.8"),
                         [](const auto& one) {
                           std::string name = one.param;
                           std::replace(name.begin(), name.end(), '.', '_');
                           return name;
                         });

}  // namespace
}  // namespace bxl::wire::test
