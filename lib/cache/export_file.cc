#include "cache/export_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "base/byte_io.h"
#include "base/path_table.h"
#include "os/file.h"
#include "os/read_at.h"
#include "wire/stream.h"

namespace bxl::cache {
namespace {

constexpr std::size_t kHeadBytes = 17;  // u8 kind, u64 length, u64 sum
constexpr std::uint64_t kMostPayload = 256u << 20;
constexpr std::uint64_t kChunk = 1u << 20;
constexpr std::string_view kMagicOfAnyVersion = "bxl-cache-export ";

std::uint64_t sum_of(ExportKind kind, std::string_view bytes) {
  return checksum64(bytes, static_cast<std::uint64_t>(kind));
}

}  // namespace

Result<ExportWriter> ExportWriter::create(int fd) {
  ExportWriter writer(fd);
  BXL_TRY(write_all(fd, kExportMagic));
  writer.bytes_ = kExportMagic.size();
  return writer;
}

Result<void> ExportWriter::head(ExportKind kind, std::uint64_t length, std::uint64_t sum) {
  ByteWriter out;
  out.u8(static_cast<std::uint8_t>(kind));
  out.u64(length);
  out.u64(sum);
  bytes_ += kHeadBytes + length;
  return write_all(fd_, out.str());
}

Result<void> ExportWriter::write(ExportKind kind, std::string_view payload) {
  BXL_TRY(head(kind, payload.size(), sum_of(kind, payload)));
  return write_all(fd_, payload);
}

Result<void> ExportWriter::write_blob(const Digest& digest, int from, std::uint64_t size) {
  // The digest guards the bytes, the sum the digest.
  BXL_TRY(
      head(ExportKind::Blob, digest.bytes.size() + size, sum_of(ExportKind::Blob, digest.view())));
  BXL_TRY(write_all(fd_, digest.view()));
  for (std::uint64_t at = 0; at < size;) {
    BXL_TRY_ASSIGN(const std::string bytes, read_at(from, at, std::min(kChunk, size - at)));
    if (bytes.empty()) return make_error(EIO, "a blob became shorter");
    BXL_TRY(write_all(fd_, bytes));
    at += bytes.size();
  }
  return {};
}

Result<ExportReader> ExportReader::open(const std::string& file) {
  ExportReader reader;
  BXL_TRY_ASSIGN(reader.fd_, open_file(file, O_RDONLY | O_NONBLOCK));  // a FIFO must not hold us up
  BXL_TRY_ASSIGN(auto identity, fstat_identity(reader.fd_.get()));
  if (identity.kind != FileKind::File) return make_error(EBADMSG, file + " is no regular file");
  reader.size_ = identity.size;
  BXL_TRY_ASSIGN(const std::string magic, reader.take(kExportMagic.size()));
  if (magic == kExportMagic) return reader;
  if (magic.starts_with(kMagicOfAnyVersion))
    return make_error(EPROTO, file + " was exported by another version of bxl");
  return make_error(EBADMSG, file + " is no export of a cache");
}

Result<std::string> ExportReader::take(std::uint64_t count) {
  BXL_TRY_ASSIGN(std::string bytes, read_at(fd_.get(), at_, std::min(count, size_ - at_)));
  at_ += bytes.size();
  return bytes;
}

Result<std::optional<ExportRecord>> ExportReader::next() {
  using None = std::optional<ExportRecord>;
  at_ += std::exchange(blob_left_, 0);
  BXL_TRY_ASSIGN(const std::string head, take(kHeadBytes));
  if (head.size() < kHeadBytes) return None();
  ByteReader in(head);
  ExportRecord record;
  record.kind = static_cast<ExportKind>(in.u8());
  const std::uint64_t length = in.u64(), sum = in.u64();
  if (length > size_ - at_) return None();
  const bool is_blob = record.kind == ExportKind::Blob;
  if (is_blob ? length < sizeof(Digest::bytes) : length > kMostPayload) return None();
  BXL_TRY_ASSIGN(record.payload, take(is_blob ? sizeof(Digest::bytes) : length));
  if (sum_of(record.kind, record.payload) != sum) return None();
  if (is_blob) record.blob_bytes = blob_left_ = length - record.payload.size();
  if (record.kind == ExportKind::End) {
    complete_ = at_ == size_;
    return None();
  }
  return std::optional(std::move(record));
}

Result<void> ExportReader::copy_blob(int to) {
  for (std::uint64_t left = std::exchange(blob_left_, 0); left != 0;) {
    BXL_TRY_ASSIGN(const std::string bytes, take(std::min(kChunk, left)));
    if (bytes.empty()) return {};
    BXL_TRY(write_all(to, bytes));
    left -= bytes.size();
  }
  return {};
}

std::string ExportEntry::encode() const {
  ByteWriter out;
  out.bytes(weak.view());
  out.bytes(path_set.view());
  out.bytes(strong.view());
  out.text(stable_id);
  out.text(entry_bytes);
  return out.take();
}

std::optional<ExportEntry> ExportEntry::decode(std::string_view payload) {
  ByteReader in(payload);
  auto weak = Digest::from_bytes(in.bytes(16));
  auto path_set = Digest::from_bytes(in.bytes(16));
  auto strong = Digest::from_bytes(in.bytes(16));
  ExportEntry out;
  out.stable_id = in.text();
  out.entry_bytes = in.text();
  if (!in.ok() || !in.at_end() || !weak || !path_set || !strong) return {};
  out.weak = *weak;
  out.path_set = *path_set;
  out.strong = *strong;
  return out;
}

Digest ExportEntry::key() const {
  std::string bytes(weak.view());
  bytes.append(path_set.view()).append(strong.view());
  return Digest::of(bytes);
}

Result<ExportNeeds> needs_of(const std::string& entry_bytes) {
  PathTable paths;
  auto entry = wire::decode_entry(entry_bytes, [&](std::string_view token) -> Result<PathId> {
    const std::string path = "/" + std::string(token);
    if (!token.starts_with('%') || normalize_path(path) != path)
      return make_error(EXDEV, "it names '" + std::string(token) + "', which lies under no mount");
    return paths.intern(path);
  });
  if (!entry) return std::move(entry.error());
  ExportNeeds needs;
  for (const wire::Output& output : entry->outputs)
    if (output.kind == wire::OutputKind::File)
      needs.content.emplace_back(output.digest, output.size);
  if (!entry->console.is_zero()) needs.content.emplace_back(entry->console, entry->console_bytes);
  needs.evidence = entry->evidence;
  return needs;
}

Result<UniqueFd> unnamed_file(const std::string& directory) {
  auto fd = open_file(directory, O_TMPFILE | O_RDWR, 0600);
  if (fd) return fd;
  // Some file systems have no such files.
  std::string path = directory + "/.bxl-XXXXXX";
  UniqueFd named(::mkostemp(path.data(), O_CLOEXEC));
  if (!named) return errno_error("create a file in " + directory);
  ::unlink(path.c_str());
  return named;
}

}  // namespace bxl::cache
