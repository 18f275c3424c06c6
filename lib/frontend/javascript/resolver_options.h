// The options of resolvers: which kinds have them, and what they look like.
#pragma once

#include <span>
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

}  // namespace bxl::frontend::javascript
