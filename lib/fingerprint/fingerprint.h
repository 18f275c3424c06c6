// Weak and strong fingerprints: digests of texts that can be printed. Rules: BuildXL "two-phase
// lookup".
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/digest.h"
#include "fingerprint/path_set.h"
#include "fingerprint/portable.h"
#include "fingerprint/view.h"

namespace bxl::fingerprint {

// What is not part of one pip and yet shapes every result.
struct Salts {
  std::vector<std::pair<std::string, std::string>> environment;  // of every pip, sorted
};

// What the pip finds: the environment of every pip, and what it says of its own over that. Sorted.
std::vector<std::pair<std::string, std::string>> environment_of(const wire::Pip& pip,
                                                                const Salts& salts);

// Where in the temporary directory of a pip the value of this variable lies, as a suffix: "" for
// TMPDIR and its like, whatever the value; for XDG_CACHE_HOME and npm_config_cache, when they are
// empty, a place of their own, so that no two pips share what tools keep below HOME otherwise.
std::optional<std::string_view> place_in_temp(std::string_view name, std::string_view value);

// A digest with the exact text that was hashed, and whether it could be computed at all.
struct Computed {
  enum class Status {
    Ok,
    Unknown,   // rests on an upstream pip without a final result: deferred
    Unusable,  // `why` names the path and the errno: nothing may be published or reused
  };
  Status status = Status::Ok;
  Digest digest;
  std::string text;  // what was hashed
  std::string why;
};

// The pip's declaration, environment, mounts, policies and versions; no contents. With `portable`:
// as it is for every checkout, never equal to one without.
std::string static_text(const View& view, PipId pip, const Salts& salts,
                        const Portable* portable = nullptr);

// static_text plus kind and content of each declared input (aliases expanded to what they stand
// for, links followed). Every line is "<name> <length> <bytes>", so that fields cannot run
// together.
Computed weak_fingerprint(View& view, PipId pip, const std::string& static_text);
// Paths whose contents the weak fingerprint rests on, physical, without duplicates.
std::vector<PathId> declared_inputs(View& view, PipId pip);

// Re-evaluates every observation of `set` under View: R content, E membership, F existing file, D
// existing directory, P absent (in this precedence), one line each, after the weak fingerprint and
// the path set's digest.
Computed strong_fingerprint(View& view, PipId pip, const Digest& weak, const PathSet& set);

// The text of strong_fingerprint with the path beside each line, for people.
std::string explain_strong(View& view, const PathSet& set, const std::string& strong_text);

}  // namespace bxl::fingerprint
