// libc's names for executing: a program that was given another environment keeps the preload, one
// that cannot live with it loses it.
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "shim/calls.h"

#define BXL_EXPORT extern "C" __attribute__((visibility("default")))

namespace {

using namespace bxl::shim;

using Strings = char* const*;

constexpr char kPreload[] = "LD_PRELOAD=";
constexpr std::size_t kPreloadLength = sizeof kPreload - 1;

std::size_t length_of(const char* text) {
  std::size_t n = 0;
  while (text[n] != '\0') ++n;
  return n;
}

bool starts(const char* text, const char* prefix, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i)
    if (text[i] != prefix[i]) return false;
  return true;
}

bool contains(const char* text, const char* part) {
  const std::size_t n = length_of(part);
  for (; *text; ++text)
    if (starts(text, part, n)) return true;
  return false;
}

std::size_t count(Strings list) {
  std::size_t n = 0;
  while (list && list[n]) ++n;
  return n;
}

// Does the image ask for the address sanitizer's library? Its runtime ends the program when another
// library was loaded before it.
bool needs_asan(const char* path) {
  const long fd = raw(SYS_openat, AT_FDCWD, word(path), O_RDONLY | O_CLOEXEC, 0, 0,
                      key_for(table()->header.key, SYS_openat, static_cast<std::uint64_t>(AT_FDCWD),
                              static_cast<std::uint64_t>(word(path))));
  if (fd < 0) return false;
  struct stat st;
  bool found = false;
  if (raw(SYS_fstat, fd, word(&st)) == 0 && S_ISREG(st.st_mode) &&
      st.st_size >= static_cast<long>(sizeof(Elf64_Ehdr))) {
    const auto size = static_cast<std::uint64_t>(st.st_size);
    const long at = raw(SYS_mmap, 0, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (at > 0 || at < -4095) {
      const auto* bytes = reinterpret_cast<const char*>(at);
      const auto* elf = reinterpret_cast<const Elf64_Ehdr*>(bytes);
      if (starts(bytes, ELFMAG, SELFMAG) && elf->e_ident[EI_CLASS] == ELFCLASS64 &&
          elf->e_phentsize == sizeof(Elf64_Phdr) && elf->e_phoff < size &&
          elf->e_phnum <= (size - elf->e_phoff) / sizeof(Elf64_Phdr)) {
        const auto* segments = reinterpret_cast<const Elf64_Phdr*>(bytes + elf->e_phoff);
        const Elf64_Phdr* dynamic = nullptr;
        for (int i = 0; i < elf->e_phnum; ++i)
          if (segments[i].p_type == PT_DYNAMIC) dynamic = &segments[i];
        const auto offset_of = [&](std::uint64_t address) -> std::uint64_t {
          for (int i = 0; i < elf->e_phnum; ++i)
            if (segments[i].p_type == PT_LOAD && address >= segments[i].p_vaddr &&
                address - segments[i].p_vaddr < segments[i].p_filesz)
              return address - segments[i].p_vaddr + segments[i].p_offset;
          return size;
        };
        if (dynamic && dynamic->p_offset < size && dynamic->p_filesz <= size - dynamic->p_offset) {
          const auto* entries = reinterpret_cast<const Elf64_Dyn*>(bytes + dynamic->p_offset);
          const std::uint64_t entry_count = dynamic->p_filesz / sizeof(Elf64_Dyn);
          std::uint64_t strings = size;
          for (std::uint64_t i = 0; i < entry_count; ++i)
            if (entries[i].d_tag == DT_STRTAB) strings = offset_of(entries[i].d_un.d_ptr);
          for (std::uint64_t i = 0; i < entry_count && strings < size; ++i) {
            if (entries[i].d_tag != DT_NEEDED || entries[i].d_un.d_val >= size - strings) continue;
            const std::uint64_t name = strings + entries[i].d_un.d_val;
            if (size - name > 20 && (starts(bytes + name, "libasan.so", 10) ||
                                     starts(bytes + name, "libclang_rt.asan", 16)))
              found = true;
          }
        }
      }
      raw(SYS_munmap, at, st.st_size);
    }
  }
  raw(SYS_close, fd);
  return found;
}

// What is executed from the system's directories is not looked into: the check costs 6 us.
bool may_need_asan(const char* path) {
  return path && !(starts(path, "/usr/", 5) || starts(path, "/bin/", 5));
}

enum class Repair { None, Add, Drop };

Repair repair_for(const char* path, Strings env) {
  Table* t = table();
  if (!t || !env || t->header.preload[0] == '\0') return Repair::None;
  bool has = false;
  for (std::size_t i = 0; env[i]; ++i)
    if (starts(env[i], kPreload, kPreloadLength) && contains(env[i], t->header.preload)) has = true;
  if (may_need_asan(path) && needs_asan(path)) return has ? Repair::Drop : Repair::None;
  return has ? Repair::None : Repair::Add;
}

// `room`: count(env) + 2 pointers. `text`: kPreloadRoom bytes. Another preload of the program's own
// stays where it is, before ours.
constexpr std::size_t kPreloadRoom = 1024;

Strings repaired(Repair repair, Strings env, const char** room, char* text) {
  const char* ours = table()->header.preload;
  std::size_t n = 0;
  const char* theirs = nullptr;
  for (std::size_t i = 0; env[i]; ++i) {
    if (starts(env[i], kPreload, kPreloadLength))
      theirs = env[i] + kPreloadLength;
    else
      room[n++] = env[i];
  }
  char* at = text;
  const auto put = [&](const char* part, std::size_t length) {
    __builtin_memcpy(at, part, length);
    at += length;
  };
  put(kPreload, kPreloadLength);
  if (repair == Repair::Add) {
    if (theirs && *theirs) {
      const std::size_t length = length_of(theirs);
      if (length + length_of(ours) + kPreloadLength + 2 > kPreloadRoom) return env;
      put(theirs, length);
      put(":", 1);
    }
    put(ours, length_of(ours));
    *at = '\0';
    room[n++] = text;
  } else if (theirs) {
    // The list without our name.
    bool any = false;
    for (const char* part = theirs; *part;) {
      std::size_t length = 0;
      while (part[length] && part[length] != ':' && part[length] != ' ') ++length;
      const bool is_ours = length == length_of(ours) && starts(part, ours, length);
      if (length > 0 && !is_ours) {
        if (static_cast<std::size_t>(at - text) + length + 2 > kPreloadRoom) return env;
        if (any) put(":", 1);
        put(part, length);
        any = true;
      }
      part += length + (part[length] ? 1 : 0);
    }
    *at = '\0';
    if (any) room[n++] = text;
  }
  room[n] = nullptr;
  return const_cast<Strings>(room);
}

long execute(const char* path, Strings argv, Strings env) {
  const Repair repair = repair_for(path, env);
  if (repair == Repair::None) return raw(SYS_execve, word(path), word(argv), word(env));
  // On the stack: after vfork the heap is the parent's.
  const auto** room = static_cast<const char**>(__builtin_alloca((count(env) + 2) * sizeof(char*)));
  char text[kPreloadRoom];
  return raw(SYS_execve, word(path), word(argv), word(repaired(repair, env, room, text)));
}

// A file without "#!" is a shell script, as execvp has it.
long execute_or_shell(const char* path, Strings argv, Strings env) {
  const long error = execute(path, argv, env);
  if (error != -ENOEXEC) return error;
  const std::size_t n = count(argv);
  const auto** list = static_cast<const char**>(__builtin_alloca((n + 3) * sizeof(char*)));
  std::size_t at = 0;
  list[at++] = "/bin/sh";
  list[at++] = path;
  for (std::size_t i = 1; i < n; ++i) list[at++] = argv[i];
  list[at] = nullptr;
  return execute("/bin/sh", const_cast<Strings>(list), env);
}

long search(const char* file, Strings argv, Strings env) {
  if (*file == '\0') return -ENOENT;
  for (const char* p = file; *p; ++p)
    if (*p == '/') return execute_or_shell(file, argv, env);
  const char* path = "/bin:/usr/bin";
  for (char** p = environ; p && *p; ++p)
    if (starts(*p, "PATH=", 5)) {
      path = *p + 5;
      break;
    }
  const std::size_t file_length = length_of(file);
  if (file_length > NAME_MAX) return -ENAMETOOLONG;
  char buffer[PATH_MAX];
  long result = -ENOENT;
  for (;;) {
    std::size_t length = 0;
    while (path[length] && path[length] != ':') ++length;
    if (length + file_length + 2 <= sizeof buffer) {
      __builtin_memcpy(buffer, path, length);
      std::size_t at = length;
      if (length > 0) buffer[at++] = '/';
      __builtin_memcpy(buffer + at, file, file_length + 1);
      const long error = execute_or_shell(buffer, argv, env);
      switch (error) {
        case -EACCES:
          result = error;
          [[fallthrough]];
        case -ENOENT:
        case -ESTALE:
        case -ENOTDIR:
        case -ENODEV:
        case -ETIMEDOUT:
          break;
        default:
          return error;
      }
    }
    if (path[length] == '\0') return result;
    path += length + 1;
  }
}

using Spawn = int (*)(pid_t*, const char*, const posix_spawn_file_actions_t*,
                      const posix_spawnattr_t*, Strings, Strings);

int spawn(const char* name, pid_t* pid, const char* path, const posix_spawn_file_actions_t* actions,
          const posix_spawnattr_t* attributes, Strings argv, Strings env) {
  auto* next = reinterpret_cast<Spawn>(next_symbol(name));
  if (!next) return ENOSYS;
  const Repair repair = repair_for(path, env);
  if (repair == Repair::None) return next(pid, path, actions, attributes, argv, env);
  const auto** room = static_cast<const char**>(__builtin_alloca((count(env) + 2) * sizeof(char*)));
  char text[kPreloadRoom];
  return next(pid, path, actions, attributes, argv, repaired(repair, env, room, text));
}

}  // namespace

BXL_EXPORT int execve(const char* path, Strings argv, Strings env) noexcept {
  return static_cast<int>(answer(execute(path, argv, env)));
}
BXL_EXPORT int execv(const char* path, Strings argv) noexcept {
  return static_cast<int>(answer(execute(path, argv, environ)));
}
BXL_EXPORT int execvpe(const char* file, Strings argv, Strings env) noexcept {
  return static_cast<int>(answer(search(file, argv, env)));
}
BXL_EXPORT int execvp(const char* file, Strings argv) noexcept {
  return static_cast<int>(answer(search(file, argv, environ)));
}
BXL_EXPORT int posix_spawn(pid_t* pid, const char* path, const posix_spawn_file_actions_t* actions,
                           const posix_spawnattr_t* attributes, Strings argv, Strings env) {
  return spawn("posix_spawn", pid, path, actions, attributes, argv, env);
}
BXL_EXPORT int posix_spawnp(pid_t* pid, const char* path, const posix_spawn_file_actions_t* actions,
                            const posix_spawnattr_t* attributes, Strings argv, Strings env) {
  return spawn("posix_spawnp", pid, path, actions, attributes, argv, env);
}
