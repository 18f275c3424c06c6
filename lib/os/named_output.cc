// Where a name leads, link by link.
#include "os/named_output.h"

#include <fcntl.h>
#include <unistd.h>

#include <charconv>

#include "base/path_table.h"

namespace bxl {
namespace {

constexpr int kMaxLinks = 40;  // as the kernel's own limit, path_resolution(7)

// The descriptor of this process that the directory entry stands for, -1: none. `directory` is a
// real path.
int own_descriptor(const std::string& directory, const std::string& name) {
  const std::string process = "/proc/" + std::to_string(::getpid());
  if (directory != process + "/fd" &&
      directory != process + "/task/" + std::to_string(::gettid()) + "/fd")
    return -1;
  int fd = -1;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), fd);
  return error == std::errc() && end == name.data() + name.size() ? fd : -1;
}

}  // namespace

Result<NamedOutput> NamedOutput::open(const std::string& name, const std::array<int, 3>& standard) {
  NamedOutput out;
  std::string path = name;
  for (int links = 0;; ++links) {
    if (links > kMaxLinks) return make_error(ELOOP, "open " + name);
    const std::size_t slash = path.rfind('/');
    const std::string last = slash == std::string::npos ? path : path.substr(slash + 1);
    const std::string above = slash == std::string::npos ? "."
                              : slash == 0               ? "/"
                                                         : path.substr(0, slash);
    BXL_TRY_ASSIGN(const std::string directory, real_path(above));
    if (int fd = own_descriptor(directory, last); fd >= 0) {
      if (fd < 3) fd = standard[static_cast<std::size_t>(fd)];
      out.fd_.reset(fd < 0 ? -1 : ::fcntl(fd, F_DUPFD_CLOEXEC, 3));
      if (!out.fd_) return make_error(EBADF, "write to " + name);
      return out;
    }
    path = (directory == "/" ? "" : directory) + "/" + last;
    BXL_TRY_ASSIGN(const FileIdentity there, lstat_identity(path));
    if (there.kind == FileKind::Symlink) {
      auto target = read_link(path);
      if (!target) return std::move(target.error());
      path = target->starts_with('/') ? std::move(*target) : directory + "/" + *target;
      continue;
    }
    if (last.empty() || last == "." || last == ".." || there.kind == FileKind::Directory)
      return make_error(EISDIR, "write to " + name);
    if (there.kind == FileKind::Other) {
      BXL_TRY_ASSIGN(out.fd_, open_file(path, O_WRONLY | O_NOCTTY));
      return out;
    }
    const mode_t mode = there.exists() ? there.mode & 0777 : 0666;
    BXL_TRY_ASSIGN(auto file, AtomicFile::create(path, mode));
    // The umask is for new files.
    if (there.exists()) (void)!::fchmod(file.fd(), mode);
    out.file_.emplace(std::move(file));
    return out;
  }
}

Result<void> NamedOutput::commit(Durable durable) {
  return file_ ? file_->commit(durable) : Result<void>();
}

Result<void> write_named(const std::string& name, std::string_view bytes,
                         const std::array<int, 3>& standard) {
  BXL_TRY_ASSIGN(auto file, NamedOutput::open(name, standard));
  if (auto written = write_all(file.fd(), bytes); !written)
    return std::move(written.error()).in(name);
  return file.commit();
}

}  // namespace bxl
