// The memory that observed processes and their supervisor share: layout, key, and nothing else.
//
// libbxlshim, preloaded into observed programs, records there what a program looks at, and then
// lets the system call pass the filter unseen: it puts a key into the sixth argument register,
// which no call that takes a path uses and the kernel ignores, but the filter sees. What is not
// recorded, or not yet, never has the key, so the supervisor gets to see it: the shim saves time
// and nothing depends on it.
#pragma once

#include <atomic>
#include <cstdint>

namespace bxl::shim {

// Opening this path under a supervisor gives the memory; nobody else has a file of that name. The
// call is one notification per program.
inline constexpr char kSentinel[] = "/.bxl-shim-table";

inline constexpr std::uint32_t kMagic = 0x6d687362;  // "bshm"
inline constexpr std::uint32_t kVersion = 1;

// How a path was looked at: the calls that share a kind tell the same about it.
enum class Kind : std::uint32_t {
  OpenRead,       // O_RDONLY, follows
  OpenReadStay,   // with O_NOFOLLOW
  OpenDirectory,  // with O_DIRECTORY
  OpenPath,       // O_PATH, follows
  OpenPathStay,
  Stat,
  StatStay,  // lstat and the like
  Access,
  AccessStay,
  Readlink,
};
inline constexpr std::uint32_t kKinds = 10;

// What the shim saw of the path; all zero when the call failed.
struct Seen {
  std::uint64_t dev, ino, size;
  std::int64_t mtime_ns, ctime_ns;
  std::uint32_t mode;
  std::int32_t error;  // errno of the call, 0 when it succeeded
};

enum EventState : std::uint32_t {
  kEmpty = 0,    // taken, nothing said yet: the call has not been made
  kIntent = 1,   // the call is about to be made, or its process died in it
  kDone = 2,     // `seen` holds
  kUnneeded = 3  // another process recorded the same first
};

// First use of a path in one way. Written by one thread; the supervisor reads `path` and `kind`
// when the state is not kEmpty, `seen` when it is kDone.
struct Event {
  std::atomic<std::uint32_t> state;
  std::uint32_t path;  // offset of a Path in the arena
  std::uint32_t kind;
  std::uint32_t unused;
  Seen seen;
};
static_assert(sizeof(Event) == 64);

// A spelling: absolute, not normalised. `kinds` is {generation: high half, a bit per Kind: low
// half}.
struct Path {
  std::atomic<std::uint64_t> kinds;
  std::uint32_t hash;
  std::uint32_t length;
  // `length` bytes follow.
};
static_assert(sizeof(Path) == 16);

inline constexpr std::uint32_t kSlots = 1u << 15;   // open addressing; full at three quarters
inline constexpr std::uint32_t kEvents = 1u << 15;  // 2 MiB
inline constexpr std::uint32_t kArenaBytes = 6u << 20;
inline constexpr std::uint32_t kMaxPath = 4095;

struct alignas(64) Header {
  std::uint32_t magic, version;
  std::uint64_t key;
  // Of the shim's own file, to be preloaded again when a program dropped it; NUL-terminated.
  char preload[256];

  alignas(64) std::atomic<std::uint32_t> generation;  // records of an older one do not count
  // Not zero: the meaning of paths is changing just now, so that each use is an event.
  std::atomic<std::uint32_t> hold;
  // Not zero: full; everything goes to the supervisor from now on.
  std::atomic<std::uint32_t> overflow;

  alignas(64) std::atomic<std::uint32_t> events;  // taken so far; may exceed kEvents
  std::atomic<std::uint32_t> arena;               // bytes taken; may exceed kArenaBytes
  std::atomic<std::uint32_t> paths;               // slots taken
  alignas(64) std::atomic<std::uint64_t> calls;   // let through with the key
};

// Sparse: only what is used takes memory.
struct Table {
  Header header;
  std::atomic<std::uint64_t> slots[kSlots];  // {tag: high half, offset of the Path + 1: low half}
  Event events[kEvents];
  alignas(64) char arena[kArenaBytes];
};

// The sixth argument for one call. The filter computes the same from what it sees; the number and
// the arguments are in it so that a register left over from another call opens nothing.
inline std::uint64_t key_for(std::uint64_t key, long number, std::uint64_t first,
                             std::uint64_t second) {
  return key ^ (static_cast<std::uint32_t>(number) ^ static_cast<std::uint32_t>(first) ^
                static_cast<std::uint32_t>(second));
}

}  // namespace bxl::shim
