// package.json, bxlconfig.json, and JSON with comments.
#include "frontend/javascript/package_json.h"

#include "base/path_table.h"

namespace bxl::frontend::javascript {
namespace {

Error wrong(const std::string& what, const std::string& expected, const json::Value& got) {
  return make_error(0, what + " must be " + expected + ", not " + got.type_name());
}

// Names become parts of ids and messages.
bool is_good_name(const std::string& name) {
  if (name.empty() || name.size() > 300) return false;
  for (unsigned char c : name)
    if (c <= ' ' || c == 0x7f || c == '#') return false;
  return true;
}

// Comments and commas before a closing bracket become spaces: offsets stay.
std::string without_comments(std::string text) {
  std::size_t comma = std::string::npos;
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (c == '"') {
      for (++i; i < text.size() && text[i] != '"'; ++i)
        if (text[i] == '\\') ++i;
      ++i;
      comma = std::string::npos;
    } else if (c == '/' && i + 1 < text.size() && text[i + 1] == '/') {
      for (; i < text.size() && text[i] != '\n'; ++i) text[i] = ' ';
    } else if (c == '/' && i + 1 < text.size() && text[i + 1] == '*') {
      std::size_t end = text.find("*/", i + 2);
      end = end == std::string::npos ? text.size() : end + 2;
      for (; i < end; ++i)
        if (text[i] != '\n') text[i] = ' ';
    } else {
      if (c == ',')
        comma = i;
      else if ((c == ']' || c == '}') && comma != std::string::npos)
        text[comma] = ' ';
      if (c != ',' && c != ' ' && c != '\t' && c != '\r' && c != '\n') comma = std::string::npos;
      ++i;
    }
  }
  return text;
}

Result<std::map<std::string, std::string>> string_map(const json::Value& value,
                                                      const std::string& what) {
  std::map<std::string, std::string> out;
  if (value.object() == nullptr) return wrong(what, "an object", value);
  for (const auto& [key, one] : *value.object()) {
    if (one.string() == nullptr) return wrong("'" + key + "' in " + what, "a string", one);
    out[key] = *one.string();
  }
  return out;
}

Result<std::string> place(const std::string& spelled, const std::string& folder,
                          const std::string& root, const std::string& what) {
  constexpr std::string_view kRoot = "<workspaceDir>";
  if (spelled.empty() || spelled.find('\0') != std::string::npos)
    return make_error(0, what + ": '" + spelled + "' is no path");
  std::string path = spelled;
  if (path.starts_with(kRoot))
    path = root + "/" + path.substr(kRoot.size());
  else if (path.front() != '/')
    path = folder + "/" + path;
  path = normalize_path(path);
  // An absolute path may lead anywhere, as in BuildXL; a relative one that leaves is a slip.
  if (spelled.front() != '/' && !path_within(path, root))
    return make_error(0, what + ": '" + spelled + "' lies outside " + root +
                             "; a place elsewhere is named by its absolute path");
  return path;
}

Result<std::vector<ScriptPath>> script_paths(const json::Value& value, const std::string& folder,
                                             const std::string& root, const std::string& what) {
  std::vector<ScriptPath> out;
  if (value.array() == nullptr) return wrong(what, "an array", value);
  for (const json::Value& one : *value.array()) {
    ScriptPath made;
    const json::Value* path = one.object() != nullptr ? one.find("path") : &one;
    if (path == nullptr || path->string() == nullptr)
      return make_error(0, what + ": each element is a string, or an object with 'path'");
    BXL_TRY_ASSIGN(made.path, place(*path->string(), folder, root, what));
    if (const json::Value* scripts = one.find("targetScripts")) {
      BXL_TRY_ASSIGN(made.scripts, string_list(*scripts, "targetScripts in " + what));
    }
    if (one.object() != nullptr)
      for (const auto& [key, ignored] : *one.object())
        if (key != "path" && key != "targetScripts")
          return make_error(0,
                            what + ": unknown key '" + key + "'; there are path and targetScripts");
    out.push_back(std::move(made));
  }
  return out;
}

Result<void> read_config(Package& package, const std::string& root, Reads& reads) {
  const std::string file = package.folder + "/bxlconfig.json";
  auto text = reads.read(file);
  if (!text) {
    if (text.error().errnum == ENOENT || text.error().errnum == ENOTDIR) return {};
    return std::move(text.error());
  }
  BXL_TRY_ASSIGN(json::Value value, parse_json(*text, file, Comments::No));
  if (value.object() == nullptr) return wrong(file, "an object", value);
  for (const auto& [key, one] : *value.object()) {
    const std::string what = "'" + key + "' in " + file;
    if (key == "outputDirectories") {
      BXL_TRY_ASSIGN(package.output_directories, script_paths(one, package.folder, root, what));
    } else if (key == "sourceFiles") {
      BXL_TRY_ASSIGN(package.source_files, script_paths(one, package.folder, root, what));
    } else {
      return make_error(
          0, file + ": unknown key '" + key + "'; there are outputDirectories and sourceFiles");
    }
  }
  return {};
}

}  // namespace

Result<json::Value> parse_json(const std::string& text, const std::string& file,
                               Comments comments) {
  auto value = json::parse(comments == Comments::Yes ? without_comments(text) : text);
  if (!value) return make_error(0, file + ": " + value.error().message);
  return value;
}

Result<std::vector<std::string>> string_list(const json::Value& value, const std::string& what) {
  std::vector<std::string> out;
  if (value.array() == nullptr) return wrong(what, "an array", value);
  for (const json::Value& one : *value.array()) {
    if (one.string() == nullptr) return wrong("an element of " + what, "a string", one);
    out.push_back(*one.string());
  }
  return out;
}

Result<std::optional<Manifest>> read_manifest(const std::string& folder, const std::string& root,
                                              Reads& reads) {
  const std::string file = folder + "/package.json";
  auto text = reads.read(file);
  if (!text) {
    if (text.error().errnum == ENOENT || text.error().errnum == ENOTDIR)
      return std::optional<Manifest>();
    return std::move(text.error());
  }
  BXL_TRY_ASSIGN(json::Value value, parse_json(*text, file, Comments::No));
  if (value.object() == nullptr) return wrong(file, "an object", value);
  Manifest out;
  out.package.folder = folder;
  for (auto [key, to] :
       {std::pair("name", &out.package.name), std::pair("version", &out.package.version)})
    if (const json::Value* one = value.find(key)) {
      if (one->string() == nullptr)
        return wrong(std::string("'") + key + "' in " + file, "a string", *one);
      *to = *one->string();
    }
  if (const json::Value* scripts = value.find("scripts")) {
    BXL_TRY_ASSIGN(out.package.scripts, string_map(*scripts, "'scripts' in " + file));
  }
  if (!out.package.name.empty() && !is_good_name(out.package.name))
    return make_error(0, file + ": '" + out.package.name + "' is no name for a package");
  for (const char* kind :
       {"dependencies", "devDependencies", "peerDependencies", "optionalDependencies"})
    if (const json::Value* one = value.find(kind)) {
      BXL_TRY_ASSIGN(auto ranges, string_map(*one, std::string("'") + kind + "' in " + file));
      for (auto& [name, range] : ranges) out.ranges.emplace_back(name, range);
    }
  if (const json::Value* workspaces = value.find("workspaces")) {
    const json::Value* list = workspaces->object() ? workspaces->find("packages") : workspaces;
    if (list != nullptr) {
      BXL_TRY_ASSIGN(out.workspaces, string_list(*list, "'workspaces' in " + file));
    }
  }
  BXL_TRY(read_config(out.package, root, reads));
  return std::optional(std::move(out));
}

}  // namespace bxl::frontend::javascript
