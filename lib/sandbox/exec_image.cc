// Parses #! lines and ELF program headers from untrusted bytes.
#include "sandbox/exec_image.h"

#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "os/unique_fd.h"

namespace bxl::sandbox {

namespace {

constexpr std::size_t kHead = 4096;  // holds the ELF header and, in practice, all program headers
constexpr std::size_t kHashBang = 256;      // the kernel reads no further (BINPRM_BUF_SIZE)
constexpr std::size_t kMaxHeaders = 65536;  // the kernel refuses more bytes of program headers

// "#! /usr/bin/env -S x" gives "/usr/bin/env".
std::string script_interpreter(const char* head, std::size_t size) {
  const char* at = head + 2;
  const char* end = head + std::min(size, kHashBang);
  while (at < end && (*at == ' ' || *at == '\t')) ++at;
  const char* stop =
      std::find_if(at, end, [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\0'; });
  return std::string(at, stop);
}

template <typename Ehdr, typename Phdr>
void elf_interpreter(int fd, const char* head, std::size_t size, ExecImage& out) {
  Ehdr header;
  if (size < sizeof header) return;
  std::memcpy(&header, head, sizeof header);
  if (header.e_phentsize != sizeof(Phdr)) return;
  const std::size_t bytes = std::size_t{header.e_phnum} * sizeof(Phdr);
  if (bytes > kMaxHeaders || header.e_phoff > static_cast<std::uint64_t>(LONG_MAX) - bytes) return;
  std::string table(bytes, '\0');
  if (pread(fd, table.data(), bytes, static_cast<off_t>(header.e_phoff)) !=
      static_cast<ssize_t>(bytes))
    return;
  for (std::size_t i = 0; i < header.e_phnum; ++i) {
    Phdr segment;
    std::memcpy(&segment, table.data() + i * sizeof segment, sizeof segment);
    if (segment.p_type != PT_INTERP) continue;
    if (segment.p_filesz < 2 || segment.p_filesz > PATH_MAX) return;
    std::string name(segment.p_filesz, '\0');
    if (pread(fd, name.data(), name.size(), static_cast<off_t>(segment.p_offset)) !=
        static_cast<ssize_t>(name.size()))
      return;
    out.interpreter.assign(name, 0, name.find('\0'));
    return;
  }
}

}  // namespace

ExecImage read_exec_image(const std::string& path, std::uint32_t euid, std::uint32_t egid) {
  ExecImage out;
  struct stat st;
  if (lstat(path.c_str(), &st) != 0 || !S_ISREG(st.st_mode)) return out;
  const bool executable = (st.st_mode & 0111) != 0;
  if (executable) {
    const bool set_group = (st.st_mode & S_ISGID) != 0 && (st.st_mode & S_IXGRP) != 0;
    out.gains_rights =
        ((st.st_mode & S_ISUID) != 0 && st.st_uid != euid) || (set_group && st.st_gid != egid) ||
        (euid != 0 && lgetxattr(path.c_str(), "security.capability", nullptr, 0) > 0);
  }
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW));
  if (!fd) {
    // Not executable: the call fails and loads nothing.
    out.error = executable ? errno : 0;
    return out;
  }
  char head[kHead];
  const ssize_t n = pread(fd.get(), head, sizeof head, 0);
  if (n < 0) {
    out.error = errno;
    return out;
  }
  const auto size = static_cast<std::size_t>(n);
  if (size >= 2 && head[0] == '#' && head[1] == '!') {
    out.interpreter = script_interpreter(head, size);
    out.is_script = true;
  } else if (size >= EI_NIDENT && std::memcmp(head, ELFMAG, SELFMAG) == 0) {
    if (head[EI_CLASS] == ELFCLASS32) {
      out.is_32_bit = true;
      elf_interpreter<Elf32_Ehdr, Elf32_Phdr>(fd.get(), head, size, out);
    } else {
      elf_interpreter<Elf64_Ehdr, Elf64_Phdr>(fd.get(), head, size, out);
    }
  }
  return out;
}

}  // namespace bxl::sandbox
