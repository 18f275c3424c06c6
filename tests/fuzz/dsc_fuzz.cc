// libFuzzer entry for config.dsc: any bytes give a value or an error, in bounded time and memory.
// tests/fuzz/run.sh builds and runs it.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "frontend/dsc/evaluate.h"
#include "frontend/dsc/explain.h"
#include "frontend/javascript/resolver.h"

namespace {

using namespace bxl;
using namespace bxl::frontend::dsc;

// What cannot be true of any input is a crash.
void require(bool truth) {
  if (!truth) std::abort();
}

void check_paths(const Value& value, int depth) {
  if (depth > 20) return;
  if (value.is_absolute_path())
    require(value.text->front() == '/' && value.text->find('\0') == std::string::npos);
  if (value.is(Type::Array))
    for (const Value& item : value.array->items) check_paths(item, depth + 1);
  if (value.is(Type::Object))
    for (const Member& member : value.object->members) check_paths(member.value, depth + 1);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  // A form feed begins the second file, which is what every importFile reads.
  const std::string_view input(reinterpret_cast<const char*>(bytes), size);
  const std::size_t split = std::min(input.find('\f'), input.size());
  World world;
  world.read_file = [&](const std::string& path) -> Result<std::string> {
    if (path == "/w/config.dsc") return std::string(input.substr(0, split));
    if (split == input.size()) return make_error(ENOENT, "open " + path);
    return std::string(input.substr(split + 1));
  };
  world.list_directory = [](const std::string& path) -> Result<std::vector<std::string>> {
    if (path.size() > 20) return make_error(ENOENT, "open " + path);
    return std::vector<std::string>{"a", "b.c"};
  };
  world.kind = [](const std::string& path) {
    return path.size() % 2 == 0 ? FileKind::File : FileKind::Directory;
  };
  world.variable = [](const std::string& name) -> std::optional<std::string> {
    if (name.size() % 2 == 0) return std::nullopt;
    return "/a:" + name;
  };
  auto evaluation = Evaluation::run("/w/config.dsc", world);
  if (!evaluation) {
    require(!evaluation.error().to_string().empty());
    return 0;
  }
  check_paths((*evaluation)->configuration(), 0);
  namespace javascript = frontend::javascript;
  if (auto read = javascript::read_configuration(**evaluation, "/w")) {
    for (javascript::Resolver& resolver : read->resolvers) {
      std::vector<javascript::Task> tasks(1);
      tasks[0].folder = "/w/a";
      if (!resolver.scheduling.file.empty())
        (void)javascript::schedule(**evaluation, resolver.scheduling, {{"A", "1"}}, tasks);
    }
  } else {
    require(!read.error().to_string().empty());
  }
  require(!explain_json(**evaluation).empty());
  for (const Member& member : (*evaluation)->configuration().object->members)
    if (member.value.is(Type::Function))
      (void)(*evaluation)->call(member.value, {member.value, member.value});
  return 0;
}
