// Programs that are known to be difficult; PITFALLS.md says which test covers which trap.
#include <sys/syscall.h>

#include <algorithm>

#include "os/file.h"
#include "sandbox/harness.h"

namespace bxl::sandbox {
namespace {

class Pitfall : public testing::TestWithParam<Shim> {
 protected:
  Policy policy() const { return policy_with(GetParam()); }
};
INSTANTIATE_TEST_SUITE_P(All, Pitfall, testing::Values(Shim::No, Shim::Yes),
                         [](const auto& shim) { return std::string(name_of(shim.param)); });

bool have(const std::string& program) {
  return std::system(("command -v " + program + " >/dev/null 2>&1").c_str()) == 0;
}

bool used(const Outcome& outcome, const std::string& part, std::uint32_t ops) {
  return std::any_of(outcome.accesses.begin(), outcome.accesses.end(), [&](const Access& access) {
    return access.path.find(part) != std::string::npos && (access.ops & ops) != 0;
  });
}

// libuv makes its stats through syscall(), and would use io_uring where it may.
TEST(ShimTest, NodeRecordsItsLooksItself) {
  if (!have("node")) GTEST_SKIP() << "no node";
  const test::TempDir dir;
  ASSERT_TRUE(
      replace_file(dir / "x.js",
                   "const fs = require('fs');\n"
                   "for (let i = 0; i < 2000; ++i) { try { fs.statSync('n' + i) } catch {} }\n"
                   "for (let i = 0; i < 100; ++i) fs.writeFileSync('w' + i, '');\n"
                   "Promise.all([...Array(100).keys()].map(i => fs.promises.readFile('w' + i)))\n"
                   "  .then(all => console.log(all.length));\n"));
  Command command = command_in(dir.path(), {"node", "x.js"});
  command.environment[0].second = std::getenv("PATH");
  command.environment.push_back({"UV_USE_IO_URING", "1"});
  const Outcome outcome = run(command, policy_with(Shim::Yes));
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(outcome.console, "100\n");
  // 100 are the files that are written; the rest is the start of node.
  EXPECT_LT(outcome.notifications, 400u);
  for (const char* name : {"n0", "n1999"}) {
    const Access* access = find(outcome, dir / name);
    ASSERT_NE(access, nullptr) << name;
    EXPECT_EQ(access->first.kind, FileKind::Absent);
  }
  ASSERT_NE(find(outcome, dir / "w99"), nullptr);
  EXPECT_TRUE(outcome.reasons.empty()) << reasons_text(outcome);
}

// libselinux calls our wrappers before our constructor ran.
TEST_P(Pitfall, WrappersWorkBeforeTheirConstructor) {
  const test::TempDir dir;
  for (const char* name : {"a", "b"}) ASSERT_TRUE(replace_file(dir / name, "x\n"));
  const Outcome outcome =
      run(shell_in(dir.path(), "ls a b; sed s/x/y/ a; ls -l b >/dev/null"), policy());
  EXPECT_EQ(outcome.console, "a\nb\ny\n");
  EXPECT_TRUE(outcome.reasons.empty()) << reasons_text(outcome);
}

TEST_P(Pitfall, EnvironmentIsTheSameInEveryRun) {
  const test::TempDir dir;
  const Command command = shell_in(dir.path(), "env | sort");
  EXPECT_EQ(run(command, policy()).console, run(command, policy()).console);
}

TEST_P(Pitfall, WhatLibcOpensInsideIsSeenByName) {
  const test::TempDir dir;
  const Outcome outcome = run(command_in(dir.path(), {probe_path("libc_inner"), "run"}), policy());
  EXPECT_EQ(outcome.exit_code, 0);
  const auto found = [&](const char* what) {
    return outcome.console.find(std::string("found ") + what) != std::string::npos;
  };
  ASSERT_TRUE(found("user"));
  EXPECT_TRUE(used(outcome, "/etc/passwd", kRead));
  EXPECT_TRUE(used(outcome, "/etc/nsswitch.conf", kRead | kStat));
  EXPECT_TRUE(used(outcome, "/libz.so.1", kRead)) << found("library");
  EXPECT_TRUE(!found("converter") || used(outcome, "/gconv/ISO8859-15.so", kRead));
  EXPECT_TRUE(!found("locale") || used(outcome, "/locale/", kRead)) << outcome.console;
}

TEST_P(Pitfall, ThreadSanitizedProgramIsSeen) {
  const test::TempDir dir;
  ASSERT_TRUE(replace_file(
      dir / "t.c",
      "#include <stdio.h>\nint main(void) { return fopen(\"nowhere\", \"r\") != 0; }\n"));
  const std::string compile =
      "cd '" + dir.path() + "' && gcc -fsanitize=thread t.c -o t >/dev/null 2>&1";
  // It may refuse to start where the kernel places mappings as it likes.
  if (std::system((compile + " && ./t >/dev/null 2>&1").c_str()) != 0)
    GTEST_SKIP() << "no thread sanitizer";
  const Outcome outcome = run(shell_in(dir.path(), "setarch -R ./t"), policy());
  EXPECT_EQ(outcome.exit_code, 0) << outcome.console;
  EXPECT_EQ(outcome.console, "");
  ASSERT_NE(find(outcome, dir / "nowhere"), nullptr);
}

TEST_P(Pitfall, MuslProgramIsSeen) {
  if (!have("musl-gcc")) GTEST_SKIP() << "no musl";
  const test::TempDir dir;
  ASSERT_TRUE(replace_file(
      dir / "m.c",
      "#include <stdio.h>\nint main(void) { return fopen(\"nowhere\", \"r\") != 0; }\n"));
  ASSERT_EQ(
      std::system(
          ("cd '" + dir.path() + "' && musl-gcc m.c -o m && musl-gcc -static m.c -o s").c_str()),
      0);
  for (const char* program : {"./m", "./s"}) {
    const Outcome outcome = run(command_in(dir.path(), {program}), policy());
    EXPECT_EQ(outcome.exit_code, 0) << outcome.console;
    ASSERT_NE(find(outcome, dir / "nowhere"), nullptr) << program;
  }
}

// file(1) forbids itself system calls, getcwd and readlink among them.
TEST_P(Pitfall, ProgramWithItsOwnFilterStillRuns) {
  if (!have("file")) GTEST_SKIP() << "no file(1)";
  const test::TempDir dir;
  ASSERT_TRUE(replace_file(dir / "text", "hello\n"));
  const std::string answer = "text: ASCII text\n";
  const Outcome outcome = run(shell_in(dir.path(), "file text"), policy());
  EXPECT_EQ(outcome.console, answer);
  ASSERT_NE(find(outcome, dir / "text"), nullptr);
}

TEST_P(Pitfall, UserNamespaceIsNamedAndFailsWhereWritesAreDenied) {
  const test::TempDir dir;
  if (std::system("unshare -Ur true 2>/dev/null") != 0) GTEST_SKIP() << "no user namespaces here";
  const Command command = shell_in(dir.path(), "unshare -Ur true");
  const Outcome reported = run(command, policy());
  EXPECT_EQ(reported.exit_code, 0) << reported.console;
  EXPECT_TRUE(has_reason(reported, "namespace"));
  if (syscall(SYS_landlock_create_ruleset, nullptr, 0, 1) < 3) return;
  Policy rules = policy();
  rules.write = {dir.path()};
  rules.enforcement = Enforcement::Deny;
  const Outcome denied = run(command, rules);
  EXPECT_NE(denied.exit_code, 0);
  EXPECT_TRUE(
      std::any_of(denied.violations.begin(), denied.violations.end(),
                  [](const Violation& v) { return v.path.rfind("/proc/", 0) == 0 && v.denied; }));
}

}  // namespace
}  // namespace bxl::sandbox
