// bxl-sandbox as a program: it chain-loads like env(1).
#include <signal.h>
#include <spawn.h>
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

TEST(Tool, NestedIsRefusedInASentence) {
  const test::TempDir dir;
  const Ran ran = tool(dir, "-- " + kTool + " true");
  EXPECT_EQ(ran.status, 125);
  EXPECT_EQ(
      ran.err,
      "bxl-sandbox: observe a command: this process is itself observed by a seccomp listener: "
      "Device or resource busy\n");
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

// Death of the supervisor is death of the command: it must not go on unobserved.
TEST(Tool, KilledSupervisorTakesTheCommandAlong) {
  const test::TempDir dir;
  const pid_t pid = fork();
  if (pid == 0) {
    const std::string script = "echo $$ > '" + (dir / "pid") + "'; exec sleep 1000";
    execl(kTool.c_str(), "bxl-sandbox", "--", "sh", "-c", script.c_str(),
          static_cast<char*>(nullptr));
    _exit(99);
  }
  std::string child;
  for (int i = 0; i < 1000 && child.empty(); ++i) {
    auto text = read_file(dir / "pid");
    if (text && !text->empty() && text->back() == '\n') child = text->substr(0, text->size() - 1);
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  ASSERT_NE(child, "");
  kill(pid, SIGKILL);
  ASSERT_EQ(waitpid(pid, nullptr, 0), pid);
  bool gone = false;
  for (int i = 0; i < 1000 && !gone; ++i) {
    gone = kill(std::stoi(child), 0) != 0;
    if (auto stat = read_file("/proc/" + child + "/stat"))
      gone = gone || stat->substr(stat->rfind(')') + 2, 1) == "Z";
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_TRUE(gone);
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
