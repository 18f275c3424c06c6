// Writes and copies files, keeping a record of accesses.
#include "exec/builtin.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <map>

#include "fingerprint/view.h"

namespace bxl::exec {
namespace {

using sandbox::Access;

std::uint64_t now_ns() {
  timespec now;
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 +
         static_cast<std::uint64_t>(now.tv_nsec);
}

// As many as the kernel follows.
constexpr int kMostLinks = 40;

class Worker {
 public:
  explicit Worker(UniqueFd journal) : journal_(std::move(journal)) {}

  Result<sandbox::Outcome> run(const Builtin& builtin) {
    const std::uint64_t started = now_ns();
    BXL_TRY(work(builtin));
    for (auto& [path, access] : accesses_) outcome_.accesses.push_back(std::move(access));
    outcome_.wall_ns = now_ns() - started;
    return std::move(outcome_);
  }

 private:
  Result<void> work(const Builtin& builtin) {
    if (builtin.kind == Builtin::Kind::WriteFile) {
      BXL_TRY_ASSIGN(auto file, create(builtin.to, builtin.executable));
      if (!file) return {};
      return write_all(file.get(), builtin.content);
    }
    auto from = resolve(builtin.from);
    if (!from) return {};
    if (builtin.kind == Builtin::Kind::CopyFile) return copy_file(*from, builtin.to);
    return copy_directory(*from, builtin.to);
  }

  // A sentence for the user; the pip fails.
  void refuse(const std::string& sentence) {
    outcome_.exit_code = 1;
    outcome_.console += sentence + "\n";
  }
  void refuse(const Error& error) { refuse(error.to_string()); }

  Access& touch(const std::string& path, std::uint32_t ops, const FileIdentity& before) {
    ++seq_;
    auto [it, fresh] = accesses_.try_emplace(path);
    Access& access = it->second;
    if (fresh) {
      access.path = path;
      access.first = before;
      access.first_ops = ops;
      access.first_seq = seq_;
    }
    access.ops |= ops;
    const bool content =
        ops & (sandbox::kRead | sandbox::kExec | sandbox::kStat | sandbox::kEnumerate);
    if (content && access.first_content_seq == 0) access.first_content_seq = seq_;
    if ((ops & sandbox::kMutations) && access.first_mutation_seq == 0) {
      access.first_mutation_seq = seq_;
      access.before_mutation = before;
    }
    return access;
  }

  // Where the source really lies. The links on the way are inputs, those of directories too.
  std::optional<std::string> resolve(const std::string& from) {
    std::string at, rest = from;
    for (int hops = 0; !rest.empty();) {
      const std::size_t end = std::min(rest.find('/'), rest.size());
      const std::string name = rest.substr(0, end);
      rest.erase(0, end + 1);
      if (name.empty() || name == ".") continue;
      if (name == "..") {
        at.erase(std::min(at.rfind('/'), at.size()));
        continue;
      }
      at += "/" + name;
      auto identity = lstat_identity(at);
      if (!identity) {
        refuse(identity.error());
        return {};
      }
      if (!identity->exists() && !rest.empty()) {
        refuse(from + ": " + at + " is missing");
        return {};
      }
      if (identity->kind != FileKind::Symlink) continue;
      touch(at, sandbox::kRead | sandbox::kStat, *identity);
      auto target = read_link(at);
      if (!target || ++hops > kMostLinks) {
        refuse(target ? from + ": " + std::strerror(ELOOP) : target.error().to_string());
        return {};
      }
      rest = *target + "/" + rest;
      at.erase(target->starts_with('/') ? 0 : at.rfind('/'));
    }
    return at;
  }

  Result<void> announce(const std::string& path) {
    return journal_ ? write_all(journal_.get(), {path.c_str(), path.size() + 1}) : Result<void>();
  }

  // What cleared the way left what is the user's, and a copied tree has no names beforehand. True:
  // nothing is there, and `how` it comes into being is noted.
  Result<bool> may_make(const std::string& to, std::uint32_t how) {
    BXL_TRY_ASSIGN(auto before, lstat_identity(to));
    if (before.exists()) {
      refuse(to + " is in the way: bxl did not make it, or another pip did");
      return false;
    }
    BXL_TRY(announce(to));
    touch(to, how, before);
    return true;
  }

  // Empty: refused.
  Result<UniqueFd> create(const std::string& to, bool executable) {
    BXL_TRY_ASSIGN(bool may, may_make(to, sandbox::kCreate | sandbox::kWrite));
    if (!may) return UniqueFd();
    return open_file(to, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, executable ? 0777 : 0666);
  }

  Result<void> copy_file(const std::string& from, const std::string& to) {
    auto identity = lstat_identity(from);
    if (!identity) return refuse(identity.error()), Result<void>();
    touch(from, sandbox::kRead | sandbox::kStat, *identity);
    if (identity->kind != FileKind::File) {
      refuse(from + (identity->kind == FileKind::Absent      ? " is missing"
                     : identity->kind == FileKind::Directory ? " is a directory"
                                                             : " is not a plain file"));
      return {};
    }
    auto source = open_file(from, O_RDONLY | O_NOFOLLOW);
    if (!source) return refuse(source.error()), Result<void>();
    BXL_TRY_ASSIGN(auto target, create(to, identity->executable));
    if (!target) return {};
    auto copied = copy_bytes(source->get(), target.get(), WantDigest::No);
    if (!copied) return std::move(copied.error()).in(to);
    return {};
  }

  Result<void> copy_link(const std::string& from, const FileIdentity& identity,
                         const std::string& to) {
    touch(from, sandbox::kRead | sandbox::kStat, identity);
    auto target = read_link(from);
    if (!target) return refuse(target.error()), Result<void>();
    BXL_TRY_ASSIGN(bool may, may_make(to, sandbox::kCreate | sandbox::kSymlink));
    if (!may) return {};
    if (::symlink(target->c_str(), to.c_str()) != 0) return errno_error("symlink " + to);
    return {};
  }

  Result<void> copy_directory(const std::string& from, const std::string& to) {
    auto identity = lstat_identity(from);
    if (!identity) return refuse(identity.error()), Result<void>();
    if (identity->kind != FileKind::Directory) {
      touch(from, sandbox::kStat, *identity);
      refuse(from + (identity->exists() ? " is no directory" : " is missing"));
      return {};
    }
    auto names = list_directory(from);
    if (!names) return refuse(names.error()), Result<void>();
    Access& listed = touch(from, sandbox::kEnumerate, *identity);
    listed.listed = true;
    listed.members = *names;
    for (const std::string& name : *names) {
      if (fingerprint::is_ignored_member(name)) continue;
      BXL_TRY(copy_member(from + "/" + name, to + "/" + name));
    }
    return {};
  }

  Result<void> copy_member(const std::string& from, const std::string& to) {
    auto identity = lstat_identity(from);
    if (!identity) return refuse(identity.error()), Result<void>();
    if (identity->kind == FileKind::Symlink) return copy_link(from, *identity, to);
    if (identity->kind != FileKind::Directory) return copy_file(from, to);
    BXL_TRY_ASSIGN(auto before, lstat_identity(to));
    if (before.kind != FileKind::Directory) {
      BXL_TRY_ASSIGN(bool may, may_make(to, sandbox::kMkdir));
      if (!may) return {};
      if (::mkdir(to.c_str(), 0777) != 0) return errno_error("mkdir " + to);
    }
    return copy_directory(from, to);
  }

  UniqueFd journal_;
  std::map<std::string, Access> accesses_;
  std::uint64_t seq_ = 0;
  sandbox::Outcome outcome_;
};

}  // namespace

Result<sandbox::Outcome> run_builtin(const Builtin& builtin, const std::string& journal_path) {
  UniqueFd journal;
  if (!journal_path.empty()) {
    BXL_TRY_ASSIGN(journal, open_file(journal_path, O_WRONLY | O_CREAT | O_APPEND, 0644));
  }
  return Worker(std::move(journal)).run(builtin);
}

Result<Redirections> redirect(const std::string& input, const std::string& text,
                              const std::string& output, const std::string& errors,
                              const std::string& journal_path) {
  Redirections out;
  auto opened = [&](const std::string& path, bool reads) -> Result<void> {
    BXL_TRY_ASSIGN(auto identity, lstat_identity(path));
    Access access;
    access.path = path;
    access.first = identity;
    access.first_seq = 1;
    access.ops = access.first_ops = reads ? sandbox::kRead : sandbox::kCreate | sandbox::kWrite;
    (reads ? access.first_content_seq : access.first_mutation_seq) = 1;
    if (!reads) access.before_mutation = identity;
    out.accesses.push_back(std::move(access));
    return {};
  };
  auto create = [&](const std::string& path) -> Result<UniqueFd> {
    BXL_TRY(opened(path, false));
    BXL_TRY_ASSIGN(auto journal, open_file(journal_path, O_WRONLY | O_CREAT | O_APPEND));
    BXL_TRY(write_all(journal.get(), {path.c_str(), path.size() + 1}));
    // Appended to, so that two descriptors of one file do not overwrite each other.
    return open_file(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_APPEND);
  };
  if (!input.empty()) {
    BXL_TRY(opened(input, true));
    BXL_TRY_ASSIGN(out.input, open_file(input, O_RDONLY | O_NOFOLLOW));
  } else if (!text.empty()) {
    out.input.reset(::memfd_create("stdin", MFD_CLOEXEC));
    if (!out.input) return errno_error("memfd_create");
    BXL_TRY(write_all(out.input.get(), text));
    if (::lseek(out.input.get(), 0, SEEK_SET) != 0) return errno_error("seek in a memfd");
  }
  if (!output.empty()) {
    BXL_TRY_ASSIGN(out.output, create(output));
  }
  if (!errors.empty() && errors == output) {
    out.errors.reset(::fcntl(out.output.get(), F_DUPFD_CLOEXEC, 0));
    if (!out.errors) return errno_error("duplicate a descriptor");
  } else if (!errors.empty()) {
    BXL_TRY_ASSIGN(out.errors, create(errors));
  }
  std::sort(out.accesses.begin(), out.accesses.end(),
            [](const Access& a, const Access& b) { return a.path < b.path; });
  return out;
}

void add_first(std::vector<Access>& accesses, const std::vector<Access>& first) {
  for (const Access& before : first) {
    auto at =
        std::lower_bound(accesses.begin(), accesses.end(), before.path,
                         [](const Access& a, const std::string& path) { return a.path < path; });
    if (at == accesses.end() || at->path != before.path) {
      accesses.insert(at, before);
      continue;
    }
    at->ops |= before.ops;
    at->first_ops = before.first_ops;
    at->first = before.first;
    at->first_errno = 0;
    at->first_seq = 0;  // before all the command did
    if (before.first_content_seq != 0) at->first_content_seq = before.first_content_seq;
    if (before.first_mutation_seq != 0) {
      at->first_mutation_seq = before.first_mutation_seq;
      at->before_mutation = before.before_mutation;
      // What it found there it wrote itself.
      if (at->first_content_seq != 0) ++at->first_content_seq;
    }
  }
}

}  // namespace bxl::exec
