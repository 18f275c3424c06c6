// Generates the BPF program: runs of equal verdicts become leaves of a binary search tree.
#include "sandbox/filter.h"

#include <linux/audit.h>
#include <linux/seccomp.h>

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

// The instructions that decide one call; equal programs of neighbouring numbers are merged.
Program leaf(const SyscallRow* row) {
  if (row == nullptr) return {answer(kNoSys)};
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
  if (row->args.gate_pointer >= 0) {
    const std::uint32_t low = arg_offset(row->args.gate_pointer);
    return {load(low),
            jump(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 2),
            load(low + 4),
            jump(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0),
            answer(SECCOMP_RET_USER_NOTIF),
            answer(SECCOMP_RET_ALLOW)};
  }
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

}  // namespace

std::vector<sock_filter> make_filter() {
  std::vector<Run> runs;
  for (std::uint32_t nr = 0; nr <= kLastSyscall + 1; ++nr) {
    Program program = leaf(syscall_row(nr));
    if (runs.empty() || !same(runs.back().program, program))
      runs.push_back({nr, std::move(program)});
  }
  Program out = {
      load(offsetof(seccomp_data, arch)),
      jump(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 3, 0),
      jump(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_I386, 0, 1),
      answer(SECCOMP_RET_USER_NOTIF),
      answer(kNoSys),
      load(offsetof(seccomp_data, nr)),
      jump(BPF_JMP | BPF_JGE | BPF_K, kX32Bit, 0, 1),
      answer(kNoSys),
  };
  Program tree = search(runs, 0, runs.size());
  out.insert(out.end(), tree.begin(), tree.end());
  BXL_ASSERT(out.size() <= BPF_MAXINSNS);
  return out;
}

}  // namespace bxl::sandbox
