// Where a command may read and write: a Policy's lists, resolved.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/path_table.h"
#include "base/result.h"
#include "sandbox/sandbox.h"

namespace bxl::sandbox {

// One per run. Not thread-safe, as the table of paths is not.
class Scopes {
 public:
  struct Scope {
    std::string path;  // physical
    PathId id = kRootPath;
    bool directory = false;  // false: one name, which need not exist yet, in a directory that does
  };
  struct Lists {
    std::optional<std::vector<Scope>> read, write;  // none: everywhere
    std::vector<Scope> temp, untracked;
  };

  // Errors: EINVAL for a relative path; ENOENT, ENOTDIR, EACCES … where a scope, or the directory
  // of a single file, cannot be resolved.
  static Result<Scopes> create(PathTable& paths, const Policy& policy);

  bool denies() const { return denies_; }
  bool denies_network() const { return network_ == Network::Deny; }
  bool trusts_network() const { return network_ == Network::Trusted; }

  // `ops`: the mutations (Op). Where writes are denied, a scope's own directory can be neither
  // removed nor made: what enforces it is tied to the directory that is there.
  bool may_write(PathId id, std::uint32_t ops) const;
  // Of a path that is not tracked: devices for everybody, descriptors, untracked directories.
  bool may_write_untracked(PathId id) const;
  bool may_read(PathId id) const;
  bool restricts_reads() const { return lists_.read.has_value(); }
  bool restricts_writes() const { return lists_.write.has_value(); }

  const Lists& lists() const { return lists_; }

 private:
  explicit Scopes(PathTable& paths) : paths_(&paths) {}
  bool within(PathId id, const std::vector<Scope>& scopes) const;

  PathTable* paths_;
  Lists lists_;
  std::vector<PathId> devices_;
  bool denies_ = false;
  Network network_ = Network::Allow;
};

// What any program may open for writing, whatever its scopes: null, zero, terminals …
const std::vector<std::string>& writable_devices();

}  // namespace bxl::sandbox
