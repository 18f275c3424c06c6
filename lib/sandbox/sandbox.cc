// Puts the parts of one run together.
#include "sandbox/sandbox.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/magic.h>
#include <linux/seccomp.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <optional>

#include "base/path_table.h"
#include "sandbox/breakaway.h"
#include "sandbox/decoder.h"
#include "sandbox/landlock.h"
#include "sandbox/process_tree.h"
#include "sandbox/recorder.h"
#include "sandbox/resolver.h"
#include "sandbox/scopes.h"
#include "sandbox/shim_table.h"
#include "sandbox/spawn.h"
#include "sandbox/supervisor.h"

namespace bxl::sandbox {

namespace {

// In a child of its own, since a filter cannot be taken off again. The exit status carries the
// errno.
int try_listener() {
  const pid_t pid = fork();
  if (pid == 0) {
    sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    sock_fprog program{1, &allow};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) _exit(errno);
    const long fd =
        syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
    _exit(fd >= 0 ? 0 : errno);
  }
  if (pid < 0) return errno;
  int status = 0;
  while (waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) return errno;
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : EIO;
}

std::string refusal(int errnum) {
  if (errnum == EBUSY)
    return "observe a command: this process is itself observed by a seccomp listener";
  return "observe a command: the kernel refuses a seccomp listener";
}

// Working directories and descriptors of the observed are looked up there: without it, what a
// relative path means would go unseen, and no reason would say so.
Result<void> expect_proc() {
  struct statfs fs;
  if (statfs("/proc/self", &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC) return {};
  return make_error(0, "observe a command: /proc is not mounted");
}

// What was used, was there before, and is out of scope.
void check_reads(const std::vector<Access>& accesses, PathTable& paths, const Scopes& scopes,
                 Recorder& recorder) {
  for (const Access& access : accesses) {
    const std::uint32_t used = access.first.kind == FileKind::Directory
                                   ? std::uint32_t{kEnumerate}
                                   : std::uint32_t{kRead | kExec | kStat};
    const bool made_first =
        access.first_mutation_seq != 0 &&
        (access.first_content_seq == 0 || access.first_mutation_seq < access.first_content_seq);
    if (!access.first.exists() || made_first || (access.ops & used) == 0) continue;
    if (!scopes.may_read(paths.intern(access.path)))
      recorder.violation(Violation::Kind::Read, access.path, "", false);
  }
}

}  // namespace

struct Sandbox::Impl {
  UniqueFd cancel_event{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};

  Result<Outcome> run(const Command& command, const Policy& policy);
};

Result<void> Sandbox::available() {
  BXL_TRY(expect_proc());
  if (const int errnum = try_listener(); errnum != 0) return make_error(errnum, refusal(errnum));
  return {};
}

std::string installed_shim() {
  if (const char* wanted = std::getenv("BXL_SHIM"); wanted && std::string_view(wanted) == "0")
    return {};
  auto self = read_link("/proc/self/exe");
  if (!self) return {};
  const std::string bin(parent_path(*self));
  for (const std::string& file :
       {bin + "/libbxlshim.so", normalize_path(bin + "/../lib/bxl/libbxlshim.so")}) {
    auto found = stat_identity(file);
    if (found && found->kind == FileKind::File) return file;
  }
  return {};
}

Sandbox::Sandbox() : impl_(std::make_unique<Impl>()) {}
Sandbox::~Sandbox() = default;

Result<Outcome> Sandbox::run(const Command& command, const Policy& policy) {
  return impl_->run(command, policy);
}

void Sandbox::cancel() {
  const std::uint64_t one = 1;
  // Async-signal-safe on purpose; a full counter is a cancellation all the same.
  [[maybe_unused]] const ssize_t n = write(impl_->cancel_event.get(), &one, sizeof one);
}

Result<Outcome> Sandbox::Impl::run(const Command& command, const Policy& policy) {
  if (!cancel_event) return make_error(EMFILE, "make an event descriptor");
  BXL_TRY(expect_proc());
  become_subreaper();
  const auto started = std::chrono::steady_clock::now();

  UniqueFd null_in, console_read, console_write, errors_read, errors_write, journal;
  SpawnRequest request{&command, command.stdin_fd, command.stdout_fd, command.stderr_fd};
  if (request.stdin_fd < 0) {
    BXL_TRY_ASSIGN(null_in, open_file("/dev/null", O_RDONLY | O_CLOEXEC));
    request.stdin_fd = null_in.get();
  }
  auto capture = [](UniqueFd& from, UniqueFd& to) -> Result<void> {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return errno_error("make the console pipe");
    from.reset(ends[0]);
    to.reset(ends[1]);
    fcntl(from.get(), F_SETFL, O_NONBLOCK);
    return {};
  };
  if (request.stderr_fd < 0 && command.own_stderr) {
    BXL_TRY(capture(errors_read, errors_write));
    request.stderr_fd = errors_write.get();
  }
  if (request.stdout_fd < 0 || request.stderr_fd < 0) {
    BXL_TRY(capture(console_read, console_write));
    if (request.stdout_fd < 0) request.stdout_fd = console_write.get();
    if (request.stderr_fd < 0) request.stderr_fd = console_write.get();
  }
  if (!policy.journal_path.empty()) {
    BXL_TRY_ASSIGN(journal,
                   open_file(policy.journal_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC));
  }
  std::vector<std::string> untracked;
  for (const std::string& dir : policy.untracked) {
    auto real = real_path(dir);
    untracked.push_back(real ? *real : normalize_path(dir));
  }

  std::optional<ShimTable> shim;
  // What programs record themselves does not say whose it is.
  if (!policy.shim.empty() && policy.breakaway.empty() && policy.breakaway_calls.empty()) {
    // Without it observation is slower, not worse.
    if (auto table = ShimTable::create(policy.shim)) {
      shim.emplace(std::move(*table));
      request.key = shim->key();
      request.preload = policy.shim;
    }
    untracked.push_back(policy.shim);
  }

  PathTable paths;
  BXL_TRY_ASSIGN(const Scopes scopes, Scopes::create(paths, policy));
  request.notify_sockets = scopes.denies_network();
  UniqueFd landlock;
  if (scopes.denies() && scopes.restricts_writes()) {
    BXL_TRY_ASSIGN(landlock, landlock_ruleset(scopes));
    request.landlock = landlock.get();
  }

  auto child = Child::start(request);
  if (!child) {
    const int errnum = child.error().errnum;
    return errnum == EBUSY ? make_error(errnum, refusal(errnum)) : std::move(child.error());
  }
  // The child has its own copy by now. The caller's descriptors stay the caller's.
  console_write.reset();
  errors_write.reset();
  null_in.reset();
  landlock.reset();

  Resolver resolver(paths, untracked);
  Recorder recorder(paths, resolver, std::move(journal));
  ProcessTree tree((*child)->pid(), !command.inherit_terminal);
  Breakaway breakaway(policy);
  Decoder decoder(paths, resolver, recorder, tree, scopes, shim ? &*shim : nullptr, breakaway);
  Outcome outcome;
  Supervisor({**child, decoder, recorder, tree, breakaway, policy, shim ? &*shim : nullptr,
              console_read.get(), errors_read.get(), cancel_event.get()},
             outcome)
      .run();
  if (outcome.cancelled) {  // taken: the next run starts afresh
    std::uint64_t count;
    [[maybe_unused]] const ssize_t n = read(cancel_event.get(), &count, sizeof count);
  }
  if (shim) {
    outcome.shim_calls = shim->calls();
    outcome.shim_uses = shim->events();
  }
  outcome.accesses = recorder.take_accesses();
  if (scopes.restricts_reads()) check_reads(outcome.accesses, paths, scopes, recorder);
  outcome.violations = recorder.take_violations();
  outcome.reasons = recorder.take_reasons();
  outcome.wall_ns = static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                                   std::chrono::steady_clock::now() - started)
                                                   .count());
  return outcome;
}

}  // namespace bxl::sandbox
