// What each trapped system call does to which path: reads the arguments of a stopped process and
// tells the Recorder.
#pragma once

#include <linux/seccomp.h>

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "base/path_table.h"
#include "sandbox/breakaway.h"
#include "sandbox/exec_image.h"
#include "sandbox/process_tree.h"
#include "sandbox/recorder.h"
#include "sandbox/resolver.h"
#include "sandbox/scopes.h"
#include "sandbox/shim_table.h"
#include "sandbox/syscall_table.h"
#include "sandbox/tracee.h"

namespace bxl::sandbox {

// One notification being looked at.
struct Call {
  Tracee who;
  const SyscallRow* row;
  const __u64* args;
  std::uint32_t number = 0;  // as the process called it
  bool narrow = false;       // an i386 call: structures in its memory have 32-bit members

  std::uint64_t arg(int i) const { return args[i]; }
  int int_arg(int i) const { return static_cast<int>(args[i]); }
  // Flags argument of the row, 0 when it has none.
  std::uint64_t flags() const { return row->args.flags < 0 ? 0 : args[row->args.flags]; }
};

// One per run, used by its supervisor thread only. Never blocks on anything the process tree could
// hold: only lstat, readlink, directory listings, and reads of regular files.
class Decoder {
 public:
  // `shim` null: no program has the shim.
  Decoder(PathTable& paths, Resolver& resolver, Recorder& recorder, ProcessTree& tree,
          const Scopes& scopes, ShimTable* shim, Breakaway& breakaway)
      : paths_(paths),
        resolver_(resolver),
        recorder_(recorder),
        tree_(tree),
        scopes_(scopes),
        shim_(shim),
        breakaway_(breakaway) {}

  // 0: let the call go on; else the errno it is to fail with. kHandOut: give it the shim's table.
  static constexpr int kHandOut = -1;
  int handle(const seccomp_notif& notification);

  // Records what programs recorded themselves. `all`: also calls that are under way.
  void drain_shim(bool all);

 private:
  // decoder.cc
  void dispatch(const Call& call);
  std::optional<std::string> path_argument(const Call& call, int arg);
  std::optional<std::string> path_at(const Call& call, std::uint64_t address);
  std::optional<PathId> directory(const Call& call, int fd);
  std::optional<PathId> descriptor_path(const Call& call, int fd);
  std::optional<Place> locate(const Call& call, int dir_arg, int path_arg, Follow follow);
  std::optional<Place> locate_text(const Call& call, int dir_fd, std::string_view text,
                                   Follow follow);
  Follow follow_at(const Call& call) const;
  void unobserved(const Call& call, const std::string& detail);
  // May this mutation happen? If not: a Violation, and, where it is denied, the answer.
  bool in_scope(const Call& call, const Place& place, std::uint32_t ops);
  // Records the mutation, or, when permissions or a read-only mount forbid it, only a Reason; when
  // the scopes do, only a Violation.
  bool mutate(const Call& call, const Place& place, std::uint32_t ops);

  // decode_32bit.cc
  void dispatch_32bit(const Call& call);
  void socketcall(const Call& call);
  void ipc_call(const Call& call);

  // decode_shim.cc
  void shim_use(const ShimTable::Use& use);
  bool asks_for_table(const seccomp_notif& notification, const Tracee& who);

  // decode_files.cc
  void open_file_call(const Call& call, const Place& place, std::uint64_t flags);
  void open2(const Call& call);
  void stat_call(const Call& call, Follow follow);
  void access_call(const Call& call);
  void readlink_call(const Call& call);
  void exec(const Call& call);
  std::optional<std::string> exec_arguments(const Call& call);
  void exec_place(const Call& call, const Place& place, int depth);
  void enumerate(const Call& call);
  void metadata(const Call& call, Follow follow);
  void metadata_fd(const Call& call, int fd);
  void truncate_call(const Call& call);

  // decode_tree.cc
  void rename_call(const Call& call);
  void rename_one(const Call& call, const Place& from, const Place& to);
  void expand(const Call& call, PathId directory, std::uint32_t file_ops, std::uint32_t extra,
              PathId mirrored, int depth);
  void unlink_call(const Call& call, bool directory);
  void mkdir_call(const Call& call);
  void link_call(const Call& call);
  void make(const Call& call, const Place& place, std::uint32_t ops);

  // decode_network.cc
  void socket_call(const Call& call);
  void connect_call(const Call& call);
  void send_to(const Call& call, int fd, std::uint64_t address, std::uint64_t length);
  void sendmsg_call(const Call& call, bool many);
  void bind_call(const Call& call);
  void listen_call(const Call& call);
  void reach(const Call& call, int fd, std::string_view address, bool connecting);
  void reach_unix(const Call& call, std::string_view address);
  void reach_inet(const Call& call, int fd, std::string_view address, bool connecting);
  std::string read_address(const Call& call, std::uint64_t address, std::uint64_t length);

  // decode_process.cc
  void clone_call(const Call& call, std::uint64_t flags);
  void clone3(const Call& call);
  void sysv_ipc(const Call& call);
  void debug(const Call& call);
  void credentials(const Call& call);
  void setsid_call(const Call& call);

  PathTable& paths_;
  Resolver& resolver_;
  Recorder& recorder_;
  ProcessTree& tree_;
  const Scopes& scopes_;
  ShimTable* shim_;
  Breakaway& breakaway_;
  ExecImages images_;
  int refusal_ = 0;                         // what the current call is to fail with
  std::set<PathId> bound_sockets_;          // AF_UNIX, bound in this tree
  std::set<std::string> bound_names_;       // abstract AF_UNIX
  std::set<std::uint16_t> bound_ports_;     // AF_INET and AF_INET6
  std::set<std::pair<int, int>> made_ipc_;  // (call, key)
  std::size_t expanded_ = 0;                // members of renamed directories so far
};

}  // namespace bxl::sandbox
