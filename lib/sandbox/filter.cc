// Generates the BPF program: runs of equal verdicts become leaves of a binary search tree.
#include "sandbox/filter.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>

#include "base/assert.h"
#include "sandbox/syscall_table.h"

namespace bxl::sandbox {

namespace {

using Program = std::vector<sock_filter>;

constexpr std::uint32_t kX32Bit = 0x40000000;

sock_filter statement(std::uint16_t code, std::uint32_t k) { return BPF_STMT(code, k); }
sock_filter jump(std::uint16_t code, std::uint32_t k, std::uint8_t yes, std::uint8_t no) {
  return BPF_JUMP(code, k, yes, no);
}
sock_filter answer(std::uint32_t action) { return statement(BPF_RET | BPF_K, action); }
sock_filter load(std::uint32_t offset) { return statement(BPF_LD | BPF_W | BPF_ABS, offset); }
std::uint32_t arg_offset(int arg) {  // of the low half, x86 is little-endian
  return static_cast<std::uint32_t>(offsetof(seccomp_data, args)) +
         8u * static_cast<std::uint32_t>(arg);
}

constexpr std::uint32_t kNoSys = SECCOMP_RET_ERRNO | ENOSYS;

// Calls that the key counts for.
bool looks_only(const SyscallRow& row) {
  switch (row.kind) {
    case Kind::Open:
    case Kind::Stat:
    case Kind::StatLink:
    case Kind::Access:
    case Kind::Readlink:
      return true;
    default:
      return false;
  }
}

// Passes with the key. An open that could write never does.
Program keyed_leaf(const SyscallRow& row, std::uint64_t key) {
  const auto low = static_cast<std::uint32_t>(key), high = static_cast<std::uint32_t>(key >> 32);
  Program out;
  std::vector<std::size_t> to_notify;  // jumps to be patched
  if (row.kind == Kind::Open) {
    out.push_back(load(arg_offset(row.args.flags)));
    to_notify.push_back(out.size());
    out.push_back(jump(BPF_JMP | BPF_JSET | BPF_K, O_ACCMODE | O_CREAT | O_TRUNC, 0, 0));
  }
  out.push_back(load(arg_offset(0)));
  out.push_back(statement(BPF_MISC | BPF_TAX, 0));
  out.push_back(load(arg_offset(1)));
  out.push_back(statement(BPF_ALU | BPF_XOR | BPF_X, 0));
  out.push_back(statement(BPF_ALU | BPF_XOR | BPF_K, low ^ row.number));
  out.push_back(statement(BPF_MISC | BPF_TAX, 0));
  out.push_back(load(arg_offset(5)));
  const std::size_t low_test = out.size();
  out.push_back(jump(BPF_JMP | BPF_JEQ | BPF_X, 0, 0, 0));
  out.push_back(load(arg_offset(5) + 4));
  const std::size_t high_test = out.size();
  out.push_back(jump(BPF_JMP | BPF_JEQ | BPF_K, high, 0, 1));
  out.push_back(answer(SECCOMP_RET_ALLOW));
  const std::size_t notify = out.size();
  out.push_back(answer(SECCOMP_RET_USER_NOTIF));
  out[low_test].jf = static_cast<std::uint8_t>(notify - low_test - 1);
  out[high_test].jf = static_cast<std::uint8_t>(notify - high_test - 1);
  for (std::size_t at : to_notify) out[at].jt = static_cast<std::uint8_t>(notify - at - 1);
  return out;
}

// The instructions that decide one call; equal programs of neighbouring numbers are merged.
Program leaf(const SyscallRow* row, std::uint64_t key, bool sockets) {
  if (row == nullptr) return {answer(kNoSys)};
  if (sockets && row->kind == Kind::Socket) {
    return {load(arg_offset(0)),
            jump(BPF_JMP | BPF_JEQ | BPF_K, AF_UNIX, 3, 0),
            jump(BPF_JMP | BPF_JEQ | BPF_K, AF_NETLINK, 2, 0),
            jump(BPF_JMP | BPF_JEQ | BPF_K, AF_ALG, 1, 0),
            answer(SECCOMP_RET_USER_NOTIF),
            answer(SECCOMP_RET_ALLOW)};
  }
  switch (row->verdict) {
    case Verdict::Harmless:
      return {answer(SECCOMP_RET_ALLOW)};
    case Verdict::Refuse:
      return {answer(SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(row->errnum))};
    case Verdict::Trap:
      break;
  }
  if (row->args.gate_mask != 0) {
    return {load(arg_offset(0)), jump(BPF_JMP | BPF_JSET | BPF_K, row->args.gate_mask, 0, 1),
            answer(SECCOMP_RET_USER_NOTIF), answer(SECCOMP_RET_ALLOW)};
  }
  if (row->args.gate_locks) {
    return {load(arg_offset(1)),
            jump(BPF_JMP | BPF_JEQ | BPF_K, F_SETLK, 6, 0),
            jump(BPF_JMP | BPF_JEQ | BPF_K, F_SETLKW, 5, 0),
            jump(BPF_JMP | BPF_JEQ | BPF_K, 13, 4, 0),  // F_SETLK64 and F_SETLKW64 of i386
            jump(BPF_JMP | BPF_JEQ | BPF_K, 14, 3, 0),
            jump(BPF_JMP | BPF_JEQ | BPF_K, F_OFD_SETLK, 2, 0),
            jump(BPF_JMP | BPF_JEQ | BPF_K, F_OFD_SETLKW, 1, 0),
            answer(SECCOMP_RET_ALLOW),
            answer(SECCOMP_RET_USER_NOTIF)};
  }
  if (row->args.gate_pointer >= 0) {
    const std::uint32_t low = arg_offset(row->args.gate_pointer);
    return {load(low),
            jump(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 2),
            load(low + 4),
            jump(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0),
            answer(SECCOMP_RET_USER_NOTIF),
            answer(SECCOMP_RET_ALLOW)};
  }
  if (key != 0 && looks_only(*row)) return keyed_leaf(*row, key);
  return {answer(SECCOMP_RET_USER_NOTIF)};
}

bool same(const Program& a, const Program& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i].code != b[i].code || a[i].k != b[i].k || a[i].jt != b[i].jt || a[i].jf != b[i].jf)
      return false;
  }
  return true;
}

struct Run {
  std::uint32_t first;  // lowest number of the run
  Program program;
};

// The accumulator holds the number throughout; only leaves overwrite it.
Program search(const std::vector<Run>& runs, std::size_t from, std::size_t to) {
  if (to - from == 1) return runs[from].program;
  const std::size_t middle = from + (to - from) / 2;
  Program left = search(runs, from, middle);
  Program right = search(runs, middle, to);
  Program out;
  if (left.size() <= 255) {
    out.push_back(jump(BPF_JMP | BPF_JGE | BPF_K, runs[middle].first,
                       static_cast<std::uint8_t>(left.size()), 0));
  } else {  // conditional jumps reach 255 instructions only
    out.push_back(jump(BPF_JMP | BPF_JGE | BPF_K, runs[middle].first, 0, 1));
    out.push_back(statement(BPF_JMP | BPF_JA, static_cast<std::uint32_t>(left.size())));
  }
  out.insert(out.end(), left.begin(), left.end());
  out.insert(out.end(), right.begin(), right.end());
  return out;
}

Program ladder(const SyscallRow* (*row)(std::uint32_t), std::uint64_t key, bool sockets) {
  std::vector<Run> runs;
  for (std::uint32_t nr = 0; nr <= kLastSyscall + 1; ++nr) {
    Program program = leaf(row(nr), key, sockets);
    if (runs.empty() || !same(runs.back().program, program))
      runs.push_back({nr, std::move(program)});
  }
  return search(runs, 0, runs.size());
}

}  // namespace

std::vector<sock_filter> make_filter(std::uint64_t key, bool sockets) {
  const Program wide = ladder(syscall_row, key, sockets);
  const Program narrow = ladder(syscall32_row, 0, sockets);  // its calls have no argument to spare
  Program out = {
      load(offsetof(seccomp_data, arch)),
      jump(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 3, 0),
      jump(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_I386, 1, 0),
      answer(kNoSys),
      statement(BPF_JMP | BPF_JA, static_cast<std::uint32_t>(3 + wide.size())),
      load(offsetof(seccomp_data, nr)),
      jump(BPF_JMP | BPF_JGE | BPF_K, kX32Bit, 0, 1),
      answer(kNoSys),
  };
  out.insert(out.end(), wide.begin(), wide.end());
  out.push_back(load(offsetof(seccomp_data, nr)));
  out.insert(out.end(), narrow.begin(), narrow.end());
  BXL_ASSERT(out.size() <= BPF_MAXINSNS);
  return out;
}

}  // namespace bxl::sandbox
