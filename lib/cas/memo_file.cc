// Fixed-size checksummed records behind a 64-byte header; appends under flock, compaction by
// rename.
#include "cas/memo_file.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <ctime>

namespace bxl::cas {
namespace {

struct MemoHeader {
  char magic[8] = {'b', 'x', 'l', 'm', 'e', 'm', 'o', '1'};
  std::uint32_t byte_order = 0x01020304;  // the cache directory may travel to another machine
  std::uint32_t record_bytes = sizeof(MemoRecord);
  char reserved[48] = {};
};
static_assert(sizeof(MemoHeader) == sizeof(MemoRecord));

std::string_view bytes_of(const MemoHeader& header) {
  return {reinterpret_cast<const char*>(&header), sizeof header};
}
std::string_view bytes_of(const std::vector<MemoRecord>& records) {
  return {reinterpret_cast<const char*>(records.data()), records.size() * sizeof(MemoRecord)};
}

// Bytes read, less than `size` only at the end of the file or on an error.
std::size_t read_at(int fd, void* to, std::size_t size, std::uint64_t offset) {
  std::size_t done = 0;
  while (done < size) {
    const ssize_t n =
        ::pread(fd, static_cast<char*>(to) + done, size - done, static_cast<off_t>(offset + done));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    done += static_cast<std::size_t>(n);
  }
  return done;
}

bool has_good_header(int fd) {
  MemoHeader expected, found;
  return read_at(fd, &found, sizeof found, 0) == sizeof found &&
         std::memcmp(&expected, &found, sizeof found) == 0;
}

// The newest `max_records` of the file.
MemoTable load_from(int fd, std::size_t max_records) {
  MemoTable table;
  struct stat st;
  if (::fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || !has_good_header(fd)) return table;
  const std::size_t total = static_cast<std::size_t>(st.st_size) / sizeof(MemoRecord) - 1;
  const std::size_t count = std::min(total, max_records);
  if (count == 0) return table;
  // Not value-initialised: a million records are 64 MiB.
  std::unique_ptr<MemoRecord[]> records = std::make_unique_for_overwrite<MemoRecord[]>(count);
  const std::size_t got = read_at(fd, records.get(), count * sizeof(MemoRecord),
                                  (1 + total - count) * sizeof(MemoRecord));
  table.load(std::move(records), got / sizeof(MemoRecord));
  return table;
}

Result<FileLock> lock_memo(const std::string& path) {
  for (int attempt = 0; attempt < 200; ++attempt) {
    BXL_TRY_ASSIGN(auto lock, FileLock::take(path + ".lock", FileLock::Wait::No));
    if (lock) return std::move(*lock);
    ::poll(nullptr, 0, 5);
  }
  return make_error(EBUSY, "lock " + path);
}

// Opens for appending; a file that is no memo is renamed away, an empty one gets its header.
Result<UniqueFd> open_for_append(const std::string& path) {
  for (int attempt = 0; attempt < 2; ++attempt) {
    BXL_TRY_ASSIGN(auto fd, open_file(path, O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW, 0644));
    struct stat st;
    if (::fstat(fd.get(), &st) != 0) return errno_error("fstat " + path);
    if (st.st_size == 0) {
      auto written = write_all(fd.get(), bytes_of(MemoHeader{}));
      if (written) return fd;
      (void)!::ftruncate(fd.get(), 0);
      return std::move(written.error()).in(path);
    }
    if (has_good_header(fd.get())) return fd;
    const std::string aside = path + ".damaged-" + std::to_string(::time(nullptr));
    if (::rename(path.c_str(), aside.c_str()) != 0) return errno_error("set aside " + path);
  }
  return make_error(EBADMSG, "set aside " + path);
}

// Rewrites the file without superseded records. To count them costs as much as loading, so it is
// done only when an append crosses a power of two of records: constant work per record, and the
// file stays below four times what is alive. Failure is not reported: the file is complete as it
// is.
void compact(const std::string& path, int fd, std::size_t before, std::size_t added,
             std::size_t max_records) {
  constexpr std::size_t kWorthwhile = 1024;
  const std::size_t after = before + added;
  const bool too_many = after > max_records;
  const bool crossed = std::bit_width(before) != std::bit_width(after);
  if (!too_many && (after < kWorthwhile || !crossed)) return;
  const MemoTable table = load_from(fd, after);
  if (!too_many && table.live() * 2 >= after) return;
  const std::size_t keep = too_many ? max_records / 4 * 3 : table.live();
  const std::size_t skip = table.live() > keep ? table.live() - keep : 0;
  auto file = AtomicFile::create(path);
  if (file && write_all(file->fd(), bytes_of(MemoHeader{})) &&
      write_all(file->fd(), bytes_of(table.live_records(skip))))
    (void)!file->commit();
}

}  // namespace

MemoTable load_memo(const std::string& path) {
  auto fd = open_file(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  return fd ? load_from(fd->get(), kMaxMemoRecords) : MemoTable();
}

Result<void> append_memo(const std::string& path, const std::vector<MemoRecord>& records,
                         std::size_t max_records) {
  BXL_TRY_ASSIGN(auto lock, lock_memo(path));
  BXL_TRY_ASSIGN(auto fd, open_for_append(path));
  struct stat st;
  if (::fstat(fd.get(), &st) != 0) return errno_error("fstat " + path);
  const off_t whole = st.st_size - st.st_size % static_cast<off_t>(sizeof(MemoRecord));
  if (whole != st.st_size && ::ftruncate(fd.get(), whole) != 0) return errno_error("cut " + path);
  if (auto written = write_all(fd.get(), bytes_of(records)); !written) {
    (void)!::ftruncate(fd.get(), whole);
    return std::move(written.error()).in(path);
  }

  compact(path, fd.get(), static_cast<std::size_t>(whole) / sizeof(MemoRecord) - 1, records.size(),
          max_records);
  return {};
}

}  // namespace bxl::cas
