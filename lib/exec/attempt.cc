// What a run needs: outputs of others brought to disk, its own cleared away, directories, response
// file, journal.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <unordered_set>

#include "exec/build.h"
#include "fingerprint/projection.h"

namespace bxl::exec {

// Brings the outputs of one finished pip to disk. False: content was lost, the pip runs again.
Result<bool> Build::place_outputs(PipId id) {
  Node& n = node(id);
  const wire::Pip& p = pip(id);
  BXL_TRY_ASSIGN(auto all,
                 s_.placer.place_all(p.stable_id, n.entry.outputs, [&](const wire::Output& output) {
                   using enum materialize::Declared;
                   if (s_.view.declares(id, output.path)) return Yes;
                   const bool directory = output.kind == wire::OutputKind::Directory;
                   return s_.view.in_output_scope(id, output.path, directory) ? No : Forbidden;
                 }));
  if (all.placed == materialize::Placed::LostBlob || all.placed == materialize::Placed::UsersFile)
    return false;
  summary_.files_materialized += all.files;
  summary_.bytes_materialized += all.bytes;
  for (const wire::Output& out : n.entry.outputs) s_.view.invalidate(out.path);
  n.placed = true;
  return true;
}

// Rule 4: before a pip runs, all outputs of its transitive dependencies are on disk. False: it must
// wait again.
Result<bool> Build::place_upstream(PipId id) {
  std::vector<PipId> lost;
  for (PipId up : s_.view.upstream(id)) {
    Node& n = node(up);
    if (n.state != State::Succeeded || n.placed || pip(up).kind == wire::PipKind::Alias) continue;
    BXL_TRY_ASSIGN(bool there, place_outputs(up));
    if (!there) lost.push_back(up);
  }
  if (lost.empty()) return true;
  Node& waiter = node(id);
  waiter.state = State::Waiting;
  for (PipId up : lost) {
    Node& n = node(up);
    if (n.attempts >= kMaxAttempts)
      return make_error(EIO, "content of " + pip(up).stable_id + " was lost again and again");
    s_.observer.note("content of " + pip(up).stable_id + " is gone from the cache: it runs again");
    n.action = Action::Miss;
    n.reason = "content of its result is gone from the cache";
    n.state = State::Ready;
    ++n.attempts;
    n.extra_waiters.push_back(id);
    ++waiter.waiting_for;
    ++waiter.extra_waiting;
    --done_;
    run_queue_.emplace(rank_[index(up)], up);
  }
  return false;
}

std::vector<PathId> Build::directories_among(const std::vector<PathId>& paths) const {
  std::vector<PathId> found;
  if (in_use_.empty()) return found;  // nobody runs
  const auto& records = s_.log.records();
  for (PathId path : paths)
    if (auto record = records.find(path);
        record != records.end() && record->second.kind == wire::OutputKind::Directory)
      found.push_back(path);
  return found;
}

void Build::note_removed(const std::vector<PathId>& directories) {
  for (PathId path : directories) {
    auto disk = lstat_identity(paths_.str(path));
    if (!disk || disk->exists()) continue;
    for (const auto& [running, used] : in_use_) removed_meanwhile_[running].push_back(path);
  }
}

// Did a run meet a directory, or something below it, that was removed meanwhile?
bool Build::lost_directory(const std::vector<PathId>& removed,
                           const sandbox::Outcome& outcome) const {
  for (PathId path : removed) {
    const std::string directory = paths_.str(path);
    for (const sandbox::Access& access : outcome.accesses)
      if (access.path == directory || access.path.starts_with(directory + "/")) return true;
  }
  return false;
}

// A running command may have seen the directory and be about to write into it: `mkdir -p d; > d/x`.
bool Build::is_used_by_running(PathId directory) const {
  return std::any_of(in_use_.begin(), in_use_.end(),
                     [&](const auto& running) { return running.second.count(directory) != 0; });
}

Result<bool> Build::prepare(PipId id, Job* job) {
  const wire::Pip& p = pip(id);
  Node& n = node(id);
  if (!directories_made_) {
    for (PathId dir : s_.view.declared_directories())
      if (!s_.view.disk(dir).exists()) BXL_TRY(s_.placer.make_directory(dir));
    directories_made_ = true;
    for (const wire::Mount& mount : s_.view.mounts().all()) {
      if (mount.flags & wire::kMountSystem) continue;
      for (PathId dir = paths_.intern(mount.path); dir != kRootPath; dir = paths_.parent(dir)) {
        PathId git_index = paths_.intern_at(dir, ".git/index");
        if (git_indexes_.count(git_index)) break;
        auto bytes = read_file(paths_.str(git_index));
        if (!bytes) continue;
        git_indexes_[git_index] = fingerprint::project_git_index(*bytes);
        break;
      }
    }
    s_.view.invalidate_all();
  }
  BXL_TRY_ASSIGN(bool placed, place_upstream(id));
  if (!placed) return false;

  std::vector<PathId> own;
  std::unordered_set<PathId> seen;
  auto add = [&](PathId path) {
    if (path != kNoPath && seen.insert(path).second) own.push_back(path);
  };
  for (PathId path : p.outputs) {
    const PathId physical = s_.view.physical(path);
    const auto record = s_.log.records().find(physical);
    const PipId maker =
        record == s_.log.records().end() ? kNoPip : graph_.find(record->second.owner);
    // What a pip after it made in its place is for that one to make again.
    if (maker == kNoPip || maker == id || !s_.view.is_upstream(id, maker)) add(physical);
  }
  for (PathId path : p.optional_outputs) add(s_.view.physical(path));
  if (p.depfile != kNoPath) add(s_.view.physical(p.depfile));
  if (p.rspfile != kNoPath) add(s_.view.physical(p.rspfile));
  for (PathId path : s_.log.owned_by(p.stable_id)) {
    // Declared by another pip since? What an earlier attempt could not remove is nobody's in View.
    if (const PipId owner = s_.view.owner(path);
        owner != id && owner != kNoPip && !s_.view.makes_for_another(id, path))
      continue;
    // A recorded, undeclared file that was changed since is the user's (View rule 1): it stays.
    auto disk = lstat_identity(paths_.str(path));
    if (disk && (!disk->exists() || graph::still_recorded(s_.log.records().at(path), *disk)))
      add(path);
  }
  // Its outputs are for the action to update; none of them is bxl's to clear away.
  if (p.flags & wire::kPipAction) own.clear();
  std::erase_if(own, [&](PathId path) { return is_used_by_running(path); });
  const std::vector<PathId> directories = directories_among(own);
  auto& used = in_use_[id];
  for (PathId path : own)
    for (PathId at = paths_.parent(path); at != kRootPath; at = paths_.parent(at)) used.insert(at);
  removed_meanwhile_.erase(id);
  BXL_TRY(s_.placer.clear(p.stable_id, own));
  // Or an input of which an output was another name would be too young to be trusted.
  for (const auto& [before, after, content, file] : s_.placer.take_relinked())
    if (differ_in_ctime_only(before, after) &&
        after.ctime_ns - before.ctime_ns > kClockGranularityNs)
      s_.memo.learn("", after, content);
  note_removed(directories);
  removed_meanwhile_.erase(id);  // its own doing is no surprise to it
  // As ninja does, for each edge: an earlier one may have removed what was made at the start.
  for (PathId path : p.outputs)
    BXL_TRY(s_.placer.make_directory(paths_.parent(s_.view.physical(path))));
  const wire::PipOptions& more = p.more();
  for (const wire::DirectoryOutput& directory : more.directory_outputs)
    BXL_TRY(s_.placer.make_directory(s_.view.physical_directory(directory.path)));
  for (PathId path : more.temporary_directories)
    BXL_TRY(s_.placer.make_directory(s_.view.physical_directory(path)));
  if (p.flags & wire::kPipDenyWrites)
    for (PathId path : p.optional_outputs)
      BXL_TRY(s_.placer.make_directory(paths_.parent(s_.view.physical(path))));
  if (p.depfile != kNoPath)
    BXL_TRY(s_.placer.make_directory(paths_.parent(s_.view.physical(p.depfile))));
  for (PathId path : own) {
    s_.view.invalidate(path);
    s_.view.disown(id, path);
  }
  if (p.rspfile != kNoPath) {
    std::string file = paths_.str(p.rspfile);
    BXL_TRY(s_.placer.make_directory(paths_.parent(p.rspfile)));
    BXL_TRY(replace_file(file, p.rspfile_content));
  }

  std::string static_text = fingerprint::static_text(s_.view, id, s_.salts);
  n.static_hash = Digest::of(static_text);
  auto weak = fingerprint::weak_fingerprint(s_.view, id, static_text);
  n.weak = weak.status == fingerprint::Computed::Status::Ok ? weak.digest : Digest{};

  std::string journal = std::to_string(::getpid()) + "-" + std::to_string(journal_++) + ".journal";
  BXL_TRY(s_.log.start(p.stable_id, journal));
  job->pip = id;
  job->policy.shim = shim_;
  job->policy.timeout_ms = timeout_ms(p);
  job->policy.journal_path = s_.workspace.run_dir() + "/" + journal;
  if (p.kind != wire::PipKind::Process) {
    builtin(p, job);
    return true;
  }
  BXL_TRY(command(id, job));
  // What it makes is not its output, not even when it is killed.
  if (p.flags & wire::kPipAction) job->policy.journal_path.clear();
  return true;
}

// A pip without a process.
void Build::builtin(const wire::Pip& p, Job* job) {
  const wire::PipOptions& more = p.more();
  Builtin& b = job->builtin;
  auto text = [&](PathId path) { return paths_.str(s_.view.physical(path)); };
  if (p.kind == wire::PipKind::WriteFile) {
    b.kind = Builtin::Kind::WriteFile;
    b.content = more.content;
    b.executable = p.flags & wire::kPipExecutable;
    b.to = text(p.outputs.front());
  } else if (!more.directory_outputs.empty()) {
    b.kind = Builtin::Kind::CopyTree;
    b.from = paths_.str(more.read_scopes.front().path);
    b.to = text(more.directory_outputs.front().path);
  } else {
    b.kind = Builtin::Kind::CopyFile;
    b.from = paths_.str(p.inputs.front());
    b.to = text(p.outputs.front());
  }
}

// What its declaration allows and forbids, as far as the sandbox sees to it.
void Build::enforce(const wire::Pip& p, sandbox::Policy& policy) {
  const wire::PipOptions& more = p.more();
  for (PathId path : more.untracked) policy.untracked.push_back(paths_.str(path));
  policy.surviving = more.surviving;
  policy.breakaway = more.breakaway;
  for (const wire::BreakawayCall& call : more.breakaway_calls)
    policy.breakaway_calls.push_back({call.program, call.arguments, call.ignore_case});
  policy.survivor_grace_ms = more.survivor_grace_ms;
  if (p.flags & wire::kPipTrustNetwork) policy.network = sandbox::Network::Trusted;
  if (p.flags & wire::kPipDenyNetwork) policy.network = sandbox::Network::Deny;
  if (!(p.flags & wire::kPipDenyWrites)) return;
  policy.enforcement = sandbox::Enforcement::Deny;
  std::vector<std::string>& write = policy.write.emplace();
  auto file = [&](PathId path) {
    if (path != kNoPath) write.push_back(paths_.str(s_.view.physical(path)));
  };
  for (PathId path : p.outputs) file(path);
  for (PathId path : p.optional_outputs) file(path);
  file(p.depfile);
  file(p.rspfile);
  for (const wire::DirectoryOutput& directory : more.directory_outputs)
    write.push_back(paths_.str(s_.view.physical_directory(directory.path)) + "/");
  for (PathId path : more.temporary_directories)
    write.push_back(paths_.str(s_.view.physical_directory(path)) + "/");
}

Result<void> Build::command(PipId id, Job* job) {
  const wire::Pip& p = pip(id);
  const wire::PipOptions& more = p.more();
  sandbox::Command& command = job->command;
  command.argv = more.argv;
  if (command.argv.empty()) command.argv = {"/bin/sh", "-c", p.command};
  command.working_directory = paths_.str(p.working_directory);
  const bool action = p.flags & wire::kPipAction;
  command.environment =
      action ? settings_.user_environment : fingerprint::environment_of(p, s_.salts);
  auto& env = command.environment;
  env.emplace_back("BXL_INSIDE", s_.workspace.root);
  if (action) {
    command.umask = settings_.user_umask;
    job->own_temp = job->keeps = false;
  } else {
    env.emplace_back("PWD", command.working_directory);
    env.emplace_back("TMPDIR", "");
  }
  // In no fingerprint: any attempt that succeeds is as good as another.
  if (const std::string& name = more.retry_attempt_variable; !name.empty()) {
    std::erase_if(env, [&](const auto& variable) { return variable.first == name; });
    env.emplace_back(name, std::to_string(node(id).retries));
  }
  std::sort(env.begin(), env.end());
  enforce(p, job->policy);
  command.own_stderr = p.flags & wire::kPipStderrFails;
  if ((p.flags & wire::kPipConsole) && settings_.console_fds[1] >= 0) {
    command.stdin_fd = settings_.console_fds[0];
    command.stdout_fd = settings_.console_fds[1];
    command.stderr_fd = settings_.console_fds[2];
    command.inherit_terminal = true;
    return {};
  }
  auto text = [&](PathId path) {
    return path == kNoPath ? std::string() : paths_.str(s_.view.physical(path));
  };
  std::string input;
  if (more.stdin_file != kNoPath) input = paths_.str(s_.view.follow(id, more.stdin_file).path);
  BXL_TRY_ASSIGN(job->streams, redirect(input, more.stdin_text, text(more.stdout_file),
                                        text(more.stderr_file), job->policy.journal_path));
  command.stdin_fd = job->streams.input.get();
  command.stdout_fd = job->streams.output.get();
  command.stderr_fd = job->streams.errors.get();
  return {};
}

bool Build::start(PipId id) {
  Node& n = node(id);
  if (n.state != State::Ready) return false;
  Job job;
  auto prepared = prepare(id, &job);
  if (!prepared || !*prepared) in_use_.erase(id);
  if (!prepared) {
    fail_locally(id, prepared.error());
    return false;
  }
  if (!*prepared) return false;
  n.state = State::Running;
  ++n.attempts;
  ++running_;
  weight_ += pip(id).more().weight;
  if (!pip(id).pool.empty()) ++pool_used_[pip(id).pool];
  s_.observer.started(id, running_);
  workers_->submit(std::move(job));
  return true;
}

}  // namespace bxl::exec
