// Reads on behalf of an evaluation.
#include "frontend/dsc/disk.h"

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
    // The first of two wins, as with getenv.
    for (const std::string& variable : variables)
      if (variable.size() > name.size() && variable[name.size()] == '=' &&
          variable.starts_with(name))
        return variable.substr(name.size() + 1);
    return std::nullopt;
  };
  return world;
}

}  // namespace bxl::frontend::dsc
