// Decoding evidence into facts.
#include "report/facts.h"

#include <algorithm>

#include "fingerprint/path_set.h"

namespace bxl::report {
namespace {

constexpr std::size_t kHexDigits = 32, kShortDigits = 12;

bool is_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

// "PATH P", "PATH D", "PATH O", "PATH R <32 hex>", "PATH R <32 hex> x"; a path may hold spaces, so
// from the end.
bool split_input(std::string_view text, std::string_view* path, std::string* value) {
  std::string_view rest = text;
  bool executable = rest.ends_with(" x") && rest.size() > kHexDigits + 5 &&
                    is_hex(rest.substr(rest.size() - 2 - kHexDigits, kHexDigits));
  if (executable) rest.remove_suffix(2);
  if (rest.size() > kHexDigits + 3 && is_hex(rest.substr(rest.size() - kHexDigits)) &&
      rest.substr(rest.size() - kHexDigits - 3, 3) == " R ") {
    *path = rest.substr(0, rest.size() - kHexDigits - 3);
    // As an observation writes it, so that a path that was declared and later only observed can be
    // compared.
    *value = (executable ? "R x " : "R ") +
             std::string(rest.substr(rest.size() - kHexDigits, kShortDigits));
    return true;
  }
  if (executable || rest.size() < 3 || rest[rest.size() - 2] != ' ') return false;
  *path = rest.substr(0, rest.size() - 2);
  *value = rest.substr(rest.size() - 1);
  return *value == "P" || *value == "D" || *value == "O";
}

}  // namespace

Result<Facts> decode_facts(std::string_view evidence, std::string_view path_set,
                           const graph::Mounts& mounts) {
  BXL_TRY_ASSIGN(auto decoded, fingerprint::decode_evidence(evidence));
  Facts facts;
  for (auto& [name, value] : decoded.fields) {
    if (name == "env") {
      std::size_t equals = std::min(value.find('='), value.size());
      facts.environment[value.substr(0, equals)] = value.substr(std::min(equals + 1, value.size()));
    } else if (name == "input") {
      std::string_view path;
      std::string what;
      if (!split_input(value, &path, &what)) return make_error(EBADMSG, "damaged evidence");
      auto absolute = mounts.expand(path);
      facts.inputs[absolute ? *absolute : std::string(path)].value = std::move(what);
    } else {
      facts.fields.emplace_back(std::move(name), std::move(value));
    }
  }
  if (decoded.path_set.is_zero() || path_set.empty()) return facts;
  PathTable paths;
  BXL_TRY_ASSIGN(auto set, fingerprint::decode_path_set(path_set, paths, mounts));
  if (set.digest != decoded.path_set || set.observations.size() != decoded.observations.size())
    return make_error(EBADMSG, "evidence and path set do not belong together");
  for (std::size_t i = 0; i < set.observations.size(); ++i)
    facts.observed.emplace(paths.str(set.observations[i].path), std::move(decoded.observations[i]));
  facts.observed_known = true;
  return facts;
}

}  // namespace bxl::report
