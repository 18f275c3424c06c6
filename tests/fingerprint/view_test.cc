// View(pip, path): each rule of correctness §0 as a claim.
#include "fingerprint/view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/graph_text.h"
#include "support/memory_tree.h"

namespace bxl::fingerprint {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class ViewTest : public testing::Test {
 protected:
  void graph(const std::vector<std::string>& lines) {
    graph_.emplace(test::make_graph(lines, paths_));
    mounts_ = test::make_mounts();
    view_.emplace(*graph_, paths_, mounts_, tree_, records_);
  }
  PathId path(const std::string& name) {
    return paths_.intern(name[0] == '/' ? name : "/w/b/" + name);
  }
  PipId pip(const std::string& id) { return graph_->find(id); }
  Seen at(const std::string& who, const std::string& name) {
    return view_->at(pip(who), path(name));
  }
  void record(const std::string& name, const std::string& owner) {
    graph::OutputRecord r;
    r.owner = owner;
    r.identity = tree_.identity("/w/b/" + name);
    r.kind = r.identity.kind == FileKind::Directory ? wire::OutputKind::Directory
                                                    : wire::OutputKind::File;
    records_[path(name)] = r;
  }
  void final(const std::string& who,
             const std::vector<std::pair<std::string, std::string>>& outputs) {
    std::vector<wire::Output> outs;
    for (auto& [name, content] : outputs) outs.push_back(test::file_output(path(name), content));
    view_->finalize(pip(who), outs);
  }
  std::vector<std::string> members(const std::string& who, const std::string& dir) {
    auto names = view_->members(pip(who), path(dir));
    EXPECT_TRUE(names && *names);
    return names && *names ? **names : std::vector<std::string>{"?"};
  }

  PathTable paths_;
  test::MemoryTree tree_;
  graph::OutputRecords records_;
  graph::Mounts mounts_;
  std::optional<graph::PipGraph> graph_;
  std::optional<View> view_;
};

TEST_F(ViewTest, OwnDeclaredOutputIsAbsentEvenWhenOnDisk) {
  tree_.file("/w/b/out", "old");
  graph({"out : in"});
  EXPECT_EQ(at("out", "out").kind, FileKind::Absent);
}

TEST_F(ViewTest, OwnRecordedOutputIsAbsentUntilTheUserChangesIt) {
  tree_.file("/w/b/side", "made by out");
  record("side", "out");
  graph({"out : in"});
  EXPECT_EQ(at("out", "side").kind, FileKind::Absent);
  tree_.file("/w/b/side", "edited");
  view_->invalidate_all();
  EXPECT_EQ(at("out", "side").kind, FileKind::File);
}

TEST_F(ViewTest, UpstreamOutputIsUnknownUntilFinalThenItsResult) {
  tree_.file("/w/b/gen.h", "stale");
  graph({"gen.h : gen.in", "m.o : m.c || gen.h"});
  EXPECT_EQ(at("m.o", "gen.h").certainty, Seen::Certainty::Unknown);
  final("gen.h", {{"gen.h", "new"}});
  Seen seen = at("m.o", "gen.h");
  EXPECT_EQ(seen.kind, FileKind::File);
  EXPECT_EQ(seen.digest, Digest::of("new"));
}

TEST_F(ViewTest, OrderOnlyThroughAliasCountsAsUpstream) {
  graph({"gen.h : gen.in", "alias gens : gen.h", "m.o : m.c || gens"});
  EXPECT_EQ(at("m.o", "gen.h").certainty, Seen::Certainty::Unknown);
}

TEST_F(ViewTest, OutputOfUnorderedPipIsHidden) {
  tree_.file("/w/b/other.h", "there by luck");
  graph({"other.h : o.in", "m.o : m.c"});
  Seen seen = at("m.o", "other.h");
  EXPECT_EQ(seen.kind, FileKind::Absent);
  EXPECT_TRUE(seen.hidden);
  EXPECT_EQ(seen.owner, pip("other.h"));
}

TEST_F(ViewTest, RecordedOutputOfAPipThatLeftTheGraphIsAbsentUnlessChanged) {
  tree_.file("/w/b/inc/foo.h", "left over");
  record("inc/foo.h", "gone");
  graph({"m.o : m.c"});
  EXPECT_EQ(at("m.o", "inc/foo.h").kind, FileKind::Absent);
  tree_.file("/w/b/inc/foo.h", "checked in");
  view_->invalidate_all();
  EXPECT_EQ(at("m.o", "inc/foo.h").kind, FileKind::File);
}

TEST_F(ViewTest, AncestorsOfDeclaredOutputsAreDirectoriesForEverybody) {
  graph({"deep/er/out : in", "m.o : m.c"});
  EXPECT_EQ(at("m.o", "deep/er").kind, FileKind::Directory);
  EXPECT_EQ(at("deep/er/out", "deep").kind, FileKind::Directory);
}

TEST_F(ViewTest, DirectoryOfAnotherPipIsThereOnlyWithSomethingVisibleInIt) {
  tree_.directory("/w/b/made");
  record("made", "a");
  graph({"a : in", "b : in"});
  EXPECT_EQ(at("b", "made").kind, FileKind::Absent);
  tree_.file("/w/b/made/users", "mine");
  EXPECT_EQ(at("b", "made").kind, FileKind::Directory);
}

TEST_F(ViewTest, SourcesComeFromDisk) {
  tree_.file("/w/s/m.c", "int x;");
  graph({"m.o : /w/s/m.c"});
  Seen seen = at("m.o", "/w/s/m.c");
  EXPECT_TRUE(seen.from_disk);
  EXPECT_EQ(*view_->content(path("/w/s/m.c"), seen), Digest::of("int x;"));
}

TEST_F(ViewTest, UnreadableIsNotAbsent) {
  tree_.unreadable("/w/s/secret", EACCES);
  graph({"m.o : m.c"});
  Seen seen = at("m.o", "/w/s/secret");
  EXPECT_EQ(seen.certainty, Seen::Certainty::Unreadable);
  EXPECT_EQ(seen.errnum, EACCES);
}

TEST_F(ViewTest, MembersAreUpstreamResultsAndSourcesNeverHiddenOrStaleOnes) {
  tree_.file("/w/b/gen/source.txt", "s");
  tree_.file("/w/b/gen/hidden", "h");
  tree_.file("/w/b/gen/stale", "t");
  tree_.directory("/w/b/gen/.git");
  record("gen/stale", "gone");
  graph({"gen/up : in", "gen/hidden : in", "list : in || gen/up"});
  final("gen/up", {{"gen/up", "u"}, {"gen/also", "not on disk"}});
  EXPECT_THAT(members("list", "gen"), ElementsAre("also", "source.txt", "up"));
}

TEST_F(ViewTest, AResultWithoutARecordedOutputMakesItStale) {
  tree_.file("/w/b/side", "old");
  record("side", "a");
  graph({"a : in", "b : a"});
  final("a", {{"a", "1"}});
  EXPECT_EQ(at("b", "side").kind, FileKind::Absent);
}

TEST_F(ViewTest, FollowGoesThroughLinksOfUpstreamResults) {
  tree_.file("/w/b/real", "content");
  graph({"link : in", "m.o : link"});
  wire::Output out;
  out.path = path("link");
  out.kind = wire::OutputKind::Symlink;
  out.link_target = "real";
  view_->finalize(pip("link"), {out});
  auto [where, seen] = view_->follow(pip("m.o"), path("link"));
  EXPECT_EQ(where, path("real"));
  EXPECT_EQ(seen.kind, FileKind::File);
}

TEST_F(ViewTest, DeclaredOutputBelowASymlinkIsOwnedAtItsPhysicalPlace) {
  tree_.directory("/w/data");
  tree_.symlink("/w/b/out", "/w/data");
  graph({"out/x : in", "m.o : m.c"});
  EXPECT_EQ(view_->owner(path("/w/data/x")), pip("out/x"));
}

TEST_F(ViewTest, EachPathIsLookedAtOncePerEpoch) {
  tree_.file("/w/s/a.h", "a");
  graph({"m.o : m.c"});
  tree_.looked.clear();
  at("m.o", "/w/s/a.h");
  at("m.o", "/w/s/a.h");
  EXPECT_EQ(std::count(tree_.looked.begin(), tree_.looked.end(), "/w/s/a.h"), 1);
  view_->invalidate_all();
  at("m.o", "/w/s/a.h");
  EXPECT_EQ(std::count(tree_.looked.begin(), tree_.looked.end(), "/w/s/a.h"), 2);
}

TEST_F(ViewTest, GeneratorOutputsAreSourcesForEverybody) {
  tree_.file("/w/b/build.ninja", "rule cc");
  graph({"m.o : m.c"});
  // A generator pip is built by hand: the text form has no flags.
  PathTable paths;
  wire::Pip generator;
  generator.stable_id = "build.ninja";
  generator.flags = wire::kPipGenerator;
  generator.outputs = {paths.intern("/w/b/build.ninja")};
  wire::Pip user;
  user.stable_id = "m.o";
  user.outputs = {paths.intern("/w/b/m.o")};
  auto g = graph::PipGraph::create({generator, user}, paths);
  ASSERT_TRUE(g);
  View view(*g, paths, mounts_, tree_, records_);
  EXPECT_EQ(view.at(PipId{1}, paths.intern("/w/b/build.ninja")).kind, FileKind::File);
}

TEST_F(ViewTest, OutputDirectoriesAreThereBeforeAnythingIsInThem) {
  std::vector<wire::Pip> pips(3);
  const char* ids[] = {"gen", "use", "other"};
  for (std::size_t i = 0; i < pips.size(); ++i) pips[i].stable_id = ids[i];
  pips[0].options.make().directory_outputs = {{path("out/gen"), true}};
  pips[1].dependencies = {PipId{0}};
  auto made = graph::PipGraph::create(pips, paths_);
  ASSERT_TRUE(made);
  graph_.emplace(std::move(*made));
  mounts_ = test::make_mounts();
  view_.emplace(*graph_, paths_, mounts_, tree_, records_);
  for (const char* who : ids) EXPECT_EQ(at(who, "out/gen").kind, FileKind::Directory) << who;
  EXPECT_TRUE(view_->in_output_directory(pip("gen"), path("out/gen/a/b")));
  EXPECT_FALSE(view_->in_output_directory(pip("use"), path("out/gen/a/b")));
  EXPECT_FALSE(view_->in_output_directory(pip("gen"), path("out/other")));
  ASSERT_TRUE(view_->output_directory_of(path("out/gen/a")));
  EXPECT_THAT(*view_->output_directory_of(path("out/gen/a")), ElementsAre(pip("gen")));

  final("gen", {{"out/gen/a", "1"}});
  EXPECT_EQ(at("use", "out/gen/a").kind, FileKind::File);
  EXPECT_THAT(members("use", "out/gen"), ElementsAre("a"));
  EXPECT_TRUE(at("other", "out/gen/a").hidden);
  EXPECT_THAT(members("other", "out/gen"), IsEmpty());
  EXPECT_EQ(at("gen", "out/gen/a").kind, FileKind::Absent);
}

}  // namespace
}  // namespace bxl::fingerprint
