// Writes and checks the record of an observed generator.
#include "frontend/generator.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <set>

#include "frontend/environment.h"
#include "frontend/reads.h"
#include "wire/graph_stream.h"

namespace bxl::frontend {
namespace {

constexpr std::string_view kFrontEnd = "generator";

// "NAME=value" when it is set, "NAME" when it is not.
std::string variable(const std::vector<std::string>& variables, const std::string& name) {
  const auto value = value_of(variables, name);
  return value ? name + "=" + std::string(*value) : name;
}

bool is_system(std::string_view path) {
  for (std::string_view root : {"/proc", "/sys", "/dev"})
    if (path_within(path, root)) return true;
  return false;
}

// git refreshes its index while reading, and writes objects and logs; HEAD and refs say what
// `git describe` sees.
bool is_git_noise(std::string_view path) {
  std::size_t at = path.find("/.git/");
  if (at == std::string_view::npos) return false;
  std::string_view inside = path.substr(at + 6);
  return inside == "index" || inside == "index.lock" || path_within(inside, "objects") ||
         path_within(inside, "logs");
}

bool counts(const GeneratorAccess& access, std::string_view build) {
  return !access.written && !path_within(access.path, build) && !is_system(access.path) &&
         access.path != "/etc/ld.so.cache" && !is_git_noise(access.path);
}

// Files of container images have no change clock; hashing the compiler and its libraries would take
// every build 20 ms. What goes unnoticed so, the manifest's own check does not notice either.
Reads::Trust trust_in(std::string_view path) {
  for (std::string_view root : {"/usr", "/bin", "/lib", "/lib64", "/opt", "/etc"})
    if (path_within(path, root)) return Reads::Trust::Always;
  return Reads::Trust::Clock;
}

// A read that no later look will find unchanged.
wire::FrontEndRead changed_meanwhile(FileKind kind) {
  wire::FrontEndRead out;
  out.identity.kind = kind;
  out.identity.ino = 1;
  out.digest = Digest::of("changed while the generator ran");
  return out;
}

class Recorder {
 public:
  explicit Recorder(const GeneratorRun& run) {
    for (const GeneratorAccess& access : run.accesses)
      if (access.written) written_.insert(access.path);
  }

  Result<void> add(const GeneratorAccess& access, Reads& reads, PathTable& paths) {
    auto now = lstat_identity(access.path);
    if (!now) return {};  // it was not readable, or is no longer: no content rests on it
    const FileKind kind = access.first.kind;
    wire::FrontEndRead read;
    if (now->kind != kind) {
      read = changed_meanwhile(kind == FileKind::Absent ? FileKind::Other : kind);
    } else if (kind == FileKind::Directory && access.listed) {
      BXL_TRY_ASSIGN(auto members, reads.listing(access.path));
      if (same_but_for_own(access, members)) return {};
      read = changed_meanwhile(kind);
    } else if (kind == FileKind::File && access.read) {
      if (*now == access.first) {
        BXL_TRY(reads.content(access.path, trust_in(access.path)));
        note_variables(access.path);
        return {};
      }
      read = changed_meanwhile(kind);
    } else {
      // A link that points elsewhere is noticed by what is found behind it.
      if (kind == FileKind::Symlink)
        return ignore_value(reads.content(access.path, trust_in(access.path)));
      reads.exists(access.path);
      return {};
    }
    read.path = paths.intern(access.path);
    late.push_back(read);
    return {};
  }

  std::set<std::string> names;           // of environment variables
  std::vector<wire::FrontEndRead> late;  // changed meanwhile

 private:
  bool same_but_for_own(const GeneratorAccess& access, const std::vector<std::string>& now) const {
    std::set<std::string> differ;
    std::vector<std::string> before;
    for (const std::string& name : access.members)
      if (!Reads::is_ignored_member(name)) before.push_back(name);
    std::set_symmetric_difference(before.begin(), before.end(), now.begin(), now.end(),
                                  std::inserter(differ, differ.end()));
    return std::all_of(differ.begin(), differ.end(), [&](const std::string& name) {
      return written_.count(access.path + "/" + name) != 0;
    });
  }

  static Result<void> ignore_value(Result<wire::FrontEndRead> read) {
    if (!read) return std::move(read.error());
    return {};
  }

  // ENV{NAME} in CMake's language, in the project's own scripts.
  void note_variables(const std::string& path) {
    if (!path.ends_with(".cmake") && !path.ends_with("CMakeLists.txt")) return;
    if (path_within(path, "/usr")) return;
    auto text = read_file(path);
    if (!text) return;
    for (std::size_t at = text->find("ENV{"); at != std::string::npos;
         at = text->find("ENV{", at + 4)) {
      std::size_t end = text->find_first_of("}\n$", at + 4);
      if (end == std::string::npos || (*text)[end] != '}' || end == at + 4) continue;
      names.insert(text->substr(at + 4, end - at - 4));
    }
  }

  std::set<std::string> written_;
};

}  // namespace

std::optional<GeneratorCheck> check_generator(const std::string& directory,
                                              const std::string& manifest,
                                              const std::vector<std::string>& variables) {
  auto fd = open_file(directory + "/" + kGeneratorRecord, O_RDONLY);
  if (!fd) return {};
  PathTable paths;
  auto reader = wire::GraphReader::open(fd->get(), paths);
  if (!reader || reader->header().tool_version != BXL_VERSION ||
      reader->header().workspace != directory)
    return {};
  const wire::GraphRecord record = reader->frame();
  if (record.front_end != kFrontEnd || reader->pip_count() != 1) return {};
  GeneratorCheck out;
  const wire::Pip pip = reader->pip(PipId(0));
  out.id = pip.stable_id;
  out.command = pip.command;
  bool made_by_it = false;
  for (const wire::FrontEndRead& read : record.reads) {
    const std::string path = paths.str(read.path);
    const bool same = unchanged(read, path);
    if (path == manifest) {
      if (!same) return {};
      made_by_it = true;
    } else if (!same && out.changed.empty()) {
      out.changed = path;
    }
  }
  if (!made_by_it) return {};
  for (const auto& [name, value] : record.environment)
    if (out.changed.empty() && variable(variables, name) != value) out.changed = name;
  return out;
}

Result<std::vector<wire::FrontEndRead>> reads_of(const GeneratorRun& run, const std::string& own,
                                                 Reads& reads, PathTable& paths) {
  Recorder recorder(run);
  for (const GeneratorAccess& access : run.accesses)
    if (counts(access, own)) BXL_TRY(recorder.add(access, reads, paths));
  return std::move(recorder.late);
}

Result<void> record_generator(const std::string& directory, const std::string& manifest,
                              const wire::Pip& pip, const GeneratorRun& run,
                              const std::vector<std::string>& variables) {
  const std::string place = directory + "/" + kGeneratorRecord;
  if (!run.observed) {
    if (::unlink(place.c_str()) != 0 && errno != ENOENT) return errno_error("remove " + place);
    return {};
  }
  PathTable paths;
  Reads reads(paths);
  Recorder recorder(run);
  for (const GeneratorAccess& access : run.accesses)
    if (counts(access, directory)) BXL_TRY(recorder.add(access, reads, paths));
  BXL_TRY(reads.content(manifest));
  wire::GraphRecord record;
  record.front_end = kFrontEnd;
  for (const std::string& name : recorder.names)
    record.environment.emplace_back(name, variable(variables, name));
  record.reads = reads.take();
  for (const wire::FrontEndRead& read : recorder.late) record.reads.push_back(read);
  wire::Pip ran;
  ran.stable_id = pip.stable_id;
  ran.command = pip.command;
  ran.working_directory = paths.intern(directory);
  ran.outputs = {paths.intern(manifest)};
  ran.explicit_outputs = 1;
  record.pips.push_back(std::move(ran));
  wire::Header header;
  header.kind = wire::StreamKind::Graph;
  header.tool_version = BXL_VERSION;
  header.workspace = directory;
  BXL_TRY(make_directories(std::string(parent_path(place))));
  BXL_TRY_ASSIGN(AtomicFile file, AtomicFile::create(place));
  auto sink = wire::fd_sink(file.fd());
  auto digest = wire::write_graph(*sink, header, paths, record);
  if (!digest) return std::move(digest.error());
  return file.commit();
}

}  // namespace bxl::frontend
