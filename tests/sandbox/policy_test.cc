// Scopes, what is denied, and that what is denied has really not happened.
#include <sys/stat.h>

#include <map>

#include "os/file.h"
#include "sandbox/harness.h"

namespace bxl::sandbox {
namespace {

// "in" may be written, "out" may not. What lies in "out" is looked at by other means than ours.
struct World {
  test::TempDir dir;
  World() {
    for (const char* name : {"in", "out", "out/empty"})
      EXPECT_EQ(mkdir((dir / name).c_str(), 0755), 0);
    for (const char* name : {"out/file", "out/victim"})
      EXPECT_TRUE(replace_file(dir / name, "user's\n"));
  }
  std::string in() const { return dir / "in"; }
  std::string out() const { return dir / "out"; }
  // Names, kinds, modes, sizes, both times, link counts and contents.
  std::string state() const {
    const std::string line =
        "cd '" + out() +
        "' && { find . -printf '%p %y %m %s %T@ %C@ %n\\n' | sort; "
        "find . -type f -exec cat {} +; getfattr -d file 2>/dev/null; } > ../state";
    EXPECT_EQ(std::system((line + " || true").c_str()), 0);
    return *read_file(dir / "state");
  }
};

std::map<std::string, std::string> answers(const Outcome& outcome) {
  std::map<std::string, std::string> out;
  for (const std::string& line : split_lines(outcome.console)) {
    const std::size_t space = line.find(' ');
    EXPECT_NE(line[0], '#') << line;
    if (space != std::string::npos) out[line.substr(0, space)] = line.substr(space + 1);
  }
  return out;
}

std::string violations_text(const Outcome& outcome) {
  std::string out;
  for (const Violation& v : outcome.violations)
    out += std::to_string(static_cast<int>(v.kind)) + " " + v.path + " " + v.process +
           (v.denied ? " denied\n" : "\n");
  return out;
}

const Violation* violation(const Outcome& outcome, const std::string& path) {
  for (const Violation& v : outcome.violations)
    if (v.path == path) return &v;
  return nullptr;
}

class PolicyOf : public testing::TestWithParam<Shim> {
 protected:
  Policy policy() const { return policy_with(GetParam()); }
};
INSTANTIATE_TEST_SUITE_P(All, PolicyOf, testing::Values(Shim::No, Shim::Yes),
                         [](const auto& shim) { return std::string(name_of(shim.param)); });

bool has_landlock() { return syscall(SYS_landlock_create_ruleset, nullptr, 0, 1) >= 3; }
#define NEEDS_LANDLOCK() \
  if (!has_landlock()) GTEST_SKIP() << "this kernel has no Landlock"

TEST_P(PolicyOf, DeniedChangesDoNotHappen) {
  NEEDS_LANDLOCK();
  const World world;
  Policy rules = policy();
  rules.write = {world.in()};
  rules.enforcement = Enforcement::Deny;
  const std::string before = world.state();
  const Outcome outcome =
      run(command_in(world.in(), {probe_path("trespass"), "run", world.out()}), rules);
  EXPECT_EQ(outcome.exit_code, 0) << outcome.console;
  EXPECT_EQ(world.state(), before);
  auto said = answers(outcome);
  for (const char* way : {"own", "own_link", "own_chmod", "null"}) {
    EXPECT_EQ(said[way], "done") << way;
    said.erase(way);
  }
  EXPECT_EQ(said["link_in"], "EXDEV");
  said.erase("link_in");
  EXPECT_EQ(said.size(), 23u);
  for (const auto& [way, answer] : said) EXPECT_EQ(answer, "EACCES") << way;
  for (const char* name : {"new", "file", "raw", "made", "empty", "victim", "link", "fifo",
                           "socket", "moved", "other", "linked"}) {
    const Violation* found = violation(outcome, world.out() + "/" + name);
    if (std::string(name) == "other") continue;  // its source is refused first
    ASSERT_NE(found, nullptr) << name << "\n" << violations_text(outcome);
    EXPECT_TRUE(found->denied) << name;
    EXPECT_EQ(found->process.rfind("trespass (", 0), 0u) << found->process;
  }
  for (const Access& access : outcome.accesses)
    EXPECT_TRUE(!path_within(access.path, world.out()) || (access.ops & kMutations) == 0)
        << access.path;
  EXPECT_TRUE(outcome.reasons.empty()) << reasons_text(outcome);
}

TEST_P(PolicyOf, ReportedChangesHappenAndAreNamed) {
  const World world;
  Policy rules = policy();
  rules.write = {world.in()};
  const std::string before = world.state();
  const Outcome outcome =
      run(command_in(world.in(), {probe_path("trespass"), "run", world.out()}), rules);
  EXPECT_NE(world.state(), before);
  auto said = answers(outcome);
  EXPECT_EQ(said["create"], "done");
  for (const char* name : {"new", "file", "raw", "made", "empty", "victim", "link", "fifo",
                           "socket", "moved", "tmpfile"}) {
    const Violation* found = violation(outcome, world.out() + "/" + name);
    if (std::string(name) == "tmpfile" && said["tmpfile"] != "done") continue;
    ASSERT_NE(found, nullptr) << name << "\n" << violations_text(outcome);
    EXPECT_FALSE(found->denied) << name;
  }
  for (const Violation& v : outcome.violations)
    EXPECT_FALSE(path_within(v.path, world.in())) << v.path;
}

// Attributes are out of Landlock's reach; they are named, and refused by the supervisor.
TEST_P(PolicyOf, AttributesOutOfScopeAreViolations) {
  const World world;
  Policy rules = policy();
  rules.write = {world.in()};
  const Outcome outcome =
      run(shell_in(world.in(), "chmod 600 ../out/file; touch ../out/victim"), rules);
  EXPECT_EQ(outcome.violations.size(), 2u) << violations_text(outcome);
  EXPECT_TRUE(violation(outcome, world.out() + "/file"));
  EXPECT_TRUE(violation(outcome, world.out() + "/victim"));
}

// The supervisor looks at a name, the kernel reads it again: Landlock judges what the kernel read.
TEST_P(PolicyOf, NameChangedBehindTheSupervisorIsNotWritten) {
  NEEDS_LANDLOCK();
  const World world;
  ASSERT_EQ(rename(world.out().c_str(), (world.dir / "ou").c_str()), 0);  // as long as "in"
  Policy rules = policy();
  rules.write = {world.in()};
  rules.enforcement = Enforcement::Deny;
  const Outcome outcome =
      run(command_in(world.in(), {probe_path("race_name"), "run", world.dir / "ou"}), rules);
  EXPECT_EQ(outcome.exit_code, 0) << outcome.console;
  EXPECT_FALSE(lstat_identity(world.dir / "ou/new")->exists());
  EXPECT_TRUE(lstat_identity(world.dir / "in/new")->exists());
}

TEST_P(PolicyOf, SingleFileMayBeMadeAndReplacedAndNothingBesideIt) {
  NEEDS_LANDLOCK();
  const World world;
  Policy rules = policy();
  rules.write = {world.out() + "/made", world.out() + "/file"};
  rules.enforcement = Enforcement::Deny;
  const Outcome outcome = run(
      shell_in(world.in(),
               "cd ../out; echo 1 > made && rm made && echo 2 > made && echo 3 > file && echo $?; "
               "echo x > beside; rm victim; mv made elsewhere; echo x > ../in/there"),
      rules);
  EXPECT_EQ(*read_file(world.out() + "/made"), "2\n");
  EXPECT_EQ(*read_file(world.out() + "/file"), "3\n");
  EXPECT_EQ(*read_file(world.out() + "/victim"), "user's\n");
  for (const std::string& name :
       {world.out() + "/beside", world.out() + "/elsewhere", world.in() + "/there"}) {
    EXPECT_FALSE(lstat_identity(name)->exists()) << name;
    EXPECT_TRUE(violation(outcome, name)) << name;
  }
}

TEST_P(PolicyOf, TemporaryAndUntrackedDirectoriesMayBeWritten) {
  NEEDS_LANDLOCK();
  const World world;
  for (const char* name : {"t", "u"}) ASSERT_EQ(mkdir((world.dir / name).c_str(), 0755), 0);
  Policy rules = policy();
  rules.write = {world.in()};
  rules.temp = {world.dir / "t"};
  rules.untracked = {world.dir / "u"};
  rules.enforcement = Enforcement::Deny;
  const Outcome outcome =
      run(shell_in(world.in(), "echo 1 > ../t/a; mv ../t/a b; echo 1 > ../u/a"), rules);
  EXPECT_EQ(outcome.exit_code, 0) << outcome.console;
  EXPECT_TRUE(outcome.violations.empty()) << violations_text(outcome);
  EXPECT_TRUE(lstat_identity(world.dir / "u/a")->exists());
  EXPECT_TRUE(lstat_identity(world.dir / "in/b")->exists());
  EXPECT_EQ(find(outcome, world.dir / "u/a"), nullptr);
}

TEST_P(PolicyOf, ScopesOwnDirectoryStays) {
  NEEDS_LANDLOCK();
  const World world;
  Policy rules = policy();
  rules.write = {world.in()};
  rules.enforcement = Enforcement::Deny;
  const Outcome outcome = run(shell_in("/", "rmdir '" + world.in() + "'"), rules);
  EXPECT_NE(outcome.exit_code, 0);
  EXPECT_TRUE(violation(outcome, world.in()));
  EXPECT_TRUE(lstat_identity(world.in())->exists());
}

TEST_P(PolicyOf, ReadsOutOfScopeAreNamedAndProbesAreNot) {
  const World world;
  ASSERT_TRUE(replace_file(world.dir / "secret", "1"));
  Policy rules = policy();
  rules.read = {"/usr", "/etc", "/bin", "/lib", "/lib64"};
  rules.write = {world.in()};
  const Outcome outcome = run(
      shell_in(world.in(),
               "cat ../secret ../absent; test -r ../out/file; echo 1 > own; cat own; ls ../out"),
      rules);
  ASSERT_EQ(outcome.violations.size(), 2u) << violations_text(outcome);
  EXPECT_EQ(outcome.violations[0].path, world.out());  // listed
  EXPECT_EQ(outcome.violations[1].path, world.dir / "secret");
  EXPECT_EQ(outcome.violations[1].kind, Violation::Kind::Read);
}

TEST_P(PolicyOf, ScopesThatCannotBeResolvedAreErrors) {
  const World world;
  Sandbox sandbox;
  Policy rules = policy();
  rules.write = {world.dir / "none/"};
  auto outcome = sandbox.run(shell_in(world.in(), "true"), rules);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().errnum, ENOENT);
  EXPECT_NE(outcome.error().message.find("make the directory"), std::string::npos);
  rules.write = {world.dir / "none/file"};
  EXPECT_FALSE(sandbox.run(shell_in(world.in(), "true"), rules));
  rules.write = {"relative"};
  outcome = sandbox.run(shell_in(world.in(), "true"), rules);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().errnum, EINVAL);
}

TEST_P(PolicyOf, DeniedNetworkLeavesLocalSocketsAlone) {
  const test::TempDir dir;
  Policy rules = policy();
  rules.network = Network::Deny;
  const Outcome outcome = run(command_in(dir.path(), {probe_path("sockets"), "run"}), rules);
  auto said = answers(outcome);
  for (const char* way : {"inet", "inet_udp", "inet6", "packet", "vsock"})
    EXPECT_EQ(said[way], "EACCES") << way;
  for (const char* way : {"unix", "pair", "netlink"}) EXPECT_EQ(said[way], "done") << way;
  EXPECT_TRUE(outcome.reasons.empty()) << reasons_text(outcome);
  ASSERT_EQ(outcome.violations.size(), 4u) << violations_text(outcome);
  EXPECT_EQ(outcome.violations[0].kind, Violation::Kind::Network);
  EXPECT_EQ(outcome.violations[0].path, "AF_INET");
  EXPECT_TRUE(outcome.violations[0].denied);
}

TEST_P(PolicyOf, TrustedNetworkIsNoReason) {
  const test::TempDir dir;
  const char* talk = "exec 3<>/dev/udp/192.0.2.1/9; echo x >&3";
  Policy rules = policy();
  const Command command = command_in(dir.path(), {"/bin/bash", "-c", talk});
  EXPECT_TRUE(has_reason(run(command, rules), "network"));
  rules.network = Network::Trusted;
  const Outcome outcome = run(command, rules);
  EXPECT_TRUE(outcome.reasons.empty()) << reasons_text(outcome);
  EXPECT_TRUE(outcome.violations.empty()) << violations_text(outcome);
}

TEST_P(PolicyOf, NarrowProgramsSocketIsDenied) {
  const World world;
  if (std::system((probe_path("files32") + " >/dev/null 2>&1").c_str()) != 0)
    GTEST_SKIP() << "no 32-bit programs here";
  Policy rules = policy();
  rules.network = Network::Deny;
  const Outcome outcome =
      run(command_in(world.in(), {probe_path("talk32"), "run", world.dir / "none"}), rules);
  EXPECT_NE(outcome.exit_code, 0);  // no daemon there
  rules.write = {world.in()};
  rules.enforcement = Enforcement::Deny;
  if (!has_landlock()) return;
  // It makes its files in its working directory.
  const Outcome files = run(command_in(world.out(), {probe_path("files32"), "setup"}), rules);
  EXPECT_NE(files.exit_code, 0);
  EXPECT_TRUE(violation(files, world.out() + "/r")) << violations_text(files);
  EXPECT_FALSE(lstat_identity(world.out() + "/r")->exists());
}

}  // namespace
}  // namespace bxl::sandbox
