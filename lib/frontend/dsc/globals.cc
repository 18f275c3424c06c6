// Global names: Environment, Context, Map, glob and their like.
#include <charconv>

#include "base/path_table.h"
#include "frontend/dsc/natives.h"
#include "frontend/reads.h"

namespace bxl::frontend::dsc {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

// --- Environment ---------------------------------------------------------------------------------

// The variable that the first argument names, or the default that the second gives.
struct Found {
  std::optional<std::string> value;
  Origin origin;
  Value otherwise;
};
Result<Found> look_up(Evaluator& e, const CallSite& at, Arguments arguments, std::size_t fallback) {
  BXL_TRY_ASSIGN(const std::string* name, text_argument(e, at, arguments, 0));
  Found out;
  out.origin = at.origin;
  out.value = e.variable(*name, out.origin);
  out.otherwise = {Type::Undefined, out.origin, {}};
  if (arguments.size() > fallback) out.otherwise = arguments[fallback];
  return out;
}

Result<Value> string_variable(Evaluator& e, const CallSite& at, const Value&, Arguments a) {
  BXL_TRY_ASSIGN(Found found, look_up(e, at, a, 1));
  if (!found.value) return found.otherwise;
  return e.text(found.origin, Type::String, std::move(*found.value));
}

Result<Value> has_variable(Evaluator& e, const CallSite& at, const Value&, Arguments a) {
  BXL_TRY_ASSIGN(Found found, look_up(e, at, a, 1));
  Value out = e.boolean(at, found.value.has_value());
  out.origin = found.origin;
  return out;
}

Error bad_variable(Evaluator& e, const CallSite& at, Arguments a, const std::string& expected) {
  return e.error(at.origin, "the environment variable " + *a[0].text + " must be " + expected);
}

Result<Value> flag_variable(Evaluator& e, const CallSite& at, const Value&, Arguments a) {
  BXL_TRY_ASSIGN(Found found, look_up(e, at, a, 1));
  bool value = false;
  if (found.value) {
    std::string text = lower(*found.value);
    value = text == "1" || text == "true" || text == "yes" || text == "on";
    if (!value && !text.empty() && text != "0" && text != "false" && text != "no" && text != "off")
      return bad_variable(e, at, a, "1 or 0, true or false");
  } else if (found.otherwise.is(Type::Boolean)) {
    value = found.otherwise.boolean;
  }
  Value out = e.boolean(at, value);
  out.origin = found.origin;
  return out;
}

Result<Value> number_variable(Evaluator& e, const CallSite& at, const Value&, Arguments a) {
  BXL_TRY_ASSIGN(Found found, look_up(e, at, a, 1));
  if (!found.value) return found.otherwise;
  double number = 0;
  const char* end = found.value->data() + found.value->size();
  auto parsed = std::from_chars(found.value->data(), end, number);
  if (parsed.ec != std::errc() || parsed.ptr != end) return bad_variable(e, at, a, "a number");
  Value out = e.number(at, number);
  out.origin = found.origin;
  return out;
}

template <Type type>
Result<Value> path_variable(Evaluator& e, const CallSite& at, const Value&, Arguments a) {
  BXL_TRY_ASSIGN(Found found, look_up(e, at, a, 1));
  if (!found.value || found.value->empty()) return found.otherwise;
  if (found.value->front() != '/') return bad_variable(e, at, a, "an absolute path");
  auto path = absolute_path("/", *found.value);
  if (!path) return bad_variable(e, at, a, "a path: " + path.error().message);
  return e.text(found.origin, type, std::move(*path));
}

// Environment.getPathValues(name, separator): the separator is ":" unless given.
template <Type type>
Result<Value> list_variable(Evaluator& e, const CallSite& at, const Value&, Arguments a) {
  BXL_TRY_ASSIGN(Found found, look_up(e, at, a, 2));
  std::string separator = ":";
  if (a.size() > 1) {
    BXL_TRY_ASSIGN(const std::string* given, text_argument(e, at, a, 1));
    // Configurations for several systems write Windows' separator.
    if (!given->empty() && (*given != ";" || type == Type::String)) separator = *given;
  }
  std::vector<Value> items;
  const std::string text = found.value.value_or("");
  BXL_TRY(e.spend(at.origin, text.size()));
  for (std::size_t begin = 0; begin <= text.size();) {
    std::size_t end = std::min(text.find(separator, begin), text.size());
    std::string piece = text.substr(begin, end - begin);
    begin = end + separator.size();
    if (piece.empty()) continue;
    if (type != Type::String) {
      if (piece.front() != '/') continue;  // relative to a working directory that is nobody's
      auto path = absolute_path("/", std::move(piece));
      if (!path) return bad_variable(e, at, a, "a list of paths: " + path.error().message);
      piece = std::move(*path);
    }
    BXL_TRY_ASSIGN(Value item, e.text(found.origin, type, std::move(piece)));
    items.push_back(item);
  }
  return e.array(found.origin, std::move(items));
}

Result<Value> new_line(Evaluator& e, const CallSite& at, const Value&, Arguments) {
  return e.text(at.origin, Type::String, "\n");
}

constexpr NativeRow kEnvironment[] = {
    {"getStringValue", 1, 2, string_variable},
    {"getFlag", 1, 2, flag_variable},
    {"getBooleanValue", 1, 2, flag_variable},
    {"getNumberValue", 1, 2, number_variable},
    {"getPathValue", 1, 2, path_variable<Type::Path>},
    {"getFileValue", 1, 2, path_variable<Type::File>},
    {"getDirectoryValue", 1, 2, path_variable<Type::Directory>},
    {"getStringValues", 1, 3, list_variable<Type::String>},
    {"getPathValues", 1, 3, list_variable<Type::Path>},
    {"getFileValues", 1, 3, list_variable<Type::File>},
    {"getDirectoryValues", 1, 3, list_variable<Type::Directory>},
    {"hasVariable", 1, 1, has_variable},
    {"newLine", 0, 0, new_line},
};

// --- Context
// ---------------------------------------------------------------------------------------

Result<Value> current_host(Evaluator& e, const CallSite& at, const Value&, Arguments) {
  BXL_TRY_ASSIGN(Value os, e.text(at.origin, Type::String, "unix"));
  BXL_TRY_ASSIGN(Value cpu, e.text(at.origin, Type::String, "x64"));
  return e.object(at.origin, {{"os", at.origin, os},
                              {"cpuArchitecture", at.origin, cpu},
                              {"isElevated", at.origin, e.boolean(at, false)}});
}

Result<Value> is_windows(Evaluator& e, const CallSite& at, const Value&, Arguments) {
  return e.boolean(at, false);
}

Result<Value> home(Evaluator& e, const CallSite& at, const Value&, Arguments) {
  Origin origin = at.origin;
  auto value = e.variable("HOME", origin);
  if (!value || value->empty() || value->front() != '/')
    return e.error(at.origin, "the environment variable HOME must name the home directory");
  return e.text(origin, Type::Directory, normalize_path(*value));
}

// The one mount that means something before there is a build.
Result<Value> mount(Evaluator& e, const CallSite& at, const Value&, Arguments a) {
  BXL_TRY_ASSIGN(const std::string* name, text_argument(e, at, a, 0));
  if (*name != "SourceRoot")
    return e.error(at.origin, "there is no mount '" + *name +
                                  "' while the configuration is read; there is SourceRoot");
  BXL_TRY_ASSIGN(Value path, e.text(at.origin, Type::Path, e.root()));
  return e.object(at.origin, {{"name", at.origin, a[0]}, {"path", at.origin, path}});
}

Result<Value> has_mount(Evaluator& e, const CallSite& at, const Value&, Arguments a) {
  BXL_TRY_ASSIGN(const std::string* name, text_argument(e, at, a, 0));
  return e.boolean(at, *name == "SourceRoot");
}

constexpr NativeRow kContext[] = {
    {"getCurrentHost", 0, 0, current_host}, {"isWindowsOS", 0, 0, is_windows},
    {"getUserHomeDirectory", 0, 0, home},   {"getMount", 1, 1, mount},
    {"hasMount", 1, 1, has_mount},
};

// --- the others
// --------------------------------------------------------------------------------------

Result<Value> empty_map(Evaluator& e, const CallSite& at, const Value&, Arguments) {
  return e.map(at.origin, {});
}
constexpr NativeRow kMap[] = {{"empty", 0, 0, empty_map}};

Result<Value> unit(Evaluator&, const CallSite& at, const Value&, Arguments) {
  return Value{Type::Unit, at.origin, {}};
}
constexpr NativeRow kUnit[] = {{"unit", 0, 0, unit}};

Result<Value> is_empty_text(Evaluator& e, const CallSite& at, const Value&, Arguments a) {
  return e.boolean(at, a[0].is_undefined() || (a[0].is(Type::String) && a[0].text->empty()));
}
Result<Value> is_blank_text(Evaluator& e, const CallSite& at, const Value&, Arguments a) {
  return e.boolean(
      at, a[0].is_undefined() || (a[0].is(Type::String) &&
                                  a[0].text->find_first_not_of(" \t\r\n") == std::string::npos));
}
Result<Value> join_text(Evaluator& e, const CallSite& at, const Value&, Arguments a) {
  BXL_TRY_ASSIGN(const std::string* separator, text_argument(e, at, a, 0));
  BXL_TRY_ASSIGN(const Array* items, array_argument(e, at, a, 1));
  std::string out;
  for (std::size_t i = 0; i < items->items.size(); ++i) {
    BXL_TRY_ASSIGN(std::string piece, e.to_text(items->items[i], at.origin));
    BXL_TRY(e.spend(at.origin, piece.size() + separator->size()));
    out += (i == 0 ? "" : *separator) + piece;
  }
  return e.text(at.origin, Type::String, std::move(out));
}
constexpr NativeRow kString[] = {{"isUndefinedOrEmpty", 1, 1, is_empty_text},
                                 {"isUndefinedOrWhitespace", 1, 1, is_blank_text},
                                 {"join", 2, 2, join_text}};

Result<Value> fail(Evaluator& e, const CallSite& at, const Value&, Arguments a) {
  BXL_TRY_ASSIGN(std::string message, e.to_text(a[0], at.origin));
  return e.error(at.origin, message);
}
Result<Value> require(Evaluator& e, const CallSite& at, const Value&, Arguments a) {
  BXL_TRY_ASSIGN(bool holds, e.truth(a[0], at.origin));
  if (holds) return Value{Type::Undefined, at.origin, {}};
  std::string message = "this does not hold";
  if (a.size() > 1) {
    BXL_TRY_ASSIGN(message, e.to_text(a[1], at.origin));
  }
  return e.error(at.origin, message);
}
constexpr NativeRow kContract[] = {
    {"fail", 1, 1, fail}, {"assert", 1, 2, require}, {"requires", 1, 2, require}};

template <Type type>
Result<Value> from_path(Evaluator& e, const CallSite& at, const Value&, Arguments a) {
  BXL_TRY_ASSIGN(const std::string* path, path_argument(e, at, a, 0));
  return e.text(at.origin, type, *path);
}
template <FileKind kind>
Result<Value> exists(Evaluator& e, const CallSite& at, const Value&, Arguments a) {
  BXL_TRY_ASSIGN(const std::string* path, path_argument(e, at, a, 0));
  return e.boolean(at, e.world().kind(*path) == kind);
}
constexpr NativeRow kFile[] = {{"fromPath", 1, 1, from_path<Type::File>},
                               {"exists", 1, 1, exists<FileKind::File>}};
constexpr NativeRow kDirectory[] = {{"fromPath", 1, 1, from_path<Type::Directory>},
                                    {"exists", 1, 1, exists<FileKind::Directory>}};

Result<Value> new_relative(Evaluator& e, const CallSite& at, const Value&, Arguments a) {
  BXL_TRY_ASSIGN(const std::string* text, text_argument(e, at, a, 0));
  auto path = relative_path(*text);
  if (!path) return e.error(at.origin, path.error().message);
  return e.text(at.origin, Type::Relative, std::move(*path));
}
Result<Value> new_atom(Evaluator& e, const CallSite& at, const Value&, Arguments a) {
  BXL_TRY_ASSIGN(const std::string* text, text_argument(e, at, a, 0));
  auto atom = path_atom(*text);
  if (!atom) return e.error(at.origin, atom.error().message);
  return e.text(at.origin, Type::Atom, std::move(*atom));
}
constexpr NativeRow kRelativePath[] = {{"create", 1, 1, new_relative}};
constexpr NativeRow kPathAtom[] = {{"create", 1, 1, new_atom}};

// Configurations print to see what they do; bxl config --explain shows it.
Result<Value> write_line(Evaluator&, const CallSite& at, const Value&, Arguments) {
  return Value{Type::Undefined, at.origin, {}};
}
constexpr NativeRow kDebug[] = {{"writeLine", 0, SIZE_MAX, write_line}};

Result<Value> import_file(Evaluator& e, const CallSite& at, const Value&, Arguments a) {
  BXL_TRY_ASSIGN(const std::string* path, text_argument(e, at, a, 0, Type::File));
  return e.import_file(at, *path);
}
Result<Value> import_from(Evaluator& e, const CallSite& at, const Value&, Arguments a) {
  BXL_TRY_ASSIGN(const std::string* module, text_argument(e, at, a, 0));
  return e.text(at.origin, Type::Module, *module);
}
Result<Value> add_if(Evaluator& e, const CallSite& at, const Value&, Arguments a) {
  BXL_TRY_ASSIGN(bool yes, e.truth(a[0], at.origin));
  std::vector<Value> items;
  if (yes) items.assign(a.begin() + 1, a.end());
  return e.array(at.origin, std::move(items));
}
Result<Value> add_if_lazy(Evaluator& e, const CallSite& at, const Value&, Arguments a) {
  BXL_TRY_ASSIGN(bool yes, e.truth(a[0], at.origin));
  return yes ? e.call(a[1], at, {}) : e.array(at.origin, {});
}
constexpr NativeRow kFunctions[] = {{"importFile", 1, 1, import_file},
                                    {"importFrom", 1, 1, import_from},
                                    {"addIf", 1, SIZE_MAX, add_if},
                                    {"addIfLazy", 2, 2, add_if_lazy}};

struct Namespace {
  std::string_view name;
  std::span<const NativeRow> rows;
};
const Namespace kNamespaces[] = {{"Environment", kEnvironment},
                                 {"Context", kContext},
                                 {"Map", kMap},
                                 {"Unit", kUnit},
                                 {"String", kString},
                                 {"Contract", kContract},
                                 {"File", kFile},
                                 {"Directory", kDirectory},
                                 {"RelativePath", kRelativePath},
                                 {"PathAtom", kPathAtom},
                                 {"Debug", kDebug},
                                 {"Transformer", transformer_rows()}};

}  // namespace

Result<std::optional<Value>> global(Evaluator& evaluator, Origin origin, const std::string& name) {
  for (std::span<const NativeRow> rows :
       {std::span<const NativeRow>(kFunctions), file_system_rows()})
    for (const NativeRow& row : rows) {
      if (row.name != name) continue;
      BXL_TRY_ASSIGN(Value out, evaluator.native_member(origin, row, {}));
      return std::optional(out);
    }
  for (const Namespace& space : kNamespaces) {
    if (space.name != name) continue;
    BXL_TRY_ASSIGN(Value out, evaluator.name_space(origin, space.name, space.rows));
    return std::optional(out);
  }
  return std::optional<Value>();
}

std::vector<std::string_view> global_names() {
  std::vector<std::string_view> out;
  for (const Namespace& space : kNamespaces) out.push_back(space.name);
  for (const NativeRow& row : kFunctions) out.push_back(row.name);
  for (const NativeRow& row : file_system_rows()) out.push_back(row.name);
  return out;
}

}  // namespace bxl::frontend::dsc
