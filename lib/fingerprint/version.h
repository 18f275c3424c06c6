// What decides whether two builds of bxl mean the same by a fingerprint.
#pragma once

namespace bxl::fingerprint {

// Bump when the sandbox, the path sets, View or the texts of fingerprints change meaning: old
// entries then never match.
inline constexpr int kFingerprintVersion = 2;

}  // namespace bxl::fingerprint
