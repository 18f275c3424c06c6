// The stored graph, and generators that bring the manifest up to date.
#include "frontend/load.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "frontend/ninja_test_support.h"
#include "os/file.h"
#include "support/temp_dir.h"
#include "wire/graph_stream.h"

namespace bxl::frontend {
namespace {

using test::write_file;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string kRule = "rule r\n  command = run $in\n";

class LoadTest : public ::testing::Test {
 protected:
  struct Loaded {
    bool reused = false;
    std::uint32_t generator_runs = 0;
    std::string error;
    PathTable paths;
    wire::GraphRecord frame;
    std::vector<wire::Pip> pips;
    wire::Header header;
    const wire::Pip* find(const std::string& id) const {
      for (const wire::Pip& pip : pips)
        if (pip.stable_id == id) return &pip;
      return nullptr;
    }
  };

  std::unique_ptr<Loaded> load() {
    auto out = std::make_unique<Loaded>();
    LoadRequest request;
    request.workspace = {root_, "build.ninja", false};
    request.pass_env = pass_env_;
    request.variables = variables_;
    request.warn = [&](const std::string& text) { warnings_.push_back(text); };
    request.note = [](const std::string&) {};
    request.run_generator = run_generator_;
    auto graph = load_graph(request);
    if (!graph) {
      out->error = graph.error().to_string();
      return out;
    }
    out->reused = graph->reused;
    out->generator_runs = graph->generator_runs;
    auto reader = wire::GraphReader::open(graph->stream.get(), out->paths);
    if (!reader) {
      out->error = reader.error().to_string();
      return out;
    }
    out->header = reader->header();
    out->frame = reader->frame();
    for (std::uint32_t i = 0; i < reader->pip_count(); ++i)
      out->pips.push_back(reader->pip(PipId(i)));
    return out;
  }
  void write(const std::string& name, const std::string& text) {
    write_file(root_ + "/" + name, text);
  }
  std::string read(const std::string& name) { return read_file(root_ + "/" + name).value(); }
  // Moves a file's time by seconds, relative to now.
  void age(const std::string& name, int seconds) {
    std::filesystem::last_write_time(
        root_ + "/" + name,
        std::filesystem::file_time_type::clock::now() + std::chrono::seconds(seconds));
  }

  test::TempDir dir_;
  std::string root_ = dir_.path();
  RunGenerator run_generator_;
  std::vector<std::string> pass_env_, variables_ = {"CC=gcc"}, warnings_;
};

TEST_F(LoadTest, UnchangedWorldReusesTheGraph) {
  write("build.ninja", kRule + "include more.ninja\n");
  write("more.ninja", "build a: r x\n");
  auto first = load();
  EXPECT_FALSE(first->reused) << first->error;
  ASSERT_TRUE(first->find("a"));
  EXPECT_EQ(first->header.workspace, root_);
  EXPECT_EQ(first->frame.front_end, "ninja");
  auto second = load();
  EXPECT_TRUE(second->reused) << second->error;
  ASSERT_TRUE(second->find("a"));
  EXPECT_EQ(second->paths.str(second->find("a")->outputs[0]), root_ + "/a");
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(LoadTest, AnyChangeOfWhatWasReadRunsTheFrontEnd) {
  write("build.ninja", kRule + "include more.ninja\nbuild force: phony\nbuild f: r force\n");
  write("more.ninja", "build a: r x\n");
  load();
  write("more.ninja", "build b: r x\n");  // same size
  auto changed = load();
  EXPECT_FALSE(changed->reused);
  EXPECT_TRUE(changed->find("b"));
  EXPECT_TRUE(changed->find("f")->flags & wire::kPipAlwaysDirty);
  write("force", "");
  auto appeared = load();
  EXPECT_FALSE(appeared->reused);
  EXPECT_FALSE(appeared->find("f")->flags & wire::kPipAlwaysDirty);
  EXPECT_TRUE(load()->reused);
  write("CMakeCache.txt", "");
  EXPECT_FALSE(load()->reused);
  EXPECT_TRUE(load()->reused);
}

TEST_F(LoadTest, TouchingWithoutChangingReusesTheGraph) {
  write("build.ninja", kRule + "build a: r x\n");
  load();
  age("build.ninja", -100);
  EXPECT_TRUE(load()->reused);
}

TEST_F(LoadTest, SameSizeAndTimeButOtherContentIsSeen) {
  write("build.ninja", kRule + "build a: r x\n");
  age("build.ninja", -100);
  auto time = std::filesystem::last_write_time(root_ + "/build.ninja");
  load();
  write("build.ninja", kRule + "build b: r x\n");
  std::filesystem::last_write_time(root_ + "/build.ninja", time);
  EXPECT_TRUE(load()->find("b"));
}

TEST_F(LoadTest, EnvironmentAndPassedNamesBelongToTheGraph) {
  write("build.ninja", kRule + "build a: r x\n");
  load();
  variables_ = {"CC=clang", "TERM=x"};
  auto other = load();
  EXPECT_FALSE(other->reused);
  EXPECT_EQ(other->frame.environment[0], std::make_pair(std::string("CC"), std::string("clang")));
  variables_ = {"CC=clang", "TERM=y"};
  EXPECT_TRUE(load()->reused);  // TERM reaches no pip
  pass_env_ = {"TERM"};
  EXPECT_FALSE(load()->reused);
  EXPECT_TRUE(load()->reused);
  pass_env_ = {"TERM", "UNSET"};
  EXPECT_FALSE(load()->reused);
}

TEST_F(LoadTest, DamagedStoredGraphIsReplacedWithAWarning) {
  write("build.ninja", kRule + "build a: r x\n");
  load();
  std::string bytes = read(kStoredGraph);
  bytes[bytes.size() / 2] ^= 1;
  write(kStoredGraph, bytes);
  auto graph = load();
  EXPECT_FALSE(graph->reused);
  EXPECT_TRUE(graph->find("a"));
  EXPECT_FALSE(warnings_.empty());
  EXPECT_TRUE(load()->reused);
  write(kStoredGraph, "");
  EXPECT_TRUE(load()->find("a"));
}

TEST_F(LoadTest, GraphThatCannotBeStoredIsStillGiven) {
  write("build.ninja", kRule + "build a: r x\n");
  write(".bxl", "a file in the way");
  auto graph = load();
  EXPECT_TRUE(graph->find("a")) << graph->error;
  ASSERT_EQ(warnings_.size(), 1u);
  EXPECT_THAT(warnings_[0], HasSubstr("the graph is not stored"));
}

TEST_F(LoadTest, SameInputGivesTheSameBytes) {
  write("build.ninja", kRule + "build a: r x\nbuild b: r a\n");
  load();
  std::string bytes = read(kStoredGraph);
  std::filesystem::remove_all(root_ + "/.bxl");
  load();
  EXPECT_EQ(read(kStoredGraph), bytes);
}

TEST_F(LoadTest, DuplicatesAndCyclesAreErrorsThatNameBothSides) {
  write("build.ninja", kRule + "build a: r b\nbuild b: r a\n");
  EXPECT_EQ(load()->error,
            "dependency cycle: a (build.ninja:3) -> b (build.ninja:4) -> a: Invalid argument");
  write("build.ninja", kRule + "build a: r\nbuild " + root_ + "/a: r\n");
  EXPECT_THAT(load()->error,
              HasSubstr("two pips declare " + root_ + "/a: a (build.ninja:3), a (build.ninja:4)"));
}

TEST_F(LoadTest, MissingManifestIsNamed) {
  EXPECT_EQ(load()->error, "'build.ninja': No such file or directory");
}

// --- generators ---

class GeneratorTest : public LoadTest {
 protected:
  // A generator that copies `template` to build.ninja and logs each run.
  GeneratorTest() {
    manifest_ =
        "rule gen\n  command = echo run >> log && cp template build.ninja\n  generator = 1\n"
        "build build.ninja: gen template\n" +
        kRule;
    write("template", manifest_ + "build a: r x\n");
    write("build.ninja", manifest_ + "build a: r x\n");
    age("template", -50);
    age("build.ninja", -40);
  }
  std::size_t runs() {
    auto log = read_file(root_ + "/log");
    return log ? log->size() / 4 : 0;
  }
  std::string manifest_;
};

TEST_F(GeneratorTest, UpToDateManifestIsNotMadeAgain) {
  auto graph = load();
  EXPECT_TRUE(graph->find("a")) << graph->error;
  EXPECT_EQ(runs(), 0u);
  EXPECT_TRUE(load()->reused);
}

TEST_F(GeneratorTest, OnlyEdgesThatTheManifestNeedsAreGenerators) {
  const std::string text =
      "rule gen\n  command = true\n  generator = 1\nrule plain\n  command = true\n"
      "build stamp: gen\nbuild build.ninja: plain stamp\nbuild other: gen\n";
  write("build.ninja", text);
  write("stamp", "");
  age("stamp", -10);
  auto graph = load();
  ASSERT_TRUE(graph->find("other")) << graph->error;
  EXPECT_FALSE(graph->find("other")->flags & wire::kPipGenerator);
  EXPECT_TRUE(graph->find("stamp")->flags & wire::kPipGenerator);
  EXPECT_TRUE(graph->find("build.ninja")->flags & wire::kPipGenerator);
}

TEST_F(GeneratorTest, NewerInputMakesTheManifestFirst) {
  write("template", manifest_ + "build b: r x\n");
  auto graph = load();
  EXPECT_TRUE(graph->find("b")) << graph->error;
  EXPECT_EQ(graph->generator_runs, 1u);
  EXPECT_EQ(runs(), 1u);
  EXPECT_TRUE(load()->reused);
  EXPECT_EQ(runs(), 1u);
}

TEST_F(GeneratorTest, ChangeAfterAReusedGraphIsSeen) {
  load();
  write("template", manifest_ + "build b: r x\n");
  EXPECT_TRUE(load()->find("b"));
  EXPECT_EQ(runs(), 1u);
}

TEST_F(GeneratorTest, ChangeWithItsTimeSetBackIsSeen) {
  load();
  write("template", manifest_ + "build b: r x\n");
  age("template", -50);
  EXPECT_TRUE(load()->find("b"));
}

TEST_F(GeneratorTest, TouchedInputWithKnownContentRunsNothing) {
  load();
  age("template", 0);
  EXPECT_TRUE(load()->reused);
  write("CMakeCache.txt", "");  // the front end runs, the generator need not
  EXPECT_FALSE(load()->reused);
  EXPECT_EQ(runs(), 0u);
}

TEST_F(GeneratorTest, GeneratorRunByHandIsNotRunAgain) {
  load();
  write("template", manifest_ + "build b: r x\n");
  write("build.ninja", manifest_ + "build b: r x\n");
  age("template", -5);
  age("build.ninja", 0);
  EXPECT_TRUE(load()->find("b"));
  EXPECT_EQ(runs(), 0u);
}

TEST_F(GeneratorTest, FailureIsAnErrorAndTriedAgain) {
  write("build.ninja", "rule gen\n  command = exit 3\nbuild build.ninja: gen template\n");
  age("build.ninja", -60);
  for (int i = 0; i < 2; ++i)
    EXPECT_EQ(load()->error,
              "build.ninja:3: the generator of 'build.ninja' failed with status 3: exit 3");
}

TEST_F(GeneratorTest, MissingInputIsNamed) {
  std::filesystem::remove(root_ + "/template");
  EXPECT_THAT(load()->error, HasSubstr("template', needed by 'build.ninja', is missing"));
}

TEST_F(GeneratorTest, OutputOlderThanItsInputForEverEnds) {
  write("build.ninja",
        "rule gen\n  command = echo run >> log\nbuild build.ninja never: gen template\n" + kRule);
  EXPECT_THAT(load()->error, HasSubstr("still out of date after its generator ran 100 times"));
  EXPECT_EQ(runs(), 100u);
}

TEST_F(GeneratorTest, GeneratorThatLeavesTheManifestAloneRunsOnce) {
  write("build.ninja", "rule gen\n  command = echo run >> log\nbuild build.ninja: gen template\n" +
                           kRule + "build a: r x\n");
  age("build.ninja", -60);
  EXPECT_TRUE(load()->find("a"));
  EXPECT_EQ(runs(), 1u);
}

TEST_F(GeneratorTest, InputEditedWhileTheGeneratorRunsIsSeen) {
  root_ = dir_ / "build";
  const std::string generator =
      "rule gen\n  command = echo run >> log && cp ../template build.ninja && "
      "{ [ -e edited ] || { touch edited && cp ../edit ../template && touch build.ninja; }; }\n"
      "build build.ninja: gen ../template\n" +
      kRule;
  write("build.ninja", generator + "build a: r x\n");
  age("build.ninja", -50);
  write_file(dir_ / "template", generator + "build b: r x\n");
  write_file(dir_ / "edit", generator + "build c: r x\n");
  auto graph = load();
  EXPECT_TRUE(graph->find("c")) << graph->error;
  EXPECT_EQ(runs(), 2u);
}

// CMake's CONFIGURE_DEPENDS: an always-dirty edge touches a stamp when a glob has changed.
TEST_F(GeneratorTest, StampTouchedByAnAlwaysDirtyGeneratorCounts) {
  std::string text =
      "rule gen\n  command = echo run >> log && cp template build.ninja\n  generator = 1\n"
      "rule verify\n  command = if [ -e trigger ]; then rm trigger; touch stamp; fi\n  generator = "
      "1\n  restat = 1\n"
      "build force: phony\n"
      "build stamp: verify | force\n"
      "build build.ninja: gen template | stamp\n" +
      kRule + "build a: r x\n";
  write("template", text);
  write("build.ninja", text);
  write("stamp", "");
  age("stamp", -70);
  age("template", -60);
  age("build.ninja", -50);
  auto first = load();
  EXPECT_TRUE(first->find("a")) << first->error;
  EXPECT_EQ(first->generator_runs, 1u);
  EXPECT_TRUE(load()->reused);
  EXPECT_EQ(runs(), 0u);
  write("trigger", "");
  write("template", text + "build b: r x\n");
  age("template", -60);
  auto after = load();
  EXPECT_TRUE(after->find("b")) << after->error;
  EXPECT_EQ(runs(), 1u);
  EXPECT_TRUE(load()->reused);
  EXPECT_EQ(runs(), 1u);
}

TEST_F(GeneratorTest, StampAloneMakesTheManifestAgain) {
  std::string text =
      "rule gen\n  command = echo run >> log && touch build.ninja\n  generator = 1\n"
      "rule verify\n  command = if [ -e trigger ]; then rm trigger; touch stamp; fi\n  generator = "
      "1\n"
      "build force: phony\nbuild stamp: verify | force\nbuild build.ninja: gen | stamp\n";
  write("build.ninja", text);
  write("stamp", "");
  age("stamp", -70);
  age("build.ninja", -50);
  load();
  EXPECT_EQ(runs(), 0u);
  write("trigger", "");
  load();
  EXPECT_EQ(runs(), 1u);
}

// What an observed run read counts as well as what the manifest declares.
class ObservedGeneratorTest : public GeneratorTest {
 protected:
  ObservedGeneratorTest() {
    write("template",
          "rule gen\n  command = cp template build.ninja\n  generator = 1\n"
          "build build.ninja: gen template\n");
    write("build.ninja", read("template"));
    age("build.ninja", -10);  // so that it runs once
    write_file(source("seen"), "1");
    write_file(source("dir/a"), "");
    run_generator_ = [this](const std::string&, const std::string&) -> Result<GeneratorRun> {
      ++runs_;
      GeneratorRun run;
      run.observed = observed_;
      run.accesses = {access("seen"), access("absent"), access("dir"), access("written")};
      run.accesses[0].read = true;
      run.accesses[2].listed = true;
      run.accesses[2].members = list_directory(source("dir")).value();
      std::sort(run.accesses[2].members.begin(), run.accesses[2].members.end());
      run.accesses[3].written = true;
      write("build.ninja", read("template"));
      if (during_) during_();
      return run;
    };
  }
  std::string source(const std::string& name) const { return other_.path() + "/" + name; }
  GeneratorAccess access(const std::string& name) const {
    GeneratorAccess out;
    out.path = source(name);
    out.first = lstat_identity(out.path).value();
    return out;
  }
  int runs_after_load() {
    auto graph = load();
    EXPECT_EQ(graph->error, "");
    return runs_;
  }
  test::TempDir other_;
  bool observed_ = true;
  int runs_ = 0;
  std::function<void()> during_;
};

TEST_F(ObservedGeneratorTest, WhatItReadRunsItAgain) {
  EXPECT_EQ(runs_after_load(), 1);
  EXPECT_EQ(runs_after_load(), 1);
  write_file(source("seen"), "1");  // another time, the same content
  EXPECT_EQ(runs_after_load(), 1);
  write_file(source("seen"), "2");
  EXPECT_EQ(runs_after_load(), 2);
  write_file(source("absent"), "");
  EXPECT_EQ(runs_after_load(), 3);
  write_file(source("dir/b"), "");
  EXPECT_EQ(runs_after_load(), 4);
  write_file(source("dir/b"), "content");
  write_file(source("dir/.git/x"), "");
  write_file(source("written"), "by the generator");
  EXPECT_EQ(runs_after_load(), 4);
}

TEST_F(ObservedGeneratorTest, WhatChangedWhileItRanRunsItAgainOnce) {
  during_ = [this] { write_file(source("seen"), "22"); };
  EXPECT_EQ(runs_after_load(), 1);
  during_ = nullptr;
  EXPECT_EQ(runs_after_load(), 2);
  EXPECT_EQ(runs_after_load(), 2);
}

TEST_F(ObservedGeneratorTest, UnobservedRunLeavesNoRecord) {
  EXPECT_EQ(runs_after_load(), 1);
  observed_ = false;
  write_file(source("seen"), "2");
  EXPECT_EQ(runs_after_load(), 2);
  write_file(source("seen"), "3");
  EXPECT_EQ(runs_after_load(), 2);
}

TEST_F(ObservedGeneratorTest, RecordIsOfTheManifestThatTheRunMade) {
  EXPECT_EQ(runs_after_load(), 1);
  write("build.ninja", read("template") + "# run by hand\n");
  write_file(source("seen"), "2");
  EXPECT_EQ(runs_after_load(), 1);
}

TEST_F(ObservedGeneratorTest, VariablesThatItsScriptsNameCount) {
  write_file(source("x.cmake"), "if($ENV{MODE} OR DEFINED ENV{OTHER})\n");
  auto plain = run_generator_;
  run_generator_ = [&, plain](const std::string& command,
                              const std::string& directory) -> Result<GeneratorRun> {
    BXL_TRY_ASSIGN(GeneratorRun run, plain(command, directory));
    run.accesses.push_back(access("x.cmake"));
    run.accesses.back().read = true;
    return run;
  };
  EXPECT_EQ(runs_after_load(), 1);
  variables_.push_back("UNNAMED=1");
  EXPECT_EQ(runs_after_load(), 1);
  variables_.push_back("MODE=1");
  EXPECT_EQ(runs_after_load(), 2);
  variables_.push_back("OTHER=");  // set and empty is not unset
  EXPECT_EQ(runs_after_load(), 3);
  EXPECT_EQ(runs_after_load(), 3);
}

TEST_F(ObservedGeneratorTest, DamagedRecordIsNone) {
  EXPECT_EQ(runs_after_load(), 1);
  write(kGeneratorRecord, "no record");
  write_file(source("seen"), "2");
  EXPECT_EQ(runs_after_load(), 1);
}

TEST_F(GeneratorTest, DepfileOfTheGeneratorCounts) {
  write("build.ninja",
        "rule gen\n  command = echo run >> log && touch build.ninja\n  depfile = build.ninja.d\n"
        "build build.ninja: gen template\n" +
            kRule + "build a: r x\n");
  write("build.ninja.d", "build.ninja: template \\\n  extra\\ file\n");
  write("extra file", "1");
  age("extra file", -60);
  load();
  EXPECT_EQ(runs(), 0u);
  write("extra file", "2");
  load();
  EXPECT_EQ(runs(), 1u);
}

}  // namespace
}  // namespace bxl::frontend
