// Weak and strong fingerprints: what changes them, what does not, and that their text is what was
// hashed.
#include "fingerprint/fingerprint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "fingerprint/projection.h"
#include "support/graph_text.h"
#include "support/memory_tree.h"

namespace bxl::fingerprint {
namespace {

using testing::HasSubstr;
using Status = Computed::Status;

struct World {
  explicit World(const std::vector<std::string>& lines)
      : mounts(test::make_mounts()), graph(test::make_graph(lines, paths)) {}
  void look() { view.emplace(graph, paths, mounts, tree, records); }
  Computed weak(const std::string& id) {
    PipId pip = graph.find(id);
    return weak_fingerprint(*view, pip, static_text(*view, pip, salts));
  }
  Computed strong(const std::string& id, std::vector<Observation> observations) {
    std::string bytes = encode_path_set(std::move(observations), paths, mounts);
    auto set = decode_path_set(bytes, paths, mounts);
    return strong_fingerprint(*view, graph.find(id), Digest::of("weak"), *set);
  }
  PathId path(const std::string& p) { return paths.intern(p); }

  PathTable paths;
  graph::Mounts mounts;
  graph::PipGraph graph;
  test::MemoryTree tree;
  graph::OutputRecords records;
  Salts salts;
  std::optional<View> view;
};

TEST(WeakFingerprint, IsTheDigestOfItsText) {
  World w({"o : i = cp i o"});
  w.tree.file("/w/b/i", "1");
  w.look();
  Computed c = w.weak("o");
  ASSERT_EQ(c.status, Status::Ok) << c.why;
  EXPECT_EQ(c.digest, Digest::of(c.text));
  EXPECT_THAT(c.text, HasSubstr("cp i o"));
  EXPECT_THAT(c.text, HasSubstr("%build%/i R " + Digest::of("1").hex()));
}

TEST(WeakFingerprint, ChangesWithContentCommandEnvironmentAndXBitButNotWithTouch) {
  auto weak = [](const std::string& content, bool executable, const std::string& command,
                 const std::string& env, bool touch) {
    World w({"o : i = " + command});
    w.tree.file("/w/b/i", content, executable);
    if (touch) w.tree.file("/w/b/i", content, executable);
    w.salts.environment = {{"FOO", env}};
    w.look();
    return w.weak("o").digest;
  };
  Digest base = weak("1", false, "cp", "a", false);
  EXPECT_EQ(base, weak("1", false, "cp", "a", true));
  EXPECT_NE(base, weak("2", false, "cp", "a", false));
  EXPECT_NE(base, weak("1", true, "cp", "a", false));
  EXPECT_NE(base, weak("1", false, "cp -p", "a", false));
  EXPECT_NE(base, weak("1", false, "cp", "b", false));
}

TEST(WeakFingerprint, OrderOnlyInputsDoNotCount) {
  World a({"g : gi", "o : i || g"}), b({"g : gi", "o : i || g"});
  a.tree.file("/w/b/i", "1");
  b.tree.file("/w/b/i", "1");
  a.look();
  b.look();
  a.view->finalize(a.graph.find("g"), {test::file_output(a.path("/w/b/g"), "x")});
  b.view->finalize(b.graph.find("g"), {test::file_output(b.path("/w/b/g"), "y")});
  EXPECT_EQ(a.weak("o").digest, b.weak("o").digest);
}

TEST(WeakFingerprint, AliasesStandForWhatTheyName) {
  World w({"alias all : i", "o : all"});
  w.tree.file("/w/b/i", "1");
  w.look();
  EXPECT_THAT(w.weak("o").text, HasSubstr("%build%/i R "));
}

TEST(WeakFingerprint, WaitsForUpstreamAndRefusesUnreadable) {
  World w({"m : i", "o : m"});
  w.look();
  EXPECT_EQ(w.weak("o").status, Status::Unknown);
  w.tree.unreadable("/w/b/i", EACCES);
  w.view->invalidate_all();
  Computed c = w.weak("m");
  EXPECT_EQ(c.status, Status::Unusable);
  EXPECT_THAT(c.why, HasSubstr("Permission denied"));
}

TEST(StrongFingerprint, LettersFollowWhatIsThereNow) {
  World w({"o : i"});
  w.tree.file("/w/s/read.h", "r");
  w.tree.file("/w/s/probed", "p");
  w.tree.file("/w/s/dir/a", "");
  w.tree.symlink("/w/s/link", "read.h");
  w.look();
  Computed c = w.strong("o", {{w.path("/w/s/read.h"), kContent},
                              {w.path("/w/s/probed"), kProbe},
                              {w.path("/w/s/dir"), kEnumerate},
                              {w.path("/w/s/none"), kProbe},
                              {w.path("/w/s"), kProbe},
                              {w.path("/w/s/link"), kContent}});
  ASSERT_EQ(c.status, Status::Ok);
  EXPECT_THAT(c.text, HasSubstr("\nR " + Digest::of("r").hex() + "\n"));
  EXPECT_THAT(c.text, HasSubstr("\nF\n"));
  EXPECT_THAT(c.text, HasSubstr("\nE " + Digest::of(std::string("a\0", 2)).hex() + "\n"));
  EXPECT_THAT(c.text, HasSubstr("\nP\n"));
  EXPECT_THAT(c.text, HasSubstr("\nD\n"));
  EXPECT_THAT(c.text, HasSubstr("R link " + Digest::of("read.h").hex()));
  EXPECT_EQ(c.digest, Digest::of(c.text));
}

TEST(StrongFingerprint, AbsentProbeThatAppearsAndMemberThatAppearsChangeIt) {
  auto strong = [](bool probe_appears, bool member_appears) {
    World w({"o : i"});
    w.tree.file("/w/s/d/a", "");
    if (probe_appears) w.tree.file("/w/s/opt.cfg", "");
    if (member_appears) w.tree.file("/w/s/d/b", "");
    w.look();
    return w.strong("o", {{w.path("/w/s/opt.cfg"), kProbe}, {w.path("/w/s/d"), kEnumerate}}).digest;
  };
  Digest base = strong(false, false);
  EXPECT_EQ(base, strong(false, false));
  EXPECT_NE(base, strong(true, false));
  EXPECT_NE(base, strong(false, true));
}

TEST(StrongFingerprint, ProbedFilesAreNotHashed) {
  World w({"o : i"});
  w.tree.file("/usr/bin/tool", "big");
  w.look();
  w.strong("o", {{w.path("/usr/bin/tool"), kProbe}});
  EXPECT_TRUE(w.tree.hashed.empty());
}

// One soname entry in glibc's "new" cache format, as documented at project_ld_so_cache.
std::string ld_cache(const std::vector<std::pair<std::string, std::string>>& entries) {
  std::string strings, table;
  std::uint32_t base = static_cast<std::uint32_t>(48 + 24 * entries.size());
  auto u32 = [](std::string& s, std::uint32_t v) { s.append(reinterpret_cast<char*>(&v), 4); };
  for (auto& [name, path] : entries) {
    u32(table, 3);
    u32(table, base + static_cast<std::uint32_t>(strings.size()));
    strings += name + '\0';
    u32(table, base + static_cast<std::uint32_t>(strings.size()));
    strings += path + '\0';
    u32(table, 0);
    table.append(8, '\0');
  }
  std::string head = "glibc-ld.so.cache1.1";
  u32(head, static_cast<std::uint32_t>(entries.size()));
  u32(head, static_cast<std::uint32_t>(strings.size()));
  head.resize(48, '\0');
  return head + table + strings;
}

TEST(Projection, LdSoCacheCountsOnlyByTheSonamesThatMatter) {
  std::vector<std::string> names = {"libc.so.6", "libfoo.so.2"};
  std::string before = project_ld_so_cache(ld_cache({{"libc.so.6", "/lib/libc.so.6"}}), names);
  std::string unrelated = project_ld_so_cache(
      ld_cache({{"libc.so.6", "/lib/libc.so.6"}, {"libbar.so.1", "/lib/libbar.so.1"}}), names);
  std::string found = project_ld_so_cache(
      ld_cache({{"libc.so.6", "/lib/libc.so.6"}, {"libfoo.so.2", "/lib/libfoo.so.2"}}), names);
  EXPECT_EQ(before, unrelated);
  EXPECT_NE(before, found);
  EXPECT_THAT(before, HasSubstr("/lib/libc.so.6"));
}

TEST(Projection, AnUnknownFormatCountsByItsBytes) {
  EXPECT_NE(project_ld_so_cache("garbage", {}), project_ld_so_cache("other", {}));
  EXPECT_NE(project_ld_so_cache(ld_cache({}).substr(0, 30), {}), project_ld_so_cache("other", {}));
}

// The static text of one pip with these options.
std::string static_of(const std::function<void(wire::Pip&, PathTable&)>& change) {
  PathTable paths;
  std::vector<wire::Pip> pips(1);
  pips[0].stable_id = "p";
  pips[0].command = "x";
  change(pips[0], paths);
  auto made = graph::PipGraph::create(pips, paths);
  EXPECT_TRUE(made) << made.error().to_string();
  graph::Mounts mounts = test::make_mounts();
  test::MemoryTree tree;
  graph::OutputRecords records;
  View view(*made, paths, mounts, tree, records);
  return static_text(view, PipId{0}, {{{"A", "graph"}, {"B", "graph"}}});
}

TEST(WeakFingerprint, HoldsWhatShapesAResultAndNotHowItIsScheduled) {
  const std::string plain = static_of([](wire::Pip&, PathTable&) {});
  using Change = std::function<void(wire::Pip&, PathTable&)>;
  const Change shapes[] = {
      [](wire::Pip& p, PathTable&) { p.options.make().argv = {"x"}; },
      [](wire::Pip& p, PathTable&) { p.options.make().environment = {{"A", "own"}}; },
      [](wire::Pip& p, PathTable& t) {
        p.options.make().directory_outputs = {{t.intern("/w/b/d"), false}};
      },
      [](wire::Pip& p, PathTable& t) { p.options.make().untracked = {t.intern("/w/b/d")}; },
      [](wire::Pip& p, PathTable& t) { p.options.make().stdin_file = t.intern("/w/b/d"); },
      [](wire::Pip& p, PathTable&) { p.options.make().stdin_text = "d"; },
      [](wire::Pip& p, PathTable&) { p.options.make().success_exit_codes = {1}; },
      [](wire::Pip& p, PathTable&) { p.flags |= wire::kPipDeclaredReads; },
      [](wire::Pip& p, PathTable& t) {
        p.flags |= wire::kPipDeclaredReads;
        p.options.make().read_scopes = {{t.intern("/w/s"), true}};
      },
      [](wire::Pip& p, PathTable& t) {
        p.flags |= wire::kPipDeclaredReads;
        p.order_only = {t.intern("/w/s/x")};
      }};
  std::set<std::string> seen{plain};
  for (const Change& change : shapes) EXPECT_TRUE(seen.insert(static_of(change)).second);
  EXPECT_EQ(plain, static_of([](wire::Pip& p, PathTable&) {
              wire::PipOptions& more = p.options.make();
              more.timeout_ms = 1;
              more.weight = 2;
              more.retries = 3;
              more.retry_exit_codes = {4};
              more.tags = {"t"};
              more.module = "m";
              p.description = "d";
            }));
}

TEST(WeakFingerprint, APipsOwnEnvironmentGoesBeforeThatOfAll) {
  wire::Pip pip;
  pip.options.make().environment = {{"B", "own"}, {"C", "own"}};
  using Variables = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(environment_of(pip, {{{"A", "all"}, {"B", "all"}}}),
            (Variables{{"A", "all"}, {"B", "own"}, {"C", "own"}}));
}

}  // namespace
}  // namespace bxl::fingerprint
