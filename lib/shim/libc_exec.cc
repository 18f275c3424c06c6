// libc's names for executing: a program that was given another environment keeps the preload, one
// that cannot live with it loses it.
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "shim/calls.h"
#include "shim/image.h"

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

// Files in the system's directories are not looked into for the address sanitizer: it costs 6 us.
bool may_need_asan(const char* path) {
  return !(starts(path, "/usr/", 5) || starts(path, "/bin/", 5));
}

bool needs_asan_file(long fd) {
  struct stat st;
  if (raw(SYS_fstat, fd, word(&st)) != 0 || !S_ISREG(st.st_mode) || st.st_size <= 0) return false;
  const long at = raw(SYS_mmap, 0, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (at <= 0 && at >= -4095) return false;
  const bool found =
      needs_asan(reinterpret_cast<const char*>(at), static_cast<std::uint64_t>(st.st_size));
  raw(SYS_munmap, at, st.st_size);
  return found;
}

// Must the program start without us? Of a script, its interpreter counts.
bool refuses_preload(const char* path) {
  char name[kImageHead + 1];
  for (int depth = 0; depth < 5; ++depth) {  // as many as the kernel follows
    const long fd =
        raw(SYS_openat, AT_FDCWD, word(path), O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0, 0,
            key_for(table()->header.key, SYS_openat, static_cast<std::uint64_t>(AT_FDCWD),
                    static_cast<std::uint64_t>(word(path))));
    if (fd < 0) return false;
    char head[kImageHead];
    const long n = raw(SYS_pread64, fd, word(head), sizeof head, 0);
    const std::size_t size = n > 0 ? static_cast<std::size_t>(n) : 0;
    const bool refuses = is_32_bit(head, size) || (may_need_asan(path) && needs_asan_file(fd));
    raw(SYS_close, fd);
    const char* begin = nullptr;
    const std::size_t length = interpreter_of(head, size, &begin);
    if (refuses || length == 0) return refuses;
    __builtin_memcpy(name, begin, length);
    name[length] = '\0';
    path = name;
  }
  return false;
}

enum class Repair { None, Add, Drop };

Repair repair_for(const char* path, Strings env) {
  Table* t = table();
  if (!t || !env || t->header.preload[0] == '\0') return Repair::None;
  bool has = false;
  for (std::size_t i = 0; env[i]; ++i)
    if (starts(env[i], kPreload, kPreloadLength) && contains(env[i], t->header.preload)) has = true;
  if (path && refuses_preload(path)) return has ? Repair::Drop : Repair::None;
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
  if (const long missing = missing_program(path)) return missing;
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

const char* search_path() {
  for (char** p = environ; p && *p; ++p)
    if (starts(*p, "PATH=", 5)) return *p + 5;
  return "/bin:/usr/bin";
}

bool has_slash(const char* file) {
  for (; *file; ++file)
    if (*file == '/') return true;
  return false;
}

// The next candidate of `file` along *path, in `buffer` (PATH_MAX bytes; empty when it is too
// long). False after the last one.
bool next_candidate(const char** path, const char* file, char* buffer) {
  if (!*path) return false;
  const char* at = *path;
  std::size_t length = 0;
  while (at[length] && at[length] != ':') ++length;
  const std::size_t file_length = length_of(file);
  buffer[0] = '\0';
  if (length + file_length + 2 <= PATH_MAX) {
    __builtin_memcpy(buffer, at, length);
    std::size_t end = length;
    if (length > 0) buffer[end++] = '/';
    __builtin_memcpy(buffer + end, file, file_length + 1);
  }
  *path = at[length] == '\0' ? nullptr : at + length + 1;
  return true;
}

// What posix_spawnp() will most likely execute.
const char* found_in_path(const char* file, char* buffer) {
  if (*file == '\0' || has_slash(file)) return file;
  const char* path = search_path();
  while (next_candidate(&path, file, buffer))
    if (*buffer && raw(SYS_access, word(buffer), X_OK, 0, 0, 0,
                       key_for(table()->header.key, SYS_access,
                               static_cast<std::uint64_t>(word(buffer)), X_OK)) == 0)
      return buffer;
  return file;
}

long search(const char* file, Strings argv, Strings env) {
  if (*file == '\0') return -ENOENT;
  if (has_slash(file)) return execute_or_shell(file, argv, env);
  if (length_of(file) > NAME_MAX) return -ENAMETOOLONG;
  char buffer[PATH_MAX];
  long result = -ENOENT;
  const char* path = search_path();
  while (next_candidate(&path, file, buffer)) {
    if (!*buffer) continue;
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
  return result;
}

using Spawn = int (*)(pid_t*, const char*, const posix_spawn_file_actions_t*,
                      const posix_spawnattr_t*, Strings, Strings);

int spawn(const char* name, bool searches, pid_t* pid, const char* path,
          const posix_spawn_file_actions_t* actions, const posix_spawnattr_t* attributes,
          Strings argv, Strings env) {
  auto* next = reinterpret_cast<Spawn>(next_symbol(name));
  if (!next) return ENOSYS;
  char found[PATH_MAX];
  const Repair repair = repair_for(searches && table() ? found_in_path(path, found) : path, env);
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
  return spawn("posix_spawn", false, pid, path, actions, attributes, argv, env);
}
BXL_EXPORT int posix_spawnp(pid_t* pid, const char* path, const posix_spawn_file_actions_t* actions,
                            const posix_spawnattr_t* attributes, Strings argv, Strings env) {
  return spawn("posix_spawnp", true, pid, path, actions, attributes, argv, env);
}
