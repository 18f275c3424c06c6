// Evidence: what one result rested on, as text, so that a later build can be compared with it ("why
// did this run"). Never used to decide anything. Format: lib/fingerprint/FORMAT.md.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/digest.h"
#include "base/result.h"
#include "fingerprint/path_set.h"
#include "fingerprint/view.h"

namespace bxl::fingerprint {

// One line of the strong fingerprint. `value` is what it says, with the digest cut to 12 hex
// digits, which is enough to tell two contents apart: "P", "D", "F", "O", "R 0123456789ab", "R x
// …", "R link …", "R projected …", "E …".
struct ObservedValue {
  std::string value;
  bool listed = false;               // an enumeration whose names are known
  std::vector<std::string> members;  // listed: sorted
  bool operator==(const ObservedValue&) const = default;
};

struct Evidence {
  std::vector<std::pair<std::string, std::string>>
      fields;                               // of the weak fingerprint: name, value; in its order
  Digest path_set;                          // zero: nothing was observed (a failed start)
  std::vector<ObservedValue> observations;  // in the order of the path set
};

// `weak_text` and `strong_text` are the texts that were hashed; `strong_text` is empty when there
// is none. Names of listings are asked of `view` and kept up to 64 KiB in all. Values of
// environment variables whose names speak of secrets are replaced by a digest. Same texts and
// listings, same bytes.
std::string encode_evidence(View& view, PipId pip, std::string_view weak_text, const PathSet& set,
                            std::string_view strong_text);
// Is this the name of a variable (API_TOKEN, …) whose value is to be written nowhere?
bool speaks_of_secrets(std::string_view variable);
// Untrusted bytes. Errors: EBADMSG; EPROTO for another version.
Result<Evidence> decode_evidence(std::string_view bytes);

}  // namespace bxl::fingerprint
