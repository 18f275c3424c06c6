// From violations to lines of package.json.
#include "report/fix_dependencies.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "base/json_writer.h"
#include "json/reader.h"

namespace bxl::report {
namespace {

constexpr const char* kSections[] = {"dependencies", "devDependencies", "peerDependencies",
                                     "optionalDependencies"};

std::string_view package_of(const wire::Pip& pip) {
  return std::string_view(pip.stable_id).substr(0, pip.stable_id.find('#'));
}

std::string manifest_of(const Build& build, const wire::Pip& pip) {
  return build.paths->str(pip.working_directory) + "/package.json";
}

bool is_read(const wire::Violation& v) {
  return v.code == "DX5003" || v.code == "DX5009" || v.code == "DX5026" || v.code == "DX5025" ||
         v.code == "DX5007";
}

// Does any task of the writer's package, or what it waits for, belong to `package`?
bool depends_on_package(const graph::PipGraph& graph, graph::Reachability& reach, PipId writer,
                        std::string_view package) {
  for (PipId id : reach.upstream(writer))
    if ((graph.pip(id).flags & wire::kPipJavaScript) && package_of(graph.pip(id)) == package)
      return true;
  return false;
}

std::string quoted(std::string_view text) {
  std::string out;
  JsonWriter(&out).string(text);
  return out;
}

// The white space in front of `at`, from the beginning of its line; empty when something else
// stands there.
std::string indentation(std::string_view text, std::size_t at) {
  const std::size_t line = text.rfind('\n', at == 0 ? 0 : at - 1);
  if (line == std::string_view::npos) return "";
  const std::string_view space = text.substr(line + 1, at - line - 1);
  return space.find_first_not_of(" \t") == std::string_view::npos ? std::string(space) : "";
}

// Where the key of this member begins: keys of package.json have no escapes.
std::size_t key_of(std::string_view text, const json::Member& member) {
  return text.rfind("\"" + member.first + "\"", member.second.offset());
}

}  // namespace

DependencyFixes find_missing_dependencies(const Build& build) {
  DependencyFixes out;
  if (!build.graph) return out;
  const graph::PipGraph& graph = *build.graph;
  graph::Reachability reach(graph);
  std::set<std::string> others;
  for (const auto& [id, result] : build.results)
    for (const wire::Violation& v : result.violations) {
      if (!is_read(v) || v.path == kNoPath) continue;
      const PipId mine = graph.find(v.pip), theirs = graph.find(v.related);
      if (mine == kNoPip || theirs == kNoPip) continue;
      const bool mine_reads = v.role == "R";
      const PipId reader = mine_reads ? mine : theirs, writer = mine_reads ? theirs : mine;
      const wire::Pip &from = graph.pip(reader), &to = graph.pip(writer);
      if (!(from.flags & wire::kPipJavaScript)) continue;
      const std::string path = build.paths->str(v.path);
      if (!(to.flags & wire::kPipJavaScript)) {
        others.insert(from.stable_id + " uses " + path + ", which " + to.stable_id +
                      " makes: no package.json can say so, additionalDependencies in config.dsc "
                      "can");
        continue;
      }
      if (package_of(from) == package_of(to)) {
        others.insert(from.stable_id + " uses " + path + ", which " + to.stable_id +
                      " makes: let one task wait for the other (lage.config.js, or `execute` in "
                      "config.dsc)");
      } else if (depends_on_package(graph, reach, writer, package_of(from))) {
        others.insert(from.stable_id + " uses " + path + " of " + to.stable_id +
                      ", which depends on it already: a dependency would make a circle");
      } else {
        out.missing.push_back({manifest_of(build, from), std::string(package_of(from)),
                               std::string(package_of(to)), manifest_of(build, to), path});
      }
    }
  auto key = [](const MissingDependency& one) {
    return std::tie(one.manifest, one.name, one.example);
  };
  std::sort(out.missing.begin(), out.missing.end(),
            [&](const auto& a, const auto& b) { return key(a) < key(b); });
  out.missing.erase(std::unique(out.missing.begin(), out.missing.end(),
                                [](const auto& a, const auto& b) {
                                  return a.manifest == b.manifest && a.name == b.name;
                                }),
                    out.missing.end());
  out.others.assign(others.begin(), others.end());
  return out;
}

Result<std::string> with_dependency(std::string_view text, const std::string& name,
                                    const std::string& range) {
  BXL_TRY_ASSIGN(json::Value value, json::parse(text));
  if (value.object() == nullptr) return make_error(0, "it is no object");
  for (const char* section : kSections) {
    const json::Value* ranges = value.find(section);
    const json::Value* there = ranges == nullptr ? nullptr : ranges->find(name);
    if (there != nullptr)
      return make_error(0, "'" + name + "' stands among the " + section + " already" +
                               (there->string() == nullptr
                                    ? ""
                                    : ", as " + *there->string() +
                                          ", which the version in the repository does not fit"));
  }
  std::string out(text);
  const std::string entry = quoted(name) + ": " + quoted(range);
  const std::string newline = text.find("\r\n") == text.npos ? "\n" : "\r\n";
  const json::Object& top = *value.object();
  const std::string unit = top.empty() ? "  " : indentation(text, key_of(text, top.front()));
  const json::Value* section = value.find("devDependencies");
  if (section != nullptr && section->object() == nullptr)
    return make_error(0, "'devDependencies' must be an object");
  if (section != nullptr && !section->object()->empty()) {
    const json::Object& members = *section->object();
    const std::size_t first = key_of(text, members.front());
    const std::string indent = indentation(text, first);
    const std::string apart = indent.empty() ? " " : newline + indent;
    auto next = std::find_if(members.begin(), members.end(),
                             [&](const json::Member& one) { return one.first > name; });
    if (next != members.end()) {
      out.insert(key_of(text, *next), entry + "," + apart);
      return out;
    }
    const json::Value& last = members.back().second;
    if (last.string() == nullptr)
      return make_error(0, "'" + members.back().first + "' among the devDependencies must be text");
    const std::size_t end = text.find('"', last.offset() + 1);
    out.insert(end + 1, "," + apart + entry);
    return out;
  }
  if (section != nullptr) {
    const std::size_t open = section->offset(), close = text.find('}', open);
    out.replace(open, close - open + 1, "{" + newline + unit + unit + entry + newline + unit + "}");
    return out;
  }
  const std::size_t close = text.rfind('}');
  const std::size_t last = text.find_last_not_of(" \t\r\n", close - 1);
  out.replace(last + 1, close - last - 1,
              (top.empty() ? "" : ",") + newline + unit + "\"devDependencies\": {" + newline +
                  unit + unit + entry + newline + unit + "}" + newline);
  return out;
}

std::string insertion_diff(const std::string& file, const std::string& before,
                           const std::string& after) {
  auto lines = [](const std::string& text) {
    std::vector<std::string> out;
    for (std::size_t begin = 0; begin < text.size();) {
      const std::size_t end = std::min(text.find('\n', begin), text.size());
      out.push_back(text.substr(begin, end - begin));
      begin = end + 1;
    }
    return out;
  };
  const auto a = lines(before), b = lines(after);
  std::size_t same = 0, tail = 0;
  while (same < std::min(a.size(), b.size()) && a[same] == b[same]) ++same;
  while (tail < std::min(a.size(), b.size()) - same &&
         a[a.size() - 1 - tail] == b[b.size() - 1 - tail])
    ++tail;
  const std::size_t from = same == 0 ? 0 : same - 1, context = tail == 0 ? 0 : 1;
  std::string out = "--- " + file + "\n+++ " + file + "\n@@ -" + std::to_string(from + 1) + "," +
                    std::to_string(a.size() - tail + context - from) + " +" +
                    std::to_string(from + 1) + "," +
                    std::to_string(b.size() - tail + context - from) + " @@\n";
  if (from < same) out += " " + a[from] + "\n";
  for (std::size_t i = same; i < a.size() - tail; ++i) out += "-" + a[i] + "\n";
  for (std::size_t i = same; i < b.size() - tail; ++i) out += "+" + b[i] + "\n";
  if (context != 0) out += " " + a[a.size() - tail] + "\n";
  return out;
}

}  // namespace bxl::report
