// One JSON object per command.
#include "compdb.h"

#include <string>

#include "base/json_writer.h"

namespace bxl {
namespace {

std::string relative(const std::string& path, const std::string& directory) {
  return path != directory && path_within(path, directory) && directory != "/"
             ? path.substr(directory.size() + 1)
             : path;
}

}  // namespace

void print_compdb(const wire::GraphReader& graph, const PathTable& paths, std::ostream& out) {
  out << "[";
  const char* separator = "\n";
  for (std::uint32_t i = 0; i < graph.pip_count(); ++i) {
    wire::Pip pip = graph.pip(PipId(i));
    if (pip.kind != wire::PipKind::Process) continue;
    std::string directory = paths.str(pip.working_directory);
    auto name_of = [&](const std::vector<PathId>& list) {
      return list.empty() ? std::string() : relative(paths.str(list.front()), directory);
    };
    std::string object = "  {\n    \"directory\": ";
    append_json_string(object, directory);
    object += ",\n    \"command\": ";
    append_json_string(object, pip.command);
    object += ",\n    \"file\": ";
    append_json_string(object, name_of(pip.inputs.empty() ? pip.order_only : pip.inputs));
    object += ",\n    \"output\": ";
    append_json_string(object, name_of(pip.outputs));
    out << separator << object << "\n  }";
    separator = ",\n";
  }
  out << "\n]\n";
}

}  // namespace bxl
