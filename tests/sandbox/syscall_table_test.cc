// Every system call of the kernel has a verdict, and the filter says what the table says.
#include "sandbox/syscall_table.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/seccomp.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <map>
#include <sstream>
#include <string>

#include "sandbox/filter.h"

namespace bxl::sandbox {
namespace {

// "#define __NR_read 0" of the installed kernel headers; x32 has "(__X32_SYSCALL_BIT + 0)".
std::map<std::uint32_t, std::string> kernel_list(const std::string& abi = "64") {
  std::ifstream header("/usr/include/x86_64-linux-gnu/asm/unistd_" + abi + ".h");
  std::map<std::uint32_t, std::string> out;
  std::string define, name;
  for (std::string line; std::getline(header, line);) {
    const std::string bit = "(__X32_SYSCALL_BIT + ";
    const std::size_t x32 = line.find(bit);
    if (x32 != std::string::npos) line.erase(x32, bit.size());
    std::istringstream fields(line);
    std::uint32_t number = 0;
    if (fields >> define >> name >> number && define == "#define" && name.rfind("__NR_", 0) == 0)
      out[number] = name.substr(5);
  }
  return out;
}

// Enough of classic BPF to run what filter.cc generates.
std::uint32_t verdict_of(const std::vector<sock_filter>& program, const seccomp_data& data) {
  std::uint32_t a = 0;
  for (std::size_t pc = 0; pc < program.size(); ++pc) {
    const sock_filter& op = program[pc];
    switch (op.code) {
      case BPF_LD | BPF_W | BPF_ABS:
        std::memcpy(&a, reinterpret_cast<const char*>(&data) + op.k, sizeof a);
        break;
      case BPF_JMP | BPF_JA:
        pc += op.k;
        break;
      case BPF_JMP | BPF_JEQ | BPF_K:
        pc += a == op.k ? op.jt : op.jf;
        break;
      case BPF_JMP | BPF_JGE | BPF_K:
        pc += a >= op.k ? op.jt : op.jf;
        break;
      case BPF_JMP | BPF_JSET | BPF_K:
        pc += (a & op.k) != 0 ? op.jt : op.jf;
        break;
      case BPF_RET | BPF_K:
        return op.k;
      default:
        ADD_FAILURE() << "unexpected instruction " << op.code;
        return 0;
    }
  }
  ADD_FAILURE() << "ran off the end";
  return 0;
}

seccomp_data call(std::uint32_t number, std::uint32_t arch = AUDIT_ARCH_X86_64) {
  seccomp_data data{};
  data.nr = static_cast<int>(number);
  data.arch = arch;
  return data;
}

TEST(SyscallTable, RowsAreSortedAndComplete) {
  std::uint32_t last = 0;
  for (const SyscallRow& row : syscall_rows()) {
    EXPECT_TRUE(row.number > last || row.number == 0) << row.name;
    last = row.number;
    EXPECT_EQ(syscall_row(row.number), &row);
    switch (row.verdict) {
      case Verdict::Harmless:
        EXPECT_STRNE(row.why, "") << row.name;
        break;
      case Verdict::Refuse:
        EXPECT_STRNE(row.why, "") << row.name;
        EXPECT_NE(row.errnum, 0) << row.name;
        break;
      case Verdict::Trap:
        EXPECT_NE(row.kind, Kind::None) << row.name;
        EXPECT_EQ(row.kind == Kind::Mark, *row.args.reason != 0) << row.name;
        break;
    }
  }
  EXPECT_EQ(last, kLastSyscall);
}

TEST(SyscallTable, EveryKernelNumberHasAVerdictUnderItsName) {
  const auto kernel = kernel_list();
  ASSERT_GT(kernel.size(), 300u) << "the kernel's list was not found";
  for (const auto& [number, name] : kernel) {
    const SyscallRow* row = syscall_row(number);
    if (number > kLastSyscall) {
      EXPECT_EQ(row, nullptr);  // newer than the review: refused, see UnknownNumbersAreRefused
      continue;
    }
    ASSERT_NE(row, nullptr) << number << " " << name;
    EXPECT_EQ(row->name, name);
  }
}

// Names that take a path in the kernel's sources must never be "harmless".
TEST(SyscallTable, PathTakingNamesAreNotHarmless) {
  for (const SyscallRow& row : syscall_rows()) {
    const std::string name = row.name;
    const bool at = name.size() > 2 && name.compare(name.size() - 2, 2, "at") == 0;
    const bool exception =
        name == "fstat" || name == "shmat" || name == "ustat" || name == "cachestat";
    EXPECT_TRUE(!at || exception || row.verdict != Verdict::Harmless) << name;
  }
}

TEST(SyscallTable, FilterSaysWhatTheTableSays) {
  const auto program = make_filter();
  for (std::uint32_t number = 0; number <= kLastSyscall + 50; ++number) {
    const SyscallRow* row = syscall_row(number);
    seccomp_data data = call(number);
    for (auto& arg : data.args) arg = ~0ull;  // every gate open
    if (row != nullptr && row->args.gate_locks) data.args[1] = F_SETLKW;
    std::uint32_t expected = SECCOMP_RET_ERRNO | ENOSYS;
    if (row != nullptr && row->verdict == Verdict::Harmless) expected = SECCOMP_RET_ALLOW;
    if (row != nullptr && row->verdict == Verdict::Trap) expected = SECCOMP_RET_USER_NOTIF;
    if (row != nullptr && row->verdict == Verdict::Refuse)
      expected = SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(row->errnum);
    EXPECT_EQ(verdict_of(program, data), expected) << number;
  }
}

TEST(SyscallTable, FilterSaysWhatTheI386TableSays) {
  const auto program = make_filter(~0ull);
  for (std::uint32_t number = 0; number <= kLastSyscall + 50; ++number) {
    const SyscallRow* row = syscall32_row(number);
    seccomp_data data = call(number, AUDIT_ARCH_I386);
    for (auto& arg : data.args) arg = 0xffffffff;
    if (row != nullptr && row->args.gate_locks) data.args[1] = 14;  // its F_SETLKW64
    std::uint32_t expected = SECCOMP_RET_ERRNO | ENOSYS;
    if (row != nullptr && row->verdict == Verdict::Harmless) expected = SECCOMP_RET_ALLOW;
    if (row != nullptr && row->verdict == Verdict::Trap) expected = SECCOMP_RET_USER_NOTIF;
    if (row != nullptr && row->verdict == Verdict::Refuse)
      expected = SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(row->errnum);
    EXPECT_EQ(verdict_of(program, data), expected) << number;
  }
}

TEST(SyscallTable, GatesLetTheHarmlessFormThrough) {
  const auto program = make_filter();
  seccomp_data fcntl_call = call(72);
  for (const std::uint32_t command : {F_DUPFD, F_GETFL, F_SETFL, F_GETLK, F_DUPFD_CLOEXEC}) {
    fcntl_call.args[1] = command;
    EXPECT_EQ(verdict_of(program, fcntl_call), SECCOMP_RET_ALLOW) << command;
  }
  for (const std::uint32_t command : {F_SETLK, F_SETLKW, F_OFD_SETLK, F_OFD_SETLKW}) {
    fcntl_call.args[1] = command;
    EXPECT_EQ(verdict_of(program, fcntl_call), SECCOMP_RET_USER_NOTIF) << command;
  }
  seccomp_data clone = call(56);
  clone.args[0] = 0x003d0f00;  // what pthread_create passes
  EXPECT_EQ(verdict_of(program, clone), SECCOMP_RET_ALLOW);
  clone.args[0] |= 0x00020000;  // CLONE_NEWNS
  EXPECT_EQ(verdict_of(program, clone), SECCOMP_RET_USER_NOTIF);
  seccomp_data sendto = call(44);
  EXPECT_EQ(verdict_of(program, sendto), SECCOMP_RET_ALLOW);
  sendto.args[4] = 0x100000000;  // only the upper half is set
  EXPECT_EQ(verdict_of(program, sendto), SECCOMP_RET_USER_NOTIF);
}

TEST(SyscallTable, UnknownNumbersAreRefused) {
  const auto program = make_filter();
  for (std::uint32_t number : {337u, 423u, kLastSyscall + 1, 1000u, 0x3fffffffu, 0x40000002u, ~0u})
    EXPECT_EQ(verdict_of(program, call(number)), SECCOMP_RET_ERRNO | ENOSYS) << number;
  EXPECT_EQ(verdict_of(program, call(2, AUDIT_ARCH_AARCH64)), SECCOMP_RET_ERRNO | ENOSYS);
  for (std::uint32_t number : {222u, 223u, 251u, 285u, kLastSyscall + 1, 0x40000005u, ~0u})
    EXPECT_EQ(verdict_of(program, call(number, AUDIT_ARCH_I386)), SECCOMP_RET_ERRNO | ENOSYS)
        << number;
}

TEST(SyscallTable, EveryX32NumberIsRefused) {
  const auto kernel = kernel_list("x32");
  ASSERT_GT(kernel.size(), 300u) << "the kernel's list was not found";
  const auto program = make_filter(~0ull);
  for (const auto& [number, name] : kernel)
    EXPECT_EQ(verdict_of(program, call(0x40000000 + number)), SECCOMP_RET_ERRNO | ENOSYS) << name;
}

TEST(SyscallTable, EveryI386NumberHasAVerdictUnderItsName) {
  const auto kernel = kernel_list("32");
  ASSERT_GT(kernel.size(), 400u) << "the kernel's list was not found";
  for (const auto& [number, name] : kernel) {
    const SyscallRow* row = syscall32_row(number);
    if (number > kLastSyscall) {
      EXPECT_EQ(row, nullptr);
      continue;
    }
    ASSERT_NE(row, nullptr) << number << " " << name;
    EXPECT_EQ(row->name, name);
    EXPECT_EQ(row->number, number);
  }
  const std::uint32_t newest = std::min(kLastSyscall, kernel.rbegin()->first);
  for (std::uint32_t number = 0; number <= newest; ++number)
    EXPECT_EQ(kernel.count(number) != 0, syscall32_row(number) != nullptr) << number;
}

// "stat64" is judged as "stat", "setuid32" as "setuid", "futex_time64" as "futex".
TEST(SyscallTable, I386CallsAreJudgedAsTheirNamesakes) {
  std::map<std::string, const SyscallRow*> wide;
  for (const SyscallRow& row : syscall_rows()) wide[row.name] = &row;
  int compared = 0;
  for (std::uint32_t number = 0; number <= kLastSyscall; ++number) {
    const SyscallRow* row = syscall32_row(number);
    if (row == nullptr) continue;
    std::string name = row->name;
    for (const char* suffix : {"_time64", "64", "32"})
      if (!wide.contains(name) && name.ends_with(suffix))
        name.resize(name.size() - std::strlen(suffix));
    if (!wide.contains(name)) continue;
    ++compared;
    const SyscallRow& same = *wide[name];
    EXPECT_EQ(row->verdict, same.verdict) << row->name;
    EXPECT_EQ(row->kind, same.kind) << row->name;
    EXPECT_EQ(row->errnum, same.errnum) << row->name;
    EXPECT_EQ(row->like, same.number) << row->name;
    if (name == "fanotify_mark") continue;  // its 64-bit mask takes two arguments
    EXPECT_EQ(row->args.dir, same.args.dir) << row->name;
    EXPECT_EQ(row->args.path, same.args.path) << row->name;
    EXPECT_EQ(row->args.flags, same.args.flags) << row->name;
    EXPECT_EQ(row->args.path2, same.args.path2) << row->name;
  }
  EXPECT_GT(compared, 380);
}

}  // namespace
}  // namespace bxl::sandbox
