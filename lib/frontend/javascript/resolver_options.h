// The options of resolvers: which kinds have them, and what they look like.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "frontend/javascript/resolver.h"

namespace bxl::frontend::javascript {

struct Option {
  std::string_view name;
  unsigned resolvers;      // bits: KindName::bit
  std::string_view shape;  // shapes.h
};
std::span<const Option> options();

struct KindName {
  std::string_view name;
  Kind kind;
  unsigned bit;
};
std::span<const KindName> kinds();

// "kind Lage, Rush or Nx": those whose resolvers have the option. Empty: there is no such option.
std::string kinds_with(std::string_view option);

// An option that has a meaning in some modes of its kind only: where the tasks are the tool's own,
// and where they are made of package.json.
enum class Mode { OfTool, OfPackages };
struct ModeOption {
  std::string_view option;
  Kind kind;
  Mode mode;                // that obeys it
  std::string_view reason;  // why the other one cannot, as a sentence begins
};
std::span<const ModeOption> mode_options();

}  // namespace bxl::frontend::javascript
