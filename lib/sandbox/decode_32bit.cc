// i386 calls: arguments brought into the form of the x86-64 calls they are like.
#include <linux/ipc.h>
#include <linux/net.h>
#include <sys/syscall.h>

#include <algorithm>
#include <iterator>

#include "sandbox/decoder.h"

namespace bxl::sandbox {

namespace {

// Numbers of calls that differ in width only.
constexpr std::uint16_t kSetuid = 23, kSetgid = 46, kSetreuid = 70, kSetregid = 71, kSetfsuid = 138,
                        kSetfsgid = 139, kSetresuid = 164, kSetresgid = 170, kTruncate64 = 193;

// A 16-bit user or group id; all ones means "keep".
__u64 wide_id(__u64 id) { return (id & 0xffff) == 0xffff ? 0xffffffff : id & 0xffff; }

}  // namespace

void Decoder::dispatch_32bit(const Call& call) {
  __u64 args[6];
  // What the process had in the upper halves of its registers does not reach the call.
  for (int i = 0; i < 6; ++i) args[i] = call.arg(i) & 0xffffffff;
  Call plain = call;
  plain.args = args;
  switch (call.row->number) {
    case kSetuid:
    case kSetgid:
    case kSetreuid:
    case kSetregid:
    case kSetfsuid:
    case kSetfsgid:
    case kSetresuid:
    case kSetresgid:
      if (call.row->kind == Kind::Credentials)  // and not a later call of that number
        for (int i = 0; i < 3; ++i) args[i] = wide_id(args[i]);
      break;
    case kTruncate64:
      args[1] |= args[2] << 32;
      break;
    default:
      break;
  }
  if (plain.row->kind == Kind::Socketcall) return socketcall(plain);
  if (plain.row->kind == Kind::Ipc) return ipc_call(plain);
  dispatch(plain);
}

// socketcall(which, pointer to the arguments)
void Decoder::socketcall(const Call& call) {
  struct Part {
    int which, number;
    std::size_t arguments;
  };
  // The others work on sockets that are there.
  static constexpr Part kParts[] = {
      {SYS_SOCKET, SYS_socket, 3},     {SYS_BIND, SYS_bind, 3},     {SYS_CONNECT, SYS_connect, 3},
      {SYS_LISTEN, SYS_listen, 2},     {SYS_SENDTO, SYS_sendto, 6}, {SYS_SENDMSG, SYS_sendmsg, 3},
      {SYS_SENDMMSG, SYS_sendmmsg, 4},
  };
  const auto* part = std::find_if(std::begin(kParts), std::end(kParts),
                                  [&](const Part& p) { return p.which == call.int_arg(0); });
  if (part == std::end(kParts)) return;
  std::uint32_t given[6] = {};
  switch (call.who.read_bytes(call.arg(1), given, part->arguments * sizeof given[0])) {
    case Peek::Ok:
      break;
    case Peek::Denied:
      return unobserved(call, "the memory of the process cannot be read");
    default:
      return;
  }
  __u64 args[6];
  std::copy(std::begin(given), std::end(given), args);
  Call plain = call;
  plain.row = syscall_row(static_cast<std::uint32_t>(part->number));
  plain.args = args;
  dispatch(plain);
}

// ipc(which | version << 16, first, second, third, pointer, fifth)
void Decoder::ipc_call(const Call& call) {
  int number;
  switch (call.arg(0) & 0xffff) {
    case SEMGET:
      number = SYS_semget;
      break;
    case MSGGET:
      number = SYS_msgget;
      break;
    case SHMGET:
      number = SYS_shmget;
      break;
    default:
      return;  // works on an id whose creation was seen
  }
  const __u64 args[6] = {call.arg(1), call.arg(2), call.arg(3)};
  Call plain = call;
  plain.row = syscall_row(static_cast<std::uint32_t>(number));
  plain.args = args;
  dispatch(plain);
}

}  // namespace bxl::sandbox
