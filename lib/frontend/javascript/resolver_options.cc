// The table.
#include "frontend/javascript/resolver_options.h"

#include <vector>

namespace bxl::frontend::javascript {
namespace {

enum For : unsigned {
  kLage = 1,
  kRush = 2,
  kYarn = 4,
  kNx = 8,
  kCustom = 16,
  kNinja = 32,
  kJavaScript = 31,
  kAll = 63
};

constexpr Option kOptions[] = {
    {"kind", kAll, "s"},
    {"name", kAll, "s"},
    {"root", kAll, "d"},
    {"moduleName", kAll, "s"},
    {"execute", kJavaScript, "[so"},
    {"customCommands", kJavaScript, "[o"},
    {"environment", kAll, "mo"},
    {"nodeExeLocation", kJavaScript, "f[d"},
    {"additionalOutputDirectories", kAll, "[dpr"},
    {"additionalDependencies", kJavaScript, "[o"},
    {"untrackedFiles", kAll, "[f"},
    {"untrackedDirectories", kAll, "[dr"},
    {"untrackedDirectoryScopes", kAll, "[dr"},
    {"untrackedGlobalDirectoryScopes", kJavaScript, "[r"},
    {"childProcessesToBreakawayFromSandbox", kJavaScript, "[aso"},
    {"allowedSurvivingChildProcesses", kJavaScript, "[as"},
    {"nestedProcessTerminationTimeoutMs", kJavaScript, "n"},
    {"exports", kJavaScript, "[o"},
    {"customScheduling", kJavaScript, "o"},
    {"customScripts", kRush | kYarn | kCustom, "F"},
    {"writingToStandardErrorFailsExecution", kJavaScript, "b"},
    {"blockWritesUnderNodeModules", kJavaScript, "b"},
    {"doubleWritePolicy", kJavaScript, "s"},
    {"successExitCodes", kJavaScript, "[n"},
    {"retryExitCodes", kJavaScript, "[n"},
    {"uncacheableExitCodes", kJavaScript, "[n"},
    {"processRetries", kJavaScript, "n"},
    {"retryAttemptEnvironmentVariable", kJavaScript, "s"},
    {"enforceSourceReadsUnderPackageRoots", kJavaScript, "b"},
    {"additionalSourceReadsScopes", kJavaScript, "[dspo"},
    {"timeouts", kJavaScript, "[o"},
    {"warningRegex", kJavaScript, "s"},
    {"errorRegex", kJavaScript, "s"},
    {"keepProjectGraphFile", kAll, "b"},
    {"enableProjectGraphVerboseLogging", kJavaScript, "b"},
    {"npmLocation", kLage, "f"},
    {"lageLocation", kLage, "f"},
    {"since", kLage, "s"},
    {"useYarnStrictAwarenessTracking", kLage, "b"},
    {"disallowWritesUnderYarnStrictStore", kLage, "b"},
    {"yarnLocation", kYarn, "f[d"},
    {"packageInstall", kYarn, "s"},
    {"graphConstructionMode", kRush, "s"},
    {"rushLibBaseLocation", kRush, "d"},
    {"rushLocation", kRush, "f"},
    {"rushCommand", kRush, "s"},
    {"additionalRushParameters", kRush, "[so"},
    {"trackDependenciesWithShrinkwrapDepsFile", kRush, "b"},
    {"usePnpmStoreAwarenessTracking", kRush, "b"},
    {"disallowWritesUnderPnpmStore", kRush, "b"},
    {"nxLibLocation", kNx, "d"},
    {"specFile", kNinja, "f"},
    {"targets", kNinja, "[s"},
    {"verbose", kNinja, "b"},
    {"customProjectGraph", kCustom, "fmo"},
};

constexpr std::string_view kRushSays =
    "in mode \"rush-build-graph\" (which repositories with phases have by themselves) Rush says "
    "what runs";
constexpr std::string_view kRushIsNotAsked =
    "in mode \"rush-lib\" rush.json and the scripts of the packages say what runs, and Rush is not "
    "asked";
constexpr ModeOption kModeOptions[] = {
    {"rushCommand", Kind::Rush, Mode::OfTool, kRushIsNotAsked},
    {"additionalRushParameters", Kind::Rush, Mode::OfTool, kRushIsNotAsked},
    {"rushLocation", Kind::Rush, Mode::OfTool, kRushIsNotAsked},
    {"execute", Kind::Rush, Mode::OfPackages, kRushSays},
    {"customScripts", Kind::Rush, Mode::OfPackages, kRushSays},
};

constexpr KindName kKinds[] = {{"Lage", Kind::Lage, kLage},
                               {"Rush", Kind::Rush, kRush},
                               {"Yarn", Kind::Yarn, kYarn},
                               {"Npm", Kind::Npm, kYarn},
                               {"Pnpm", Kind::Pnpm, kYarn},
                               {"Nx", Kind::Nx, kNx},
                               {"CustomJavaScript", Kind::Custom, kCustom},
                               {"Ninja", Kind::Ninja, kNinja}};

}  // namespace

std::span<const Option> options() { return kOptions; }
std::span<const KindName> kinds() { return kKinds; }

std::string kinds_with(std::string_view option) {
  unsigned bits = 0;
  for (const Option& one : kOptions)
    if (one.name == option) bits |= one.resolvers;
  std::vector<std::string_view> names;
  for (const KindName& one : kKinds)
    if (bits & one.bit) names.push_back(one.name);
  std::string out;
  for (std::size_t i = 0; i < names.size(); ++i)
    out += (i == 0 ? "kind " : i + 1 == names.size() ? " or " : ", ") + std::string(names[i]);
  return out;
}

std::span<const ModeOption> mode_options() { return kModeOptions; }

const char* name(Kind kind) {
  for (const KindName& one : kKinds)
    if (one.kind == kind) return one.name.data();
  return "";
}

}  // namespace bxl::frontend::javascript
