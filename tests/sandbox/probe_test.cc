// Each probe says what it does; the sandbox must have seen exactly that.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "os/unique_fd.h"
#include "sandbox/harness.h"

namespace bxl::sandbox {
namespace {

// Runs one probe and compares. Returns the outcome for further checks.
Outcome check_probe(Shim shim, const std::string& name, const std::string& arg = {},
                    const std::string& also = {}) {
  const test::TempDir dir;
  set_up_probe(name, dir.path());
  Policy policy = policy_with(shim);
  policy.survivor_grace_ms = 50;
  Outcome outcome = run(command_in(dir.path(), {probe_path(name), "run", arg}), policy);
  EXPECT_EQ(outcome.exit_code, 0) << outcome.console;
  EXPECT_EQ(announced(outcome.console), lines_of(outcome, dir.path(), also))
      << outcome.console << reasons_text(outcome);
  return outcome;
}

// Each is registered twice: whatever the shim takes over must be seen as without it.
class Probe : public testing::TestWithParam<std::tuple<Shim, const char*>> {};

TEST_P(Probe, IsSeenExactly) { check_probe(std::get<0>(GetParam()), std::get<1>(GetParam())); }

INSTANTIATE_TEST_SUITE_P(
    All, Probe,
    testing::Combine(testing::Values(Shim::No, Shim::Yes),
                     testing::Values("rename_over", "rename_exchange", "rename_directory",
                                     "rename_fails", "openat2_beneath", "metadata_files",
                                     "tmpfile_linkat", "readdir", "openat2", "exec_thread",
                                     "vfork_chdir", "symlink_chain", "dotdot_after_link",
                                     "symlink_retarget", "symlink_loop", "make_links", "hard_link",
                                     "magic_links", "dirfd_relative", "static_open", "raw_syscalls",
                                     "shebang_chain", "absent_deep", "make_directories", "removals",
                                     "open_flags", "truncate_path", "map_write", "stat_family",
                                     "metadata", "page_end", "too_long", "close_all", "removed_cwd",
                                     "io_uring", "int80", "x32", "plain_clone", "unix_own",
                                     "tcp_own", "signals", "credentials", "survivor", "same_paths",
                                     "execute_descriptors")),
    [](const auto& probe) {
      return std::string(std::get<1>(probe.param)) + name_of(std::get<0>(probe.param));
    });

// The others, each in both ways too.
class ProbeOf : public testing::TestWithParam<Shim> {};
INSTANTIATE_TEST_SUITE_P(All, ProbeOf, testing::Values(Shim::No, Shim::Yes),
                         [](const auto& shim) { return std::string(name_of(shim.param)); });

TEST_P(ProbeOf, GoProgramIsSeenExactly) {
  if (access(probe_path("go").c_str(), X_OK) != 0)
    GTEST_SKIP() << "no Go compiler when this was built";
  check_probe(GetParam(), "go");
}

TEST_P(ProbeOf, NamespaceIsNamed) {
  const test::TempDir dir;
  const Outcome outcome =
      run(command_in(dir.path(), {probe_path("unshare_mount"), "run"}), policy_with(GetParam()));
  EXPECT_TRUE(has_reason(outcome, "namespace"));
  EXPECT_TRUE(has_reason(outcome, "mount"));
}

TEST_P(ProbeOf, NameServiceCacheIsNoReason) {
  const Outcome outcome = check_probe(GetParam(), "nscd");
  const bool there = find(outcome, "/run/nscd/socket") != nullptr ||
                     find(outcome, "/var/run/nscd/socket") != nullptr;
  EXPECT_TRUE(there);
}

TEST_P(ProbeOf, SocketOfAnotherIsADaemon) {
  const test::TempDir dir;
  sockaddr_un here{};
  here.sun_family = AF_UNIX;
  std::strcpy(here.sun_path, (dir / "s").c_str());
  const UniqueFd server(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(bind(server.get(), reinterpret_cast<sockaddr*>(&here), sizeof here), 0);
  ASSERT_EQ(listen(server.get(), 1), 0);
  check_probe(GetParam(), "unix_outside", dir / "s", dir / "s");
}

struct LoopbackServer {
  UniqueFd socket;
  std::string port;
  explicit LoopbackServer(int type) : socket(::socket(AF_INET, type | SOCK_CLOEXEC, 0)) {
    sockaddr_in here{};
    here.sin_family = AF_INET;
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof here;
    EXPECT_EQ(bind(socket.get(), reinterpret_cast<sockaddr*>(&here), size), 0);
    EXPECT_TRUE(type != SOCK_STREAM || listen(socket.get(), 1) == 0);
    EXPECT_EQ(getsockname(socket.get(), reinterpret_cast<sockaddr*>(&here), &size), 0);
    port = std::to_string(ntohs(here.sin_port));
  }
};

TEST_P(ProbeOf, ServerOfAnotherIsNetwork) {
  const LoopbackServer server(SOCK_STREAM);
  const Outcome outcome = check_probe(GetParam(), "tcp_outside", server.port);
  ASSERT_EQ(outcome.reasons.size(), 1u);
  EXPECT_EQ(outcome.reasons[0].detail, "talks to 127.0.0.1:" + server.port);
  EXPECT_EQ(outcome.reasons[0].process.rfind("tcp_outside (", 0), 0u) << outcome.reasons[0].process;
}

TEST_P(ProbeOf, DatagramsCountWhenSent) {
  const LoopbackServer server(SOCK_DGRAM);
  const Outcome outcome = check_probe(GetParam(), "udp", server.port);
  ASSERT_EQ(outcome.reasons.size(), 1u) << reasons_text(outcome);
}

TEST_P(ProbeOf, QueueOfAnotherIsIpc) {
  const int key = 0x62780000 | (getpid() & 0x7fff) << 1;
  const int queue = msgget(key, IPC_CREAT | IPC_EXCL | 0600);
  if (queue < 0) GTEST_SKIP() << "no System V queues here: " << strerror(errno);
  check_probe(GetParam(), "message_queue", std::to_string(key));
  EXPECT_EQ(msgctl(queue, IPC_RMID, nullptr), 0);
}

// A kernel may come without 32-bit programs, a compiler too.
#define NEEDS_32BIT()                                                         \
  if (std::system((probe_path("files32") + " >/dev/null 2>&1").c_str()) != 0) \
  GTEST_SKIP() << "no 32-bit programs here"

TEST_P(ProbeOf, NarrowProgramIsSeenExactly) {
  NEEDS_32BIT();
  const Outcome outcome = check_probe(GetParam(), "files32");
  EXPECT_TRUE(outcome.reasons.empty()) << reasons_text(outcome);
}

TEST_P(ProbeOf, NarrowProgramThatExecutesIsSeen) {
  NEEDS_32BIT();
  const Outcome outcome = check_probe(GetParam(), "exec32");
  const auto self = real_path(probe_path("exec32"));
  ASSERT_TRUE(self && find(outcome, *self));
  EXPECT_TRUE(find(outcome, *self)->ops & kExec);
}

TEST_P(ProbeOf, NarrowProgramThatTalksIsNamed) {
  NEEDS_32BIT();
  const test::TempDir dir;
  sockaddr_un here{};
  here.sun_family = AF_UNIX;
  std::strcpy(here.sun_path, (dir / "s").c_str());
  const UniqueFd server(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(bind(server.get(), reinterpret_cast<sockaddr*>(&here), sizeof here), 0);
  ASSERT_EQ(listen(server.get(), 1), 0);
  const Outcome outcome = check_probe(GetParam(), "talk32", dir / "s");
  ASSERT_EQ(outcome.reasons.size(), 2u);
  EXPECT_EQ(outcome.reasons[1].detail, "talks to 192.0.2.1:9");
}

TEST_P(ProbeOf, NarrowProgramsQueueIsIpc) {
  NEEDS_32BIT();
  const int key = 0x42780000 | (getpid() & 0x7fff) << 1;
  const int queue = msgget(key, IPC_CREAT | IPC_EXCL | 0600);
  if (queue < 0) GTEST_SKIP() << "no System V queues here: " << strerror(errno);
  check_probe(GetParam(), "ipc32", std::to_string(key));
  EXPECT_EQ(msgctl(queue, IPC_RMID, nullptr), 0);
}

TEST_P(ProbeOf, PermissionsAreNamed) {
  if (geteuid() == 0) GTEST_SKIP() << "nothing is forbidden to root";
  check_probe(GetParam(), "denied");
}

TEST_P(ProbeOf, InterpretersAreInputs) {
  const test::TempDir dir;
  set_up_probe("shebang_chain", dir.path());
  const Outcome outcome =
      run(command_in(dir.path(), {probe_path("shebang_chain"), "run"}), policy_with(GetParam()));
  const auto shell = real_path("/bin/sh");
  ASSERT_TRUE(shell.has_value());
  const Access* seen = find(outcome, *shell);
  ASSERT_NE(seen, nullptr);
  EXPECT_EQ(seen->ops & (kRead | kExec), kRead | kExec);
  const auto loader = real_path("/lib64/ld-linux-x86-64.so.2");
  ASSERT_TRUE(loader.has_value());
  ASSERT_NE(find(outcome, *loader), nullptr);
  EXPECT_EQ(find(outcome, *loader)->ops, kRead | kExec);
}

TEST_P(ProbeOf, SystemFilesystemsAreNoInputs) {
  const test::TempDir dir;
  const Outcome outcome =
      run(shell_in(dir.path(),
                   "cat /proc/self/maps /sys/kernel/mm/*/enabled /dev/null >/dev/null 2>&1; :"),
          policy_with(GetParam()));
  for (const Access& access : outcome.accesses) {
    EXPECT_FALSE(path_within(access.path, "/proc")) << access.path;
    EXPECT_FALSE(path_within(access.path, "/sys")) << access.path;
    EXPECT_FALSE(path_within(access.path, "/dev")) << access.path;
  }
}

TEST_P(ProbeOf, SharedMemoryFilesAreInputs) {
  if (::access("/dev/shm", W_OK) != 0) GTEST_SKIP() << "/dev/shm is not writable here";
  const std::string path = "/dev/shm/bxl-test-" + std::to_string(getpid());
  const test::TempDir dir;
  const Outcome outcome = run(shell_in(dir.path(), "echo x > " + path + "; rm " + path));
  ASSERT_NE(find(outcome, path), nullptr);
  EXPECT_EQ(find(outcome, path)->ops & (kCreate | kUnlink), kCreate | kUnlink);
}

}  // namespace
}  // namespace bxl::sandbox
