// What the front end itself reads, recorded so that an unchanged world means an unchanged graph.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "base/path_table.h"
#include "base/result.h"
#include "wire/records.h"

namespace bxl::frontend {

// Five forms of wire::FrontEndRead are written:
//   read    identity as seen before reading (all zero but `kind` when it cannot be trusted later),
//           digest of the bytes
//   probe   the path exists: `kind` alone, no digest
//   absent  kind Absent
//   listing kind Directory, digest of the names of its members
//   stamp   identity without a digest: another identity is a change, whatever the content
// An identity is trusted when the file lies on a file system with a real change clock and its ctime
// was older than two ticks of it when it was read; otherwise only the digest counts.
class Reads {
 public:
  explicit Reads(PathTable& paths) : paths_(paths) {}
  // The bytes of a file, recorded. Errors: those of open and read; ENOENT is recorded as an absent
  // probe.
  Result<std::string> read(const std::string& path);
  // Records the content (or absence) of a file without keeping its bytes; symlinks are followed.
  // Directories and other kinds are recorded as probes.
  enum class Trust { Clock, Always };  // the identity: where the clock allows, or whatever it is
  Result<wire::FrontEndRead> content(const std::string& path, Trust trust = Trust::Clock);
  // The sorted names in a directory but for the ignored ones, recorded. Errors: those of opendir.
  Result<std::vector<std::string>> listing(const std::string& path);
  // What bxl and version control keep for themselves is a member of no listing (rule 52).
  static bool is_ignored_member(std::string_view name);
  // Records a file whose touching means something, whatever its content.
  Result<FileIdentity> stamp(const std::string& path);
  // Does anything exist at `path`? Symlinks are followed. Errors other than absence count as
  // existing.
  bool exists(const std::string& path);
  // Sorted by path text.
  std::vector<wire::FrontEndRead> take();

 private:
  PathTable& paths_;
  std::unordered_map<PathId, wire::FrontEndRead> reads_;
};

// Is the world still as `read` says? A changed identity with an equal digest is unchanged.
// Unreadable: changed.
bool unchanged(const wire::FrontEndRead& read, const std::string& path);

}  // namespace bxl::frontend
