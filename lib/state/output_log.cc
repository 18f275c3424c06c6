#include "state/output_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "base/assert.h"
#include "base/byte_io.h"

namespace bxl::state {
namespace {

constexpr std::string_view kMagic = "bxl-outputs-log 1\n";
enum Type : std::uint8_t { kStart = 1, kEnd = 2, kAdd = 3, kRemove = 4 };

void put_identity(ByteWriter& out, const FileIdentity& id) {
  out.u8(static_cast<std::uint8_t>(id.kind));
  out.u8(id.executable);
  out.u32(id.mode);
  out.varint(id.dev);
  out.varint(id.ino);
  out.varint(id.size);
  out.i64(id.mtime_ns);
  out.i64(id.ctime_ns);
}

FileIdentity get_identity(ByteReader& in) {
  FileIdentity id;
  id.kind = static_cast<FileKind>(std::min<std::uint8_t>(in.u8(), 4));
  id.executable = in.u8() != 0;
  id.mode = in.u32();
  id.dev = in.varint();
  id.ino = in.varint();
  id.size = in.varint();
  id.mtime_ns = in.i64();
  id.ctime_ns = in.i64();
  return id;
}

std::string frame(const std::string& payload) {
  ByteWriter out;
  out.u32(static_cast<std::uint32_t>(payload.size()));
  out.u64(checksum64(payload, payload.size()));
  out.bytes(payload);
  return out.take();
}

constexpr std::size_t kFrameHead = 12;

// The length of the prefix that is whole records; 0 when it is no log of this version.
std::size_t verified(std::string_view bytes) {
  if (bytes.substr(0, kMagic.size()) != kMagic) return 0;
  std::size_t pos = kMagic.size();
  while (pos + kFrameHead <= bytes.size()) {
    ByteReader head(bytes.substr(pos, kFrameHead));
    std::uint32_t length = head.u32();
    std::uint64_t sum = head.u64();
    if (length > bytes.size() - pos - kFrameHead) break;
    if (checksum64(bytes.substr(pos + kFrameHead, length), length) != sum) break;
    pos += kFrameHead + length;
  }
  return pos;
}

// Is what follows the whole records the beginning of one, as a crash leaves it? Then nothing else
// was lost.
bool is_torn(std::string_view tail) {
  return tail.size() < kFrameHead || ByteReader(tail.substr(0, 4)).u32() > tail.size() - kFrameHead;
}

}  // namespace

Result<std::unique_ptr<OutputLog>> OutputLog::open(const Workspace& workspace,
                                                   const std::string& copy,
                                                   const graph::Mounts& mounts, PathTable& paths,
                                                   Mode mode) {
  std::unique_ptr<OutputLog> log(new OutputLog(workspace, copy, mounts, paths));
  auto bytes = read_file(workspace.outputs_log());
  if (!bytes && bytes.error().errnum != ENOENT) return std::move(bytes.error());
  bool from_copy = false;
  if (!bytes && !copy.empty()) {
    bytes = read_file(copy);
    from_copy = bytes.has_value();
  }
  std::size_t good = 0;
  if (bytes) {
    good = verified(*bytes);
    if (good < bytes->size() && !from_copy && !copy.empty()) {
      // Torn or damaged. The copy grows in step with the log: what it has beyond the damage is what
      // was lost.
      auto other = read_file(copy);
      std::size_t more = other ? verified(*other) : 0;
      if (more > good && (good == 0 || other->compare(0, good, *bytes, 0, good) == 0)) {
        bytes = std::move(other);
        good = more;
        from_copy = true;
      }
    }
    log->existed_ =
        good != 0 && (good == bytes->size() || is_torn(std::string_view(*bytes).substr(good)));
    log->load(std::string_view(*bytes).substr(0, good));
  }
  if (mode == Mode::Write) {
    BXL_TRY_ASSIGN(log->fd_, open_file(workspace.outputs_log(), O_RDWR | O_CREAT | O_APPEND, 0644));
    if (good == 0 || from_copy) {
      if (::ftruncate(log->fd_.get(), 0) != 0) return errno_error("truncate outputs.log");
      BXL_TRY(
          write_all(log->fd_.get(), good == 0 ? kMagic : std::string_view(*bytes).substr(0, good)));
      log->bytes_ = std::max(good, kMagic.size());
    } else {
      // A torn tail would hide whatever is appended after it.
      if (::ftruncate(log->fd_.get(), static_cast<off_t>(good)) != 0)
        return errno_error("truncate outputs.log");
      log->bytes_ = good;
    }
  }
  if (mode == Mode::Write) (void)log->open_copy();
  auto running = std::move(log->running_);
  log->running_.clear();
  for (const auto& [owner, journal] : running) BXL_TRY(log->recover(owner, journal));
  return log;
}

Result<void> OutputLog::open_copy() {
  if (copy_.empty()) return {};
  BXL_TRY_ASSIGN(auto id, lstat_identity(copy_));
  if (!id.exists() || id.size != bytes_) {
    BXL_TRY(make_directories(std::string(parent_path(copy_))));
    BXL_TRY_ASSIGN(auto bytes, read_file(workspace_.outputs_log()));
    BXL_TRY(replace_file(copy_, bytes));
  }
  BXL_TRY_ASSIGN(copy_fd_, open_file(copy_, O_WRONLY | O_APPEND));
  return {};
}

void OutputLog::load(std::string_view bytes) {
  for (std::size_t pos = kMagic.size(); pos < bytes.size();) {
    std::uint32_t length = ByteReader(bytes.substr(pos, 4)).u32();
    std::string_view payload = bytes.substr(pos + kFrameHead, length);
    pos += kFrameHead + length;
    ByteReader in(payload);
    std::uint8_t type = in.u8();
    if (type == kStart) {
      std::string owner(in.text());
      running_.emplace_back(owner, std::string(in.text()));
    } else if (type == kEnd) {
      std::string owner(in.text());
      std::erase_if(running_, [&](auto& r) { return r.first == owner; });
    } else if (type == kAdd) {
      std::string owner(in.text());
      for (std::uint64_t n = in.varint(); n > 0 && in.ok(); --n) {
        std::string_view token = in.text();
        graph::OutputRecord record;
        record.owner = owner;
        record.kind = static_cast<wire::OutputKind>(std::min<std::uint8_t>(in.u8(), 2));
        record.identity = get_identity(in);
        auto digest = Digest::from_bytes(in.bytes(16));
        if (!in.ok() || !digest) break;
        record.digest = *digest;
        auto path = mounts_.expand(token);
        if (path) set(paths_.intern(*path), std::move(record));
      }
    } else if (type == kRemove) {
      for (std::uint64_t n = in.varint(); n > 0 && in.ok(); --n) {
        auto path = mounts_.expand(in.text());
        if (path) erase(paths_.intern(*path));
      }
    }
  }
}

Result<void> OutputLog::recover(const std::string& owner, const std::string& journal) {
  ++recovered_;
  auto bytes = read_file(workspace_.run_dir() + "/" + journal);
  std::vector<wire::Output> outputs;
  if (bytes) {
    for (std::size_t pos = 0; pos < bytes->size();) {
      std::size_t end = bytes->find('\0', pos);
      if (end == std::string::npos) break;  // torn: the mutation it announces did not happen
      std::string path = bytes->substr(pos, end - pos);
      pos = end + 1;
      if (path.empty() || path[0] != '/') continue;
      // What was not there before and lies where pips write. Of %ws% the graph says where that is,
      // which is not at hand here; but users do not make files through pips.
      const wire::Mount* mount = mounts_.of(path);
      if (!mount || (!(mount->flags & wire::kMountOutput) && mount->token != "%ws%")) continue;
      auto id = lstat_identity(path);
      if (!id || !id->exists() || id->kind == FileKind::Other) continue;
      wire::Output out;
      out.path = paths_.intern(path);
      if (auto it = records_.find(out.path); it != records_.end() && it->second.owner != owner)
        continue;
      out.kind = id->kind == FileKind::File      ? wire::OutputKind::File
                 : id->kind == FileKind::Symlink ? wire::OutputKind::Symlink
                                                 : wire::OutputKind::Directory;
      out.identity = *id;
      outputs.push_back(std::move(out));
    }
  }
  if (fd_) {
    BXL_TRY(add(owner, outputs));
    BXL_TRY(end(owner));
    ::unlink((workspace_.run_dir() + "/" + journal).c_str());
    return {};
  }
  for (const wire::Output& out : outputs)
    set(out.path, {owner, out.kind, out.identity, out.digest});
  return {};
}

void OutputLog::set(PathId path, graph::OutputRecord record) {
  auto it = records_.find(path);
  if (it != records_.end() && it->second.owner != record.owner)
    owned_[it->second.owner].erase(path);
  owned_[record.owner].insert(path);
  records_[path] = std::move(record);
}

bool OutputLog::erase(PathId path) {
  auto it = records_.find(path);
  if (it == records_.end()) return false;
  owned_[it->second.owner].erase(path);
  records_.erase(it);
  return true;
}

std::vector<PathId> OutputLog::owned_by(const std::string& owner) const {
  auto it = owned_.find(owner);
  if (it == owned_.end()) return {};
  std::vector<PathId> paths(it->second.begin(), it->second.end());
  std::sort(paths.begin(), paths.end());
  return paths;
}

Result<void> OutputLog::append(const std::string& payload) {
  BXL_ASSERT(fd_);
  std::string bytes = frame(payload);
  if (torn_) return make_error(EIO, "outputs.log ends in half a record");
  if (auto w = write_all(fd_.get(), bytes); !w) {
    // A full disk takes part of it. Nothing may follow half a record: readers stop there.
    torn_ = ::ftruncate(fd_.get(), static_cast<off_t>(bytes_)) != 0;
    return std::move(w.error()).in("outputs.log");
  }
  bytes_ += bytes.size();
  if (copy_fd_ && !write_all(copy_fd_.get(), bytes)) copy_fd_.reset();
  return {};
}

Result<void> OutputLog::start(const std::string& owner, const std::string& journal) {
  ByteWriter out;
  out.u8(kStart);
  out.text(owner);
  out.text(journal);
  return append(out.take());
}

Result<void> OutputLog::end(const std::string& owner) {
  ByteWriter out;
  out.u8(kEnd);
  out.text(owner);
  return append(out.take());
}

std::string OutputLog::encode(const std::string& owner,
                              const std::vector<wire::Output>& outputs) const {
  ByteWriter out;
  out.u8(kAdd);
  out.text(owner);
  out.varint(outputs.size());
  for (const wire::Output& o : outputs) {
    out.text(mounts_.tokenise(paths_.str(o.path)));
    out.u8(static_cast<std::uint8_t>(o.kind));
    put_identity(out, o.identity);
    out.bytes(o.digest.view());
  }
  return out.take();
}

Result<void> OutputLog::add(const std::string& owner, const std::vector<wire::Output>& outputs) {
  if (outputs.empty()) return {};
  BXL_TRY(append(encode(owner, outputs)));
  for (const wire::Output& o : outputs) set(o.path, {owner, o.kind, o.identity, o.digest});
  return {};
}

Result<void> OutputLog::remove(const std::vector<PathId>& paths) {
  ByteWriter out;
  std::vector<PathId> known;
  for (PathId path : paths)
    if (erase(path)) known.push_back(path);
  if (known.empty()) return {};
  out.u8(kRemove);
  out.varint(known.size());
  for (PathId path : known) out.text(mounts_.tokenise(paths_.str(path)));
  return append(out.take());
}

Result<void> OutputLog::finish() {
  if (!fd_) return {};
  std::unordered_map<std::string, std::vector<wire::Output>> by_owner;
  for (const auto& [path, record] : records_) {
    wire::Output out;
    out.path = path;
    out.kind = record.kind;
    out.identity = record.identity;
    out.digest = record.digest;
    by_owner[record.owner].push_back(std::move(out));
  }
  std::string compact(kMagic);
  std::vector<std::string> owners;
  for (auto& [owner, outputs] : by_owner) owners.push_back(owner);
  std::sort(owners.begin(), owners.end());
  for (const std::string& owner : owners) compact += frame(encode(owner, by_owner[owner]));
  if (compact.size() * 2 < bytes_) {
    BXL_TRY(replace_file(workspace_.outputs_log(), compact));
    BXL_TRY_ASSIGN(fd_, open_file(workspace_.outputs_log(), O_RDWR | O_APPEND));
    bytes_ = compact.size();
    copy_fd_.reset();
    (void)open_copy();  // as at the start
  }
  return {};
}

}  // namespace bxl::state
