// libFuzzer entry for everything that reads the ninja language: manifests, dyndep files, depfiles,
// and the graph that is made of them. tests/fuzz/run.sh builds and runs it.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "frontend/ninja/depfile.h"
#include "frontend/ninja/dyndep.h"
#include "frontend/ninja/parser.h"
#include "frontend/ninja/pips.h"
#include "graph/pip_graph.h"

namespace {

using namespace bxl;
using namespace bxl::frontend;

// What cannot be true of any input is a crash.
void require(bool truth) {
  if (!truth) std::abort();
}

// A form feed begins the next file: build.ninja, then what it includes, in order, the first again
// after the last.
std::vector<std::string> split(std::string_view bytes) {
  std::vector<std::string> out;
  for (std::size_t begin = 0; begin <= bytes.size();) {
    std::size_t end = std::min(bytes.find('\f', begin), bytes.size());
    out.emplace_back(bytes.substr(begin, end - begin));
    begin = end + 1;
  }
  return out;
}

void check_graph(const ninja::Manifest& manifest) {
  PathTable paths;
  ninja::PipSettings settings;
  settings.directory = "/b";
  settings.spellings = {{"/link", "/b"}};
  settings.exists = [](const std::string& path) { return path.size() % 2 == 0; };
  auto set = ninja::make_pips(manifest, settings, paths);
  if (!set) {
    require(!set.error().to_string().empty());
    return;
  }
  for (const wire::Pip& pip : set->pips) {
    require(!pip.outputs.empty() && pip.explicit_outputs <= pip.outputs.size());
    require(!pip.stable_id.empty());
    for (PipId id : pip.dependencies) require(index(id) < set->pips.size());
    for (PipId id : pip.validations) require(index(id) < set->pips.size());
  }
  for (PipId id : set->default_targets) require(index(id) < set->pips.size());
  auto graph = graph::PipGraph::create(std::move(set->pips), paths);
  if (graph) require(graph->topological_order().size() == graph->size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  std::string_view input(reinterpret_cast<const char*>(bytes), size);
  (void)ninja::parse_depfile(input);
  const std::vector<std::string> files = split(input);
  // The parser's own bound of 100000 files is more than a fuzzer has time for.
  std::size_t served = 0;
  auto manifest =
      ninja::parse_manifest("build.ninja", [&](const std::string&) -> Result<std::string> {
        if (served > 20) return make_error(ENOENT, "too many files");
        return files[served++ % files.size()];
      });
  if (!manifest) {
    require(!manifest.error().to_string().empty());
    return 0;
  }
  for (ninja::NodeId node : (*manifest)->defaults)
    require(static_cast<std::size_t>(node) < (*manifest)->nodes.size());
  check_graph(**manifest);
  bool grown = false;
  for (ninja::NodeId file : ninja::dyndep_files(**manifest))
    grown |= ninja::load_dyndep(**manifest, file, files.back()).has_value();
  if (grown) check_graph(**manifest);
  return 0;
}
