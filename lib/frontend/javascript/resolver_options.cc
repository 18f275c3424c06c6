// The table.
#include "frontend/javascript/resolver_options.h"

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
    {"kind", kAll, "s", true},
    {"name", kAll, "s", true},
    {"root", kAll, "d", true},
    {"moduleName", kAll, "s", true},
    {"execute", kJavaScript, "[so", true},
    {"customCommands", kJavaScript, "[o", true},
    {"environment", kAll, "mo", true},
    {"nodeExeLocation", kJavaScript, "f[d", true},
    {"additionalOutputDirectories", kAll, "[dpr", true},
    {"additionalDependencies", kJavaScript, "[o", true},
    {"untrackedFiles", kAll, "[f", true},
    {"untrackedDirectories", kAll, "[dr", true},
    {"untrackedDirectoryScopes", kAll, "[dr", true},
    {"untrackedGlobalDirectoryScopes", kJavaScript, "[r", true},
    {"childProcessesToBreakawayFromSandbox", kJavaScript, "[aso", true},
    {"allowedSurvivingChildProcesses", kJavaScript, "[as", true},
    {"nestedProcessTerminationTimeoutMs", kJavaScript, "n", true},
    {"exports", kJavaScript, "[o", true},
    {"customScheduling", kJavaScript, "o", true},
    {"customScripts", kJavaScript, "F", true},
    {"writingToStandardErrorFailsExecution", kJavaScript, "b", true},
    {"blockWritesUnderNodeModules", kJavaScript, "b", true},
    {"doubleWritePolicy", kJavaScript, "s", true},
    {"successExitCodes", kJavaScript, "[n", true},
    {"retryExitCodes", kJavaScript, "[n", true},
    {"uncacheableExitCodes", kJavaScript, "[n", true},
    {"processRetries", kJavaScript, "n", true},
    {"retryAttemptEnvironmentVariable", kJavaScript, "s", true},
    {"enforceSourceReadsUnderPackageRoots", kJavaScript, "b", true},
    {"additionalSourceReadsScopes", kJavaScript, "[dspo", true},
    {"timeouts", kJavaScript, "[o", true},
    {"warningRegex", kJavaScript, "s", true},
    {"errorRegex", kJavaScript, "s", true},
    {"keepProjectGraphFile", kAll, "b", true},
    {"enableProjectGraphVerboseLogging", kJavaScript, "b", true},
    {"npmLocation", kLage, "f", true},
    {"lageLocation", kLage, "f", true},
    {"since", kLage, "s", true},
    {"useYarnStrictAwarenessTracking", kLage, "b", false},
    {"disallowWritesUnderYarnStrictStore", kLage, "b", true},
    {"yarnLocation", kYarn, "f[d", true},
    {"packageInstall", kYarn, "s", true},
    {"graphConstructionMode", kRush, "s", true},
    {"rushLibBaseLocation", kRush, "d", true},
    {"rushLocation", kRush, "f", true},
    {"rushCommand", kRush, "s", true},
    {"additionalRushParameters", kRush, "[so", true},
    {"trackDependenciesWithShrinkwrapDepsFile", kRush, "b", false},
    {"usePnpmStoreAwarenessTracking", kRush, "b", false},
    {"disallowWritesUnderPnpmStore", kRush, "b", true},
    {"nxLibLocation", kNx, "d", false},
    {"specFile", kNinja, "f", true},
    {"targets", kNinja, "[s", true},
    {"verbose", kNinja, "b", true},
    {"customProjectGraph", kCustom, "fmo", true},
};

constexpr KindName kKinds[] = {{"Lage", Kind::Lage, kLage},
                               {"Rush", Kind::Rush, kRush},
                               {"Yarn", Kind::Yarn, kYarn},
                               {"Npm", Kind::Npm, kYarn},
                               {"Pnpm", Kind::Pnpm, kYarn},
                               {"Nx", Kind::Nx, kNx},
                               {"CustomJavaScript", Kind::Custom, kCustom},
                               {"Ninja", Kind::Ninja, kNinja}};

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

}  // namespace

std::span<const Option> options() { return kOptions; }
std::span<const KindName> kinds() { return kKinds; }
std::span<const std::string_view> top_level_keys() { return kTopLevel; }

const char* name(Kind kind) {
  for (const KindName& one : kKinds)
    if (one.kind == kind) return one.name.data();
  return "";
}

}  // namespace bxl::frontend::javascript
