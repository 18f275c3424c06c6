// The table: finding it, finding and adding paths, events. No locks, no allocation, no libc.
#include "shim/record.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

namespace bxl::shim {

namespace {

// 0: not looked for yet; 1: there is none.
std::atomic<std::uintptr_t> known_table;

Table* find_table() {
  Table* found = nullptr;
  const long fd = raw(SYS_openat, AT_FDCWD, word(kSentinel), O_RDWR | O_CLOEXEC);
  if (fd >= 0) {
    const long at = raw(SYS_mmap, 0, sizeof(Table), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    raw(SYS_close, fd);
    if (at > 0 || at < -4095) {
      found = reinterpret_cast<Table*>(at);
      if (found->header.magic != kMagic || found->header.version != kVersion) {
        raw(SYS_munmap, at, sizeof(Table));
        found = nullptr;
      }
    }
  }
  std::uintptr_t none = 0;
  const std::uintptr_t value = found ? reinterpret_cast<std::uintptr_t>(found) : 1;
  if (!known_table.compare_exchange_strong(none, value)) {  // another thread was first
    if (found) raw(SYS_munmap, word(found), sizeof(Table));
    return none == 1 ? nullptr : reinterpret_cast<Table*>(none);
  }
  return found;
}

// Can this page be read? The kernel copies the event before it finds that no descriptor is -1.
bool is_readable(const char* page) {
  return raw(SYS_epoll_ctl, -1, EPOLL_CTL_ADD, -1, word(page)) != -EFAULT;
}

// The length of a path, 0 for one that the kernel refuses with EFAULT or ENAMETOOLONG: it may end
// just before a page that is not there. (A pointer to nowhere at all, beyond the first 64 KiB, is
// not told from a good one without asking the kernel each time.)
std::size_t path_length(const char* text) {
  constexpr std::uintptr_t kPage = 4096;
  std::size_t n = 0;
  for (;;) {
    if (text[n] == '\0') return n;
    if (++n > kMaxPath) return 0;
    if ((reinterpret_cast<std::uintptr_t>(text + n) & (kPage - 1)) == 0 && !is_readable(text + n))
      return 0;
  }
}

void copy(char* to, const char* from, std::size_t n) {
  __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(n) : : "memory");
}

bool begins(const char* text, std::size_t length, const char* prefix, std::size_t n) {
  if (length < n) return false;
  for (std::size_t i = 0; i < n; ++i)
    if (text[i] != prefix[i]) return false;
  return length == n || text[n] == '/';
}

// What lies there means something else for each process.
bool is_special(const char* path, std::size_t length) {
  return begins(path, length, "/proc", 5) || begins(path, length, "/dev", 4) ||
         begins(path, length, "/sys", 4) || (length > 1 && path[0] == '/' && path[1] == '/');
}

std::uint32_t hash_of(const char* text, std::size_t length) {
  std::uint64_t h = 0x9e3779b97f4a7c15u ^ length;
  while (length >= 8) {
    std::uint64_t chunk;
    __builtin_memcpy(&chunk, text, 8);
    h = (h ^ chunk) * 0xff51afd7ed558ccdu;
    h ^= h >> 32;
    text += 8;
    length -= 8;
  }
  for (; length > 0; --length) h = (h ^ static_cast<unsigned char>(*text++)) * 0x100000001b3u;
  h ^= h >> 29;
  h *= 0xc4ceb9fe1a85ec53u;
  return static_cast<std::uint32_t>(h >> 32);
}

bool same(const Path* path, const char* text, std::uint32_t length) {
  if (path->length != length) return false;
  const char* own = reinterpret_cast<const char*>(path + 1);
  for (std::uint32_t i = 0; i < length; ++i)
    if (own[i] != text[i]) return false;
  return true;
}

void full(Table* t) { t->header.overflow.store(1, std::memory_order_relaxed); }

// Null when the table is full.
Path* find_or_add(Table* t, const char* text, std::uint32_t length) {
  const std::uint32_t hash = hash_of(text, length);
  const std::uint64_t tag = std::uint64_t{hash} << 32;
  std::uint32_t fresh = 0;  // offset + 1 of a record that was written and not yet placed
  for (std::uint32_t probe = 0; probe < kSlots; ++probe) {
    std::atomic<std::uint64_t>& slot = t->slots[(hash + probe) & (kSlots - 1)];
    std::uint64_t value = slot.load(std::memory_order_acquire);
    if (value == 0) {
      if (fresh == 0) {
        const std::uint32_t bytes = (sizeof(Path) + length + 7) & ~7u;
        const std::uint32_t at = t->header.arena.fetch_add(bytes, std::memory_order_relaxed);
        if (at > kArenaBytes - bytes || at + bytes > kArenaBytes ||
            t->header.paths.fetch_add(1, std::memory_order_relaxed) > kSlots / 4 * 3) {
          full(t);
          return nullptr;
        }
        auto* path = reinterpret_cast<Path*>(t->arena + at);
        path->hash = hash;
        path->length = length;
        copy(reinterpret_cast<char*>(path + 1), text, length);
        fresh = at + 1;
      }
      if (slot.compare_exchange_strong(value, tag | fresh, std::memory_order_acq_rel))
        return reinterpret_cast<Path*>(t->arena + fresh - 1);
      // `value` is what another thread put there.
    }
    if ((value >> 32) != hash) continue;
    const auto offset = static_cast<std::uint32_t>(value) - 1;
    auto* path = reinterpret_cast<Path*>(t->arena + offset);
    if (same(path, text, length)) return path;
  }
  full(t);
  return nullptr;
}

// Makes `path` absolute in `buffer` (kMaxPath + 1 bytes), not normalised: its length, 0 when the
// supervisor has to see the call.
std::size_t make_absolute(Table* t, int dir_fd, const char* path, std::size_t length,
                          char* buffer) {
  long base;
  if (dir_fd == AT_FDCWD) {
    // Not remembered: a vfork child changes its directory with our memory.
    base = raw(SYS_getcwd, word(buffer), kMaxPath) - 1;
  } else {
    if (dir_fd < 0) return 0;
    char name[32] = "/proc/self/fd/";
    char digits[12];
    int n = 0;
    for (unsigned fd = static_cast<unsigned>(dir_fd); n == 0 || fd != 0; fd /= 10)
      digits[n++] = static_cast<char>('0' + fd % 10);
    int at = 14;
    while (n > 0) name[at++] = digits[--n];
    name[at] = '\0';
    base = raw(SYS_readlink, word(name), word(buffer), kMaxPath, 0, 0,
               key_for(t->header.key, SYS_readlink, reinterpret_cast<std::uint64_t>(name),
                       reinterpret_cast<std::uint64_t>(buffer)));
  }
  if (base <= 0 || buffer[0] != '/' || is_special(buffer, static_cast<std::size_t>(base))) return 0;
  auto end = static_cast<std::size_t>(base);
  // "(deleted)": where the rest leads only the kernel knows.
  if (buffer[end - 1] == ')' || end + 1 + length > kMaxPath) return 0;
  if (end > 1) buffer[end++] = '/';
  copy(buffer + end, path, length);
  return end + length;
}

// A stack of its own: signal handlers may have little.
__attribute__((noinline)) Path* find_relative(Table* t, int dir_fd, const char* path,
                                              std::size_t length) {
  char buffer[kMaxPath + 1];
  const std::size_t whole = make_absolute(t, dir_fd, path, length, buffer);
  return whole == 0 ? nullptr : find_or_add(t, buffer, static_cast<std::uint32_t>(whole));
}

// Null when the supervisor has to see the call.
Path* find_path(Table* t, int dir_fd, const char* path) {
  // What is no pointer gets EFAULT from the kernel, as ever.
  const auto address = reinterpret_cast<std::uintptr_t>(path);
  if (address < 65536 || (address >> 47) != 0) return nullptr;
  const std::size_t length = path_length(path);
  if (length == 0) return nullptr;
  if (path[0] != '/') return find_relative(t, dir_fd, path, length);
  if (is_special(path, length)) return nullptr;
  return find_or_add(t, path, static_cast<std::uint32_t>(length));
}

}  // namespace

Table* table() {
  const std::uintptr_t value = known_table.load(std::memory_order_acquire);
  if (value > 1) return reinterpret_cast<Table*>(value);
  return value == 1 ? nullptr : find_table();
}

Use::Use(Kind kind, int dir_fd, const char* path) {
  Table* t = table();
  if (!t || t->header.overflow.load(std::memory_order_relaxed) != 0) return;
  Path* entry = find_path(t, dir_fd, path);
  if (!entry) return;

  const std::uint64_t bit = std::uint64_t{1} << static_cast<std::uint32_t>(kind);
  // Before the generation: the supervisor moves that on first.
  const bool hold = t->header.hold.load(std::memory_order_acquire) != 0;
  const std::uint64_t generation =
      std::uint64_t{t->header.generation.load(std::memory_order_acquire)} << 32;
  std::uint64_t kinds = entry->kinds.load(std::memory_order_acquire);
  if (!hold && (kinds & ~std::uint64_t{0xffffffff}) == generation && (kinds & bit) != 0) {
    table_ = t;
    return;
  }
  // The event is there before the bit that makes others rely on it, and before the call.
  const std::uint32_t number = t->header.events.fetch_add(1, std::memory_order_relaxed);
  if (number >= kEvents) {
    full(t);
    return;
  }
  Event* event = &t->events[number];
  event->path = static_cast<std::uint32_t>(reinterpret_cast<char*>(entry) - t->arena);
  event->kind = static_cast<std::uint32_t>(kind);
  event->state.store(kIntent, std::memory_order_release);
  table_ = t;
  event_ = event;
  if (hold) return;
  for (;;) {
    const bool current = (kinds & ~std::uint64_t{0xffffffff}) == generation;
    const std::uint64_t wanted = current ? kinds | bit : generation | bit;
    if (wanted == kinds) {
      event->state.store(kUnneeded, std::memory_order_release);
      event_ = nullptr;
      return;
    }
    if (entry->kinds.compare_exchange_weak(kinds, wanted, std::memory_order_acq_rel)) return;
  }
}

std::uint64_t Use::key(long number, std::uint64_t first, std::uint64_t second) const {
  if (!table_) return 0;
  table_->header.calls.fetch_add(1, std::memory_order_relaxed);
  return key_for(table_->header.key, number, first, second);
}

void Use::failed(long error) {
  if (!event_) return;
  event_->seen.error = static_cast<std::int32_t>(-error);
  event_->state.store(kDone, std::memory_order_release);
  event_ = nullptr;
}

void Use::seen(const struct stat& st) {
  if (!event_) return;
  Seen& to = event_->seen;
  to.dev = st.st_dev;
  to.ino = st.st_ino;
  to.size = static_cast<std::uint64_t>(st.st_size);
  to.mtime_ns = st.st_mtim.tv_sec * 1'000'000'000 + st.st_mtim.tv_nsec;
  to.ctime_ns = st.st_ctim.tv_sec * 1'000'000'000 + st.st_ctim.tv_nsec;
  to.mode = st.st_mode;
  to.error = 0;
  event_->state.store(kDone, std::memory_order_release);
  event_ = nullptr;
}

}  // namespace bxl::shim
