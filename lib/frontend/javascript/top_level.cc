// Keys beside `resolvers`.
#include "frontend/javascript/top_level.h"

#include <algorithm>
#include <string_view>

#include "frontend/javascript/shapes.h"

namespace bxl::frontend::javascript {
namespace {

using dsc::Evaluation;
using dsc::Member;
using dsc::Value;

enum class Meaning {
  Handled,
  None,  // nothing depends on it here: how fast, what is logged
  Lost,  // a build means something else with it, but not here
};

struct Key {
  std::string_view name;
  Meaning meaning;
};

constexpr Key kTop[] = {
    {"resolvers", Meaning::Handled},
    {"sandbox", Meaning::Handled},
    {"engine", Meaning::Handled},
    {"disableDefaultSourceResolver", Meaning::None},  // there is none
    {"logging", Meaning::None},
    {"frontEnd", Meaning::None},
    {"modules", Meaning::Lost},
    {"projects", Meaning::Lost},
    {"qualifiers", Meaning::Lost},
    {"mounts", Meaning::Lost},
    {"allowedEnvironmentVariables", Meaning::Lost},
    {"fileAccessAllowlist", Meaning::Lost},
    {"cacheableFileAccessAllowlist", Meaning::Lost},
    {"globalReclassificationRules", Meaning::Lost},
    {"directoryMembershipFingerprinterRules", Meaning::Lost},
    {"dependencyViolationErrors", Meaning::Lost},
    {"searchPathEnumerationTools", Meaning::Lost},
    {"incrementalTools", Meaning::Lost},
    {"resolverDefaults", Meaning::Lost},
};

// Of `engine`: the others are said to have no effect.
constexpr std::string_view kEngine[] = {"useHardlinks", "maxRelativeOutputDirectoryLength",
                                        "cleanTempDirectories"};

class Reader {
 public:
  explicit Reader(const Evaluation& evaluation) : evaluation_(evaluation), shapes_(evaluation) {}

  Result<TopLevel> run() {
    std::vector<std::string_view> known;
    for (const Key& key : kTop) known.push_back(key.name);
    const Value& top = evaluation_.configuration();
    for (const Member& member : top.object->members) {
      auto key = std::find_if(std::begin(kTop), std::end(kTop),
                              [&](const Key& one) { return one.name == member.key; });
      if (key == std::end(kTop)) return shapes_.unknown(member, "configurations", known);
      if (key->meaning == Meaning::Lost && !member.value.is_undefined())
        out_.without_effect.push_back(member.key);
    }
    if (const Value* engine = find(top, "engine")) {
      BXL_TRY(shapes_.check(*engine, "'engine'", "o"));
      for (const Member& member : engine->object->members)
        if (std::find(std::begin(kEngine), std::end(kEngine), member.key) == std::end(kEngine))
          lost("engine." + member.key, member.value);
    }
    if (const Value* sandbox = find(top, "sandbox")) BXL_TRY(read_sandbox(*sandbox));
    return std::move(out_);
  }

 private:
  void lost(std::string name, const Value& value) {
    if (!value.is_undefined()) out_.without_effect.push_back(std::move(name));
  }

  Result<void> read_sandbox(const Value& sandbox) {
    BXL_TRY(shapes_.check(sandbox, "'sandbox'", "o"));
    for (const Member& member : sandbox.object->members)
      if (member.key != "unsafeSandboxConfiguration") lost("sandbox." + member.key, member.value);
    const Value* unsafe = find(sandbox, "unsafeSandboxConfiguration");
    if (unsafe == nullptr) return {};
    BXL_TRY(shapes_.check(*unsafe, "'unsafeSandboxConfiguration'", "o"));
    for (const Member& member : unsafe->object->members) {
      const Value& value = member.value;
      if (member.key != "doubleWritePolicy" && member.key != "sourceRewritePolicy") {
        lost("sandbox.unsafeSandboxConfiguration." + member.key, value);
        continue;
      }
      BXL_TRY(shapes_.check(value, "'" + member.key + "'", "s"));
      if (value.is_undefined()) continue;
      if (member.key == "doubleWritePolicy") {
        BXL_TRY_ASSIGN(out_.sandbox.same_content, read_double_write_policy(evaluation_, value));
        continue;
      }
      const std::vector<std::string_view> policies = {"sourceRewritesAreErrors",
                                                      "safeSourceRewritesAreAllowed"};
      if (std::find(policies.begin(), policies.end(), *value.text) == policies.end())
        return evaluation_.error(value.origin, "'sourceRewritePolicy' cannot be \"" + *value.text +
                                                   "\"" + suggestion(*value.text, policies));
      out_.sandbox.keep_sources = *value.text == policies[0];
    }
    return {};
  }

  const Evaluation& evaluation_;
  Shapes shapes_;
  TopLevel out_;
};

}  // namespace

Result<TopLevel> read_top_level(const Evaluation& evaluation) { return Reader(evaluation).run(); }

Result<bool> read_double_write_policy(const Evaluation& evaluation, const Value& policy) {
  const std::vector<std::string_view> known = {
      "doubleWritesAreErrors", "allowSameContentDoubleWrites", "unsafeFirstDoubleWriteWins"};
  if (*policy.text == known[2])
    return evaluation.error(policy.origin,
                            "unsafeFirstDoubleWriteWins is not offered: which of two writers "
                            "comes first is a matter of luck");
  if (*policy.text != known[0] && *policy.text != known[1])
    return evaluation.error(policy.origin, "'doubleWritePolicy' cannot be \"" + *policy.text +
                                               "\"" + suggestion(*policy.text, known));
  return *policy.text == known[1];
}

}  // namespace bxl::frontend::javascript
