// Parses the whole ninja language into a Manifest.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "frontend/ninja/manifest.h"

namespace bxl::frontend::ninja {

// The version of the language understood here: `ninja_required_version` may ask for this or less.
inline constexpr int kLanguageMajor = 1, kLanguageMinor = 13;

// Gives the bytes of a manifest file named in the build directory's terms. Errors become part of
// the message.
using ReadFile = std::function<Result<std::string>(const std::string& path)>;

// Parses `name` and what it includes. Errors read "build.ninja:12:7: expected ':', got newline" and
// quote the line. The files that edges name as dyndep are left to dyndep.h. The content is not
// trusted: any bytes give a Manifest or an Error in bounded time and memory.
Result<std::unique_ptr<Manifest>> parse_manifest(const std::string& name,
                                                 const ReadFile& read_file);

}  // namespace bxl::frontend::ninja
