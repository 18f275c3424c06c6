// The shim: what it saves, that nothing is lost by it, and programs that do not go along.
#include <map>

#include "sandbox/harness.h"
#include "sandbox/shim_table.h"

namespace bxl::sandbox {
namespace {

Outcome run_probe(Shim shim, const std::string& name, const std::string& arg = {}) {
  const test::TempDir dir;
  set_up_probe(name, dir.path());
  Outcome outcome = run(command_in(dir.path(), {probe_path(name), "run", arg}), policy_with(shim));
  EXPECT_EQ(outcome.exit_code, 0) << outcome.console;
  return outcome;
}

void write_source(const std::string& path) {
  auto written = replace_file(path, "#include <iostream>\nint main() { std::cout << 1; }\n");
  ASSERT_TRUE(written);
}

class Libc : public testing::TestWithParam<Shim> {};
INSTANTIATE_TEST_SUITE_P(Both, Libc, testing::Values(Shim::No, Shim::Yes),
                         [](const auto& shim) { return std::string(name_of(shim.param)); });

TEST_P(Libc, AnswersAsWithoutObservation) { run_probe(GetParam(), "libc_semantics"); }

TEST_P(Libc, RegisterLeftOverOpensNothingUnseen) {
  const Outcome outcome = run_probe(GetParam(), "stale_register");
  for (const char* name : {"wrapped", "raw", "in_handler"}) {
    const bool seen =
        std::any_of(outcome.accesses.begin(), outcome.accesses.end(), [&](const Access& access) {
          return access.path.ends_with(std::string("/") + name) && (access.ops & kRead) != 0;
        });
    EXPECT_TRUE(seen) << name;
  }
}

TEST_P(Libc, MoreNamesThanTheTableHoldsAreAllSeen) {
  const Outcome outcome = run_probe(GetParam(), "many_paths");
  std::size_t names = 0;
  for (const Access& access : outcome.accesses) names += access.path.rfind("/nowhere-", 0) == 0;
  EXPECT_EQ(names, 30000u);
  EXPECT_TRUE(outcome.reasons.empty()) << reasons_text(outcome);
}

TEST(ShimTest, CompilationRecordsNineTenthsItself) {
  const test::TempDir dir;
  write_source(dir / "x.cc");
  const Command command = command_in(dir.path(), {"g++", "-c", "x.cc", "-o", "x.o"});
  const Outcome with = run(command, policy_with(Shim::Yes));
  ASSERT_EQ(with.exit_code, 0) << with.console;
  EXPECT_LT(with.notifications, 150u);
  EXPECT_GE(with.shim_calls * 10, (with.shim_calls + with.notifications) * 9);
  const Outcome without = run(command, policy_with(Shim::No));
  EXPECT_GT(without.notifications, 1000u);
  EXPECT_EQ(without.shim_calls, 0u);
}

// What a result may rest on: contents and absences. (Our realpath() looks at the end of a path;
// libc's reads every component as if it were a link.)
TEST(ShimTest, CompilationIsSeenAsWithoutIt) {
  const test::TempDir dir;
  write_source(dir / "x.cc");
  const Command command = command_in(dir.path(), {"g++", "-pipe", "-c", "x.cc", "-o", "x.o"});
  std::map<std::string, std::string> seen[2];
  for (Shim shim : {Shim::No, Shim::Yes}) {
    (void)::unlink((dir / "x.o").c_str());
    const Outcome outcome = run(command, policy_with(shim));
    EXPECT_TRUE(outcome.reasons.empty()) << reasons_text(outcome);
    for (const Access& access : outcome.accesses) {
      if (access.first.kind == FileKind::Directory) continue;
      if (!access.first.exists() && (access.ops & (kRead | kMutations)) == 0) continue;
      std::string what = kind_name(access.first.kind);
      if (access.ops & (kRead | kExec)) what += " read";
      if (access.ops & kMutations) what += " changed";
      if (access.first.exists() && access.first_mutation_seq == 0) {
        auto now = lstat_identity(access.path);
        what += now && *now == access.first ? " as it is" : " as it was";
      }
      seen[static_cast<int>(shim)][access.path] = what;
    }
  }
  EXPECT_EQ(seen[0], seen[1]);
}

TEST(ShimTest, ScrubbedEnvironmentKeepsIt) {
  const test::TempDir dir;
  for (const char* script :
       {"env -i /usr/bin/env", "unset LD_PRELOAD; exec /usr/bin/env", "LD_PRELOAD= /usr/bin/env"}) {
    const Outcome outcome = run(shell_in(dir.path(), script), policy_with(Shim::Yes));
    EXPECT_NE(outcome.console.find("LD_PRELOAD=" + policy_with(Shim::Yes).shim + "\n"),
              std::string::npos)
        << script << ": " << outcome.console;
  }
}

TEST(ShimTest, PreloadOfTheUserComesFirst) {
  const test::TempDir dir;
  Command command = shell_in(dir.path(), "echo $LD_PRELOAD");
  command.environment.push_back({"LD_PRELOAD", "/usr/lib/x86_64-linux-gnu/libz.so.1"});
  const Outcome outcome = run(command, policy_with(Shim::Yes));
  EXPECT_EQ(outcome.console,
            "/usr/lib/x86_64-linux-gnu/libz.so.1:" + policy_with(Shim::Yes).shim + "\n");
}

TEST(ShimTest, ItselfIsNoInput) {
  const test::TempDir dir;
  const Outcome outcome = run(shell_in(dir.path(), "cat /etc/passwd"), policy_with(Shim::Yes));
  EXPECT_EQ(find(outcome, policy_with(Shim::Yes).shim), nullptr);
  EXPECT_EQ(find(outcome, shim::kSentinel), nullptr);
  ASSERT_NE(find(outcome, "/etc/passwd"), nullptr);
  EXPECT_TRUE(find(outcome, "/etc/passwd")->ops & kRead);
}

TEST(ShimTest, LibraryThatIsNotThereCostsNothingButTime) {
  const test::TempDir dir;
  Policy policy;
  policy.shim = dir / "libnone.so";
  const Outcome outcome = run(command_in(dir.path(), {"/bin/cat", "/etc/passwd"}), policy);
  EXPECT_EQ(outcome.exit_code, 0);
  ASSERT_NE(find(outcome, "/etc/passwd"), nullptr);
}

TEST(ShimTest, NonsenseInTheTableIsNoticedOrHarmless) {
  for (const char* byte : {"255", "1", "2"}) {
    const Outcome outcome = run_probe(Shim::Yes, "scribble", byte);
    EXPECT_TRUE(has_reason(outcome, "observation")) << byte;
  }
  // Nothing but zeros: no key either, so that all that follows is notified.
  run_probe(Shim::Yes, "scribble", "0");
}

TEST(ShimTest, AddressSanitizedProgramRuns) {
  const test::TempDir dir;
  ASSERT_TRUE(replace_file(dir / "a.c", "int main(void) { return 0; }\n"));
  const std::string compile = "cd '" + dir.path() + "' && gcc -fsanitize=address a.c -o a 2>&1";
  if (std::system((compile + " >/dev/null").c_str()) != 0) GTEST_SKIP() << "no address sanitizer";
  const Outcome outcome = run(shell_in(dir.path(), "./a && ./a"), policy_with(Shim::Yes));
  EXPECT_EQ(outcome.exit_code, 0) << outcome.console;
  EXPECT_EQ(outcome.console, "");
}

TEST(ShimTest, AddressSanitizedProgramRunsAsTheCommandItself) {
  const test::TempDir dir;
  ASSERT_TRUE(replace_file(dir / "a.c", "int main(void) { return 0; }\n"));
  const std::string compile = "cd '" + dir.path() + "' && gcc -fsanitize=address a.c -o a 2>&1";
  if (std::system((compile + " >/dev/null").c_str()) != 0) GTEST_SKIP() << "no address sanitizer";
  const Outcome outcome = run(command_in(dir.path(), {"./a"}), policy_with(Shim::Yes));
  EXPECT_EQ(outcome.exit_code, 0) << outcome.console;
  EXPECT_EQ(outcome.console, "");
}

// Its loader would say that the library is of the wrong class.
TEST(ShimTest, NarrowDynamicProgramPrintsNoWarning) {
  const test::TempDir dir;
  const std::string source =
      "void _start(void) { __asm__ volatile(\"int $0x80\" : : \"a\"(1), \"b\"(7)); }\n";
  ASSERT_TRUE(replace_file(dir / "n.c", source));
  const std::string compile =
      "cd '" + dir.path() +
      "' && gcc -m32 -nostdlib -fno-pie -no-pie n.c /lib32/libc.so.6 -Wl,--no-as-needed "
      "-Wl,-dynamic-linker,/lib/ld-linux.so.2 -o n >/dev/null 2>&1 && { ./n; test $? = 7; }";
  if (std::system(compile.c_str()) != 0) GTEST_SKIP() << "no 32-bit C library";
  ASSERT_TRUE(replace_file(dir / "script", "#!" + (dir / "n") + "\n", Durable::No, 0755));
  for (const char* script :
       {"exec ./n", "exec ./script", "exec env ./n", "exec env PATH=. n",
        "exec python3 -c 'import os; os.posix_spawnp(\"./n\", [\"n\"], os.environ)'"}) {
    const Outcome outcome = run(shell_in(dir.path(), script), policy_with(Shim::Yes));
    EXPECT_EQ(outcome.console, "") << script;
    EXPECT_TRUE(outcome.reasons.empty()) << script << reasons_text(outcome);
    ASSERT_NE(find(outcome, dir / "n"), nullptr) << script;
  }
  const Outcome direct = run(command_in(dir.path(), {"./n"}), policy_with(Shim::Yes));
  EXPECT_EQ(direct.exit_code, 7);
  EXPECT_EQ(direct.console, "");
}

TEST(ShimTest, LinkThatAnotherProcessRetargetsIsFollowedAgain) {
  const test::TempDir dir;
  const Outcome outcome = run(
      shell_in(dir.path(),
               "mkdir a b; echo 1 > a/x; echo 2 > b/x; ln -s a l; cat l/x; ln -sfn b l; cat l/x"),
      policy_with(Shim::Yes));
  EXPECT_EQ(outcome.console, "1\n2\n");
  for (const char* name : {"a/x", "b/x"}) {
    const Access* access = find(outcome, dir / name);
    ASSERT_NE(access, nullptr);
    EXPECT_TRUE(access->ops & kRead) << name;
  }
}

}  // namespace
}  // namespace bxl::sandbox
