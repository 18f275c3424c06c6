// Reads on behalf of an evaluation.
#include "frontend/dsc/disk.h"

#include "frontend/environment.h"

namespace bxl::frontend::dsc {

World disk_world(Reads& reads, std::vector<std::string> variables) {
  World world;
  world.read_file = [&reads](const std::string& path) { return reads.read(path); };
  world.list_directory = [&reads](const std::string& path) -> Result<std::vector<std::string>> {
    // That there is no such directory is worth recording, too.
    if (!reads.exists(path)) return make_error(ENOENT, "open " + path);
    return reads.listing(path);
  };
  world.kind = [&reads](const std::string& path) {
    if (!reads.exists(path)) return FileKind::Absent;
    auto identity = stat_identity(path);
    return identity ? identity->kind : FileKind::Other;
  };
  world.variable =
      [variables = std::move(variables)](const std::string& name) -> std::optional<std::string> {
    const auto value = value_of(variables, name);
    return value ? std::optional<std::string>(*value) : std::nullopt;
  };
  return world;
}

}  // namespace bxl::frontend::dsc
