// How each option is read, but for policies (policies.h).
#include "frontend/javascript/resolver.h"

#include <algorithm>

#include "base/path_table.h"
#include "base/shell_text.h"
#include "frontend/javascript/policies.h"
#include "frontend/javascript/resolver_options.h"
#include "frontend/javascript/shapes.h"
#include "frontend/javascript/top_level.h"

namespace bxl::frontend::javascript {
namespace {

using dsc::Evaluation;
using dsc::Member;
using dsc::Type;
using dsc::Value;

class Reader {
 public:
  Reader(const Evaluation& evaluation, const std::string& directory)
      : evaluation_(evaluation), shapes_(evaluation), directory_(directory) {}

  Result<Configuration> run() {
    const Value& top = evaluation_.configuration();
    BXL_TRY_ASSIGN(TopLevel beside, read_top_level(evaluation_));
    sandbox_ = beside.sandbox;
    const Member* list = top.object->find("resolvers");
    if (list == nullptr) return evaluation_.error(top.origin, "'resolvers' is missing");
    if (!list->value.is(Type::Array))
      return evaluation_.error(list->value.origin, "'resolvers' must be an array");
    Configuration out;
    out.without_effect = std::move(beside.without_effect);
    for (const Value& value : list->value.array->items) {
      BXL_TRY_ASSIGN(Resolver one, resolver(value));
      out.resolvers.push_back(std::move(one));
    }
    if (out.resolvers.empty()) return evaluation_.error(list->value.origin, "'resolvers' is empty");
    return out;
  }

 private:
  Result<Resolver> resolver(const Value& value) {
    if (!value.is(Type::Object))
      return evaluation_.error(value.origin, std::string("a resolver must be an object, not ") +
                                                 dsc::type_name(value.type));
    const Value* kind = find(value, "kind");
    if (kind == nullptr || !kind->is(Type::String))
      return evaluation_.error(value.origin, "a resolver needs a 'kind', which is a string");
    std::vector<std::string_view> names;
    const KindName* found = nullptr;
    for (const KindName& one : kinds()) {
      names.push_back(one.name);
      if (one.name == *kind->text) found = &one;
    }
    if (*kind->text == "CMake" || *kind->text == "DScript" || *kind->text == "Download" ||
        *kind->text == "Nuget" || *kind->text == "MsBuild")
      return evaluation_.error(
          kind->origin, "resolvers of kind '" + *kind->text + "' are not offered" +
                            (*kind->text == "CMake" ? "; let cmake -G Ninja make the build files "
                                                      "and name them with kind: \"Ninja\""
                                                    : ""));
    if (found == nullptr)
      return evaluation_.error(kind->origin, "there is no kind of resolver '" + *kind->text + "'" +
                                                 suggestion(*kind->text, names));
    Resolver out;
    out.kind = found->kind;
    out.origin = value.origin;
    BXL_TRY(check_options(value, *found));
    for (const Member& member : value.object->members)
      if (!member.value.is_undefined()) out.given.emplace(member.key, member.origin);
    BXL_TRY(read(value, out));
    return out;
  }

  Result<void> check_options(const Value& value, const KindName& kind) {
    std::vector<std::string_view> known;
    for (const Option& option : options())
      if (option.resolvers & kind.bit) known.push_back(option.name);
    for (const Member& member : value.object->members) {
      auto option = std::find_if(options().begin(), options().end(), [&](const Option& one) {
        return one.name == member.key && (one.resolvers & kind.bit);
      });
      if (option == options().end()) {
        const std::string others = kinds_with(member.key);
        if (!others.empty())
          return evaluation_.error(member.origin, "resolvers of kind " + std::string(kind.name) +
                                                      " have no '" + member.key + "': it is for " +
                                                      others);
        return shapes_.unknown(member, "resolvers of kind " + std::string(kind.name), known);
      }
      BXL_TRY(shapes_.check(member.value, "'" + member.key + "'", option->shape));
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
    text_of("packageInstall", out.install);
    if (!out.lage.empty() && !out.npm.empty())
      return evaluation_.error(find(value, "npmLocation")->origin,
                               "npmLocation and lageLocation exclude each other");
    if (const Value* graph = find(value, "customProjectGraph")) {
      if (graph->is_absolute_path())
        out.custom_graph = *graph->text;
      else
        out.custom_graph_value = *graph;
    } else if (out.kind == Kind::Custom) {
      return evaluation_.error(value.origin, "'customProjectGraph' is missing");
    }
    text_of("specFile", out.spec_file);
    if (const Value* targets = find(value, "targets"))
      for (const Value& item : targets->array->items) out.targets.push_back(*item.text);
    if (const Value* scripts = find(value, "customScripts")) out.custom_scripts = *scripts;
    BXL_TRY(read_execute(value, out));
    BXL_TRY(read_custom_commands(value, out));
    BXL_TRY(read_environment(value, out));
    BXL_TRY_ASSIGN(out.policies, read_policies(evaluation_, value, out.root, sandbox_));
    BXL_TRY(read_rush_options(value, out));
    BXL_TRY(read_task_options(value, out));
    add_paths(value, "additionalOutputDirectories", out.output_directories);
    for (const char* key : {"untrackedFiles", "untrackedDirectories", "untrackedDirectoryScopes"})
      add_paths(value, key, out.untracked);
    add_paths(value, "untrackedGlobalDirectoryScopes", out.untracked_everywhere);
    return {};
  }

  Result<void> read_rush_options(const Value& value, Resolver& out) {
    if (const Value* mode = find(value, "graphConstructionMode")) {
      if (*mode->text != "rush-lib" && *mode->text != "rush-build-graph")
        return evaluation_.error(mode->origin,
                                 "'graphConstructionMode' is \"rush-lib\" or "
                                 "\"rush-build-graph\", not \"" +
                                     *mode->text + "\"");
      out.rush_graph = *mode->text == "rush-build-graph";
    }
    if (const Value* place = find(value, "rushLibBaseLocation")) out.rush_library = *place->text;
    if (const Value* place = find(value, "rushLocation")) out.rush_program = *place->text;
    if (const Value* command = find(value, "rushCommand")) out.rush_command = *command->text;
    const Value* parameters = find(value, "additionalRushParameters");
    if (parameters == nullptr) return {};
    for (const Value& item : parameters->array->items) {
      if (item.is(Type::String)) {
        out.rush_parameters.push_back(*item.text);
        continue;
      }
      BXL_TRY(shapes_.check_object(item, "parameters of Rush", {{"name", "s"}, {"value", "sn"}}));
      BXL_TRY_ASSIGN(std::string name, shapes_.text(item, "name", "this parameter"));
      out.rush_parameters.push_back(name);
      if (const Value* given = find(item, "value")) {
        BXL_TRY_ASSIGN(auto text, variable(name, *given));
        out.rush_parameters.push_back(*text);
      }
    }
    return {};
  }

  Result<void> read_task_options(const Value& value, Resolver& out) {
    if (const Value* list = find(value, "additionalDependencies")) {
      BXL_TRY_ASSIGN(out.additional_dependencies, read_additional_dependencies(evaluation_, *list));
    }
    if (const Value* list = find(value, "exports")) {
      BXL_TRY_ASSIGN(out.exports, read_exports(evaluation_, *list));
    }
    if (const Value* scheduling = find(value, "customScheduling")) {
      BXL_TRY_ASSIGN(out.scheduling, read_scheduling(evaluation_, *scheduling, directory_));
    }
    if (const Value* list = find(value, "timeouts")) {
      BXL_TRY_ASSIGN(out.timeouts, read_timeouts(evaluation_, *list));
    }
    if (const Value* list = find(value, "additionalSourceReadsScopes")) {
      BXL_TRY_ASSIGN(out.read_places, read_places(evaluation_, *list));
    }
    if (const Value* enforce = find(value, "enforceSourceReadsUnderPackageRoots"))
      out.declared_reads = enforce->boolean;
    for (auto [key, program] :
         {std::pair("nodeExeLocation", "node"), std::pair("yarnLocation", "yarn")}) {
      const Value* place = find(value, key);
      if (place == nullptr) continue;
      Resolver::ProgramPlace& found =
          out.programs.emplace_back(Resolver::ProgramPlace{key, program, {}, place->origin});
      if (place->is(Type::Array)) {
        for (const Value& item : place->array->items) found.directories.push_back(*item.text);
        continue;
      }
      // It is found by its name.
      if (base_name(*place->text) != program)
        return evaluation_.error(place->origin, "'" + std::string(key) + "' names a program '" +
                                                    program + "', or directories that hold one");
      found.directories.emplace_back(parent_path(*place->text));
    }
    if (const Value* place = find(value, "nxLibLocation")) out.nx = *place->text;
    const Value* shrinkwrap = find(value, "trackDependenciesWithShrinkwrapDepsFile");
    const Value* store = find(value, "usePnpmStoreAwarenessTracking");
    if (shrinkwrap && shrinkwrap->boolean && store && store->boolean)
      return evaluation_.error(shrinkwrap->origin,
                               "trackDependenciesWithShrinkwrapDepsFile and "
                               "usePnpmStoreAwarenessTracking exclude each other");
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
        BXL_TRY(
            shapes_.check_object(item, "groups of commands",
                                 {{"commandName", "s"}, {"commands", "[s"}, {"dependsOn", "[o"}}));
        BXL_TRY_ASSIGN(command.name, shapes_.text(item, "commandName", "this group"));
        const Value* members = find(item, "commands");
        if (members == nullptr || members->array->items.empty())
          return evaluation_.error(item.origin, "this group of commands has no 'commands'");
        for (const Value& member : members->array->items) command.members.push_back(*member.text);
      } else {
        BXL_TRY(shapes_.check_object(item, "commands", {{"command", "s"}, {"dependsOn", "[o"}}));
        BXL_TRY_ASSIGN(command.name, shapes_.text(item, "command", "this command"));
      }
      if (const Value* edges = item.is(Type::Object) ? find(item, "dependsOn") : nullptr) {
        command.depends_on.emplace();
        for (const Value& edge : edges->array->items) {
          BXL_TRY(shapes_.check_object(edge, "dependencies", {{"kind", "s"}, {"command", "s"}}));
          DependsOn one;
          BXL_TRY_ASSIGN(one.command, shapes_.text(edge, "command", "this dependency"));
          BXL_TRY_ASSIGN(std::string kind, shapes_.text(edge, "kind", "this dependency"));
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
      BXL_TRY(shapes_.check_object(item, "custom commands",
                                   {{"command", "s"}, {"extraArguments", "sapr[sapr"}}));
      BXL_TRY_ASSIGN(std::string command, shapes_.text(item, "command", "this custom command"));
      Resolver::CustomCommand& custom = out.custom_commands[command];
      custom.origin = item.origin;
      const Value* extra = find(item, "extraArguments");
      if (extra == nullptr) continue;
      // As BuildXL: a string stands as it is and may be several words, a path is one.
      auto add = [&](const Value& one) {
        custom.text += " " + (one.is(Type::String) ? *one.text : shell_word(*one.text));
      };
      if (extra->has_text())
        add(*extra);
      else
        for (const Value& one : extra->array->items) add(one);
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
    BXL_TRY(shapes_.check_object(value, "compound values",
                                 {{"separator", "s"}, {"contents", "[saprfdn"}}));
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

  const Evaluation& evaluation_;
  Shapes shapes_;
  const std::string& directory_;
  SandboxDefaults sandbox_;
};

}  // namespace

Result<Configuration> read_configuration(const Evaluation& evaluation,
                                         const std::string& directory) {
  return Reader(evaluation, directory).run();
}

}  // namespace bxl::frontend::javascript
