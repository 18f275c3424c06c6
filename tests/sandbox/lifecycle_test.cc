// How a run starts and ends: exit codes, survivors, cancellation, time, console, journal, many runs
// at once.
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include <chrono>
#include <thread>

#include "os/file.h"
#include "sandbox/harness.h"

namespace bxl::sandbox {
namespace {

bool process_exists(const std::string& pid) {
  std::string state = "?";
  if (auto text = read_file("/proc/" + pid + "/stat"))
    state = text->substr(text->rfind(')') + 2, 1);
  return state != "?" && state != "Z" && state != "X";
}

std::string first_line(const std::string& path) {
  for (int i = 0; i < 1000; ++i) {
    auto text = read_file(path);
    if (text && text->find('\n') != std::string::npos) return text->substr(0, text->find('\n'));
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return "";
}

TEST(Lifecycle, ListenerIsAvailable) {
  const auto available = Sandbox::available();
  EXPECT_TRUE(available.has_value()) << available.error().to_string();
}

TEST(Lifecycle, ExitCodeAndSignalAreTheCommands) {
  const test::TempDir dir;
  EXPECT_EQ(run(shell_in(dir.path(), "exit 7")).exit_code, 7);
  const Outcome killed = run(shell_in(dir.path(), "kill -9 $$"));
  EXPECT_EQ(killed.exit_code, 137);
  EXPECT_EQ(killed.term_signal, 9);
  EXPECT_TRUE(killed.reasons.empty()) << reasons_text(killed);
}

TEST(Lifecycle, WhatCannotBeExecutedIsSaid) {
  const test::TempDir dir;
  const Outcome missing = run(command_in(dir.path(), {"./nope"}));
  EXPECT_EQ(missing.exit_code, 127);
  EXPECT_EQ(missing.spawn_errno, ENOENT);
  ASSERT_NE(find(missing, dir / "nope"), nullptr);
  EXPECT_EQ(find(missing, dir / "nope")->first.kind, FileKind::Absent);
  const Outcome directory = run(command_in(dir.path(), {"/"}));
  EXPECT_EQ(directory.exit_code, 126);
  EXPECT_EQ(directory.spawn_errno, EACCES);
}

TEST(Lifecycle, PathIsSearchedAndEachProbeSeen) {
  const test::TempDir dir;
  Command command = command_in(dir.path(), {"true"});
  command.environment = {{"PATH", dir.path() + ":/usr/bin"}};
  const Outcome outcome = run(command);
  EXPECT_EQ(outcome.exit_code, 0);
  ASSERT_NE(find(outcome, dir / "true"), nullptr);
  EXPECT_EQ(find(outcome, dir / "true")->first.kind, FileKind::Absent);
}

TEST(Lifecycle, MissingWorkingDirectoryIsAnError) {
  Sandbox sandbox;
  auto outcome = sandbox.run(command_in("/no/such/dir", {"/bin/true"}), {});
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error().errnum, ENOENT);
  EXPECT_EQ(outcome.error().message, "chdir /no/such/dir");
}

TEST(Lifecycle, EnvironmentAndDescriptorsAreExactlyTheGiven) {
  const test::TempDir dir;
  const int leak = open("/dev/null", O_RDONLY);  // without O_CLOEXEC, to be caught
  Command command =
      command_in(dir.path(), {"/bin/sh", "-c", "echo $A; ls /proc/$$/fd; umask; cat"});
  command.environment = {{"A", "value"}, {"PATH", "/usr/bin:/bin"}};
  const Outcome outcome = run(command);
  EXPECT_EQ(outcome.console, "value\n0\n1\n2\n0022\n");
  close(leak);
}

TEST(Lifecycle, ConsoleIsInterleavedAndBounded) {
  const test::TempDir dir;
  const Outcome small = run(shell_in(dir.path(), "echo a; echo b >&2; echo c"));
  EXPECT_EQ(small.console, "a\nb\nc\n");
  Policy policy;
  policy.max_console_bytes = 100'000;
  const Outcome large = run(shell_in(dir.path(), "head -c 300000 /dev/zero"), policy);
  EXPECT_EQ(large.exit_code, 0);
  EXPECT_EQ(large.console.size(), 100'000u);
  EXPECT_TRUE(has_reason(large, "console"));
}

TEST(Lifecycle, SurvivorInItsOwnSessionIsKilled) {
  const test::TempDir dir;
  Policy policy;
  policy.survivor_grace_ms = 100;
  const Outcome outcome =
      run(shell_in(dir.path(),
                   "setsid sh -c 'echo $$ > pid; setsid sleep 1000 & echo $! > pid2; wait' & "
                   "while ! test -s pid2; do :; done"),
          policy);
  EXPECT_EQ(outcome.exit_code, 0);
  ASSERT_TRUE(has_reason(outcome, "survivor")) << reasons_text(outcome);
  EXPECT_FALSE(process_exists(first_line(dir / "pid")));
  EXPECT_FALSE(process_exists(first_line(dir / "pid2")));
}

// Programs of a name of their own.
std::string named_program(const test::TempDir& dir, const std::string& name, const char* of) {
  const std::string path = dir / name;
  EXPECT_EQ(::symlink(of, path.c_str()), 0);
  return path;
}

TEST(Lifecycle, AllowedSurvivorsAreKilledAtOnceWithoutAReason) {
  const test::TempDir dir;
  named_program(dir, "helper-daemon-x", "/bin/sleep");
  Policy policy;
  policy.survivor_grace_ms = 3'600'000;  // not waited for
  policy.surviving = {"helper-daemon-x"};
  const Outcome outcome = run(shell_in(dir.path(),
                                       "setsid ./helper-daemon-x 1000 & echo $! > pid; "
                                       "until grep -qs helper-daemon-x /proc/$!/comm; do :; done"),
                              policy);
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_TRUE(outcome.reasons.empty()) << reasons_text(outcome);
  EXPECT_FALSE(process_exists(first_line(dir / "pid")));
}

TEST(Lifecycle, OtherSurvivorsBesideAllowedOnesAreAReason) {
  const test::TempDir dir;
  named_program(dir, "allowed", "/bin/sleep");
  Policy policy;
  policy.survivor_grace_ms = 200;
  policy.surviving = {"allowed"};
  const Outcome outcome =
      run(shell_in(dir.path(), "setsid ./allowed 1000 & setsid sleep 1000 &"), policy);
  ASSERT_TRUE(has_reason(outcome, "survivor")) << reasons_text(outcome);
  EXPECT_EQ(reasons_text(outcome).find("allowed"), std::string::npos) << reasons_text(outcome);
}

TEST(Breakaway, NobodyLooksAtTheProgramAndWhatItStarts) {
  const test::TempDir dir;
  ASSERT_TRUE(replace_file(dir / "theirs", "x"));
  ASSERT_TRUE(replace_file(dir / "ours", "x"));
  named_program(dir, "server", "/bin/sh");
  Policy policy = policy_with(Shim::Yes);
  policy.breakaway = {"server"};
  const Outcome outcome =
      run(shell_in(dir.path(),
                   "./server -c 'cat theirs > made; (cat theirs > deep; true); true'; cat ours"),
          policy);
  EXPECT_EQ(outcome.exit_code, 0) << outcome.console;
  EXPECT_TRUE(outcome.reasons.empty()) << reasons_text(outcome);
  for (const char* unseen : {"theirs", "made", "deep"})
    EXPECT_EQ(find(outcome, dir / unseen), nullptr) << unseen;
  EXPECT_NE(find(outcome, dir / "ours"), nullptr);
  const Access* program = find(outcome, dir / "server");
  ASSERT_NE(program, nullptr) << "the program itself is an input";
}

TEST(Breakaway, AProcessThatMakesItselfADaemonStaysUnseenAndEndsWithTheRun) {
  const test::TempDir dir;
  named_program(dir, "server", "/bin/sh");
  Policy policy;
  policy.breakaway = {"server"};
  policy.survivor_grace_ms = 3'600'000;
  const Outcome outcome = run(
      shell_in(
          dir.path(),
          "./server -c 'setsid sh -c \"(echo \\$\\$ > theirs; sh -c \\\"echo go > go; exec sleep "
          "1000\\\") & exit\"'; "
          "until test -s go; do :; done"),
      policy);
  EXPECT_EQ(outcome.exit_code, 0) << outcome.console;
  EXPECT_TRUE(outcome.reasons.empty()) << reasons_text(outcome);
  EXPECT_EQ(find(outcome, dir / "theirs"), nullptr);
  EXPECT_FALSE(process_exists(first_line(dir / "theirs")));
}

TEST(Breakaway, WhoMerelyHasTheNameAsAnArgumentIsSeen) {
  const test::TempDir dir;
  ASSERT_TRUE(replace_file(dir / "server", "x"));
  ASSERT_TRUE(replace_file(dir / "seen", "x"));
  Policy policy;
  policy.breakaway = {"server"};
  const Outcome outcome =
      run(shell_in(dir.path(), "cat server seen; ./server || cat seen"), policy);
  EXPECT_NE(find(outcome, dir / "seen"), nullptr);
}

TEST(Breakaway, OnlyCallsWithTheGivenArgumentsGoTheirWay) {
  const test::TempDir dir;
  for (const char* name : {"plain", "server", "shouted", "long"})
    ASSERT_TRUE(replace_file(dir / name, "x"));
  named_program(dir, "tool", "/bin/sh");
  Policy policy = policy_with(Shim::Yes);
  policy.breakaway_calls = {{"tool", "x --server", false}, {"tool", "--DAEMON", true}};
  const Outcome outcome = run(
      shell_in(dir.path(),
               "./tool -c 'cat plain; true' x --SERVER; ./tool -c 'cat server; true' x --server 1;"
               "./tool -c 'cat shouted; true' --Daemon;"
               "./tool -c 'cat long; true' $(printf %05000d 0) --daemon"),
      policy);
  EXPECT_EQ(outcome.exit_code, 0) << outcome.console;
  EXPECT_TRUE(outcome.reasons.empty()) << reasons_text(outcome);
  EXPECT_NE(find(outcome, dir / "plain"), nullptr);
  for (const char* unseen : {"server", "shouted", "long"})
    EXPECT_EQ(find(outcome, dir / unseen), nullptr) << unseen;
}

TEST(Console, StderrOfItsOwnIsCountedAndStillCaptured) {
  const test::TempDir dir;
  Command command = shell_in(dir.path(), "echo out; echo oops >&2");
  command.own_stderr = true;
  Outcome outcome = run(command, {});
  EXPECT_EQ(outcome.stderr_bytes, 5u);
  EXPECT_NE(outcome.console.find("out\n"), std::string::npos);
  EXPECT_NE(outcome.console.find("oops\n"), std::string::npos);
  // More than a pipe holds, of both.
  command.argv.back() = "head -c 300000 /dev/zero >&2; head -c 300000 /dev/zero";
  outcome = run(command, {});
  EXPECT_EQ(outcome.stderr_bytes, 300000u);
  EXPECT_EQ(outcome.console.size(), 600000u);
  command.argv.back() = "echo out";
  EXPECT_EQ(run(command, {}).stderr_bytes, 0u);
}

TEST(Lifecycle, BackgroundThatEndsInTimeIsNoReason) {
  const test::TempDir dir;
  const Outcome outcome = run(shell_in(dir.path(), "(sleep 0.1; echo late > late) &"));
  EXPECT_TRUE(outcome.reasons.empty()) << reasons_text(outcome);
  ASSERT_NE(find(outcome, dir / "late"), nullptr);
}

TEST(Lifecycle, CancelKillsTheWholeTree) {
  const test::TempDir dir;
  Sandbox sandbox;
  std::thread canceller([&] {
    first_line(dir / "pid");
    sandbox.cancel();
  });
  auto outcome =
      sandbox.run(shell_in(dir.path(), "setsid sh -c 'echo $$ > pid; exec sleep 1000' & wait"), {});
  canceller.join();
  ASSERT_TRUE(outcome.has_value());
  EXPECT_TRUE(outcome->cancelled);
  EXPECT_EQ(outcome->exit_code, 137);
  EXPECT_FALSE(process_exists(first_line(dir / "pid")));
  // The slot can be used again.
  auto again = sandbox.run(shell_in(dir.path(), "exit 3"), {});
  ASSERT_TRUE(again.has_value());
  EXPECT_FALSE(again->cancelled);
  EXPECT_EQ(again->exit_code, 3);
}

TEST(Lifecycle, CancelBeforeTheStartIsNotLost) {
  const test::TempDir dir;
  Sandbox sandbox;
  sandbox.cancel();
  auto outcome = sandbox.run(shell_in(dir.path(), "sleep 1000"), {});
  ASSERT_TRUE(outcome.has_value());
  EXPECT_TRUE(outcome->cancelled);
}

TEST(Lifecycle, TimeoutKillsTheWholeTree) {
  const test::TempDir dir;
  Policy policy;
  policy.timeout_ms = 200;
  const Outcome outcome = run(shell_in(dir.path(), "setsid sleep 1000 & sleep 1000"), policy);
  EXPECT_TRUE(outcome.timed_out);
  EXPECT_EQ(outcome.term_signal, SIGKILL);
}

TEST(Lifecycle, JournalNamesEachWrittenPathBeforeTheWrite) {
  const test::TempDir dir;
  Policy policy;
  policy.journal_path = dir / "journal";
  ASSERT_EQ(mkdir((dir / "w").c_str(), 0755), 0);
  const Outcome outcome =
      run(shell_in(dir / "w",
                   "echo 1 > a; cat a; echo 2 > a; mv a b; mkdir d; tr '\\0' '\\n' < ../journal"),
          policy);
  EXPECT_EQ(split_lines(outcome.console),
            (std::vector<std::string>{"1", dir / "w/a", dir / "w/b", dir / "w/d"}));
}

TEST(Lifecycle, JournalDoesNotNameWhatExistedBefore) {
  const test::TempDir dir;
  Policy policy;
  policy.journal_path = dir / "journal";
  ASSERT_EQ(mkdir((dir / "w").c_str(), 0755), 0);
  ASSERT_EQ(mkdir((dir / "w/d").c_str(), 0755), 0);
  for (const char* name : {"w/edited", "w/moved", "w/d/member"})
    ASSERT_TRUE(replace_file(dir / name, "user's\n"));
  const Outcome outcome = run(
      shell_in(dir / "w",
               "echo 1 >> edited; mv moved new; mv d d2; mv d2 d3; tr '\\0' '\\n' < ../journal"),
      policy);
  EXPECT_EQ(outcome.console, "");
  ASSERT_TRUE(find(outcome, dir / "w/new"));
  EXPECT_EQ(find(outcome, dir / "w/new")->moved_from, dir / "w/moved");
  ASSERT_TRUE(find(outcome, dir / "w/d3/member"));
  EXPECT_EQ(find(outcome, dir / "w/d3/member")->moved_from, dir / "w/d/member");
}

TEST(Lifecycle, WhatTheRunMadeIsNotMovedFromBefore) {
  const test::TempDir dir;
  ASSERT_TRUE(replace_file(dir / "old", "user's\n"));
  const Outcome outcome = run(
      shell_in(
          dir.path(),
          "echo 1 > a; mv a b; rm old; echo 2 > old; mv old c; mv c gone; rm gone; echo 3 > gone"),
      {});
  for (const char* name : {"b", "c", "gone"}) {
    ASSERT_TRUE(find(outcome, dir / name)) << name;
    EXPECT_EQ(find(outcome, dir / name)->moved_from, "") << name;
  }
}

TEST(Lifecycle, UntrackedDirectoriesAreLeftOut) {
  const test::TempDir dir;
  ASSERT_EQ(mkdir((dir / "in").c_str(), 0755), 0);
  ASSERT_EQ(symlink("in", (dir / "link").c_str()), 0);
  Policy policy;
  policy.untracked = {dir / "link"};
  const Outcome outcome = run(shell_in(dir.path(), "echo x > in/f; echo x > out"), policy);
  EXPECT_EQ(find(outcome, dir / "in/f"), nullptr);
  EXPECT_NE(find(outcome, dir / "out"), nullptr);
}

TEST(Lifecycle, IdentitiesAreThoseBeforeTheAccess) {
  const test::TempDir dir;
  ASSERT_TRUE(replace_file(dir / "f", "before").has_value());
  const auto before = lstat_identity(dir / "f");
  const Outcome outcome =
      run(shell_in(dir.path(), "cat f; echo longer content > f; echo x > g; rm g"));
  const Access* f = find(outcome, dir / "f");
  ASSERT_NE(f, nullptr);
  EXPECT_EQ(f->first, *before);
  EXPECT_EQ(f->before_mutation, *before);
  EXPECT_LT(f->first_content_seq, f->first_mutation_seq);
  EXPECT_NE(f->first_content_seq, 0u);
  const Access* g = find(outcome, dir / "g");
  ASSERT_NE(g, nullptr);
  EXPECT_FALSE(g->first.exists());
  EXPECT_GT(g->first_content_seq, g->first_mutation_seq);  // rm looks at what the shell made
  EXPECT_EQ(g->first_mutation_seq, g->first_seq + 1);
}

TEST(Lifecycle, UsageOfTheTreeIsCounted) {
  const test::TempDir dir;
  const Outcome outcome = run(
      shell_in(dir.path(), "i=0; while test $i -lt 20000; do i=$((i+1)); done; sh -c 'exit 0'"));
  EXPECT_GT(outcome.user_ns + outcome.system_ns, 0u);
  EXPECT_GT(outcome.peak_kib, 500u);
  EXPECT_GT(outcome.notifications, 5u);
}

TEST(Lifecycle, EightRunnersAtOnceDoNotMixUp) {
  const test::TempDir dir;
  std::vector<std::thread> threads;
  std::vector<std::string> failures(8);
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      Sandbox sandbox;
      const std::string mine = dir / ("t" + std::to_string(t));
      mkdir(mine.c_str(), 0755);
      for (int i = 0; i < 20; ++i) {
        const std::string tag = std::to_string(t) + "-" + std::to_string(i);
        auto outcome = sandbox.run(
            shell_in(mine, "echo " + tag + " > " + tag + "; cat " + tag + "; (sleep 0.01; rm " +
                               tag + ") & exit " + std::to_string(i)),
            {});
        std::string& failure = failures[static_cast<std::size_t>(t)];
        if (!outcome) {
          failure += outcome.error().to_string() + "\n";
          continue;
        }
        if (outcome->exit_code != i) failure += "exit code of " + tag + "\n";
        if (outcome->console != tag + "\n")
          failure += "console of " + tag + ": " + outcome->console + "\n";
        if (!outcome->reasons.empty()) failure += reasons_text(*outcome);
        const Access* file = find(*outcome, mine + "/" + tag);
        constexpr std::uint32_t kAll = kRead | kWrite | kCreate | kUnlink;
        if (file == nullptr || (file->ops & kAll) != kAll) failure += tag + " was not seen\n";
        for (const Access& access : outcome->accesses) {
          if (path_within(access.path, dir.path()) && access.path != mine && &access != file)
            failure += tag + " saw " + access.path + "\n";
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::string& failure : failures) EXPECT_EQ(failure, "");
}

TEST(Lifecycle, NoDescriptorIsLeftOpen) {
  const test::TempDir dir;
  const auto count = [] { return list_directory("/proc/self/fd")->size(); };
  Sandbox sandbox;
  (void)sandbox.run(shell_in(dir.path(), ":"), {});
  const auto before = count();
  for (int i = 0; i < 20; ++i) (void)sandbox.run(shell_in(dir.path(), "ls; nope"), {});
  (void)sandbox.run(command_in("/no/such/dir", {"true"}), {});
  EXPECT_EQ(count(), before);
}

// What was absent when the run looked may be there when it removes it: somebody else made it.
TEST(Lifecycle, RemovalOfWhatOthersMadeMeanwhileIsSeen) {
  for (Shim shim : {Shim::No, Shim::Yes}) {
    const test::TempDir dir;
    std::thread other([&] {
      while (::access((dir / "ready").c_str(), F_OK) != 0) std::this_thread::yield();
      EXPECT_TRUE(replace_file(dir / "x", "somebody else's"));
      EXPECT_TRUE(replace_file(dir / "go", ""));
    });
    const Outcome outcome = run(
        shell_in(dir.path(), "test ! -e x && touch ready; while test ! -e go; do :; done; rm x"),
        policy_with(shim));
    other.join();
    EXPECT_EQ(outcome.exit_code, 0) << outcome.console;
    const Access* x = find(outcome, dir / "x");
    ASSERT_NE(x, nullptr);
    EXPECT_TRUE(x->ops & kUnlink) << name_of(shim);
    EXPECT_EQ(x->first.kind, FileKind::Absent);
    EXPECT_EQ(x->before_mutation.kind, FileKind::File);
  }
}

}  // namespace
}  // namespace bxl::sandbox
