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

#include "base/path_table.h"
#include "os/file.h"
#include "os/unique_fd.h"
#include "shim/image.h"

namespace bxl::sandbox {

namespace {

constexpr std::size_t kHead = 4096;  // holds the ELF header and, in practice, all program headers
constexpr off_t kLargestProgram = 512 << 20;  // to be read as a whole
constexpr std::size_t kMaxHeaders = 65536;    // the kernel refuses more bytes of program headers

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

ExecImage read_exec_image(const std::string& path) {
  ExecImage out;
  struct stat st;
  if (lstat(path.c_str(), &st) != 0 || !S_ISREG(st.st_mode)) return out;
  const bool executable = (st.st_mode & 0111) != 0;
  if (executable) {
    out.sets_user = (st.st_mode & S_ISUID) != 0;
    out.sets_group = (st.st_mode & S_ISGID) != 0 && (st.st_mode & S_IXGRP) != 0;
    out.has_capabilities = lgetxattr(path.c_str(), "security.capability", nullptr, 0) > 0;
    out.user = st.st_uid;
    out.group = st.st_gid;
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
    const char* begin = head;
    const std::size_t length = shim::interpreter_of(head, std::min(size, shim::kImageHead), &begin);
    out.interpreter.assign(begin, length);
    out.is_script = true;
  } else if (size >= EI_NIDENT && std::memcmp(head, ELFMAG, SELFMAG) == 0) {
    if (head[EI_CLASS] == ELFCLASS32) {
      elf_interpreter<Elf32_Ehdr, Elf32_Phdr>(fd.get(), head, size, out);
    } else {
      elf_interpreter<Elf64_Ehdr, Elf64_Phdr>(fd.get(), head, size, out);
    }
  }
  return out;
}

const ExecImage& ExecImages::of(PathId id, const std::string& path) {
  auto identity = lstat_identity(path);
  Known& known = known_[id];
  if (!identity || !identity->exists() || identity.value() != known.identity) {
    known.image = read_exec_image(path);
    known.identity = identity ? *identity : FileIdentity();
  }
  return known.image;
}

bool refuses_preload(std::string path) {
  for (int depth = 0; depth < 5; ++depth) {  // as many scripts as the kernel follows
    UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    char head[shim::kImageHead];
    const ssize_t n = fd ? pread(fd.get(), head, sizeof head, 0) : 0;
    const std::size_t size = n > 0 ? static_cast<std::size_t>(n) : 0;
    if (shim::is_32_bit(head, size)) return true;
    const char* begin = nullptr;
    const std::size_t length = shim::interpreter_of(head, size, &begin);
    if (length == 0) break;
    path.assign(begin, length);
  }
  if (path_within(path, "/usr") || path_within(path, "/bin")) return false;
  struct stat st;
  if (stat(path.c_str(), &st) != 0 || !S_ISREG(st.st_mode) || st.st_size > kLargestProgram)
    return false;
  // Read, not mapped: somebody may be truncating it.
  auto bytes = read_file(path);
  return bytes && shim::needs_asan(bytes->data(), bytes->size());
}

}  // namespace bxl::sandbox
