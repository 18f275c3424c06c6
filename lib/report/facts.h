// What one result of a pip rested on, with paths: evidence and path set put together.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "fingerprint/evidence.h"
#include "graph/mounts.h"

namespace bxl::report {

// A declared input or an observation: "P" absent, "D" directory, "F" probed file, "O" other, "R …"
// content, "E …" listing.
using Observed = fingerprint::ObservedValue;

struct Facts {
  std::vector<std::pair<std::string, std::string>>
      fields;  // of the declaration, without inputs; may repeat a name
  std::map<std::string, std::string> environment;
  std::map<std::string, Observed> inputs;    // declared, by absolute path
  std::map<std::string, Observed> observed;  // by absolute path
  bool observed_known = false;               // false: only the declaration can be compared
};

// `path_set` empty: not to be had, then nothing is known of what was observed. Untrusted bytes.
// Errors: EBADMSG, EPROTO.
Result<Facts> decode_facts(std::string_view evidence, std::string_view path_set,
                           const graph::Mounts& mounts);

}  // namespace bxl::report
