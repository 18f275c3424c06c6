// A forked helper enters the private mounts; it writes findings into a pipe.
#include "beside.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <unordered_map>
#include <unordered_set>

#include "base/byte_io.h"
#include "exec/executor.h"
#include "materialize/placer.h"
#include "os/guardian.h"
#include "os/private_tree.h"
#include "os/stop_signals.h"
#include "os/tree.h"
#include "plan/session.h"
#include "sandbox/sandbox.h"

namespace bxl::verify {
namespace {

enum class Message : std::uint8_t { Found = 1, Failed = 2, Done = 3 };

Result<void> send(int fd, Message kind, std::string_view payload) {
  ByteWriter out;
  out.u8(static_cast<std::uint8_t>(kind));
  out.u32(static_cast<std::uint32_t>(payload.size()));
  out.bytes(payload);
  return write_all(fd, out.str());
}

// The helper's side; its memory is a copy, so that what it takes from `job` is its own.
class Helper {
 public:
  Helper(const Job& job, const Scratch& scratch, int cancel_fd, int out)
      : job_(job), scratch_(scratch), cancel_fd_(cancel_fd), out_(out) {}

  Result<void> run() {
    BXL_TRY(sandbox::Sandbox::available());
    BXL_TRY(fork_under_guardian());
    BXL_TRY(enter());
    BXL_TRY(make_workspace());
    BXL_TRY_ASSIGN(session_, plan::Session::open(std::move(job_.reader), std::move(job_.paths),
                                                 store_of(scratch_), "bxl-verify",
                                                 state::OutputLog::Mode::Write));
    BXL_TRY(remove_what_is_not_upstream());
    return execute();
  }

 private:
  Result<void> enter() {
    BXL_TRY(enter_private_mounts());
    std::string layers = scratch_.directory + "/layers";
    BXL_TRY(make_directories(layers));
    if (scratch_.in_memory && ::mount("tmpfs", layers.c_str(), "tmpfs", 0, nullptr) != 0)
      return errno_error("make a file system in memory");
    BXL_TRY(overlay_trees(job_.roots, layers));
    BXL_TRY(drop_lent_privileges());
    if (::chdir("/") != 0) return errno_error("chdir");  // where we are is the real tree
    return {};
  }

  // The record of outputs names files by identity, and an overlay gives them another device: it is
  // written anew. The state would be of no use.
  Result<void> make_workspace() {
    const state::Workspace workspace{job_.input.header.workspace};
    BXL_TRY(workspace.create());
    for (const std::string& gone : {workspace.outputs_log(), workspace.state()})
      ::unlink(gone.c_str());
    for (const std::string& emptied : {workspace.run_dir(), workspace.tmp_dir()}) {
      BXL_TRY(remove_tree(emptied));
      BXL_TRY(make_directories(emptied));
    }
    const graph::Mounts mounts(job_.input.header.mounts);
    BXL_TRY_ASSIGN(auto log, state::OutputLog::open(workspace, {}, mounts, *job_.paths,
                                                    state::OutputLog::Mode::Write));
    std::unordered_map<std::string, std::vector<wire::Output>> by_owner;
    for (const auto& [path, record] : job_.records) {
      wire::Output output;
      output.path = path;
      output.kind = record.kind;
      output.digest = record.digest;
      BXL_TRY_ASSIGN(output.identity, lstat_identity(job_.paths->str(path)));
      if (output.identity.kind == record.identity.kind)
        by_owner[record.owner].push_back(std::move(output));
    }
    for (const auto& [owner, outputs] : by_owner) BXL_TRY(log->add(owner, outputs));
    return {};
  }

  // What other commands left is absent in a build from scratch, or comes later.
  Result<void> remove_what_is_not_upstream() {
    plan::Session& s = *session_;
    std::unordered_set<PathId> kept;
    for (const wire::PlanPip& pip : job_.input.pips)
      if (job_.upstream[index(pip.pip)])
        for (const wire::Output& output : pip.entry.outputs) kept.insert(output.path);
    std::vector<std::string> removed;
    for (const auto& [path, record] : s.log->records()) {
      if (record.owner == graph::kDirectoryOwner || kept.count(path) != 0) continue;
      const PipId owner = s.graph.find(record.owner);
      if (owner != kNoPip && (s.graph.pip(owner).flags & wire::kPipGenerator)) continue;
      removed.push_back(s.paths->str(path));
    }
    std::sort(removed.rbegin(), removed.rend());  // members before their directories
    for (const std::string& path : removed)
      if (::unlink(path.c_str()) != 0 && errno == EISDIR) ::rmdir(path.c_str());
    return {};
  }

  Result<void> execute() {
    plan::Session& s = *session_;
    // The real store is only asked for outputs that are not on disk; what the runs make goes into
    // their own.
    auto store = cas::BlobStore::open(job_.cache);
    cas::BlobStore& source = store ? *store : *s.blobs;
    materialize::Placer placer(s.workspace, s.mounts, *s.paths, source, *s.log,
                               [](const materialize::Note&) {});
    auto runner = exec::sandbox_runner(job_.jobs, s.workspace.dir());
    exec::Settings settings;
    settings.jobs = job_.jobs;
    settings.keep_going = 0;
    settings.warn_violations = true;
    settings.pip_timeout_ms = job_.pip_timeout_ms;
    std::unordered_map<PipId, const wire::Entry*> expected;
    std::unordered_map<PipId, wire::PipResult> results;
    std::vector<wire::PlanPip> plan;
    for (const wire::PlanPip& known : job_.input.pips) {
      const bool runs = job_.chosen[index(known.pip)];
      if (!runs && !job_.upstream[index(known.pip)]) continue;
      wire::PlanPip pip = known;
      pip.requested = false;
      pip.action = runs ? wire::Action::Miss : wire::Action::Hit;
      for (wire::Output& output : pip.entry.outputs) output.identity = {};
      if (runs) expected[pip.pip] = &known.entry;
      plan.push_back(std::move(pip));
    }
    exec::Observer quiet;
    exec::Services services{*s.view,
                            placer,
                            *s.log,
                            s.workspace,
                            s.blobs.get(),
                            *s.memo,
                            s.lookup->salts(),
                            *runner,
                            [](PipId pip, Digest*) {  // nothing is deferred
                              wire::PlanPip miss;
                              miss.pip = pip;
                              return miss;
                            },
                            [](const Digest&) { return std::string(); },
                            [](const std::string&) -> const wire::StateRow* { return nullptr; },
                            quiet,
                            [&](wire::PipResult result) {
                              if (expected.count(result.pip) != 0)
                                results[result.pip] = std::move(result);
                            }};
    const exec::Summary summary = exec::execute(plan, {}, false, settings, services, cancel_fd_);
    if (summary.cancelled) return make_error(EINTR, "interrupted");
    if (summary.local_resource) return make_error(ENOSPC, summary.error);
    for (const auto& [pip, entry] : expected) {
      Finding finding;
      finding.pip = pip;
      auto result = results.find(pip);
      if (result == results.end() || result->second.outcome != wire::Outcome::Ran) {
        finding.failure = result == results.end() ? "it was not run" : result->second.why_not;
      } else {
        const wire::Entry& now = result->second.entry;
        finding.differences = differences(entry->outputs, now.outputs, *s.paths);
        finding.console_differs =
            entry->console != now.console || entry->console_bytes != now.console_bytes;
        if (!result->second.publishable) finding.doubt = result->second.why_not;
      }
      BXL_TRY(send(out_, Message::Found, encode(finding)));
    }
    return {};
  }

  const Job& job_;
  const Scratch& scratch_;
  const int cancel_fd_, out_;
  std::unique_ptr<plan::Session> session_;
};

[[noreturn]] void help(const Job& job, const Scratch& scratch, int cancel_fd, int out) {
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  auto done = Helper(job, scratch, cancel_fd, out).run();
  if (!done) {
    ByteWriter payload;
    payload.u32(static_cast<std::uint32_t>(done.error().errnum));
    payload.bytes(done.error().message);
    (void)!send(out, Message::Failed, payload.str());
  } else {
    (void)!send(out, Message::Done, {});
  }
  ::_exit(done ? 0 : 1);
}

}  // namespace

std::string store_of(const Scratch& scratch) { return scratch.directory + "/store"; }

Result<int> run_beside(const Job& job, const Scratch& scratch, int cancel_fd,
                       const std::function<void(Finding)>& found) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return errno_error("pipe");
  UniqueFd from(ends[0]), to(ends[1]);
  const pid_t helper = ::fork();
  if (helper < 0) return errno_error("fork");
  if (helper == 0) {
    from.reset();
    help(job, scratch, cancel_fd, to.get());
  }
  to.reset();
  std::string bytes;
  int cancelled = 0;
  for (;;) {
    pollfd fds[2] = {{from.get(), POLLIN, 0}, {cancelled != 0 ? -1 : cancel_fd, POLLIN, 0}};
    if (::poll(fds, 2, -1) < 0) continue;
    if (fds[1].revents & POLLIN) {  // the terminal has told the helper as well, `kill` has not
      const auto signal = take_stop_signal(cancel_fd);
      if (signal && signal->from != StopSignal::From::Terminal) ::kill(helper, SIGTERM);
      if (signal) cancelled = signal->number;
    }
    if (!(fds[0].revents & (POLLIN | POLLHUP))) continue;
    char chunk[65536];
    const ssize_t n = ::read(from.get(), chunk, sizeof chunk);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    bytes.append(chunk, static_cast<std::size_t>(n));
  }
  int status = 0;
  while (::waitpid(helper, &status, 0) < 0 && errno == EINTR) {
  }
  if (cancelled != 0) return cancelled;
  ByteReader in(bytes);
  while (!in.at_end()) {
    const auto kind = static_cast<Message>(in.u8());
    const std::string_view payload = in.bytes(in.u32());
    if (!in.ok()) break;
    if (kind == Message::Done) return 0;
    if (kind == Message::Failed) {
      if (payload.size() < 4) break;
      ByteReader error(payload);
      const int errnum = static_cast<int>(error.u32());
      return make_error(errnum, std::string(error.bytes(payload.size() - 4)));
    }
    if (auto finding = decode(payload)) found(std::move(*finding));
  }
  return make_error(EIO, "the process that runs commands in the private tree died");
}

}  // namespace bxl::verify
