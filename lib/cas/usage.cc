// The usage file: read, changed and written whole under a lock on itself.
#include "cas/usage.h"

#include <unistd.h>

#include <cstdlib>
#include <ctime>

#include "base/byte_io.h"
#include "os/file.h"

namespace bxl::cas {
namespace {

constexpr std::string_view kMagic = "bxlusage";
constexpr std::size_t kSize = 8 + kSlices * 24 + 8;
constexpr std::int64_t kWorthWriting_bytes = 64 << 20;

std::string encode(const Slices& slices) {
  ByteWriter out;
  out.bytes(kMagic);
  for (const Slice& slice : slices) {
    out.i64(slice.blobs);
    out.i64(slice.bytes);
    out.i64(slice.counted_unix_s);
  }
  out.u64(checksum64(out.str()));
  return out.take();
}

Slices decode(std::string_view bytes) {
  Slices slices;
  if (bytes.size() != kSize || !bytes.starts_with(kMagic)) return slices;
  ByteReader in(bytes.substr(kMagic.size()));
  for (Slice& slice : slices) {
    slice.blobs = in.i64();
    slice.bytes = in.i64();
    slice.counted_unix_s = in.i64();
  }
  if (in.u64() != checksum64(bytes.substr(0, kSize - 8))) return Slices{};
  return slices;
}

Result<Slices> read_locked(int fd, const std::string& path) {
  std::string bytes(kSize, '\0');
  const ssize_t got = ::pread(fd, bytes.data(), bytes.size(), 0);
  if (got < 0) return errno_error("read " + path);
  bytes.resize(static_cast<std::size_t>(got));
  return decode(bytes);
}

Result<void> write_locked(int fd, const std::string& path, const Slices& slices) {
  const std::string bytes = encode(slices);
  const ssize_t put = ::pwrite(fd, bytes.data(), bytes.size(), 0);
  if (put < 0) return errno_error("write " + path);
  // A part of it fails the checksum, which means: count again.
  if (static_cast<std::size_t>(put) != bytes.size()) return make_error(ENOSPC, "write " + path);
  return {};
}

}  // namespace

Result<void> UsageFile::start_empty() {
  BXL_TRY_ASSIGN(auto lock, FileLock::exclusive(path_));
  BXL_TRY_ASSIGN(auto there, fstat_identity(lock.fd()));
  if (there.size != 0) return {};
  Slices slices;
  for (Slice& slice : slices) slice.counted_unix_s = ::time(nullptr);
  return write_locked(lock.fd(), path_, slices);
}

void UsageFile::add(const Digest& digest, std::int64_t blobs, std::int64_t bytes) {
  Pending& pending = pending_[slice_of(digest)];
  pending.blobs.fetch_add(blobs, std::memory_order_relaxed);
  pending.bytes.fetch_add(bytes, std::memory_order_relaxed);
  if (unwritten_bytes_.fetch_add(std::abs(bytes) + 1) + std::abs(bytes) >= kWorthWriting_bytes)
    (void)!flush();
}

Result<void> UsageFile::flush() {
  if (unwritten_bytes_.exchange(0) == 0) return {};
  BXL_TRY_ASSIGN(auto lock, FileLock::exclusive(path_));
  BXL_TRY_ASSIGN(auto slices, read_locked(lock.fd(), path_));
  for (std::size_t i = 0; i < kSlices; ++i) {
    slices[i].blobs += pending_[i].blobs.exchange(0);
    slices[i].bytes += pending_[i].bytes.exchange(0);
  }
  return write_locked(lock.fd(), path_, slices);
}

Result<Slices> UsageFile::read() const {
  BXL_TRY_ASSIGN(auto lock, FileLock::shared(path_));
  return read_locked(lock.fd(), path_);
}

Result<void> UsageFile::set(std::size_t slice, std::int64_t blobs, std::int64_t bytes) {
  BXL_TRY_ASSIGN(auto lock, FileLock::exclusive(path_));
  BXL_TRY_ASSIGN(auto slices, read_locked(lock.fd(), path_));
  slices[slice] = {blobs, bytes, ::time(nullptr)};
  return write_locked(lock.fd(), path_, slices);
}

}  // namespace bxl::cas
