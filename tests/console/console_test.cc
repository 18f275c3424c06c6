// What is printed when, over a pipe and over a pseudo-terminal, by a clock that the test moves.
#include "console/console.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "console/line_filter.h"
#include "os/file.h"
#include "support/graph_text.h"
#include "support/temp_dir.h"

namespace bxl::console {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;
using wire::Outcome;

class ConsoleTest : public testing::Test {
 protected:
  ConsoleTest() : mounts_(std::vector<wire::Mount>{}) {
    std::vector<std::string> lines;
    for (const char* id : {"a", "b", "c", "d"}) lines.push_back(std::string(id) + " : = cc " + id);
    std::vector<wire::Pip> pips = test::make_graph(lines, paths_).take_pips();
    for (wire::Pip& pip : pips) pip.description = "making " + pip.stable_id;
    pips[3].flags = wire::kPipConsole;
    graph_.emplace(*graph::PipGraph::create(std::move(pips), paths_));
    int ends[2];
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    read_.reset(ends[0]);
    write_.reset(ends[1]);
    terminal_.out = write_.get();
    settings_.keeping.directory = dir_ / "failed";
  }

  void on_terminal() {
    int controller = -1, terminal = -1;
    winsize size{};
    size.ws_col = 60;
    EXPECT_EQ(::openpty(&controller, &terminal, nullptr, nullptr, &size), 0);
    read_.reset(controller);
    write_.reset(terminal);
    ::fcntl(controller, F_SETFL, O_NONBLOCK);
    terminal_.out = terminal_.status = terminal;
  }

  Console& console() {
    if (!console_) {
      std::vector<wire::PlanPip> plan(4);
      for (std::uint32_t i = 0; i < 4; ++i) plan[i].pip = PipId{i};
      console_.emplace(
          *graph_, mounts_, paths_, terminal_, settings_, plan, [](PipId) { return 0; },
          [this] { return now_; });
    }
    return *console_;
  }
  // What was printed since the last call.
  std::string said() {
    std::string text;
    char chunk[4096];
    for (ssize_t n; (n = ::read(read_.get(), chunk, sizeof chunk)) > 0;)
      text.append(chunk, static_cast<std::size_t>(n));
    return text;
  }
  PipId pip(const char* id) { return graph_->find(id); }
  wire::PipResult result(const char* id, Outcome outcome, const std::string& text = "") {
    wire::PipResult r;
    r.pip = pip(id);
    r.outcome = outcome;
    r.publishable = outcome == Outcome::Ran;
    r.console = text;
    r.lane = 1;
    if (outcome == Outcome::Failed) {
      r.exit_status = 1;
      r.why_not = "it exited with 1";
    }
    return r;
  }
  void finish(const char* id, Outcome outcome, const std::string& text = "") {
    console().finished(result(id, outcome, text), ++done_, 4);
  }

  test::TempDir dir_;
  PathTable paths_;
  graph::Mounts mounts_;
  std::optional<graph::PipGraph> graph_;
  UniqueFd read_, write_;
  Terminal terminal_;
  Settings settings_;
  Clock::time_point now_ = Clock::time_point{} + 1h;
  std::optional<Console> console_;
  std::size_t done_ = 0;
};

TEST_F(ConsoleTest, InALogEachPipThatRanIsALine) {
  console().started(pip("a"), 1);
  console().tick();
  finish("a", Outcome::Ran, "warning\n");
  finish("b", Outcome::Hit);
  finish("c", Outcome::Clean);
  console().close();
  EXPECT_EQ(said(), "[1/4] making a\nwarning\n");
}

TEST_F(ConsoleTest, VerboseNamesCommandsAndHits) {
  settings_.verbosity = 1;
  finish("a", Outcome::Ran);
  finish("b", Outcome::Hit);
  EXPECT_EQ(said(), "[1/4]  cc a\n[2/4] cached:  cc b\n");
}

TEST_F(ConsoleTest, QuietSaysOnlyWhatFailed) {
  settings_.verbosity = -1;
  on_terminal();
  console().started(pip("a"), 1);
  console().tick();
  finish("a", Outcome::Ran, "warning\n");
  finish("b", Outcome::Hit, "warning\n");
  console().note("a note");
  EXPECT_EQ(said(), "");
  finish("c", Outcome::Failed, "error\n");
  console().close();
  EXPECT_THAT(said(), AllOf(StartsWith("FAILED: c: it exited with 1\r\n"), HasSubstr("error\r\n")));
}

TEST_F(ConsoleTest, WhatAFailedPipPrintedIsToldOnceAtTheEnd) {
  finish("a", Outcome::Failed, "the error\n");
  finish("b", Outcome::Ran);
  EXPECT_EQ(said(), "[1/4] FAILED: a: it exited with 1\n[2/4] making b\n");
  console().close();
  EXPECT_THAT(
      said(),
      StartsWith("FAILED: a: it exited with 1\n   cc a\nthe error\n  to run it again: sh "));
}

TEST_F(ConsoleTest, ASingleFailureHasOneHeadline) {
  finish("b", Outcome::Ran);
  finish("a", Outcome::Failed, "the error\n");
  console().close();
  EXPECT_THAT(
      said(),
      StartsWith("[1/4] making b\n[2/4] FAILED: a: it exited with 1\n   cc a\nthe error\n"));
}

TEST_F(ConsoleTest, OfALongOutputTheEndIsShownAndTheRestIsKept) {
  std::string text;
  for (int i = 1; i <= 100; ++i) text += "line " + std::to_string(i) + "\n";
  finish("a", Outcome::Failed, text);
  console().close();
  EXPECT_THAT(
      said(),
      AllOf(HasSubstr("the last 40 of 100 lines; all are in " + (dir_ / "failed/1-a.log")),
            HasSubstr(":\nline 61\n"), HasSubstr("line 100\n"), Not(HasSubstr("line 60\n"))));
  EXPECT_EQ(*read_file(dir_ / "failed/1-a.log"), text);
}

TEST_F(ConsoleTest, ExpressionsSelectWarningsAndErrors) {
  auto expressions = [&](const char* id) {
    wire::PipOptions& options = const_cast<wire::Pip&>(graph_->pip(pip(id))).options.make();
    options.warning_regex = "^warn";
    options.error_regex = "error \\d";
  };
  for (const char* id : {"a", "b", "c"}) expressions(id);
  finish("a", Outcome::Ran, "one\nwarn 1\n\033[33mwarn 2\033[0m\nno warning");
  EXPECT_EQ(said(), "[1/4] making a\nwarning: a: warn 1\nwarning: a: warn 2\n");
  finish("b", Outcome::Hit, "warn 3\r\n");
  EXPECT_EQ(said(), "warning: b: warn 3\r\n");
  finish("c", Outcome::Failed, "start\nerror 1\nmore\nan error 2\nend\n");
  said();
  console().close();
  EXPECT_THAT(said(), AllOf(HasSubstr("2 of 5 lines, by its errorRegex; all are in "),
                            HasSubstr(":\nerror 1\nan error 2\n"), Not(HasSubstr("start"))));
}

TEST_F(ConsoleTest, WithoutAMatchAllOfAFailureIsShown) {
  const_cast<wire::Pip&>(graph_->pip(pip("a"))).options.make().error_regex = "error";
  finish("a", Outcome::Failed, "broken\n");
  console().close();
  EXPECT_THAT(said(), HasSubstr("  cc a\nbroken\n"));
}

TEST(LineFilter, ALineThatIsAWholeFileAndTooManyLinesCostLittle) {
  const std::string line(8 << 20, 'a');
  EXPECT_EQ(select_lines(line + "\nab\n" + line, "ab").text, "ab\n");
  EXPECT_TRUE(select_lines("(", "(").text.empty());
  std::string nested;
  for (int i = 0; i < 200; ++i) nested += std::string(40, 'a') + "b\n";
  EXPECT_FALSE(select_lines(nested, "(a+)+$").complete);
}

TEST_F(ConsoleTest, FailuresOfAnEarlierBuildGoWithTheEndOfTheNext) {
  finish("a", Outcome::Failed, "error\n");
  console().close();
  console_.reset();
  finish("a", Outcome::Ran);
  EXPECT_TRUE(lstat_identity(dir_ / "failed/1-a.log")->exists());
  console().close();
  EXPECT_THAT(*list_directory(dir_ / "failed"), IsEmpty());
}

TEST_F(ConsoleTest, SecretsAreNotWrittenIntoScripts) {
  settings_.keeping.environment = {{"API_TOKEN", "hush"}, {"LANG", "it's C"}};
  finish("a", Outcome::Failed);
  EXPECT_THAT(*read_file(dir_ / "failed/1-a.sh"),
              AllOf(Not(HasSubstr("hush")), HasSubstr("API_TOKEN=\"$API_TOKEN\""),
                    HasSubstr("'LANG=it'\\''s C'")));
}

TEST_F(ConsoleTest, ManyFailuresAreOnlyNamedFromTheTwentyFirstOn) {
  for (int i = 0; i < 22; ++i) finish("a", Outcome::Failed, "text " + std::to_string(i) + "\n");
  (void)said();
  console().close();
  EXPECT_THAT(said(),
              AllOf(HasSubstr("text 19\n"), Not(HasSubstr("text 20\n")),
                    EndsWith("FAILED: a: it exited with 1\nFAILED: a: it exited with 1\n")));
}

TEST_F(ConsoleTest, SilenceInALogIsBrokenAfterThirtySeconds) {
  console().started(pip("a"), 1);
  EXPECT_EQ(console().tick(), 30'000);
  now_ += 29s;
  EXPECT_EQ(console().tick(), 1'000);
  EXPECT_EQ(said(), "");
  now_ += 1s;
  EXPECT_EQ(console().tick(), 30'000);
  EXPECT_EQ(said(), "bxl: still running after 30 s: making a (30 s), 4 to do\n");
  now_ += 20s;
  finish("b", Outcome::Ran);
  (void)said();
  now_ += 29s;
  EXPECT_EQ(console().tick(), 1'000);
  EXPECT_EQ(said(), "");
}

TEST_F(ConsoleTest, TheStatusLineIsDrawnAtMostTenTimesASecond) {
  on_terminal();
  console().started(pip("a"), 1);
  EXPECT_EQ(console().tick(), 1'000);
  EXPECT_EQ(said(), "\r[0/4]: making a (0 s)\033[K");
  now_ += 30ms;
  console().started(pip("b"), 2);
  EXPECT_EQ(console().tick(), 70);
  EXPECT_EQ(said(), "");
  now_ += 70ms;
  EXPECT_EQ(console().tick(), 1'000);
  EXPECT_EQ(said(), "\r[0/4]: making a (0 s, +1)\033[K");
  now_ += 1s;
  EXPECT_EQ(console().tick(), 1'000);
  EXPECT_EQ(said(), "\r[0/4]: making a (1 s, +1)\033[K");
}

TEST_F(ConsoleTest, TheStatusLineIsErasedBeforeOtherText) {
  on_terminal();
  console().started(pip("a"), 1);
  console().tick();
  (void)said();
  finish("a", Outcome::Ran, "warning\n");
  EXPECT_EQ(said(), "\r\033[K[1/4] making a\r\nwarning\r\n");
  now_ += 1s;
  console().started(pip("b"), 1);
  console().tick();
  (void)said();
  console().close();
  EXPECT_EQ(said(), "\r\033[K");
}

TEST_F(ConsoleTest, OnATerminalAPipThatSaysNothingIsNoLine) {
  on_terminal();
  console().started(pip("a"), 1);
  console().tick();
  now_ += 1s;
  finish("a", Outcome::Ran);
  EXPECT_THAT(said(), Not(HasSubstr("\n")));
}

TEST_F(ConsoleTest, TheStatusLineFollowsTheWindow) {
  on_terminal();
  console().started(pip("a"), 1);
  console().tick();
  (void)said();
  winsize size{};
  size.ws_col = 14;
  ASSERT_EQ(::ioctl(read_.get(), TIOCSWINSZ, &size), 0);
  now_ += 1s;
  console().tick();
  const std::string drawn = said();
  EXPECT_LE(drawn.size(), std::string("\r\033[K").size() + 13);
}

TEST_F(ConsoleTest, WhileAPipHasTheTerminalNothingElseIsSaid) {
  settings_.console_handed_on = true;
  on_terminal();
  console().started(pip("a"), 1);
  console().tick();
  (void)said();
  console().started(pip("d"), 2);
  EXPECT_EQ(said(), "\r\033[Kmaking d\r\n");
  now_ += 60s;
  EXPECT_EQ(console().tick(), -1);
  finish("a", Outcome::Ran, "warning\n");
  EXPECT_EQ(said(), "");
  finish("d", Outcome::Ran);
  EXPECT_THAT(said(), StartsWith("[1/4] making a\r\nwarning\r\n"));
}

TEST_F(ConsoleTest, ColoursOfPipsGoWhereTheyAreWanted) {
  finish("a", Outcome::Ran, "\033[31mred\033[0m\n");
  EXPECT_THAT(said(), EndsWith("\nred\n"));
  console_.reset();
  terminal_.colour = true;
  finish("a", Outcome::Ran, "\033[31mred\033[0m\n");
  EXPECT_THAT(said(), EndsWith("\n\033[31mred\033[0m\n"));
}

TEST_F(ConsoleTest, OfManyFilesSetAsideThreeAreNamed) {
  for (int i = 0; i < 300; ++i)
    console().note(materialize::Note{materialize::Note::Kind::SetAside, "/w/f" + std::to_string(i),
                                     "/w/.bxl/saved/now/" + std::to_string(i)});
  console().close();
  const std::string text = said();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 4);
  EXPECT_THAT(text, EndsWith("bxl-exec: set aside 297 more files that bxl did not make, in "
                             "/w/.bxl/saved/now (-v names them)\n"));
}

TEST_F(ConsoleTest, VerboseNamesEveryFileSetAside) {
  settings_.verbosity = 1;
  for (int i = 0; i < 5; ++i)
    console().note(materialize::Note{materialize::Note::Kind::SetAside, "/w/f" + std::to_string(i),
                                     "/w/.bxl/saved/now/" + std::to_string(i)});
  console().close();
  EXPECT_THAT(said(),
              EndsWith("set aside /w/f4, which bxl did not make, as /w/.bxl/saved/now/4\n"));
}

}  // namespace
}  // namespace bxl::console
