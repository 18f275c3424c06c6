// Reading events out of shared memory.
#include "sandbox/shim_table.h"

#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

namespace bxl::sandbox {

namespace {

// Is the thread still inside the call that changes names? Its state is asked for some 25 ms after
// the answer; a thread that is gone is over with it.
bool still_changing(pid_t tid, std::uint32_t number) {
  char path[48];
  std::snprintf(path, sizeof path, "/proc/%d/syscall", tid);
  auto text = read_file(path);
  if (!text)
    return text.error().errnum != ENOENT && text.error().errnum != ESRCH &&
           text.error().errnum != 0;
  return text->rfind("running", 0) == 0 || text->rfind(std::to_string(number) + " ", 0) == 0;
}

}  // namespace

Result<ShimTable> ShimTable::create(const std::string& library) {
  ShimTable out;
  if (library.size() >= sizeof out.table_->header.preload)
    return make_error(ENAMETOOLONG, "preload " + library);
  out.fd_ = UniqueFd(static_cast<int>(syscall(SYS_memfd_create, "bxl-shim", MFD_CLOEXEC)));
  if (!out.fd_) return errno_error("memfd_create");
  if (ftruncate(out.fd_.get(), sizeof(shim::Table)) != 0) return errno_error("size shared memory");
  void* at =
      mmap(nullptr, sizeof(shim::Table), PROT_READ | PROT_WRITE, MAP_SHARED, out.fd_.get(), 0);
  if (at == MAP_FAILED) return errno_error("map shared memory");
  out.table_ = static_cast<shim::Table*>(at);
  if (getrandom(&out.key_, sizeof out.key_, 0) != sizeof out.key_) return errno_error("getrandom");
  // An argument register of zero must never be a key.
  out.key_ |= std::uint64_t{1} << 63;
  shim::Header& header = out.table_->header;
  header.key = out.key_;
  std::memcpy(header.preload, library.c_str(), library.size() + 1);
  header.generation.store(1);
  header.version = shim::kVersion;
  header.magic = shim::kMagic;
  return out;
}

ShimTable::ShimTable(ShimTable&& other) noexcept
    : fd_(std::move(other.fd_)),
      table_(std::exchange(other.table_, nullptr)),
      key_(other.key_),
      in_use_(other.in_use_),
      next_(other.next_),
      later_(std::move(other.later_)),
      changing_(std::move(other.changing_)) {}

ShimTable::~ShimTable() {
  if (table_) munmap(table_, sizeof(shim::Table));
}

// False: nonsense. `later`: the call is under way.
bool ShimTable::take(std::uint32_t number, bool all, const std::function<void(const Use&)>& use,
                     bool* later) {
  const shim::Event& event = table_->events[number];
  const std::uint32_t state = event.state.load(std::memory_order_acquire);
  *later = false;
  if (state == shim::kUnneeded) return true;
  // Empty: announced to nobody; its call has not been made, and will not be before it is.
  if (state == shim::kEmpty || (state == shim::kIntent && !all)) {
    *later = true;
    return true;
  }
  const std::uint32_t offset = event.path, kind = event.kind;
  if (kind >= shim::kKinds || offset > shim::kArenaBytes - sizeof(shim::Path) || offset % 8 != 0)
    return false;
  const auto* path = reinterpret_cast<const shim::Path*>(table_->arena + offset);
  const std::uint32_t length = path->length;
  if (length == 0 || length > shim::kMaxPath ||
      length > shim::kArenaBytes - offset - sizeof(shim::Path))
    return false;
  Use out;
  out.kind = static_cast<shim::Kind>(kind);
  out.path = {table_->arena + offset + sizeof(shim::Path), length};
  if (out.path.front() != '/' || std::memchr(out.path.data(), '\0', length) != nullptr)
    return false;
  if (state == shim::kDone) {
    const shim::Seen seen = event.seen;
    out.judged = true;
    out.error = seen.error;
    if (seen.error == 0) {
      struct stat st{};
      st.st_dev = seen.dev;
      st.st_ino = seen.ino;
      st.st_size = static_cast<off_t>(seen.size);
      st.st_mode = seen.mode;
      out.seen = identity_of(st);
      out.seen.mtime_ns = seen.mtime_ns;
      out.seen.ctime_ns = seen.ctime_ns;
    }
  }
  use(out);
  return true;
}

bool ShimTable::drain(bool all, const std::function<void(const Use&)>& use) {
  if (!in_use_) return true;
  const std::uint32_t end =
      std::min(table_->header.events.load(std::memory_order_acquire), shim::kEvents);
  if (end == next_ && later_.empty()) return true;
  std::vector<std::uint32_t> still;
  bool later = false;
  for (std::uint32_t number : later_) {
    if (!take(number, all, use, &later)) return false;
    if (later) still.push_back(number);
  }
  for (; next_ < end; ++next_) {
    if (!take(next_, all, use, &later)) return false;
    if (later) still.push_back(next_);
  }
  later_ = std::move(still);
  return true;
}

void ShimTable::paths_change(pid_t tid, std::uint32_t number) {
  if (!in_use_) return;
  changing_.push_back({tid, number});
  table_->header.hold.store(1, std::memory_order_seq_cst);
}

void ShimTable::settle(pid_t tid) {
  if (changing_.empty()) return;
  // Its next notification: the call before is over.
  std::erase_if(changing_, [&](const Changing& each) {
    return tid != 0 ? each.tid == tid : !still_changing(each.tid, each.number);
  });
  if (!changing_.empty()) return;
  table_->header.generation.fetch_add(1, std::memory_order_seq_cst);
  table_->header.hold.store(0, std::memory_order_seq_cst);
}

std::uint64_t ShimTable::calls() const { return table_->header.calls.load(); }
std::uint64_t ShimTable::events() const { return table_->header.events.load(); }
bool ShimTable::overflowed() const { return table_->header.overflow.load() != 0; }

}  // namespace bxl::sandbox
