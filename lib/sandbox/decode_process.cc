// Calls about processes: namespaces, sessions, credentials, debugging, System V IPC.
#include <linux/sched.h>
#include <sched.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/ptrace.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/syscall.h>

#include <cerrno>

#include "sandbox/decoder.h"

namespace bxl::sandbox {

void Decoder::clone_call(const Call& call, std::uint64_t flags) {
  std::string what;
  if ((flags & CLONE_NEWNS) != 0) what += " mount";
  if ((flags & CLONE_NEWUSER) != 0) what += " user";
  if ((flags & CLONE_NEWPID) != 0) what += " process";
  if (what.empty()) return;
  recorder_.reason(
      "namespace", call.who.command_name(),
      "makes a new namespace (" + what.substr(1) + "): paths may mean something else in it");
}

void Decoder::clone3(const Call& call) {
  std::uint64_t flags = 0;  // first member of struct clone_args
  switch (call.who.read_bytes(call.arg(0), &flags, sizeof flags)) {
    case Peek::Ok:
      return clone_call(call, flags);
    case Peek::Denied:
      return unobserved(call, "the memory of the process cannot be read");
    default:
      return;
  }
}

// A key names an object that outlives processes. One that existed before was filled by somebody
// unseen.
void Decoder::sysv_ipc(const Call& call) {
  const int number = call.row->like;
  const int key = call.int_arg(0);
  if (key == IPC_PRIVATE || made_ipc_.count({number, key}) != 0) return;
  int found = -1;
  if (number == SYS_shmget) found = shmget(key, 0, 0);
  if (number == SYS_semget) found = semget(key, 0, 0);
  if (number == SYS_msgget) found = msgget(key, 0);
  if (found < 0 && errno == ENOENT) {
    made_ipc_.insert({number, key});
    return;
  }
  recorder_.reason("ipc", call.who.command_name(),
                   std::string(call.row->name) + " of key " + std::to_string(key) +
                       ", which exists outside of this command");
}

void Decoder::debug(const Call& call) {
  pid_t target = 0;
  if (call.row->like == SYS_ptrace) {
    const auto request = call.arg(0);
    if (request != PTRACE_ATTACH && request != PTRACE_SEIZE) return;
    target = static_cast<pid_t>(call.arg(1));
  } else {
    target = static_cast<pid_t>(call.arg(0));
  }
  if (tree_.contains(target)) return;
  recorder_.reason("ptrace", call.who.command_name(),
                   std::string(call.row->name) + " reaches process " + std::to_string(target) +
                       ", which is not part of this command");
}

// Another identity sees other files. Only a privileged process can really change, others get EPERM.
void Decoder::credentials(const Call& call) {
  const auto ids = call.who.ids();
  if (!ids) return;
  if (ids->euid != 0) return;
  const std::uint32_t keep = ~0u;
  const int number = call.row->like;
  bool changes = false;
  const auto differs = [&](int arg, std::uint32_t real, std::uint32_t effective) {
    const auto wanted = static_cast<std::uint32_t>(call.arg(arg));
    if (wanted != keep && (wanted != real || wanted != effective)) changes = true;
  };
  switch (number) {
    case SYS_setuid:
    case SYS_setfsuid:
      differs(0, ids->uid, ids->euid);
      break;
    case SYS_setgid:
    case SYS_setfsgid:
      differs(0, ids->gid, ids->egid);
      break;
    case SYS_setresuid:
      differs(2, ids->uid, ids->euid);
      [[fallthrough]];
    case SYS_setreuid:
      differs(0, ids->uid, ids->euid);
      differs(1, ids->uid, ids->euid);
      break;
    case SYS_setresgid:
      differs(2, ids->gid, ids->egid);
      [[fallthrough]];
    case SYS_setregid:
      differs(0, ids->gid, ids->egid);
      differs(1, ids->gid, ids->egid);
      break;
    default:  // setgroups
      changes = true;
  }
  if (changes)
    recorder_.reason(
        "credentials", call.who.command_name(),
        std::string(call.row->name) + " takes on another identity, which may see other files");
}

void Decoder::setsid_call(const Call& call) {
  const auto ids = call.who.ids();
  if (!ids) return;
  tree_.add_session(ids->tgid);
  if (breakaway_.any()) breakaway_.session(ids->tgid, breakaway_.covers(call.who.tid()));
}

}  // namespace bxl::sandbox
