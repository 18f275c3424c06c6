// The executor over a real directory and fake commands: what runs, what is published, what is
// refused.
#include "exec/executor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plan/lookup.h"
#include "plan/planner.h"
#include "support/fake_runner.h"
#include "support/graph_text.h"
#include "support/temp_dir.h"

namespace bxl::exec {
namespace {

using test::FakeProcess;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;
using wire::Outcome;

// One workspace on disk. Each build() opens everything anew, as the tools do, with the state and
// the log kept.
class ExecutorTest : public testing::Test {
 protected:
  ExecutorTest() : workspace_{dir_ / "ws"} {
    EXPECT_TRUE(make_directories(workspace_.root));
    EXPECT_TRUE(workspace_.create());
    EXPECT_TRUE(make_directories(dir_ / "tmp"));
  }

  void write(const std::string& name, const std::string& content) {
    // Older than any run: the racy rule must not see it as just modified.
    std::string path = workspace_.root + "/" + name;
    EXPECT_TRUE(make_directories(std::string(parent_path(path))));
    EXPECT_TRUE(replace_file(path, content));
    ::usleep(25'000);
  }
  std::string read(const std::string& name) {
    auto bytes = read_file(workspace_.root + "/" + name);
    return bytes ? *bytes : "(absent)";
  }

  struct Built {
    Summary summary;
    std::map<std::string, wire::PipResult> results;  // the last of each
    std::vector<std::string> ran;
    std::vector<std::string> notes;
  };

  Built build(const std::vector<std::string>& lines, Settings settings = {}) {
    Built built;
    PathTable paths;
    paths.intern(workspace_.root);
    std::vector<std::string> rooted;
    for (const std::string& line : lines) rooted.push_back(root_names(line));
    graph::PipGraph graph = test::make_graph(rooted, paths);
    graph::Mounts mounts({{"%build%", workspace_.root,
                           wire::kMountReadable | wire::kMountHashable | wire::kMountOutput}});
    auto log = state::OutputLog::open(workspace_, "", mounts, paths, state::OutputLog::Mode::Write);
    EXPECT_TRUE(log);
    state::StateTable state = state::StateTable::load(workspace_, paths);
    auto memo = cas::HashMemo::open("");
    auto blobs = cas::BlobStore::open(dir_ / "cache");
    EXPECT_TRUE(blobs);
    fingerprint::DiskTree tree(**memo);
    fingerprint::View view(graph, paths, mounts, tree, (*log)->records());
    plan::Lookup lookup(view, {}, {nullptr, &*blobs, &state, &(*log)->records()});
    plan::Request request;
    request.directory = paths.intern(workspace_.root);
    auto targets = plan::resolve_targets({graph, paths, mounts, workspace_.root, "test"}, request);
    auto planned = plan::make_plan(view, lookup, (*log)->records(), request, *targets);
    EXPECT_TRUE(planned) << (planned ? "" : planned.error().to_string());
    if (!planned) return built;

    struct Notes : Observer {
      std::vector<std::string>* to;
      void note(const std::string& text) override { to->push_back(text); }
    } observer;
    observer.to = &built.notes;
    materialize::Placer placer(
        workspace_, mounts, paths, *blobs, **log,
        [&](const materialize::Note& note) { built.notes.push_back(materialize::sentence(note)); });
    test::FakeRunner runner(dir_ / "tmp");
    runner.commands = commands;
    Services services{
        view,
        placer,
        **log,
        workspace_,
        &*blobs,
        **memo,
        lookup.salts(),
        runner,
        [&](PipId pip, Digest* static_hash) {
          plan::Decision d = lookup.decide(pip);
          *static_hash = d.static_hash;
          wire::PlanPip out;
          out.pip = pip;
          out.action = d.action;
          out.weak = d.weak;
          out.strong = d.strong;
          out.path_set = d.path_set;
          out.entry = d.entry;
          return out;
        },
        [&](const Digest& digest) {
          const std::string* bytes = state.path_set(digest);
          return bytes ? *bytes : std::string();
        },
        [&](const std::string& stable_id) { return state.find(stable_id); },
        observer,
        [&](wire::PipResult result) {
          built.results[graph.pip(result.pip).stable_id.substr(workspace_.root.size() + 1)] =
              result;
        }};
    built.summary = execute(planned->pips, planned->scrubs, false, settings, services, -1);
    built.ran = runner.ran;
    for (auto& [id, result] : built.results) {
      std::string stable = workspace_.root + "/" + id;
      if (result.outcome == Outcome::Ran && result.publishable) {
        wire::StateRow row{stable,        result.static_hash, result.weak,
                           result.strong, result.path_set,    result.entry};
        state.put(row, result.path_set_blob);
      } else if (result.outcome != Outcome::Clean && result.outcome != Outcome::Hit) {
        state.erase(stable);
      }
    }
    wire::Header header;
    header.workspace = workspace_.root;
    EXPECT_TRUE(state.save(workspace_, paths, header));
    return built;
  }

  // Names in graph lines are relative to the workspace; make_graph knows absolute ones.
  std::string root_names(const std::string& line) {
    std::istringstream in(line);
    std::string word, out;
    while (in >> word) {
      if (word == "=") {
        std::string rest;
        std::getline(in, rest);
        return out + "=" + rest;
      }
      out +=
          (word == ":" || word == "||" || word == "alias" ? word : workspace_.root + "/" + word) +
          " ";
    }
    return out;
  }

  static void run_in(FakeProcess& p, const std::function<void(FakeProcess&)>& body) { body(p); }
  std::string in(const std::string& name) { return workspace_.root + "/" + name; }

  test::TempDir dir_;
  state::Workspace workspace_;
  std::map<std::string, std::function<void(FakeProcess&)>> commands;
};

TEST_F(ExecutorTest, RunsInDependencyOrderThenEverythingIsClean) {
  write("a", "1");
  commands[" one"] = [&](FakeProcess& p) { p.write(in("b"), p.read(in("a")) + "!"); };
  commands[" two"] = [&](FakeProcess& p) { p.write(in("c"), p.read(in("b")) + "?"); };
  std::vector<std::string> graph = {"c : b = two", "b : a = one"};
  Built first = build(graph);
  EXPECT_THAT(first.ran, ElementsAre(" one", " two"));
  EXPECT_TRUE(first.results["c"].publishable) << first.results["c"].why_not;
  EXPECT_EQ(read("c"), "1!?");
  Built second = build(graph);
  EXPECT_THAT(second.ran, IsEmpty());
  EXPECT_EQ(second.results["c"].outcome, Outcome::Clean);
}

TEST_F(ExecutorTest, UndeclaredReadIsAnInput) {
  write("a", "1");
  write("hidden", "1");
  commands[" one"] = [&](FakeProcess& p) { p.write(in("b"), p.read(in("hidden"))); };
  build({"b : a = one"});
  EXPECT_THAT(build({"b : a = one"}).ran, IsEmpty());
  write("hidden", "2");
  EXPECT_THAT(build({"b : a = one"}).ran, ElementsAre(" one"));
}

TEST_F(ExecutorTest, SameOutputCutsTheBuildOff) {
  write("a", "one");
  commands[" length"] = [&](FakeProcess& p) {
    p.write(in("b"), std::to_string(p.read(in("a")).size()));
  };
  commands[" use"] = [&](FakeProcess& p) { p.write(in("c"), p.read(in("b"))); };
  build({"b : a = length", "c : b = use"});
  write("a", "two");
  Built second = build({"b : a = length", "c : b = use"});
  EXPECT_THAT(second.ran, ElementsAre(" length"));
  EXPECT_EQ(second.results["c"].outcome, Outcome::Clean);
}

TEST_F(ExecutorTest, DeletedOutputsComeBackWithoutRunning) {
  write("a", "1");
  commands[" one"] = [&](FakeProcess& p) {
    p.write(in("b"), p.read(in("a")));
    p.write(in("side"), "extra");
  };
  build({"b : a = one"});
  ::unlink(in("b").c_str());
  ::unlink(in("side").c_str());
  Built second = build({"b : a = one"});
  EXPECT_THAT(second.ran, IsEmpty());
  EXPECT_EQ(second.results["b"].outcome, Outcome::Hit);
}

TEST_F(ExecutorTest, OldOutputsAreGoneWhenThePipRuns) {
  write("a", "1");
  commands[" append"] = [&](FakeProcess& p) {
    std::string before = p.probe(in("b")) ? p.read(in("b")) : "";
    p.write(in("b"), before + p.read(in("a")));
  };
  build({"b : a = append"});
  write("a", "2");
  build({"b : a = append"});
  EXPECT_EQ(read("b"), "2");
}

TEST_F(ExecutorTest, EditingAnInputIsNeverPublishedNorClean) {
  write("a", "1");
  write("src", "text");
  commands[" sed"] = [&](FakeProcess& p) {
    p.write(in("src"), p.read(in("src")) + "+");
    p.write(in("b"), "done");
  };
  Built first = build({"b : a = sed"});
  EXPECT_FALSE(first.results["b"].publishable);
  EXPECT_THAT(first.results["b"].why_not, HasSubstr("edits its own input"));
  ::usleep(25'000);
  EXPECT_THAT(build({"b : a = sed"}).ran, ElementsAre(" sed"));
}

TEST_F(ExecutorTest, MissingDeclaredOutputIsNotPublished) {
  write("a", "1");
  commands[" none"] = [&](FakeProcess& p) { p.read(in("a")); };
  Built first = build({"b : a = none"});
  EXPECT_EQ(first.results["b"].outcome, Outcome::Ran);
  EXPECT_FALSE(first.results["b"].publishable);
  EXPECT_THAT(build({"b : a = none"}).ran, ElementsAre(" none"));
}

TEST_F(ExecutorTest, AReasonOfTheSandboxKeepsThePipOutOfTheCache) {
  write("a", "1");
  commands[" net"] = [&](FakeProcess& p) {
    p.unobserved("network");
    p.write(in("b"), "x");
  };
  Built first = build({"b : a = net"});
  EXPECT_FALSE(first.results["b"].publishable);
  EXPECT_THAT(first.results["b"].why_not, HasSubstr("network"));
}

TEST_F(ExecutorTest, ReadingAnOutputOfAnUnorderedPipIsAViolation) {
  write("a", "1");
  write("gen.h", "checked in, and an output");
  commands[" use"] = [&](FakeProcess& p) { p.write(in("b"), p.read(in("gen.h"))); };
  commands[" gen"] = [&](FakeProcess& p) { p.write(in("gen.h"), "new"); };
  Settings keep_going;
  keep_going.keep_going = 0;
  Built built = build({"b : a = use", "gen.h : a = gen"}, keep_going);
  EXPECT_EQ(built.results["b"].outcome, Outcome::Violated);
  ASSERT_FALSE(built.results["b"].violations.empty());
  EXPECT_EQ(built.results["b"].violations[0].letter, "R");
}

TEST_F(ExecutorTest, WritingAnotherPipsOutputIsADoubleWrite) {
  write("a", "1");
  commands[" one"] = [&](FakeProcess& p) { p.write(in("b"), "1"); };
  commands[" two"] = [&](FakeProcess& p) {
    p.write(in("b"), "2");
    p.write(in("c"), "2");
  };
  Settings keep_going;
  keep_going.keep_going = 0;
  Built built = build({"b : a = one", "c : a = two"}, keep_going);
  EXPECT_EQ(built.results["c"].outcome, Outcome::Violated);
  EXPECT_EQ(built.results["c"].violations[0].letter, "DW");
}

TEST_F(ExecutorTest, FailureSkipsDependentsAndRestoresTheUsersFile) {
  write("a", "1");
  write("b", "the user's");
  commands[" bad"] = [&](FakeProcess& p) {
    p.write(in("b"), "half");
    p.fail(3);
  };
  commands[" use"] = [&](FakeProcess& p) { p.write(in("c"), p.read(in("b"))); };
  Built built = build({"b : a = bad", "c : b = use"});
  EXPECT_EQ(built.results["b"].outcome, Outcome::Failed);
  EXPECT_EQ(built.results["b"].exit_status, 3);
  EXPECT_EQ(built.results["c"].outcome, Outcome::Skipped);
  EXPECT_EQ(read("b"), "the user's");
  EXPECT_EQ(built.summary.failed, 1u);
}

TEST_F(ExecutorTest, StaleOutputOfARemovedPipIsScrubbedBeforeAnythingRuns) {
  write("a", "1");
  commands[" gen"] = [&](FakeProcess& p) {
    p.write(in("g"), "g");
    p.write(in("foo.h"), "generated");
  };
  commands[" use"] = [&](FakeProcess& p) {
    p.write(in("b"), p.probe(in("foo.h")) ? "with" : "without");
  };
  build({"g : a = gen"});
  EXPECT_EQ(read("foo.h"), "generated");
  build({"b : a = use"});
  EXPECT_EQ(read("b"), "without");
  EXPECT_EQ(read("foo.h"), "(absent)");
}

TEST_F(ExecutorTest, AUsersFileInThePlaceOfAStaleOutputStays) {
  write("a", "1");
  commands[" gen"] = [&](FakeProcess& p) { p.write(in("g"), "g"); };
  commands[" use"] = [&](FakeProcess& p) { p.write(in("b"), "b"); };
  build({"g : a = gen"});
  write("g", "checked in");
  build({"b : a = use"});
  EXPECT_EQ(read("g"), "checked in");
}

TEST_F(ExecutorTest, ListingThatContainsUnorderedOutputsIsNotPublished) {
  write("a", "1");
  write("gen/source", "s");
  commands[" make"] = [&](FakeProcess& p) { p.write(in("gen/x"), "x"); };
  commands[" list"] = [&](FakeProcess& p) {
    std::string names;
    for (const std::string& n : p.list(in("gen"))) names += n + ",";
    p.write(in("all"), names);
  };
  build({"gen/x : a = make"});
  Built built = build({"gen/x : a = make", "all : a = list"});
  EXPECT_FALSE(built.results["all"].publishable);
  EXPECT_THAT(built.results["all"].why_not, HasSubstr("also receives outputs of"));
}

TEST_F(ExecutorTest, WhatCannotBeRecordedStopsTheBuild) {
  write("in", "1");
  ::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  commands[" make out"] = [&](FakeProcess& p) {
    p.write(in("out"), p.read(in("in")));
    rlimit limit{lstat_identity(workspace_.outputs_log())->size + 3, before.rlim_max};
    EXPECT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
  };
  commands[" make next"] = [&](FakeProcess& p) { p.write(in("next"), "n"); };
  const std::vector<std::string> lines{"out : in = make out", "next : out = make next"};
  Built built = build(lines, {.keep_going = 0});
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_TRUE(built.summary.local_resource);
  EXPECT_THAT(built.summary.error, HasSubstr("outputs.log"));
  EXPECT_THAT(built.ran, ElementsAre(" make out"));
  EXPECT_FALSE(built.results["out"].publishable);

  commands[" make out"] = [&](FakeProcess& p) {
    EXPECT_FALSE(p.probe(in("out")));
    p.write(in("out"), p.read(in("in")));
  };
  built = build(lines);
  EXPECT_THAT(built.ran, ElementsAre(" make out", " make next"));
  EXPECT_TRUE(built.results["out"].publishable) << built.results["out"].why_not;
}

TEST_F(ExecutorTest, WhatRestsOnLostContentThatComesOutOtherwiseIsLookedUpAgain) {
  // gen gives something else whenever it runs; early is a hit by its old output, late runs.
  int runs = 0;
  commands[" make-gen"] = [&](FakeProcess& p) {
    p.read(in("s"));
    p.write(in("gen"), "gen " + std::to_string(++runs) + "\n");
  };
  commands[" make-early"] = [&](FakeProcess& p) { p.write(in("early"), p.read(in("gen")) + "e"); };
  commands[" make-end"] = [&](FakeProcess& p) { p.write(in("end"), p.read(in("early")) + "d"); };
  commands[" make-late"] = [&](FakeProcess& p) {
    p.write(in("late"), p.read(in("gen")) + p.read(in("t")));
  };
  const std::vector<std::string> lines = {"gen : s = make-gen", "early : gen = make-early",
                                          "end : early = make-end", "late : gen t = make-late"};
  write("s", "s\n");
  write("t", "1\n");
  EXPECT_EQ(build(lines).ran.size(), 4u);
  for (const char* name : {"gen", "early", "end", "late"}) ::unlink(in(name).c_str());
  // Damage that shows only when the content is copied out for late, after early and end were
  // emitted as hits.
  const std::string hex = Digest::of("gen 1\n").hex();
  const std::string blob = dir_ / ("cache/objects/" + hex.substr(0, 2) + "/" + hex.substr(2));
  ASSERT_TRUE(replace_file(blob, "gen X\n"));
  write("t", "2\n");
  Built built = build(lines);
  EXPECT_EQ(built.summary.failed, 0u);
  EXPECT_THAT(built.ran,
              UnorderedElementsAre(" make-gen", " make-early", " make-end", " make-late"));
  EXPECT_EQ(read("gen"), "gen 2\n");
  EXPECT_EQ(read("early"), "gen 2\ne");
  EXPECT_EQ(read("end"), "gen 2\ned");
  EXPECT_EQ(read("late"), "gen 2\n2\n");
  for (const char* name : {"gen", "early", "end", "late"})
    EXPECT_EQ(built.results[name].outcome, Outcome::Ran) << name;
  EXPECT_TRUE(build(lines).ran.empty());
}

TEST_F(ExecutorTest, ATimeoutIsCountedApartAndSaysHowLong) {
  commands[" hang"] = [](FakeProcess& p) {
    p.outcome.timed_out = true;
    p.outcome.exit_code = 137;
  };
  Settings settings;
  settings.pip_timeout_ms = 2500;
  Built built = build({"out : = hang"}, settings);
  EXPECT_EQ(built.summary.failed, 1u);
  EXPECT_EQ(built.summary.timed_out, 1u);
  EXPECT_THAT(built.results["out"].why_not, HasSubstr("longer than 2.5 s"));
}

TEST_F(ExecutorTest, ParallelJobsGiveTheSameResults) {
  write("a", "1");
  std::vector<std::string> graph;
  for (int i = 0; i < 20; ++i) {
    std::string out = "o" + std::to_string(i), command = " c" + std::to_string(i);
    graph.push_back(out + " : a =" + command);
    commands[command] = [this, out](FakeProcess& p) { p.write(in(out), p.read(in("a")) + out); };
  }
  Settings settings;
  settings.jobs = 8;
  Built built = build(graph, settings);
  EXPECT_EQ(built.ran.size(), 20u);
  for (int i = 0; i < 20; ++i) {
    std::string out = "o" + std::to_string(i);
    EXPECT_EQ(read(out), "1" + out);
    EXPECT_TRUE(built.results[out].publishable) << built.results[out].why_not;
  }
  EXPECT_THAT(build(graph, settings).ran, IsEmpty());
}

}  // namespace
}  // namespace bxl::exec
