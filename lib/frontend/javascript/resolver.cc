// The table of options, and how each is read.
#include "frontend/javascript/resolver.h"

#include <algorithm>
#include <cmath>

#include "base/nearest.h"
#include "base/path_table.h"

namespace bxl::frontend::javascript {
namespace {

using dsc::Evaluation;
using dsc::Member;
using dsc::Type;
using dsc::Value;

enum For : unsigned { kLage = 1, kRush = 2, kYarn = 4, kNx = 8, kCustom = 16, kAll = 31 };

// What an option may be, one letter per alternative: b boolean, n natural number, s string, f file,
// d directory, p any absolute path, r relative path, a atom, o object, m map, F function, [ an
// array of what follows, * anything.
struct Option {
  std::string_view name;
  unsigned resolvers;
  std::string_view shape;
  bool has_effect;
};

constexpr Option kOptions[] = {
    {"kind", kAll, "s", true},
    {"name", kAll, "s", true},
    {"root", kAll, "d", true},
    {"moduleName", kAll, "s", true},
    {"execute", kAll, "[so", true},
    {"customCommands", kAll, "[o", true},
    {"environment", kAll, "mo", true},
    {"nodeExeLocation", kAll, "f[d", false},
    {"additionalOutputDirectories", kAll, "[dpr", true},
    {"additionalDependencies", kAll, "[o", false},
    {"untrackedFiles", kAll, "[f", true},
    {"untrackedDirectories", kAll, "[dr", true},
    {"untrackedDirectoryScopes", kAll, "[dr", true},
    {"untrackedGlobalDirectoryScopes", kAll, "[r", true},
    {"childProcessesToBreakawayFromSandbox", kAll, "[ao", false},
    {"allowedSurvivingChildProcesses", kAll, "[as", false},
    {"nestedProcessTerminationTimeoutMs", kAll, "n", false},
    {"exports", kAll, "[o", false},
    {"customScheduling", kAll, "o", false},
    {"customScripts", kAll, "F", false},
    {"writingToStandardErrorFailsExecution", kAll, "b", false},
    {"blockWritesUnderNodeModules", kAll, "b", false},
    {"doubleWritePolicy", kAll, "s", true},
    {"successExitCodes", kAll, "[n", true},
    {"retryExitCodes", kAll, "[n", true},
    {"uncacheableExitCodes", kAll, "[n", false},
    {"processRetries", kAll, "n", true},
    {"retryAttemptEnvironmentVariable", kAll, "s", false},
    {"enforceSourceReadsUnderPackageRoots", kAll, "b", false},
    {"additionalSourceReadsScopes", kAll, "[dso", false},
    {"timeouts", kAll, "[o", false},
    {"warningRegex", kAll, "s", false},
    {"errorRegex", kAll, "s", false},
    {"keepProjectGraphFile", kAll, "b", true},
    {"enableProjectGraphVerboseLogging", kAll, "b", true},
    {"npmLocation", kLage, "f", true},
    {"lageLocation", kLage, "f", true},
    {"since", kLage, "s", true},
    {"useYarnStrictAwarenessTracking", kLage, "b", false},
    {"disallowWritesUnderYarnStrictStore", kLage, "b", false},
    {"yarnLocation", kYarn, "f[d", false},
    {"graphConstructionMode", kRush, "s", false},
    {"rushLibBaseLocation", kRush, "d", false},
    {"rushLocation", kRush, "f", false},
    {"rushCommand", kRush, "s", false},
    {"additionalRushParameters", kRush, "[so", false},
    {"trackDependenciesWithShrinkwrapDepsFile", kRush, "b", false},
    {"usePnpmStoreAwarenessTracking", kRush, "b", false},
    {"disallowWritesUnderPnpmStore", kRush, "b", false},
    {"nxLibLocation", kNx, "d", false},
    {"customProjectGraph", kCustom, "fmo", true},
};

struct KindName {
  std::string_view name;
  Kind kind;
  unsigned options;
};
constexpr KindName kKinds[] = {{"Lage", Kind::Lage, kLage},
                               {"Rush", Kind::Rush, kRush},
                               {"Yarn", Kind::Yarn, kYarn},
                               {"Npm", Kind::Npm, kYarn},
                               {"Pnpm", Kind::Pnpm, kYarn},
                               {"Nx", Kind::Nx, kNx},
                               {"CustomJavaScript", Kind::Custom, kCustom}};

// Top-level keys of BuildXL's configurations; only `resolvers` does anything here.
constexpr std::string_view kTopLevel[] = {"resolvers",
                                          "modules",
                                          "projects",
                                          "qualifiers",
                                          "mounts",
                                          "allowedEnvironmentVariables",
                                          "disableDefaultSourceResolver",
                                          "fileAccessAllowlist",
                                          "cacheableFileAccessAllowlist",
                                          "globalReclassificationRules",
                                          "directoryMembershipFingerprinterRules",
                                          "dependencyViolationErrors",
                                          "searchPathEnumerationTools",
                                          "incrementalTools",
                                          "engine",
                                          "sandbox",
                                          "logging",
                                          "frontEnd",
                                          "resolverDefaults"};

const char* letter_name(char letter) {
  switch (letter) {
    case 'b':
      return "a boolean";
    case 'n':
      return "a number without fraction, 0 or more";
    case 's':
      return "a string";
    case 'f':
      return "a file (f`...`)";
    case 'd':
      return "a directory (d`...`)";
    case 'p':
      return "a path (p`...`)";
    case 'r':
      return "a relative path (r`...`)";
    case 'a':
      return "a path atom (a`...`)";
    case 'o':
      return "an object";
    case 'm':
      return "a map";
    default:
      return "a function";
  }
}

bool fits(const Value& value, char letter) {
  switch (letter) {
    case 'b':
      return value.is(Type::Boolean);
    case 'n':
      return value.is(Type::Number) && value.number >= 0 && value.number <= 4294967295.0 &&
             value.number == std::floor(value.number);
    case 's':
      return value.is(Type::String);
    case 'f':
      return value.is(Type::File) || value.is(Type::Path);
    case 'd':
      return value.is(Type::Directory) || value.is(Type::Path);
    case 'p':
      return value.is_absolute_path();
    case 'r':
      return value.is(Type::Relative);
    case 'a':
      return value.is(Type::Atom) || value.is(Type::String);
    case 'o':
      return value.is(Type::Object);
    case 'm':
      return value.is(Type::Map);
    default:
      return value.is(Type::Function);
  }
}

std::string alternatives(std::string_view letters) {
  std::string out;
  for (std::size_t i = 0; i < letters.size(); ++i)
    out += (i == 0                    ? ""
            : i + 1 == letters.size() ? " or "
                                      : ", ") +
           std::string(letter_name(letters[i]));
  return out;
}

std::string suggestion(std::string_view name, const std::vector<std::string_view>& known) {
  const std::string best(nearest(name, known));
  return best.empty() ? "" : "; did you mean '" + best + "'?";
}

class Reader {
 public:
  Reader(const Evaluation& evaluation, const std::string& directory)
      : evaluation_(evaluation), directory_(directory) {}

  Result<std::vector<Resolver>> run() {
    const Value& top = evaluation_.configuration();
    for (const Member& member : top.object->members)
      if (std::find(std::begin(kTopLevel), std::end(kTopLevel), member.key) == std::end(kTopLevel))
        return unknown(member, "configurations", {std::begin(kTopLevel), std::end(kTopLevel)});
    const Member* list = top.object->find("resolvers");
    if (list == nullptr) return evaluation_.error(top.origin, "'resolvers' is missing");
    if (!list->value.is(Type::Array))
      return evaluation_.error(list->value.origin, "'resolvers' must be an array");
    std::vector<Resolver> out;
    for (const Value& value : list->value.array->items) {
      BXL_TRY_ASSIGN(Resolver one, resolver(value));
      out.push_back(std::move(one));
    }
    if (out.empty()) return evaluation_.error(list->value.origin, "'resolvers' is empty");
    return out;
  }

 private:
  Error unknown(const Member& member, const std::string& where,
                const std::vector<std::string_view>& known) const {
    return evaluation_.error(
        member.origin, where + " have no '" + member.key + "'" + suggestion(member.key, known));
  }

  Result<void> check_shape(const Value& value, const std::string& what,
                           std::string_view shape) const {
    if (value.is_undefined()) return {};
    const std::size_t bracket = shape.find('[');
    const std::string_view single = shape.substr(0, bracket);
    for (char letter : single)
      if (fits(value, letter)) return {};
    if (bracket == std::string_view::npos)
      return evaluation_.error(value.origin, what + " must be " + alternatives(single) + ", not " +
                                                 dsc::type_name(value.type));
    const std::string_view element = shape.substr(bracket + 1);
    if (!value.is(Type::Array))
      return evaluation_.error(
          value.origin, what + " must be an array" +
                            (single.empty() ? "" : " or " + alternatives(single)) + ", not " +
                            dsc::type_name(value.type));
    for (const Value& item : value.array->items)
      if (std::none_of(element.begin(), element.end(),
                       [&](char letter) { return fits(item, letter); }))
        return evaluation_.error(item.origin, "an element of " + what + " must be " +
                                                  alternatives(element) + ", not " +
                                                  dsc::type_name(item.type));
    return {};
  }

  // The members of an object, each of the named shape; nothing else.
  using Keys = std::vector<std::pair<std::string_view, std::string_view>>;
  Result<void> check_object(const Value& value, const std::string& what, const Keys& keys) const {
    std::vector<std::string_view> known;
    for (const auto& key : keys) known.push_back(key.first);
    for (const Member& member : value.object->members) {
      auto it = std::find_if(keys.begin(), keys.end(),
                             [&](const auto& key) { return key.first == member.key; });
      if (it == keys.end()) return unknown(member, what, known);
      BXL_TRY(check_shape(member.value, "'" + member.key + "'", it->second));
    }
    return {};
  }

  static const Value* find(const Value& object, std::string_view key) {
    const Member* member = object.object->find(key);
    return member == nullptr || member->value.is_undefined() ? nullptr : &member->value;
  }

  Result<std::string> text(const Value& object, std::string_view key, const std::string& what) {
    const Value* value = find(object, key);
    if (value == nullptr)
      return evaluation_.error(object.origin, what + ": '" + std::string(key) + "' is missing");
    return *value->text;
  }

  Result<Resolver> resolver(const Value& value) {
    if (!value.is(Type::Object))
      return evaluation_.error(value.origin, std::string("a resolver must be an object, not ") +
                                                 dsc::type_name(value.type));
    const Value* kind = find(value, "kind");
    if (kind == nullptr || !kind->is(Type::String))
      return evaluation_.error(value.origin, "a resolver needs a 'kind', which is a string");
    std::vector<std::string_view> names;
    const KindName* found = nullptr;
    for (const KindName& one : kKinds) {
      names.push_back(one.name);
      if (one.name == *kind->text) found = &one;
    }
    if (*kind->text == "Ninja" || *kind->text == "CMake" || *kind->text == "DScript")
      return evaluation_.error(kind->origin, "resolvers of kind '" + *kind->text +
                                                 "' cannot be built through config.dsc yet");
    if (found == nullptr)
      return evaluation_.error(kind->origin, "there is no kind of resolver '" + *kind->text + "'" +
                                                 suggestion(*kind->text, names));
    Resolver out;
    out.kind = found->kind;
    BXL_TRY(check_options(value, *found, out));
    BXL_TRY(read(value, out));
    return out;
  }

  Result<void> check_options(const Value& value, const KindName& kind, Resolver& out) {
    std::vector<std::string_view> known;
    for (const Option& option : kOptions)
      if (option.resolvers & kind.options) known.push_back(option.name);
    for (const Member& member : value.object->members) {
      auto option = std::find_if(std::begin(kOptions), std::end(kOptions), [&](const Option& one) {
        return one.name == member.key && (one.resolvers & kind.options);
      });
      if (option == std::end(kOptions))
        return unknown(member, "resolvers of kind " + std::string(kind.name), known);
      BXL_TRY(check_shape(member.value, "'" + member.key + "'", option->shape));
      if (!option->has_effect && !member.value.is_undefined())
        out.without_effect.push_back(member.key);
    }
    return {};
  }

  Result<void> read(const Value& value, Resolver& out) {
    auto text_of = [&](std::string_view key, std::string& to) {
      if (const Value* one = find(value, key)) to = *one->text;
    };
    text_of("moduleName", out.module_name);
    out.root = directory_;
    text_of("root", out.root);
    if (const Value* root = find(value, "root"); root && !path_within(out.root, directory_))
      return evaluation_.error(root->origin, "the root " + out.root + " lies outside " +
                                                 directory_ + ", the directory of config.dsc");
    text_of("lageLocation", out.lage);
    text_of("npmLocation", out.npm);
    text_of("since", out.since);
    if (!out.lage.empty() && !out.npm.empty())
      return evaluation_.error(find(value, "npmLocation")->origin,
                               "npmLocation and lageLocation exclude each other");
    if (const Value* graph = find(value, "customProjectGraph")) {
      if (!graph->is_absolute_path())
        return evaluation_.error(graph->origin,
                                 "a graph that is written out here cannot be built yet; put it "
                                 "into a JSON file: customProjectGraph: f`graph.json`");
      out.custom_graph = *graph->text;
    } else if (out.kind == Kind::Custom) {
      return evaluation_.error(value.origin, "'customProjectGraph' is missing");
    }
    BXL_TRY(read_execute(value, out));
    BXL_TRY(read_custom_commands(value, out));
    BXL_TRY(read_environment(value, out));
    BXL_TRY(read_policies(value, out));
    add_paths(value, "additionalOutputDirectories", out.output_directories);
    for (const char* key : {"untrackedFiles", "untrackedDirectories", "untrackedDirectoryScopes",
                            "untrackedGlobalDirectoryScopes"})
      add_paths(value, key, out.untracked);
    return {};
  }

  void add_paths(const Value& value, const char* key, std::vector<std::string>& to) {
    if (const Value* list = find(value, key))
      for (const Value& item : list->array->items) to.push_back(*item.text);
  }

  Result<void> read_execute(const Value& value, Resolver& out) {
    const Value* list = find(value, "execute");
    if (list == nullptr) {
      out.commands = {{"build", {}, {}}};
      return {};
    }
    for (const Value& item : list->array->items) {
      Command command;
      if (item.is(Type::String)) {
        command.name = *item.text;
      } else if (item.object->find("commandName") != nullptr) {
        BXL_TRY(check_object(item, "groups of commands",
                             {{"commandName", "s"}, {"commands", "[s"}, {"dependsOn", "[o"}}));
        BXL_TRY_ASSIGN(command.name, text(item, "commandName", "this group"));
        const Value* members = find(item, "commands");
        if (members == nullptr || members->array->items.empty())
          return evaluation_.error(item.origin, "this group of commands has no 'commands'");
        for (const Value& member : members->array->items) command.members.push_back(*member.text);
      } else {
        BXL_TRY(check_object(item, "commands", {{"command", "s"}, {"dependsOn", "[o"}}));
        BXL_TRY_ASSIGN(command.name, text(item, "command", "this command"));
      }
      if (const Value* edges = item.is(Type::Object) ? find(item, "dependsOn") : nullptr) {
        command.depends_on.emplace();
        for (const Value& edge : edges->array->items) {
          BXL_TRY(check_object(edge, "dependencies", {{"kind", "s"}, {"command", "s"}}));
          DependsOn one;
          BXL_TRY_ASSIGN(one.command, text(edge, "command", "this dependency"));
          BXL_TRY_ASSIGN(std::string kind, text(edge, "kind", "this dependency"));
          if (kind != "local" && kind != "package")
            return evaluation_.error(edge.origin,
                                     "'kind' of a dependency is \"local\" or "
                                     "\"package\", not \"" +
                                         kind + "\"");
          one.kind = kind == "local" ? DependsOn::Kind::Local : DependsOn::Kind::Package;
          command.depends_on->push_back(std::move(one));
        }
      } else if (item.is(Type::Object)) {
        command.depends_on.emplace();  // as BuildXL: said explicitly, it depends on nothing
      }
      out.commands.push_back(std::move(command));
    }
    if (out.kind != Kind::Lage && out.kind != Kind::Nx)
      if (auto checked = check_commands(out.commands); !checked)
        return evaluation_.error(list->origin, checked.error().message);
    return {};
  }

  Result<void> read_custom_commands(const Value& value, Resolver& out) {
    const Value* list = find(value, "customCommands");
    if (list == nullptr) return {};
    for (const Value& item : list->array->items) {
      BXL_TRY(check_object(item, "custom commands",
                           {{"command", "s"}, {"extraArguments", "sapr[sapr"}}));
      BXL_TRY_ASSIGN(std::string command, text(item, "command", "this custom command"));
      auto& words = out.custom_commands[command];
      const Value* extra = find(item, "extraArguments");
      if (extra == nullptr) continue;
      if (extra->has_text())
        words.push_back(*extra->text);
      else
        for (const Value& one : extra->array->items) words.push_back(*one.text);
    }
    return {};
  }

  Result<std::optional<std::string>> variable(const std::string& name, const Value& value) {
    if (value.is(Type::Unit)) return std::optional<std::string>();
    if (value.has_text()) return std::optional(*value.text);
    if (value.is(Type::Number)) {
      const auto whole = static_cast<std::int64_t>(value.number);
      if (value.number == static_cast<double>(whole)) return std::optional(std::to_string(whole));
      return std::optional(std::to_string(value.number));
    }
    if (!value.is(Type::Object))
      return evaluation_.error(value.origin, "the variable " + name +
                                                 " must be a string, a number, a path, "
                                                 "Unit.unit() or {separator, contents}, not " +
                                                 dsc::type_name(value.type));
    BXL_TRY(check_object(value, "compound values", {{"separator", "s"}, {"contents", "[saprfdn"}}));
    const Value* contents = find(value, "contents");
    if (contents == nullptr)
      return evaluation_.error(value.origin, "the variable " + name + ": 'contents' is missing");
    std::string separator = ":", out;
    if (const Value* given = find(value, "separator")) separator = *given->text;
    for (std::size_t i = 0; i < contents->array->items.size(); ++i) {
      BXL_TRY_ASSIGN(auto piece, variable(name, contents->array->items[i]));
      out += (i == 0 ? "" : separator) + *piece;
    }
    return std::optional(out);
  }

  Result<void> read_environment(const Value& value, Resolver& out) {
    const Value* environment = find(value, "environment");
    if (environment == nullptr) return {};
    out.environment.emplace();
    auto add = [&](const std::string& name, const Value& one) -> Result<void> {
      if (name.empty() || name.find_first_of(std::string("=\0", 2)) != std::string::npos)
        return evaluation_.error(one.origin, "'" + name + "' is no name of a variable");
      if (one.is_undefined()) return {};
      BXL_TRY_ASSIGN(auto text, variable(name, one));
      if (text && text->find('\0') != std::string::npos)
        return evaluation_.error(one.origin, "the variable " + name + " holds a zero character");
      (*out.environment)[name] = std::move(text);
      return {};
    };
    if (environment->is(Type::Object)) {
      for (const Member& member : environment->object->members)
        BXL_TRY(add(member.key, member.value));
      return {};
    }
    for (const auto& [key, one] : environment->map->entries) {
      if (!key.is(Type::String))
        return evaluation_.error(key.origin, "names of variables are strings");
      BXL_TRY(add(*key.text, one));
    }
    return {};
  }

  Result<void> read_policies(const Value& value, Resolver& out) {
    if (const Value* policy = find(value, "doubleWritePolicy")) {
      const std::vector<std::string_view> known = {
          "doubleWritesAreErrors", "allowSameContentDoubleWrites", "unsafeFirstDoubleWriteWins"};
      if (*policy->text == known[2])
        return evaluation_.error(policy->origin,
                                 "unsafeFirstDoubleWriteWins is not offered: which of two writers "
                                 "comes first is a matter of luck");
      if (*policy->text != known[0] && *policy->text != known[1])
        return evaluation_.error(policy->origin, "'doubleWritePolicy' cannot be \"" +
                                                     *policy->text + "\"" +
                                                     suggestion(*policy->text, known));
      out.same_content = *policy->text == known[1];
    }
    for (auto [key, to] : {std::pair("successExitCodes", &out.success_exit_codes),
                           std::pair("retryExitCodes", &out.retry_exit_codes)})
      if (const Value* list = find(value, key))
        for (const Value& item : list->array->items)
          to->push_back(static_cast<std::uint32_t>(item.number));
    if (const Value* retries = find(value, "processRetries"))
      out.retries = static_cast<std::uint32_t>(retries->number);
    return {};
  }

  const Evaluation& evaluation_;
  const std::string& directory_;
};

}  // namespace

const char* name(Kind kind) {
  for (const KindName& one : kKinds)
    if (one.kind == kind) return one.name.data();
  return "";
}

Result<std::vector<Resolver>> read_resolvers(const Evaluation& evaluation,
                                             const std::string& directory) {
  return Reader(evaluation, directory).run();
}

}  // namespace bxl::frontend::javascript
