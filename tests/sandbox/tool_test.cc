// bxl-sandbox as a program: it chain-loads like env(1).
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <thread>

#include "os/file.h"
#include "sandbox/harness.h"

namespace bxl::sandbox {
namespace {

struct Ran {
  int status = -1;
  std::string out, err;
};

const std::string kTool = std::string(BXL_BIN_DIR) + "/bxl-sandbox";

Ran tool(const test::TempDir& dir, const std::string& arguments) {
  const std::string line =
      "cd '" + dir.path() + "' && '" + kTool + "' " + arguments + " >out 2>err";
  const int status = std::system(line.c_str());
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, *read_file(dir / "out"),
          *read_file(dir / "err")};
}

TEST(Tool, PassesStreamsAndStatusThrough) {
  const test::TempDir dir;
  const Ran ran = tool(dir, "-- sh -c 'cat; echo err >&2; exit 5' < /dev/null");
  EXPECT_EQ(ran.status, 5);
  EXPECT_EQ(ran.out, "");
  EXPECT_EQ(ran.err, "err\n");
  EXPECT_EQ(tool(dir, "sh -c 'kill -TERM $$'").status, 143);
}

TEST(Tool, OwnFailuresHaveTheirOwnCodes) {
  const test::TempDir dir;
  EXPECT_EQ(tool(dir, "--no-such-option").status, 125);
  EXPECT_EQ(tool(dir, "").status, 125);
  const Ran missing = tool(dir, "./nope");
  EXPECT_EQ(missing.status, 127);
  EXPECT_EQ(missing.err, "bxl-sandbox: ./nope: No such file or directory\n");
  EXPECT_EQ(tool(dir, "/").status, 126);
  EXPECT_EQ(tool(dir, "--out /no/such/file true").status, 125);
}

// The kernel has room for one listener: the outer one sees all, the inner one says that it does
// not.
TEST(Tool, NestedRunsAndOnlyTheOuterOneSees) {
  const test::TempDir dir;
  const Ran ran =
      tool(dir, "--json --out seen.json -- " + kTool + " -- sh -c 'echo x > made; exit 4'");
  EXPECT_EQ(ran.status, 4);
  EXPECT_EQ(ran.err,
            "bxl-sandbox: not fully observed: nested: this process is itself observed by a seccomp "
            "listener: only the outer observer saw what the command did\n");
  EXPECT_NE(read_file(dir / "seen.json")
                ->find("{\"path\":\"" + dir.path() + "/made\",\"ops\":[\"write\""),
            std::string::npos);
  EXPECT_EQ(tool(dir, "-- " + kTool + " ./nope").status, 127);
  EXPECT_EQ(tool(dir, "-- " + kTool + " sh -c 'kill -TERM $$'").status, 143);
}

TEST(Tool, NestedDoesNotPretendToEnforce) {
  const test::TempDir dir;
  const Ran ran = tool(dir, "-- " + kTool + " --deny-network touch made");
  EXPECT_EQ(ran.status, 125);
  EXPECT_NE(ran.err.find("enforce a policy: this process is itself observed"), std::string::npos)
      << ran.err;
  EXPECT_FALSE(lstat_identity(dir / "made")->exists());
}

TEST(Tool, WritesOneJsonObject) {
  const test::TempDir dir;
  ASSERT_EQ(tool(dir, "--json --out seen.json -- sh -c 'echo x > made; cat absent; :'").status, 0);
  const std::string text = *read_file(dir / "seen.json");
  EXPECT_EQ(text.back(), '\n');
  EXPECT_NE(text.find("{\"path\":\"" + dir.path() + "/made\",\"ops\":[\"write\",\"create\"]"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("{\"path\":\"" + dir.path() +
                      "/absent\",\"ops\":[\"read\"],\"firstOps\":[\"read\"],"
                      "\"first\":\"absent\""),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("\"reasons\":[]"), std::string::npos);
}

TEST(Tool, TracesOneLinePerPath) {
  const test::TempDir dir;
  const Ran ran = tool(dir, "--trace -- sh -c 'mkdir d'");
  EXPECT_EQ(ran.status, 0);
  EXPECT_NE(ran.err.find("d absent " + dir.path() + "/d\n"), std::string::npos) << ran.err;
}

TEST(Tool, PolicyDeniesAndExplainsWhatWouldAllow) {
  const test::TempDir dir;
  if (syscall(SYS_landlock_create_ruleset, nullptr, 0, 1) < 3) GTEST_SKIP() << "no Landlock";
  ASSERT_EQ(mkdir((dir / "dest").c_str(), 0755), 0);
  ASSERT_TRUE(
      replace_file(dir / "rules", R"({"mode":"deny","write":["dest/","err","made.d/../log"]})"));
  ASSERT_EQ(mkdir((dir / "made.d").c_str(), 0755), 0);
  const Ran ran = tool(
      dir,
      "--policy rules --explain -- sh -c 'echo 1 > dest/a; echo 2 > log; echo 3 > other; exit 3'");
  EXPECT_EQ(ran.status, 3);
  EXPECT_EQ(*read_file(dir / "dest/a"), "1\n");
  EXPECT_EQ(*read_file(dir / "log"), "2\n");
  EXPECT_FALSE(lstat_identity(dir / "other")->exists());
  EXPECT_NE(ran.err.find("may not change " + dir.path() +
                         "/other, which is out of the write scopes; it was denied.\n"),
            std::string::npos)
      << ran.err;
  EXPECT_NE(ran.err.find("To allow it, rules would have to say:\n"
                         "    \"write\": [\"dest/\",\"err\",\"made.d/../log\",\"other\"]\n"),
            std::string::npos)
      << ran.err;
}

TEST(Tool, PolicyOfReportLetsThingsHappen) {
  const test::TempDir dir;
  ASSERT_TRUE(replace_file(dir / "rules", R"({"write":[],"network":"trusted"})"));
  const Ran ran = tool(dir, "--policy rules --trace -- sh -c 'echo 3 > other'");
  EXPECT_EQ(ran.status, 0);
  EXPECT_TRUE(lstat_identity(dir / "other")->exists());
  EXPECT_NE(ran.err.find("\n? write sh ("), std::string::npos) << ran.err;
  const Ran json = tool(dir, "--policy rules --json --out seen -- sh -c 'echo 3 >> other'");
  EXPECT_NE(read_file(dir / "seen")
                ->find("\"violations\":[{\"kind\":\"write\",\"path\":\"" + dir.path() + "/other\""),
            std::string::npos);
  EXPECT_EQ(json.err, "");
}

TEST(Tool, PoliciesThatAreNoneAreRefusedByName) {
  const test::TempDir dir;
  const std::pair<const char*, const char*> cases[] = {
      {"{", "the policy rules: "},
      {"[]", "an array, not an object"},
      {R"({"writes":[]})", "there is no key \"writes\""},
      {R"({"write":"out"})", "\"write\" is a string, not an array of strings"},
      {R"({"read":[1]})", "\"read\" holds an integer"},
      {R"({"read":[""]})", "an empty text"},
      {R"({"survivingProcesses":["a/b"]})", "programs are named without '/'"},
      {R"({"breakawayProcesses":"a"})", "not an array"},
      {R"({"mode":"Deny"})", "\"mode\" is \"deny\" or \"report\""},
      {R"({"network":true})", "\"network\" is"},
      {R"({"write":["none/"]})", "make the directory before the command runs"},
  };
  for (const auto& [text, message] : cases) {
    ASSERT_TRUE(replace_file(dir / "rules", text));
    const Ran ran = tool(dir, "--policy rules -- touch made");
    EXPECT_EQ(ran.status, 125) << text;
    EXPECT_NE(ran.err.find(message), std::string::npos) << text << ": " << ran.err;
    EXPECT_FALSE(lstat_identity(dir / "made")->exists()) << text;
  }
  EXPECT_EQ(tool(dir, "--policy none -- touch made").status, 125);
}

TEST(Tool, ProgramsThatMayBreakAwayAndSurviveAreNamedInThePolicy) {
  const test::TempDir dir;
  ASSERT_TRUE(replace_file(dir / "rules",
                           R"({"breakawayProcesses":["cat"],"survivingProcesses":["sleep"]})"));
  const Ran ran = tool(dir,
                       "--policy rules --json --out seen -- sh -c "
                       "'cat rules > made; setsid sleep 1000 & until grep -qs sleep "
                       "/proc/$!/comm; do :; done'");
  EXPECT_EQ(ran.status, 0) << ran.err;
  const std::string seen = *read_file(dir / "seen");
  EXPECT_EQ(seen.find("/rules\""), std::string::npos) << seen;
  EXPECT_NE(seen.find("\"reasons\":[]"), std::string::npos) << seen;
}

// Half a policy would be worse than none.
TEST(Tool, KernelWithoutLandlockIsSaidAndNothingRuns) {
  const test::TempDir dir;
  ASSERT_TRUE(replace_file(dir / "rules", R"({"mode":"deny","write":[]})"));
  const std::string line = "cd '" + dir.path() + "' && '" + probe_path("without_landlock") + "' '" +
                           kTool + "' --policy rules -- touch made 2>err";
  const int status = std::system(line.c_str());
  EXPECT_EQ(WEXITSTATUS(status), 125);
  EXPECT_NE(read_file(dir / "err")->find("this kernel has no Landlock"), std::string::npos)
      << *read_file(dir / "err");
  EXPECT_FALSE(lstat_identity(dir / "made")->exists());
  ASSERT_TRUE(replace_file(dir / "rules", R"({"write":[]})"));
  EXPECT_EQ(std::system(line.c_str()), 0) << *read_file(dir / "err");
  EXPECT_TRUE(lstat_identity(dir / "made")->exists());
}

TEST(Tool, DeniedNetworkIsSaid) {
  const test::TempDir dir;
  const Ran ran = tool(dir, "--deny-network --explain -- " + probe_path("sockets") + " run");
  EXPECT_NE(ran.out.find("inet EACCES\n"), std::string::npos) << ran.out;
  EXPECT_NE(ran.out.find("unix done\n"), std::string::npos) << ran.out;
  EXPECT_NE(ran.err.find("asked for the network (AF_INET6); it was denied."), std::string::npos)
      << ran.err;
  EXPECT_NE(ran.err.find("leave out --deny-network"), std::string::npos) << ran.err;
}

TEST(Tool, ExplainsWhatStandsAgainstCaching) {
  const test::TempDir dir;
  ASSERT_TRUE(replace_file(dir / "src", "1\n"));
  const Ran good = tool(dir, "--explain -- /bin/cat src");
  EXPECT_NE(good.err.find("Nothing stands against caching the result."), std::string::npos)
      << good.err;
  const Ran edits = tool(dir, "--explain -- /bin/sh -c 'cat src; echo 2 >> src'");
  EXPECT_NE(edits.err.find(dir.path() + "/src was there before, and is read and then changed."),
            std::string::npos)
      << edits.err;
  const Ran talks = tool(dir, "--explain -- bash -c 'exec 3<>/dev/udp/192.0.2.1/9; echo x >&3'");
  EXPECT_NE(talks.err.find("talks to 192.0.2.1:9\n    Nobody can hash what a server answers."),
            std::string::npos)
      << talks.err;
}

TEST(Tool, TapWritesReadsWritesAndDeletes) {
  const test::TempDir dir;
  for (const char* name : {"in", "gone", "moved"}) ASSERT_TRUE(replace_file(dir / name, "1\n"));
  const Ran ran = tool(dir,
                       "--tap_output tap -- env PATH=/usr/bin:/bin sh -c 'cat in; rm gone; mv "
                       "moved here; echo 1 > made; "
                       "echo 1 > t; rm t; exit 2'");
  EXPECT_EQ(ran.status, 2);
  EXPECT_EQ(ran.err, "");
  const std::string text = *read_file(dir / "tap");
  const auto list = [&](const std::string& key) {
    const std::size_t at = text.find("\"" + key + "\":[");
    return text.substr(at, text.find(']', at) - at);
  };
  const std::string quoted = "\"" + dir.path() + "/";
  EXPECT_EQ(list("writes"), "\"writes\":[" + quoted + "here\"," + quoted + "made\"");
  EXPECT_EQ(list("deletes"), "\"deletes\":[" + quoted + "gone\"," + quoted + "moved\"");
  EXPECT_NE(list("reads").find(quoted + "in\""), std::string::npos) << text;
  EXPECT_EQ(list("reads").find(quoted + "made\""), std::string::npos) << text;
  EXPECT_NE(text.find("\"error\":\"\"}\n"), std::string::npos) << text;
  EXPECT_EQ(list_directory(dir.path())->size(), 6u);  // in, here, made, tap, out, err
  EXPECT_EQ(tool(dir, "--tap_output outer -- " + kTool + " --tap_output tap true").status, 0);
  EXPECT_NE(read_file(dir / "tap")->find("\"error\":\"nested: "), std::string::npos);
}

TEST(Tool, OwnTemporaryDirectoryIsEmptyAndGoesAway) {
  const test::TempDir dir;
  ASSERT_EQ(mkdir((dir / "t").c_str(), 0755), 0);
  ASSERT_TRUE(replace_file(dir / "kept", "1\n"));
  ASSERT_TRUE(replace_file(dir / "rules", R"({"mode":"report","write":[]})"));
  setenv("TMPDIR", (dir / "t").c_str(), 1);
  const Ran ran = tool(dir,
                       "--temp --policy rules -- sh -c 'ls -A $TMPDIR; test $TMP = $TEMP && mkdir "
                       "$TMP/d && ln -s ../kept $TMP/l && "
                       "ln -s \"$PWD\" $TMP/d/up && echo $TMP'");
  unsetenv("TMPDIR");
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(ran.err, "");
  EXPECT_EQ(ran.out.rfind(dir / "t/bxl-sandbox.", 0), 0u) << ran.out;
  EXPECT_EQ(list_directory(dir / "t")->size(), 0u);
  EXPECT_TRUE(lstat_identity(dir / "kept")->exists());
}

// Death of the supervisor is death of the command: it must not go on unobserved. Of all of it, also
// of what asks the kernel for nothing that would be refused.
TEST(Tool, KilledSupervisorTakesTheCommandAlong) {
  const test::TempDir dir;
  const pid_t pid = fork();
  if (pid == 0) {
    const std::string script =
        "sh -c 'echo $$ > one; while :; do :; done' & "
        "setsid sh -c 'echo $$ > two; while :; do :; done' & "
        "echo $$ > zero; while :; do :; done";
    if (chdir(dir.path().c_str()) != 0) _exit(98);
    execl(kTool.c_str(), "bxl-sandbox", "--", "sh", "-c", script.c_str(),
          static_cast<char*>(nullptr));
    _exit(99);
  }
  std::vector<std::string> members;
  for (const char* name : {"zero", "one", "two"}) {
    std::string member;
    for (int i = 0; i < 1000 && member.empty(); ++i) {
      auto text = read_file(dir / name);
      if (text && !text->empty() && text->back() == '\n')
        member = text->substr(0, text->size() - 1);
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    ASSERT_NE(member, "") << name;
    members.push_back(member);
  }
  // The process that supervises is the parent of the command.
  const std::string stat = *read_file("/proc/" + members[0] + "/stat");
  const pid_t supervisor = std::atoi(stat.c_str() + stat.rfind(')') + 4);
  ASSERT_GT(supervisor, 1);
  kill(supervisor, SIGKILL);
  ASSERT_EQ(waitpid(pid, nullptr, 0), pid);
  for (const std::string& member : members) {
    bool gone = false;
    for (int i = 0; i < 1000 && !gone; ++i) {
      auto state = read_file("/proc/" + member + "/stat");
      gone = !state || state->substr(state->rfind(')') + 2, 1) == "Z";
      if (!gone) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    EXPECT_TRUE(gone) << member;
    if (!gone) kill(std::stoi(member), SIGKILL);
  }
}

TEST(Tool, TerminationKillsTheTreeAndIsReported) {
  const test::TempDir dir;
  const std::string script =
      "'" + kTool +
      "' -- sh -c 'setsid sleep 1000 & echo $! > pid; sleep 1000' & tool=$!; "
      "while ! test -s pid; do sleep 0.01; done; kill -TERM $tool; wait $tool; echo $? > status; "
      "kill -0 $(cat pid) 2>/dev/null && echo alive > survivor; :";
  ASSERT_EQ(std::system(("cd '" + dir.path() + "' && { " + script + "; }").c_str()), 0);
  EXPECT_EQ(*read_file(dir / "status"), "143\n");
  EXPECT_FALSE(lstat_identity(dir / "survivor")->exists());
}

}  // namespace
}  // namespace bxl::sandbox
